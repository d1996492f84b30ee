// A pass as text in, text out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "src/passes/remove_dead_nodes.h"

namespace torch2trt {

// The nodes of a graph with inputs and parameters `head` ("graph g(...)") and body `nodes`, after `pass` (called
// `name` in the verifier's messages), and without what is then dead if `sweep` is set.
inline std::string nodes_after(void (*pass)(Graph&), const char* name, std::string_view head, std::string_view nodes,
                               bool sweep = false) {
  Graph graph = parse_text(std::string(head) + " {\n" + std::string(nodes) + "}");
  verify(graph);
  pass(graph);
  verify(graph, name);
  if (sweep) remove_dead_nodes(graph);
  const std::string text = to_text(graph);
  const std::size_t start = text.find("{\n") + 2;
  return text.substr(start, text.find("\n}\n") + 1 - start);
}

// What `make` is refused with: one node is named. What it returned, where it was not refused.
template <typename Make>
std::string refusal_of(Make make) {
  try {
    return make();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kUnsupportedOperator);
    EXPECT_EQ(error.unsupported().size(), 1U);
    return error.what();
  }
}

}  // namespace torch2trt
