// One function per area; module.cpp calls them all.
#pragma once

#include <pybind11/pybind11.h>

namespace torch2trt {

namespace py = pybind11;

void bind_convert(py::module_& m);
void bind_build(py::module_& m);
void bind_bundle(py::module_& m);
void bind_cli(py::module_& m);
void bind_errors(py::module_& m);
void bind_graph(py::module_& m);
void bind_network(py::module_& m);
void bind_run(py::module_& m);
void bind_runtime(py::module_& m);
void bind_torchscript(py::module_& m);

}  // namespace torch2trt
