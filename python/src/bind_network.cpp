// The python backend as an object that lives as long as a core.trt_network() block.
#include "python/src/bindings.h"
#include "src/backend/python/python_network.h"

namespace torch2trt {

void bind_network(py::module_& m) {
  py::class_<PythonNetwork>(m, "PythonNetwork")
      .def(py::init<py::object>())
      // As if the network's TensorRT were 8.5: the layers it lacks are composed of others, and int64 is int32.
      .def_static(
          "as_tensorrt_8_5",
          [](py::object network) { return std::make_unique<PythonNetwork>(std::move(network), tensorrt_8_5()); })
      .def_property_readonly("network", [](const PythonNetwork& network) { return network.object(); })
      .def("close", &PythonNetwork::close)
      .def("add_input",
           [](PythonNetwork& network, const std::string& name, const std::string& dtype, const Dims& dims) {
             const auto type = dtype_from_name(dtype);
             if (!type) throw Error(ErrorCategory::kInvalidArgument, "input \"" + name + "\": no type " + dtype);
             return network.itensor(network.add_input(name, *type, dims));
           })
      .def("owns",
           [](const PythonNetwork& network, const py::object& object) {
             network.check_open();
             return network.owns(object);
           })
      .def("is_itensor",
           [](const PythonNetwork& network, const py::handle& object) { return network.is_itensor(object); });
}

}  // namespace torch2trt
