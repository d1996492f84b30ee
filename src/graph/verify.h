// What every graph obeys, whoever made it.
#pragma once

#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt {

// Checks that value ids exist and names are unique; that each value is defined once and read only behind its definition
// and within its block; that a node's named arguments differ, parameters and inputs have distinct names; and that the
// structures have a leaf for each input and output. Costs one walk over the graph. Throws Error(kInternal), which names
// `after`, the pass that ran last, and the node.
void verify(const Graph& graph, std::string_view after = {});

}  // namespace torch2trt
