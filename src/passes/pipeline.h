// The passes between a front end and the runner, and the only place that knows their order.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt {

struct Pass {
  std::string_view name;
  void (*run)(Graph&);
};

// In the order they run. A pass may run more than once; its name is then listed more than once.
const std::vector<Pass>& pipeline();

struct PassOptions {
  std::set<std::string, std::less<>> disabled;  // by name
};

struct PassTime {
  std::string name;
  double seconds = 0;
};

// The passes that would take nodes of these kinds ("aten::conv2d") away from a handler of the user's: what to disable.
std::set<std::string, std::less<>> passes_against(const std::set<std::string>& kinds);

// Runs the passes on `graph` and verifies it before the first and after each, so that a malformed graph is blamed on
// the pass that made it. Returns what each took, verification included. Throws Error(kInvalidArgument) for a disabled
// pass that does not exist, Error(kInternal) for a malformed graph, and what the passes throw.
std::vector<PassTime> run_passes(Graph& graph, const PassOptions& options = {});

}  // namespace torch2trt
