#include "torch2trt/program.h"

#include "src/backend/dry/dry_network.h"
#include "src/frontend/export/read.h"
#include "src/passes/pipeline.h"

namespace torch2trt {

Graph load_program(const std::string& path, const UserRegistry* handlers) {
  Graph graph = read_pt2(path);
  PassOptions options;
  if (handlers != nullptr) options.disabled = passes_against(handlers->kinds());
  run_passes(graph, options);
  return graph;
}

std::unique_ptr<Network> make_dry_network() { return std::make_unique<DryNetwork>(); }

std::string network_text(const Network& network) {
  const auto* dry = dynamic_cast<const DryNetwork*>(&network);
  if (dry == nullptr) throw Error(ErrorCategory::kInvalidArgument, "only networks of make_dry_network() have a text");
  return dry->to_text();
}

}  // namespace torch2trt
