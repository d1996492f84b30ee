// Operands to and from Python objects: ITensors, torch tensors, dtypes, numbers, lists.
#pragma once

#include "src/backend/python/python_network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// `network` may be null (torch mode); then an operand of a network is an Error(kInternal).
py::object to_python(const Operand& operand, PythonNetwork* network);

// Throws Error(kInvalidArgument) for objects that no operator takes, and for ITensors without a network.
Operand from_python(const py::handle& object, PythonNetwork* network);

// The same for a user's handler, which may write to what it gets: every constant tensor is a copy, kept alive by the
// network if there is one.
py::object to_python_copied(const Operand& operand, PythonNetwork* network);

// Detached, so that nothing done to the tensor object itself (module.half()) frees its memory.
HostTensor host_tensor_from_python(const py::handle& torch_tensor);
py::object torch_dtype(DType dtype);
std::optional<DType> dtype_from_python(const py::handle& object);

}  // namespace torch2trt
