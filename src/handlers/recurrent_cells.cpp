// One step of LSTM, GRU and plain recurrent networks: two linear layers and gates.
#include <fmt/format.h>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Tensor linear(Args& a, const Tensor& x, std::string_view weight, std::string_view bias) {
  const Tensor product = x.network().matmul(x, a.tensor_as(weight, x.dtype()), false, true);
  return a.is_none(bias) ? product : product + a.tensor_as(bias, x.dtype());
}

Tensor sigmoid(const Tensor& x) { return x.network().activation(ActivationType::kSigmoid, x); }
Tensor tanh(const Tensor& x) { return x.network().activation(ActivationType::kTanh, x); }

// Part `index` of `count` equal parts of the last dimension.
Tensor part(const Args& a, const Tensor& x, std::int64_t index, std::int64_t count) {
  const std::int64_t last = x.rank() - 1;
  const std::int64_t width = x.dims().at(static_cast<std::size_t>(last));
  a.require(width > 0, "the hidden size must be static");
  std::vector<Dim> start(static_cast<std::size_t>(x.rank()), Dim(0));
  std::vector<Dim> size = x.shape();
  start.back() = Dim(index * (width / count));
  size.back() = Dim(width / count);
  return x.network().slice(x, start, size, Dims(start.size(), 1));
}

// Gates in PyTorch's order: input, forget, cell, output.
Results lstm_cell(Network&, Args& a) {
  const Tensor x = a.tensor("input");
  const auto state = a.tensors("hx");
  a.require(state.size() == 2, fmt::format("hx must be (h, c); it has {} tensors", state.size()));
  const Tensor gates = linear(a, x, "w_ih", "b_ih") + linear(a, state[0], "w_hh", "b_hh");
  const Tensor cell =
      sigmoid(part(a, gates, 1, 4)) * state[1] + sigmoid(part(a, gates, 0, 4)) * tanh(part(a, gates, 2, 4));
  return std::vector<Operand>{sigmoid(part(a, gates, 3, 4)) * tanh(cell), cell};
}

// Gates in PyTorch's order: reset, update, new.
Results gru_cell(Network&, Args& a) {
  const Tensor x = a.tensor("input");
  const Tensor h = a.tensor("hx");
  const Tensor of_input = linear(a, x, "w_ih", "b_ih");
  const Tensor of_state = linear(a, h, "w_hh", "b_hh");
  const Tensor reset = sigmoid(part(a, of_input, 0, 3) + part(a, of_state, 0, 3));
  const Tensor update = sigmoid(part(a, of_input, 1, 3) + part(a, of_state, 1, 3));
  const Tensor fresh = tanh(part(a, of_input, 2, 3) + reset * part(a, of_state, 2, 3));
  return fresh + update * (h - fresh);
}

Handler plain_cell(ActivationType type) {
  return [type](Network& net, Args& a) -> Results {
    const Tensor sum = linear(a, a.tensor("input"), "w_ih", "b_ih") + linear(a, a.tensor("hx"), "w_hh", "b_hh");
    return net.activation(type, sum);
  };
}

}  // namespace

void register_recurrent_cells(HandlerRegistry& r) {
  r.op("aten::lstm_cell").convert(lstm_cell);
  r.op("aten::gru_cell").convert(gru_cell);
  r.op("aten::rnn_tanh_cell").convert(plain_cell(ActivationType::kTanh));
  r.op("aten::rnn_relu_cell").convert(plain_cell(ActivationType::kRelu));
}

}  // namespace torch2trt
