// Which TensorRT: the Python module that is used where the user named none.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace torch2trt {

// Imports module `name`; empty: `tensorrt` if it can be imported, else `tensorrt_rtx`. Throws Error(kRuntime), which
// says why each cannot be imported and what to install, and Error(kInvalidArgument) for another module's name.
pybind11::module_ import_tensorrt(const std::string& name);

}  // namespace torch2trt
