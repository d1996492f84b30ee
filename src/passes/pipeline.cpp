#include "src/passes/pipeline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "src/graph/verify.h"
#include "src/passes/fold_batch_norm.h"
#include "src/passes/functionalize.h"
#include "src/passes/functionalize_lists.h"
#include "src/passes/remove_dead_nodes.h"

namespace torch2trt {

const std::vector<Pass>& pipeline() {
  static const std::vector<Pass> passes = {
      // First, because functionalize refuses a program in which a stale view is read that it cannot recompute: an
      // assertion or an unused size must not count as such a reader.
      {"remove_dead_nodes", remove_dead_nodes},
      {"functionalize", functionalize},
      // After it, as it must see that an element of a list shares memory with what was put in.
      {"functionalize_lists", functionalize_lists},
      {"fold_batch_norm", fold_batch_norm},
      // Again: functionalize leaves views that only a write went through, and each node here costs a layer.
      {"remove_dead_nodes", remove_dead_nodes},
  };
  return passes;
}

std::set<std::string, std::less<>> passes_against(const std::set<std::string>& kinds) {
  if (std::any_of(kinds.begin(), kinds.end(), is_folded_kind)) return {"fold_batch_norm"};
  return {};
}

std::vector<PassTime> run_passes(Graph& graph, const PassOptions& options) {
  std::set<std::string_view> names;
  for (const Pass& pass : pipeline()) names.insert(pass.name);
  for (const std::string& disabled : options.disabled) {
    if (!names.contains(disabled)) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("there is no pass \"{}\" to disable; there are: {}", disabled, fmt::join(names, ", ")));
    }
  }
  verify(graph);
  std::vector<PassTime> times;
  for (const Pass& pass : pipeline()) {
    if (options.disabled.contains(pass.name)) continue;
    const auto start = std::chrono::steady_clock::now();
    pass.run(graph);
    verify(graph, pass.name);
    times.push_back(
        {std::string(pass.name), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
  }
  return times;
}

}  // namespace torch2trt
