// The TorchScript files of tests/make_torchscript_fixtures.py, as graphs.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "src/frontend/torchscript/read.h"
#include "src/graph/text.h"
#include "src/graph/verify.h"

namespace torch2trt::testing {

inline std::string torchscript_path(const std::string& file) {
  return std::string(TORCH2TRT_FIXTURES) + "/torchscript/" + file;
}

inline Graph read_fixture(const std::string& name, const std::vector<Type>& inputs = {}) {
  Graph graph = read_torchscript(torchscript_path(name + ".pt"), inputs);
  verify(graph, "read_torchscript");
  return graph;
}

inline void forget_locations(Block& block) {
  for (Node& node : block.nodes) {
    node.scope.clear();
    node.source.clear();
    for (Block& inner : node.blocks) forget_locations(inner);
  }
}

// The graph's text without module paths and source lines.
inline std::string program_text(Graph graph) {
  forget_locations(graph.body);
  return to_text(graph);
}

inline std::vector<std::string> kinds_of(const Graph& graph) {
  std::vector<std::string> kinds;
  for (const Node& node : graph.body.nodes) kinds.push_back(node.qualified());
  return kinds;
}

inline const Node* find_node(const Graph& graph, const std::string& kind) {
  for (const Node& node : graph.body.nodes) {
    if (node.kind == kind) return &node;
  }
  return nullptr;
}

inline const Parameter* find_parameter(const Graph& graph, const std::string& name) {
  for (const Parameter& parameter : graph.parameters) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

// "make_torchscript_fixtures.py:N" of the line that ends in `# mark: <mark>`.
inline std::string marked_line(const std::string& mark) {
  std::ifstream script(TORCH2TRT_TORCHSCRIPT_SCRIPT);
  std::string line;
  for (int number = 1; std::getline(script, line); ++number) {
    if (line.ends_with("# mark: " + mark)) return "make_torchscript_fixtures.py:" + std::to_string(number);
  }
  return "no such mark";
}

}  // namespace torch2trt::testing
