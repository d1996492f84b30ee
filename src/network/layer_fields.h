// The fields of every layer struct of layers.h, by name: what printing, logging, hashing and checking of layers share.
// A new layer or field is one line here; a field left out is a layer printed (and hashed) without it.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "torch2trt/layers.h"

namespace torch2trt {

// `has_default`: layers.h gives it a value, or it may be absent.
template <typename L, typename T>
struct LayerField {
  const char* name;
  T L::* member;
  bool has_default;
};

template <typename L, typename T>
constexpr LayerField<L, T> required(const char* name, T L::* member) {
  return {name, member, false};
}
template <typename L, typename T>
constexpr LayerField<L, T> defaulted(const char* name, T L::* member) {
  return {name, member, true};
}

template <typename L>
struct LayerFields;

// clang-format off
#define TORCH2TRT_LAYER_FIELDS(L, ...) \
  template <> struct LayerFields<layer::L> { using T = layer::L; static constexpr auto fields = std::tuple{__VA_ARGS__}; }
#define REQ(member) required(#member, &T::member)
#define DEF(member) defaulted(#member, &T::member)

TORCH2TRT_LAYER_FIELDS(Constant, REQ(weights));
TORCH2TRT_LAYER_FIELDS(Identity, REQ(input));
TORCH2TRT_LAYER_FIELDS(Cast, REQ(input), REQ(to));
TORCH2TRT_LAYER_FIELDS(Activation, REQ(input), REQ(type), DEF(alpha), DEF(beta));
TORCH2TRT_LAYER_FIELDS(Unary, REQ(input), REQ(operation));
TORCH2TRT_LAYER_FIELDS(ElementWise, REQ(a), REQ(b), REQ(operation));
TORCH2TRT_LAYER_FIELDS(Convolution, REQ(input), REQ(kernel), DEF(bias), REQ(stride), REQ(pre_padding), REQ(post_padding),
                       REQ(dilation), DEF(groups));
TORCH2TRT_LAYER_FIELDS(Deconvolution, REQ(input), REQ(kernel), DEF(bias), REQ(stride), REQ(pre_padding),
                       REQ(post_padding), REQ(dilation), DEF(groups));
TORCH2TRT_LAYER_FIELDS(Pooling, REQ(input), REQ(type), REQ(window), REQ(stride), REQ(pre_padding), REQ(post_padding),
                       DEF(average_count_excludes_padding), DEF(round_up));
TORCH2TRT_LAYER_FIELDS(Shuffle, REQ(input), DEF(first_transpose), DEF(reshape), DEF(second_transpose),
                       DEF(zero_is_placeholder));
TORCH2TRT_LAYER_FIELDS(Reduce, REQ(input), REQ(operation), REQ(axes), DEF(keep_dims));
TORCH2TRT_LAYER_FIELDS(SoftMax, REQ(input), REQ(axis));
TORCH2TRT_LAYER_FIELDS(Concatenation, REQ(inputs), REQ(axis));
TORCH2TRT_LAYER_FIELDS(Slice, REQ(input), REQ(start), REQ(size), REQ(stride), DEF(mode), DEF(fill));
TORCH2TRT_LAYER_FIELDS(Gather, REQ(data), REQ(indices), DEF(mode), REQ(axis), DEF(elementwise_dims));
TORCH2TRT_LAYER_FIELDS(Scatter, REQ(data), REQ(indices), REQ(updates), REQ(mode), REQ(axis));
TORCH2TRT_LAYER_FIELDS(MatrixMultiply, REQ(a), DEF(op_a), REQ(b), DEF(op_b));
TORCH2TRT_LAYER_FIELDS(Einsum, REQ(inputs), REQ(equation));
TORCH2TRT_LAYER_FIELDS(Select, REQ(condition), REQ(then_input), REQ(else_input));
TORCH2TRT_LAYER_FIELDS(Shape, REQ(input));
TORCH2TRT_LAYER_FIELDS(Scale, REQ(input), REQ(channel_axis), REQ(shift), REQ(scale));
TORCH2TRT_LAYER_FIELDS(Normalization, REQ(input), REQ(scale), REQ(bias), REQ(axes), REQ(epsilon), DEF(groups));
TORCH2TRT_LAYER_FIELDS(TopK, REQ(input), REQ(operation), REQ(k), REQ(axis));
TORCH2TRT_LAYER_FIELDS(Resize, REQ(input), REQ(target), REQ(mode), REQ(transformation), DEF(rounding),
                       DEF(cubic_coefficient), DEF(exclude_outside));
TORCH2TRT_LAYER_FIELDS(GridSample, REQ(input), REQ(grid), REQ(mode), DEF(align_corners), REQ(sample_mode));
TORCH2TRT_LAYER_FIELDS(Fill, REQ(dimensions), REQ(operation), REQ(alpha), REQ(beta), REQ(dtype));
TORCH2TRT_LAYER_FIELDS(Cumulative, REQ(input), REQ(axis), REQ(operation), DEF(exclusive), DEF(reverse));
TORCH2TRT_LAYER_FIELDS(NonZero, REQ(input));
TORCH2TRT_LAYER_FIELDS(NMS, REQ(boxes), REQ(scores), REQ(limit), REQ(overlap), REQ(threshold));
TORCH2TRT_LAYER_FIELDS(OneHot, REQ(indices), REQ(values), REQ(depth), REQ(axis));
TORCH2TRT_LAYER_FIELDS(Attention, REQ(query), REQ(key), REQ(value), DEF(mask), DEF(causal), DEF(decomposable));
TORCH2TRT_LAYER_FIELDS(ParametricRelu, REQ(input), REQ(slope));
TORCH2TRT_LAYER_FIELDS(Quantize, REQ(input), REQ(scale), REQ(to), DEF(axis));
TORCH2TRT_LAYER_FIELDS(Dequantize, REQ(input), REQ(scale), REQ(to), DEF(axis));
TORCH2TRT_LAYER_FIELDS(Condition, REQ(conditional), REQ(condition));
TORCH2TRT_LAYER_FIELDS(ConditionalInput, REQ(conditional), REQ(input));
TORCH2TRT_LAYER_FIELDS(ConditionalOutput, REQ(conditional), REQ(then_value), REQ(else_value));
TORCH2TRT_LAYER_FIELDS(TripLimit, REQ(loop), REQ(limit), REQ(kind));
TORCH2TRT_LAYER_FIELDS(Recurrence, REQ(loop), REQ(initial));
TORCH2TRT_LAYER_FIELDS(Iterator, REQ(loop), REQ(input), REQ(axis), DEF(reverse));
TORCH2TRT_LAYER_FIELDS(LoopOutput, REQ(loop), REQ(value), REQ(kind), DEF(axis), DEF(length));

#undef REQ
#undef DEF
#undef TORCH2TRT_LAYER_FIELDS
// clang-format on

// Whether the field holds what it holds when nobody sets it.
template <typename L, typename T>
bool is_unset(const LayerField<L, T>& field, const L& layer) {
  if (!field.has_default) return false;
  if constexpr (requires { (layer.*field.member).has_value(); }) {
    return !(layer.*field.member).has_value();
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, Dims>) {
    return layer.*field.member == L{}.*field.member;
  } else {
    return false;
  }
}

// visit(name, value) for every field in the order of layers.h.
template <typename L, typename Visitor>
void for_each_field(const L& layer, Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field.name, layer.*field.member), ...); }, LayerFields<L>::fields);
}

// The same without fields that hold their default.
template <typename L, typename Visitor>
void for_each_set_field(const L& layer, Visitor&& visit) {
  const auto one = [&](const auto& field) {
    if (!is_unset(field, layer)) visit(field.name, layer.*field.member);
  };
  std::apply([&](const auto&... field) { (one(field), ...); }, LayerFields<L>::fields);
}

template <typename Visitor>
void for_each_field(const Layer& layer, Visitor&& visit) {
  std::visit([&](const auto& alternative) { for_each_field(alternative, visit); }, layer);
}
template <typename Visitor>
void for_each_set_field(const Layer& layer, Visitor&& visit) {
  std::visit([&](const auto& alternative) { for_each_set_field(alternative, visit); }, layer);
}

}  // namespace torch2trt
