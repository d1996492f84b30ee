// The native executable. It never embeds Python.
#include "cli/run.h"
#ifdef TORCH2TRT_NVINFER
#include "src/backend/nvinfer/engine_builder.h"
#else
#include "torch2trt/error.h"
#endif

int main(int argc, char** argv) {
  using namespace torch2trt;
  cli::Backends backends;
#ifdef TORCH2TRT_NVINFER
  backends.engine_builder = make_nvinfer_builder;
#else
  backends.engine_builder = [](const std::string&, const LogSink&, bool) -> std::unique_ptr<EngineBuilder> {
    throw Error(
        ErrorCategory::kRuntime,
        "this executable cannot build engines: it was compiled without the backend over TensorRT's C++ library "
        "(TensorRT_ROOT; docs/native.md). `check`, `inspect` and `ops` work.\nTo build, use the same command of the "
        "Python package, which drives TensorRT through its Python module: `pip install torch2trt tensorrt` (with an "
        "NVIDIA GPU) or `pip install torch2trt tensorrt-rtx` (with or without one), then `python -m torch2trt build "
        "...`");
  };
#endif
  return cli::run_cli(argc, argv, backends);
}
