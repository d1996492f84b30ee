// Names, dtypes and size ranges of a program's inputs and outputs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "torch2trt/convert.h"

namespace torch2trt {

// One plan per input that is not a constant of the program.
// What the network's input for `input` looks like: dims with -1 where dynamic, and its range. `shapes` are the
// caller's. Throws Error(kInvalidArgument) where they do not fit the program or a bound is missing.
struct InputPlan {
  Binding binding;
  InputRange range;
  bool dynamic = false;
};
std::vector<InputPlan> plan_inputs(const Graph& graph, const std::map<std::string, InputRange>& shapes);

// One name per leaf: "output" for a single one, else the path: "output_0", dict keys as they are, "logits_1" below one.
std::vector<std::string> output_names(const Structure& structure, std::size_t count);

}  // namespace torch2trt
