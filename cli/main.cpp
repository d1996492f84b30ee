// The native executable. It never embeds Python.
#include <cstdlib>

#include "cli/run.h"
#ifdef TORCH2TRT_NVINFER
#include "src/backend/nvinfer/engine_builder.h"
#endif

int main(int argc, char** argv) {
  using namespace torch2trt;
  // Load kernels as they are used: the default from CUDA 12.2 on (CUDA C++ Programming Guide, "Lazy Loading"), not so
  // for the CUDA 11 inside TensorRT 8, which otherwise begins by loading all it has.
  setenv("CUDA_MODULE_LOADING", "LAZY", 0);  // NOLINT(concurrency-mt-unsafe): no thread has begun
  cli::Backends backends;
#ifdef TORCH2TRT_NVINFER
  backends.engine_builder = make_nvinfer_builder;
#else
  backends.engine_builder = cli::no_engine_builder;
#endif
  return cli::run_cli(argc, argv, backends);
}
