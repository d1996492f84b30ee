// The native executable. It never embeds Python.
#include "cli/run.h"
#ifdef TORCH2TRT_NVINFER
#include "src/backend/nvinfer/engine_builder.h"
#endif

int main(int argc, char** argv) {
  using namespace torch2trt;
  cli::Backends backends;
#ifdef TORCH2TRT_NVINFER
  backends.engine_builder = make_nvinfer_builder;
#else
  backends.engine_builder = cli::no_engine_builder;
#endif
  return cli::run_cli(argc, argv, backends);
}
