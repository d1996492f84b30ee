// The nodes of a Graph record, and of the graphs inside it.
#pragma once

#include <string>
#include <vector>

#include "src/frontend/export/json.h"
#include "src/frontend/export/names.h"
#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

class GraphReader {
 public:
  explicit GraphReader(Graph& graph) : graph_(graph) {}

  // Appends the nodes of `record` to `nodes` and their outputs to `names`, which has the graph's inputs. Throws Error
  // with the node's location.
  void read_nodes(const Json& record, Names& names, std::vector<Node>& nodes);

  // A new value for {"as_tensor": {"name": "x"}} and the like, with the type the file gives it, in `names`. `record`
  // is the graph. Constants (as_int, as_none, ...) are no values: they throw Error(kInvalidModel).
  ValueId define(const Json& argument, const Json& record, Names& names);

 private:
  void read_node(const Json& node_record, const Json& record, Names& names, std::vector<Node>& nodes);
  // "torch.ops.higher_order.*": a node with blocks, or the nodes of the graph it wraps (higher_order.cpp).
  void read_higher_order(Node node, const Json& node_record, const Json& record, Names& names,
                         std::vector<Node>& nodes);
  // Whether `target` is Python's arithmetic; completes `node`, or defines its output as its argument and clears kind.
  bool read_scalar_operator(Node& node, const std::string& target, const Json& node_record, Names& names) const;
  // Writes the sizes that the program declares for the result in the place of a -1.
  void complete_reshape(Node& node) const;
  // Adds `node` with values for its outputs, and a prim::ListUnpack for a list among them.
  void add_node(Node node, const Json& node_record, const Json& record, Names& names, std::vector<Node>& nodes);
  void inline_graph(const Json& graph, const std::vector<Argument>& arguments, const Json& node_record, Names& names,
                    std::vector<Node>& nodes);
  Block read_block(const Json& graph);
  Type::Kind scalar_type(const Argument& argument) const;

  Graph& graph_;
};

// The value's name in an output like {"as_tensor": {"name": "x"}}; empty where the output has none (a constant).
std::string output_name(const Json& argument);

// The type of a constant ({"as_int": 3}).
Type constant_type(const Json& argument);

// The kind and overload of "torch.ops.aten.add.Tensor". Node has only these two set.
Node node_of_target(const std::string& target);

}  // namespace torch2trt::pt2
