// One step of LSTM, GRU and plain recurrent networks on an input that is already multiplied with its weights.
#pragma once

#include <optional>
#include <vector>

#include "torch2trt/network.h"

namespace torch2trt {

enum class RecurrentKind { kLstm, kGru, kTanh, kRelu };

// Of one direction of one layer, as PyTorch has them: [G*H, I], [G*H, H], [G*H], [G*H], with the gates in its order.
struct RecurrentWeights {
  Tensor input, state;
  std::optional<Tensor> input_bias, state_bias;
  std::optional<Tensor> projection;  // [P, H], LSTM only: the state h has P elements then
};

// [.., I] to [.., G*H], for any number of steps. Holds every bias that may be added before the state is known.
Tensor project_input(RecurrentKind kind, const Tensor& x, const RecurrentWeights& weights);

// The next state: h, and for LSTM c. `input` is [N, G*H] of project_input(); states are [N, H].
std::vector<Tensor> recurrent_step(RecurrentKind kind, const Tensor& input, const std::vector<Tensor>& state,
                                   const RecurrentWeights& weights);

}  // namespace torch2trt
