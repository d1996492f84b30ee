#include "src/handlers/recurrent_steps.h"

namespace torch2trt {
namespace {

Tensor sigmoid(const Tensor& x) { return x.network().activation(ActivationType::kSigmoid, x); }
Tensor tanh(const Tensor& x) { return x.network().activation(ActivationType::kTanh, x); }

// x @ weight^T
Tensor times(const Tensor& x, const Tensor& weight) {
  return x.network().matmul(x, x.network().cast(weight, x.dtype()), false, true);
}

Tensor plus(const Tensor& x, const std::optional<Tensor>& bias) {
  return bias ? x + x.network().cast(*bias, x.dtype()) : x;
}

// Gate `index` of `count`.
Tensor gate(const Tensor& x, std::int64_t index, std::int64_t count) {
  const std::int64_t width = x.dims().back() / count;
  std::vector<Dim> start(static_cast<std::size_t>(x.rank()), Dim(0));
  std::vector<Dim> size = x.shape();
  start.back() = Dim(index * width);
  size.back() = Dim(width);
  return x.network().slice(x, start, size, Dims(start.size(), 1));
}

}  // namespace

Tensor project_input(RecurrentKind kind, const Tensor& x, const RecurrentWeights& weights) {
  const Tensor product = plus(times(x, weights.input), weights.input_bias);
  // In GRU the reset gate acts on the state's bias too.
  return kind == RecurrentKind::kGru ? product : plus(product, weights.state_bias);
}

std::vector<Tensor> recurrent_step(RecurrentKind kind, const Tensor& input, const std::vector<Tensor>& state,
                                   const RecurrentWeights& weights) {
  const Tensor& h = state[0];
  const Tensor of_state = times(h, weights.state);
  switch (kind) {
    case RecurrentKind::kLstm: {  // input, forget, cell, output
      const Tensor gates = input + of_state;
      const Tensor cell = sigmoid(gate(gates, 1, 4)) * state[1] + sigmoid(gate(gates, 0, 4)) * tanh(gate(gates, 2, 4));
      const Tensor hidden = sigmoid(gate(gates, 3, 4)) * tanh(cell);
      return {weights.projection ? times(hidden, *weights.projection) : hidden, cell};
    }
    case RecurrentKind::kGru: {  // reset, update, new
      const Tensor biased = plus(of_state, weights.state_bias);
      const Tensor reset = sigmoid(gate(input, 0, 3) + gate(biased, 0, 3));
      const Tensor update = sigmoid(gate(input, 1, 3) + gate(biased, 1, 3));
      const Tensor fresh = tanh(gate(input, 2, 3) + reset * gate(biased, 2, 3));
      return {fresh + update * (h - fresh)};
    }
    case RecurrentKind::kTanh: return {tanh(input + of_state)};
    case RecurrentKind::kRelu: return {h.network().activation(ActivationType::kRelu, input + of_state)};
  }
  throw Error(ErrorCategory::kInternal, "recurrent_step");
}

}  // namespace torch2trt
