#include "src/network/layer_fields.h"

namespace torch2trt {
namespace {

using Visit = std::function<void(const Tensor&)>;

// What a field may hold of tensors, by its type.
template <typename T>
void field(const Visit& /*visit*/, const T& /*value*/) {}
void field(const Visit& visit, const Tensor& tensor) { visit(tensor); }
void field(const Visit& visit, const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) visit(tensor);
}
template <typename... Ts>
void field(const Visit& visit, const std::variant<Ts...>& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) visit(*tensor);
}
void field(const Visit& visit, const std::optional<Tensor>& tensor) {
  if (tensor) visit(*tensor);
}
template <typename... Ts>
void field(const Visit& visit, const std::optional<std::variant<Ts...>>& value) {
  if (value) field(visit, *value);
}

// The same, to be changed.
using Replacement = std::function<Tensor(const Tensor&)>;
template <typename T>
void replace(const Replacement& /*replacement*/, T& /*value*/) {}
void replace(const Replacement& replacement, Tensor& tensor) { tensor = replacement(tensor); }
void replace(const Replacement& replacement, std::vector<Tensor>& tensors) {
  for (Tensor& tensor : tensors) tensor = replacement(tensor);
}
template <typename... Ts>
void replace(const Replacement& replacement, std::variant<Ts...>& value) {
  if (auto* tensor = std::get_if<Tensor>(&value)) *tensor = replacement(*tensor);
}
void replace(const Replacement& replacement, std::optional<Tensor>& tensor) {
  if (tensor) tensor = replacement(*tensor);
}
template <typename... Ts>
void replace(const Replacement& replacement, std::optional<std::variant<Ts...>>& value) {
  if (value) replace(replacement, *value);
}

}  // namespace

void for_each_input(const Layer& layer, const Visit& visit) {
  for_each_field(layer, [&](const char* /*name*/, const auto& value) { field(visit, value); });
}

void replace_inputs(Layer& layer, const Replacement& replacement) {
  std::visit(
      [&](auto& alternative) {
        using L = std::decay_t<decltype(alternative)>;
        std::apply([&](const auto&... f) { (replace(replacement, alternative.*f.member), ...); },
                   LayerFields<L>::fields);
      },
      layer);
}

}  // namespace torch2trt
