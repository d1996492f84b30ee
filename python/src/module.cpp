#include "python/src/bindings.h"

PYBIND11_MODULE(_C, m) {
  m.doc() = "The C++ core of torch2trt.";
  torch2trt::bind_build(m);
  torch2trt::bind_bundle(m);
  torch2trt::bind_cli(m);
  torch2trt::bind_errors(m);
  torch2trt::bind_convert(m);
  torch2trt::bind_graph(m);
  torch2trt::bind_network(m);
  torch2trt::bind_run(m);
  torch2trt::bind_runtime(m);
  torch2trt::bind_torchscript(m);
}
