// Collects the nodes that could not be converted, for one error that lists them all.
#pragma once

#include <string>
#include <vector>

#include "torch2trt/error.h"
#include "torch2trt/graph.h"

namespace torch2trt {

class UnsupportedNodes {
 public:
  void add(const Node& node, const std::string& reason);
  // Throws Error(kUnsupportedOperator): nodes grouped by kind and reason, with counts and the places of the first few.
  void throw_if_any() const;

 private:
  std::vector<UnsupportedNode> nodes_;
};

}  // namespace torch2trt
