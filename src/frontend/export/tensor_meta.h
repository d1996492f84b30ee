// The TensorMeta record: what the file says of a tensor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/frontend/export/json.h"
#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// Kind kTensor, with dtype (unless torch2trt has none such) and sizes.
Type tensor_type(const Json& meta);

// The sizes or strides under `name`. Throws Error(kInvalidModel) where one is symbolic.
std::vector<std::int64_t> static_sizes(const Json& meta, const char* name);

// A SymInt record: {"as_int": 3} or {"as_expr": {"expr_str": "..."}}.
Size size_of_record(const Json& record);

}  // namespace torch2trt::pt2
