#include "src/frontend/torchscript/canonical.h"

#include <fmt/format.h>

namespace torch2trt::torchscript {
namespace {

// 0 where unknown.
std::size_t spatial_rank(const Graph& graph, const Node& node) {
  std::size_t rank = 0;
  const Argument* weight = node.find("weight");
  if (const auto* id = weight != nullptr ? weight->as<ValueId>() : nullptr) {
    const auto& sizes = graph.value(*id).type.sizes;
    if (sizes && sizes->size() > 2) rank = sizes->size() - 2;
  }
  const Argument* stride = node.find("stride");
  if (const auto* list = stride != nullptr ? stride->as<Argument::List>() : nullptr; list != nullptr && rank == 0) {
    rank = list->size();
  }
  return rank <= 3 ? rank : 0;
}

void keep(Node& node, std::initializer_list<std::string_view> names) {
  std::vector<NamedArgument> kept;
  for (const std::string_view name : names) {
    if (const Argument* argument = node.find(name)) kept.push_back({std::string(name), *argument});
  }
  node.arguments = std::move(kept);
}

}  // namespace

void canonicalize(const Graph& graph, Node& node) {
  for (const std::string_view kind : {"split", "chunk", "split_with_sizes"}) {
    if (node.kind == fmt::format("aten::unsafe_{}", kind)) node.kind = fmt::format("aten::{}", kind);
  }
  const bool mode = node.kind == "aten::_convolution_mode";
  if (!mode && node.kind != "aten::_convolution") return;
  const std::size_t rank = spatial_rank(graph, node);
  if (rank == 0) return;
  if (mode) {
    node.kind = fmt::format("aten::conv{}d", rank);
    node.overload = "padding";
    return;
  }
  const Argument* argument = node.find("transposed");
  const bool* transposed = argument != nullptr ? argument->as<bool>() : nullptr;
  if (transposed == nullptr) return;
  if (*transposed) {
    node.kind = fmt::format("aten::conv_transpose{}d", rank);
    node.overload = rank == 1 ? "" : "input";
    keep(node, {"input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"});
  } else {
    node.kind = fmt::format("aten::conv{}d", rank);
    node.overload = "";
    keep(node, {"input", "weight", "bias", "stride", "padding", "dilation", "groups"});
  }
}

}  // namespace torch2trt::torchscript
