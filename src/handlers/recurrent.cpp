// LSTM, GRU and plain recurrent networks over whole sequences: one ILoop a layer, with both directions in it. What does
// not depend on the state, the product of the inputs with their weights, is done for all steps at once before the loop.
#include <fmt/format.h>

#include "src/handlers/recurrent_steps.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

// One direction of one layer while its loop is made.
struct Direction {
  RecurrentWeights weights;
  bool reverse = false;
  std::vector<Tensor> state;  // recurrences: h, for LSTM also c
  Tensor input;               // iterator: the projected input of a step
  std::vector<Tensor> next;   // of the step
  std::vector<Tensor> last;   // after the loop
  Tensor sequence;            // h of each step
};

struct Sequence {
  Network& net;
  RecurrentKind kind;
  std::int64_t time_axis;

  // [.., I] of all steps to [.., H] or [.., 2H]; `initial` has the states of each direction.
  Tensor layer(const Tensor& x, std::vector<Direction>& directions,
               const std::vector<std::vector<Tensor>>& initial) const {
    const Tensor steps = net.dim_tensor(x.dim(time_axis));
    std::vector<Tensor> projected;
    for (const Direction& d : directions) projected.push_back(project_input(kind, x, d.weights));
    const std::int32_t loop = net.begin_loop();
    net.add_all(layer::TripLimit{loop, steps, TripLimitKind::kCount});
    for (std::size_t i = 0; i < directions.size(); ++i) {
      Direction& d = directions[i];
      for (const Tensor& state : initial[i]) d.state.push_back(net.add(layer::Recurrence{loop, state}));
      d.input = net.add(layer::Iterator{loop, projected[i], time_axis, d.reverse});
    }
    {
      const Network::Scope body(net, loop);
      for (Direction& d : directions) {
        d.next = recurrent_step(kind, d.input, d.state, d.weights);
        for (std::size_t s = 0; s < d.state.size(); ++s) net.set_next(d.state[s], d.next[s]);
      }
    }
    std::vector<Tensor> sequences;
    for (Direction& d : directions) {
      for (const Tensor& state : d.state) d.last.push_back(net.add(layer::LoopOutput{loop, state}));
      const auto order = d.reverse ? LoopOutputKind::kReverse : LoopOutputKind::kConcatenate;
      sequences.push_back(net.add(layer::LoopOutput{loop, d.next[0], order, time_axis, steps}));
    }
    return sequences.size() == 1 ? sequences[0] : net.concat(sequences, x.rank() - 1);
  }
};

// State `index` of [layers * directions, N, H].
Tensor state_at(const Tensor& states, std::int64_t index) {
  Network& net = states.network();
  std::vector<Dim> start(3, Dim(0));
  std::vector<Dim> size = states.shape();
  start[0] = Dim(index);
  size[0] = Dim(1);
  return net.squeeze(net.slice(states, start, size, {1, 1, 1}), {0});
}

Tensor stacked(const std::vector<Tensor>& states) {
  std::vector<Tensor> rows;
  for (const Tensor& state : states) rows.push_back(state.network().unsqueeze(state, {0}));
  return states[0].network().concat(rows, 0);
}

Results recurrent(RecurrentKind kind, Network& net, Args& a) {
  Tensor x = a.tensor("input");
  a.require(is_floating(x.dtype()), "the input must be floating point");
  std::vector<Tensor> states = kind == RecurrentKind::kLstm ? a.tensors("hx") : std::vector<Tensor>{a.tensor("hx")};
  const std::vector<Tensor> params = a.tensors("params");
  const bool biases = a.boolean("has_biases");
  const std::int64_t layers = a.integer("num_layers");
  const bool bidirectional = a.boolean("bidirectional");
  const bool batch_first = a.boolean("batch_first");
  const bool active = a.boolean("train") && a.number("dropout") > 0 && layers > 1;
  a.require(!active, "dropout in training mode is random; call module.eval() first");
  a.ignore({"dropout"});

  const bool batched = x.rank() == 3;
  const std::int64_t time_axis = batched && batch_first ? 1 : 0;
  if (!batched) {
    x = net.unsqueeze(x, {1});
    for (Tensor& state : states) state = net.unsqueeze(state, {1});
  }
  const std::int64_t sides = bidirectional ? 2 : 1;
  const std::size_t each = biases ? 4 : 2;
  const auto total = static_cast<std::size_t>(layers * sides);
  const bool projects = params.size() == total * (each + 1);
  a.require(
      params.size() == total * each || projects,
      fmt::format("{} weights for {} layers and {} direction{}", params.size(), layers, sides, sides == 1 ? "" : "s"));

  const Sequence sequence{net, kind, time_axis};
  std::vector<std::vector<Tensor>> last(states.size());
  auto weight = params.begin();
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    std::vector<Direction> directions;
    std::vector<std::vector<Tensor>> initial;
    for (std::int64_t side = 0; side < sides; ++side) {
      Direction d{.reverse = side == 1};
      d.weights.input = *weight++;
      d.weights.state = *weight++;
      if (biases) {
        d.weights.input_bias = *weight++;
        d.weights.state_bias = *weight++;
      }
      if (projects) d.weights.projection = *weight++;
      directions.push_back(std::move(d));
      std::vector<Tensor>& of_side = initial.emplace_back();
      for (const Tensor& state : states) of_side.push_back(state_at(state, layer * sides + side));
    }
    x = sequence.layer(x, directions, initial);
    for (const Direction& d : directions) {
      for (std::size_t s = 0; s < states.size(); ++s) last[s].push_back(d.last[s]);
    }
  }
  std::vector<Operand> results{batched ? x : net.squeeze(x, {1})};
  for (std::size_t s = 0; s < states.size(); ++s) {
    const Tensor state = stacked(last[s]);
    results.emplace_back(batched ? state : net.squeeze(state, {1}));
  }
  return results;
}

Results packed(Network&, Args& a) {
  a.require(false, "packed sequences are not supported; give the padded tensor itself");
  return Results(Operand());
}

}  // namespace

void register_recurrent(HandlerRegistry& r) {
  const std::pair<const char*, RecurrentKind> kinds[] = {{"aten::lstm", RecurrentKind::kLstm},
                                                         {"aten::gru", RecurrentKind::kGru},
                                                         {"aten::rnn_tanh", RecurrentKind::kTanh},
                                                         {"aten::rnn_relu", RecurrentKind::kRelu}};
  for (const auto& [name, kind] : kinds) {
    const std::string key = name;
    r.op(key + ".input").note("an ILoop per layer").convert([kind = kind](Network& net, Args& a) {
      return recurrent(kind, net, a);
    });
    r.op(key + ".data").note("refused: packed sequences").convert(packed);
  }
}

}  // namespace torch2trt
