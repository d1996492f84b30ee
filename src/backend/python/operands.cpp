#include "src/backend/python/operands.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/python_variable.h>

#include "src/torch/tensors.h"

namespace torch2trt {
namespace {

py::module_ torch_module() { return py::module_::import("torch"); }

py::object symbolic_to_python(const Symbolic& value) {
  switch (value.kind) {
    case Symbolic::Kind::kDevice: return torch_module().attr("device")(value.name);
    case Symbolic::Kind::kLayout:
    case Symbolic::Kind::kMemoryFormat: return torch_module().attr(value.name.c_str());
  }
  throw Error(ErrorCategory::kInternal, "symbolic_to_python");
}

std::optional<Symbolic> symbolic_from_python(const py::handle& object) {
  const py::module_ torch = torch_module();
  const auto after_dot = [&] {
    const auto text = py::str(object).cast<std::string>();
    return text.substr(text.rfind('.') + 1);
  };
  if (py::isinstance(object, torch.attr("device")))
    return Symbolic{Symbolic::Kind::kDevice, py::str(object).cast<std::string>()};
  if (py::isinstance(object, torch.attr("layout"))) return Symbolic{Symbolic::Kind::kLayout, after_dot()};
  if (py::isinstance(object, torch.attr("memory_format"))) return Symbolic{Symbolic::Kind::kMemoryFormat, after_dot()};
  return std::nullopt;
}

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

PythonNetwork& required(PythonNetwork* network) {
  if (network == nullptr) throw Error(ErrorCategory::kInternal, "a network value outside a network");
  return *network;
}

}  // namespace

py::object torch_dtype(DType dtype) { return torch_module().attr(std::string(name(dtype)).c_str()); }

std::optional<DType> dtype_from_python(const py::handle& object) {
  if (!py::isinstance(object, torch_module().attr("dtype"))) return std::nullopt;
  const auto text = py::str(object).cast<std::string>();
  const auto dtype = dtype_from_name(text.substr(text.rfind('.') + 1));
  if (!dtype)
    throw Error(ErrorCategory::kUnsupportedOperator, fmt::format("tensors of type {} are not supported", text));
  return dtype;
}

HostTensor host_tensor_from_python(const py::handle& torch_tensor) {
  if (!THPVariable_Check(torch_tensor.ptr())) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("a torch.Tensor is needed, not {}",
                                                             py::repr(py::type::of(torch_tensor)).cast<std::string>()));
  }
  const at::Tensor& tensor = THPVariable_Unpack(torch_tensor.ptr());
  return from_torch(tensor.unsafeGetTensorImpl()->is_wrapped_number() ? tensor : tensor.detach());
}

py::object to_python(const Operand& operand, PythonNetwork* network) {
  return std::visit(Overloaded{
                        [](const None&) -> py::object { return py::none(); },
                        [](bool value) -> py::object { return py::bool_(value); },
                        [](std::int64_t value) -> py::object { return py::int_(value); },
                        [](double value) -> py::object { return py::float_(value); },
                        [](const std::string& value) -> py::object { return py::str(value); },
                        [](DType value) -> py::object { return torch_dtype(value); },
                        [](const Symbolic& value) -> py::object { return symbolic_to_python(value); },
                        [](const HostTensor& value) -> py::object {
                          return py::reinterpret_steal<py::object>(THPVariable_Wrap(to_torch(value)));
                        },
                        [&](const Tensor& value) -> py::object { return required(network).itensor(value); },
                        [&](const Dim& value) -> py::object {
                          PythonNetwork& net = required(network);
                          return net.itensor(net.dim_tensor(value));
                        },
                        [&](const Operand::List& value) -> py::object {
                          py::list list;
                          for (const Operand& item : value) list.append(to_python(item, network));
                          return list;
                        },
                        [](const LoopList&) -> py::object {
                          throw Error(ErrorCategory::kUnsupportedOperator,
                                      "a list whose length only the network knows cannot be given to a Python "
                                      "handler");
                        },
                        [](const Unknown&) -> py::object { return py::none(); },
                        [](const Uninitialized&) -> py::object {
                          throw Error(ErrorCategory::kInvalidModel, "the program gives out a value that it never sets");
                        },
                        [](const Object& value) -> py::object {
                          throw Error(ErrorCategory::kUnsupportedOperator,
                                      fmt::format("a {} cannot be given to a Python handler", value.type));
                        },
                    },
                    operand.data);
}

py::object to_python_copied(const Operand& operand, PythonNetwork* network) {
  if (const auto* list = operand.as<Operand::List>()) {
    py::list copies;
    for (const Operand& item : *list) copies.append(to_python_copied(item, network));
    return copies;
  }
  const auto* tensor = operand.as<HostTensor>();
  if (tensor == nullptr) return to_python(operand, network);
  at::Tensor copied = to_torch(*tensor).detach().clone();
  // A number of the program's: int64 + 0.5 is float32, though 0.5 is a tensor of float64 here. A copy forgets that.
  if (tensor->wrapped_number) copied.unsafeGetTensorImpl()->set_wrapped_number(true);
  const auto copy = py::reinterpret_steal<py::object>(THPVariable_Wrap(copied));
  if (network != nullptr) network->keep_alive(copy);
  return copy;
}

Operand from_python(const py::handle& object, PythonNetwork* network) {
  if (object.is_none()) return None{};
  if (THPVariable_Check(object.ptr())) return host_tensor_from_python(object);
  if (network != nullptr && network->is_itensor(object))
    return network->tensor_of(py::reinterpret_borrow<py::object>(object));
  if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
  if (py::isinstance<py::int_>(object)) return object.cast<std::int64_t>();
  if (py::isinstance<py::float_>(object)) return object.cast<double>();
  if (py::isinstance<py::str>(object)) return object.cast<std::string>();
  if (const auto dtype = dtype_from_python(object)) return *dtype;
  if (const auto symbolic = symbolic_from_python(object)) return *symbolic;
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    Operand::List list;
    for (const py::handle& item : object) list.push_back(from_python(item, network));
    return list;
  }
  if (py::hasattr(object, "is_network_input") && network == nullptr) {
    throw Error(ErrorCategory::kInvalidArgument,
                "an ITensor was given outside core.trt_network(); torch mode takes torch tensors");
  }
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("{} is no ITensor, torch tensor, number, dtype or list of them",
                          py::repr(object).cast<std::string>()));
}

}  // namespace torch2trt
