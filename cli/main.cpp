// The native executable. It never embeds Python.
#include "cli/run.h"
#include "torch2trt/error.h"

int main(int argc, char** argv) {
  using namespace torch2trt;
  cli::Backends backends;
  backends.engine_builder = [](const std::string&, const LogSink&, bool) -> std::unique_ptr<EngineBuilder> {
    throw Error(
        ErrorCategory::kRuntime,
        "this executable cannot build engines: it was compiled without the backend over TensorRT's C++ library. "
        "`check`, `inspect` and `ops` work.\nTo build, use the same command of the Python package, which drives "
        "TensorRT through its Python module: `pip install torch2trt tensorrt` (with an NVIDIA GPU) or "
        "`pip install torch2trt tensorrt-rtx` (with or without one), then `python -m torch2trt build ...`");
  };
  return cli::run_cli(argc, argv, backends);
}
