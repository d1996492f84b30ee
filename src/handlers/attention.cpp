#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

struct Heads {
  Tensor query, key, value;
};

// With enable_gqa the query has a multiple of the key's heads: each key and value head serves that many.
Heads grouped(Network& net, Args& a, Heads h) {
  const bool grouped_heads = a.has("enable_gqa") && a.boolean("enable_gqa");
  if (!grouped_heads || h.query.rank() < 3) return h;
  const std::int64_t axis = h.query.rank() - 3;
  for (Tensor* tensor : {&h.key, &h.value}) {
    const std::int64_t have = tensor->dims().at(static_cast<std::size_t>(axis));
    const std::int64_t want = h.query.dims().at(static_cast<std::size_t>(axis));
    a.require(have > 0 && want > 0 && want % have == 0,
              "enable_gqa needs a static number of heads, the query's a multiple of the key's");
    if (have == want) continue;
    std::vector<Dim> shape = tensor->shape();
    shape.insert(shape.begin() + axis + 1, Dim(want / have));
    std::vector<Dim> merged = tensor->shape();
    merged.at(static_cast<std::size_t>(axis)) = Dim(want);
    *tensor = net.reshape(net.broadcast_to(net.unsqueeze(*tensor, {axis + 1}), shape), merged);
  }
  return h;
}

// Lower triangle of [rows, columns], from the upper left corner as PyTorch has it: True where attention is allowed.
Tensor causal_mask(Network& net, const Tensor& query, const Tensor& key) {
  const Dim rows = query.dim(query.rank() - 2);
  const Dim columns = key.dim(key.rank() - 2);
  if (!rows.is_constant() || !columns.is_constant()) {
    const auto positions = [&](const Dim& count) { return ramp(net, Dim(0), Dim(1), count, net.shape_dtype()); };
    const Tensor later = net.elementwise(ElementWiseOperation::kGreater, net.unsqueeze(positions(columns), {0}),
                                         net.unsqueeze(positions(rows), {1}));
    return net.unary(UnaryOperation::kNot, later);
  }
  std::vector<float> allowed(static_cast<std::size_t>(rows.value() * columns.value()), 0.0F);
  for (std::int64_t row = 0; row < rows.value(); ++row) {
    for (std::int64_t column = 0; column <= row && column < columns.value(); ++column)
      allowed[static_cast<std::size_t>(row * columns.value() + column)] = 1.0F;
  }
  return net.constant(contiguous_as(host_tensor(allowed, {rows.value(), columns.value()}), DType::kBool));
}

// query * scale, which is 1 / sqrt(size of the last dimension) unless given.
Tensor scaled(Network& net, const Tensor& query, std::optional<double> scale) {
  const Dim depth = query.dim(query.rank() - 1);
  if (!scale && !depth.is_constant()) {
    const Tensor root = net.unary(UnaryOperation::kSqrt, net.cast(net.dim_tensor(depth), DType::kFloat32));
    return query * net.cast(1 / root, query.dtype());
  }
  const double factor = scale ? *scale : 1 / std::sqrt(static_cast<double>(depth.value()));
  return factor == 1 ? query : query * factor;
}

// softmax(query @ key^T * scale + mask) @ value. Two matrix products around a softmax, which TensorRT fuses; its own
// attention layer takes 4 dimensions only and is used where they are.
Results attention(Network& net, Args& a) {
  const Heads h = grouped(net, a, {a.tensor("query"), a.tensor("key"), a.tensor("value")});
  for (const Tensor& tensor : {h.query, h.key, h.value})
    a.require(tensor.rank() >= 2, "attention needs a sequence of vectors: two dimensions or more");
  a.require(a.number("dropout_p") == 0, "attention with dropout is random; call module.eval() first");
  const auto scale = a.optional_number("scale");
  const bool causal = a.boolean("is_causal");
  std::optional<Tensor> mask;
  for (const char* name : {"attn_mask", "attn_bias"}) {
    if (a.has(name)) mask = a.optional_tensor(name);
  }
  if (causal) {
    a.require(!mask, "attn_mask and is_causal exclude each other");
    mask = causal_mask(net, h.query, h.key);
  }
  const DType dtype = h.query.dtype();
  const bool masked_whole_rows = mask && mask->dtype() == DType::kBool && !causal;
  if (mask && mask->dtype() != DType::kBool) mask = net.cast(*mask, dtype);

  const Tensor query = scaled(net, h.query, scale);
  if (h.query.rank() == 4 && h.key.rank() == 4 && h.value.rank() == 4 && net.supports("Attention") &&
      !masked_whole_rows) {
    if (mask) mask = net.expand_rank(*mask, 4);
    return net.add(layer::Attention{.query = query, .key = h.key, .value = h.value, .mask = mask});
  }
  Tensor scores = net.matmul(query, h.key, false, true);
  std::optional<Tensor> any;
  if (mask && mask->dtype() == DType::kBool) {
    const Tensor lowest = net.scalar(-std::numeric_limits<double>::infinity(), dtype, scores.rank());
    if (masked_whole_rows)
      any = net.cast(net.reduce(ReduceOperation::kMax, net.cast(*mask, DType::kInt32), {mask->rank() - 1}, true),
                     DType::kBool);
    scores = net.select(*mask, scores, lowest);
  } else if (mask) {
    scores = scores + *mask;
  }
  Tensor weights = net.softmax(scores, scores.rank() - 1);
  // A query that may attend to nothing gets zeros in PyTorch, not NaN.
  if (any) weights = net.select(*any, weights, net.scalar(0, dtype, weights.rank()));
  return net.matmul(weights, h.value);
}

// What exports that were decomposed have for one kind of device or another.
Results attention_of_device(Network& net, Args& a) {
  for (std::size_t i = 1; i < a.node().outputs.size(); ++i) {
    a.require(!a.is_output_used(i), "only the result of attention is supported, not what its gradient needs beside it");
  }
  for (const char* name : {"compute_log_sumexp", "return_debug_mask"}) {
    if (a.has(name)) a.ignore({name});
  }
  std::vector<Operand> outputs(a.node().outputs.size(), Unknown{});
  outputs[0] = attention(net, a).values.at(0);
  return outputs;
}

}  // namespace

void register_attention(HandlerRegistry& r) {
  r.op("aten::scaled_dot_product_attention").convert(attention);
  for (const char* device : {"flash_attention", "flash_attention_for_cpu", "efficient_attention", "cudnn_attention",
                             "fused_attention_overrideable"}) {
    r.op(fmt::format("aten::_scaled_dot_product_{}", device)).note("first output only").convert(attention_of_device);
  }
}

}  // namespace torch2trt
