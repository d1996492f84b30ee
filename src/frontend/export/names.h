// What the names of one graph of the file stand for. A subgraph has names of its own.
#pragma once

#include <string>
#include <unordered_map>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

class Names {
 public:
  // A value, or a constant where an inlined subgraph was given or returns one. Throws Error(kInvalidModel) for a name
  // that already is defined.
  void define(const std::string& name, Argument value);
  // Throws Error(kInvalidModel) for an unknown name.
  const Argument& at(const std::string& name) const;

 private:
  std::unordered_map<std::string, Argument> values_;
};

}  // namespace torch2trt::pt2
