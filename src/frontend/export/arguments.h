// The Argument union of the file -> Argument.
#pragma once

#include <string_view>

#include "src/frontend/export/json.h"
#include "src/frontend/export/names.h"
#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// Throws Error: kInvalidModel for what is malformed or reads unknown values, kUnsupportedOperator for what no graph
// holds (custom objects, complex numbers, dictionaries; graphs, which only higher-order operators take).
Argument argument_of(const Json& record, const Names& names);

// `argument` as an argument of this schema type ("float", "int[]", "Tensor[]?", ...) has to be: whole numbers for
// floats become floats, a single value for a list becomes a list. Numbers for tensors stay numbers.
Argument fit_to_schema(Argument argument, std::string_view schema_type);

}  // namespace torch2trt::pt2
