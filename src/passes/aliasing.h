// What a node's outputs have to do with the memory of its inputs, by PyTorch's schemas.
#pragma once

#include <vector>

#include "src/passes/contiguity.h"
#include "src/torch/schema.h"
#include "torch2trt/graph.h"

namespace torch2trt {

enum class Aliasing {
  kFresh,      // the outputs own their memory
  kSame,       // the output is the input tensor itself
  kView,       // the outputs, or the elements of the output list, are views of the inputs
  kUncertain,  // a view or a copy: that depends on memory layout, on types or on the operator's kernel
};

struct NodeAliasing {
  Aliasing aliasing = Aliasing::kFresh;
  std::vector<ValueId> sources;
};

NodeAliasing aliasing_of(const Graph& graph, const Node& node, const Contiguity& contiguity);

// prim::ListConstruct and the like: the output holds the inputs.
bool makes_container(const Node& node);
// prim::ListUnpack, getitem, ...: the outputs are elements of the first input.
bool takes_elements(const Node& node);
// Reads only sizes, types or other facts that no write changes.
bool reads_only_metadata(const Node& node);

// The tensor arguments that the node writes to.
std::vector<const SchemaArgument*> written_arguments(const Node& node);

}  // namespace torch2trt
