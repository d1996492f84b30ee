#include <fmt/format.h>

#include <cmath>
#include <limits>

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
Tensor causal_mask(Network& net, Args& a, const Tensor& query, const Tensor& key) {
  const std::int64_t rows = query.dims().at(static_cast<std::size_t>(query.rank() - 2));
  const std::int64_t columns = key.dims().at(static_cast<std::size_t>(key.rank() - 2));
  a.require(rows >= 0 && columns >= 0, "is_causal with sequence lengths only known at run time");
  std::vector<float> allowed(static_cast<std::size_t>(rows * columns), 0.0F);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column <= row && column < columns; ++column)
      allowed.at(static_cast<std::size_t>(row * columns + column)) = 1.0F;
  }
  return net.constant(contiguous_as(host_tensor(allowed, {rows, columns}), DType::kBool));
}

// softmax(query @ key^T * scale + mask) @ value. Two matrix products around a softmax, which TensorRT fuses; its own
// attention layer takes 4 dimensions only and is used where they are.
Results attention(Network& net, Args& a) {
  const Heads h = grouped(net, a, {a.tensor("query"), a.tensor("key"), a.tensor("value")});
  for (const Tensor& tensor : {h.query, h.key, h.value})
    a.require(tensor.rank() >= 2, "attention needs a sequence of vectors: two dimensions or more");
  a.require(a.number("dropout_p") == 0, "attention with dropout is random; call module.eval() first");
  const std::int64_t depth = h.query.dims().back();
  const auto given = a.optional_number("scale");
  a.require(given || depth > 0, "attention needs a static size of the last dimension, or a scale");
  const double scale = given ? *given : 1 / std::sqrt(static_cast<double>(depth));
  const bool causal = a.boolean("is_causal");
  std::optional<Tensor> mask;
  for (const char* name : {"attn_mask", "attn_bias"}) {
    if (a.has(name)) mask = a.optional_tensor(name);
  }
  if (causal) {
    a.require(!mask, "attn_mask and is_causal exclude each other");
    mask = causal_mask(net, a, h.query, h.key);
  }
  const DType dtype = h.query.dtype();
  const bool masked_whole_rows = mask && mask->dtype() == DType::kBool && !causal;
  if (mask && mask->dtype() != DType::kBool) mask = net.cast(*mask, dtype);

  const Tensor scaled = scale == 1 ? h.query : h.query * scale;
  if (h.query.rank() == 4 && h.key.rank() == 4 && h.value.rank() == 4 && net.supports("Attention") &&
      !masked_whole_rows) {
    if (mask) mask = net.expand_rank(*mask, 4);
    return net.add(layer::Attention{.query = scaled, .key = h.key, .value = h.value, .mask = mask});
  }
  Tensor scores = net.matmul(scaled, h.key, false, true);
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
