// Making new nodes in a pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt {

// Appends one-output nodes to `nodes`. They carry the scope and source of the node they stand for.
class Emitter {
 public:
  Emitter(Graph& graph, std::vector<Node>& nodes, std::string scope, std::string source)
      : graph_(graph), nodes_(nodes), scope_(std::move(scope)), source_(std::move(source)) {}
  Emitter(Graph& graph, std::vector<Node>& nodes, const Node& origin)
      : Emitter(graph, nodes, origin.scope, origin.source) {}

  // `qualified` is "aten::mul.Tensor"; arguments left out take the schema's defaults; `name` is what the value would
  // like to be called.
  ValueId operator()(std::string_view qualified, std::vector<NamedArgument> arguments, Type type,
                     std::string_view name);

  Graph& graph() { return graph_; }

 private:
  Graph& graph_;
  std::vector<Node>& nodes_;
  std::string scope_;
  std::string source_;
};

Type tensor_type(std::optional<DType> dtype, std::optional<std::vector<Size>> sizes);
std::vector<Size> static_sizes(const std::vector<std::int64_t>& sizes);
// `tensor.to(dtype)` where its type does not already say so.
ValueId cast(Emitter& emit, ValueId tensor, DType dtype);

}  // namespace torch2trt
