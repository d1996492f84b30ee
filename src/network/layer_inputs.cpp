#include <functional>

#include "torch2trt/layers.h"

namespace torch2trt {
namespace {

using Visit = std::function<void(const Tensor&)>;

// What a field may hold of tensors, by its type.
void field(const Visit& visit, const Tensor& tensor) { visit(tensor); }
void field(const Visit& visit, const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) visit(tensor);
}
void field(const Visit& visit, const std::optional<Tensor>& tensor) {
  if (tensor) visit(*tensor);
}
template <typename... Ts>
void field(const Visit& visit, const std::variant<Ts...>& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) visit(*tensor);
}
template <typename... Ts>
void field(const Visit& visit, const std::optional<std::variant<Ts...>>& value) {
  if (value) field(visit, *value);
}

template <typename... Fields>
void fields(const Visit& visit, const Fields&... all) {
  (field(visit, all), ...);
}

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

void for_each_input(const Layer& layer, const Visit& visit) {
  std::visit(Overloaded{
                 [](const layer::Constant&) {},
                 [&](const layer::ElementWise& l) { fields(visit, l.a, l.b); },
                 [&](const layer::Convolution& l) { fields(visit, l.input, l.kernel); },
                 [&](const layer::Deconvolution& l) { fields(visit, l.input, l.kernel); },
                 [&](const layer::Shuffle& l) { fields(visit, l.input, l.reshape); },
                 [&](const layer::Concatenation& l) { fields(visit, l.inputs); },
                 [&](const layer::Slice& l) { fields(visit, l.input, l.start, l.size, l.stride, l.fill); },
                 [&](const layer::Gather& l) { fields(visit, l.data, l.indices); },
                 [&](const layer::Scatter& l) { fields(visit, l.data, l.indices, l.updates); },
                 [&](const layer::MatrixMultiply& l) { fields(visit, l.a, l.b); },
                 [&](const layer::Einsum& l) { fields(visit, l.inputs); },
                 [&](const layer::Select& l) { fields(visit, l.condition, l.then_input, l.else_input); },
                 [&](const layer::Normalization& l) { fields(visit, l.input, l.scale, l.bias); },
                 [&](const layer::TopK& l) { fields(visit, l.input, l.k); },
                 [&](const layer::Resize& l) { fields(visit, l.input, l.target); },
                 [&](const layer::GridSample& l) { fields(visit, l.input, l.grid); },
                 [&](const layer::Fill& l) { fields(visit, l.dimensions, l.alpha, l.beta); },
                 [&](const layer::OneHot& l) { fields(visit, l.indices, l.values, l.depth); },
                 [&](const layer::Attention& l) { fields(visit, l.query, l.key, l.value, l.mask); },
                 [&](const layer::ParametricRelu& l) { fields(visit, l.input, l.slope); },
                 [&](const auto& l) { fields(visit, l.input); },  // the rest reads one tensor
             },
             layer);
}

}  // namespace torch2trt
