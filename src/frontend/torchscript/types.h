// TorchScript's types and constants in the terms of graph.h.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <optional>

#include "torch2trt/graph.h"

namespace torch2trt::torchscript {

// What of the types that a trace recorded holds for the inputs that are given: with other sizes, the dtypes only.
enum class Recorded { kNothing, kDTypes, kAll };
Type type_of(const c10::TypePtr& type, Recorded recorded);

// A constant as an argument of type `formal` (the schema's real type, where ScalarType and its like are not int).
// Devices are all "cpu". nullopt for what no Argument can hold: tensors, containers, objects, complex numbers.
std::optional<Argument> constant_argument(const c10::IValue& value, const c10::TypePtr& formal);

// Numbers, bool, str, None, Device and tuples and lists of those.
bool is_plain(const c10::TypePtr& type);

}  // namespace torch2trt::torchscript
