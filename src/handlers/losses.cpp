// Losses. Half precision is computed in float32, as PyTorch does.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "src/handlers/logarithms.h"
#include "src/handlers/norms.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Tensor sum_of_all(const Tensor& x) { return x.network().reduce(ReduceOperation::kSum, x, all_axes(x), false); }
Tensor absolute(const Tensor& x) { return x.network().unary(UnaryOperation::kAbs, x); }
Tensor exponential(const Tensor& x) { return x.network().unary(UnaryOperation::kExp, x); }
Tensor logarithm(const Tensor& x) { return x.network().unary(UnaryOperation::kLog, x); }
Tensor number_like(const Tensor& x, double value) { return x.network().scalar(value, x.dtype(), x.rank()); }
Tensor equals(const Tensor& x, double value) {
  return x.network().elementwise(ElementWiseOperation::kEqual, x, number_like(x, value));
}
Tensor not_negative(const Tensor& x) { return x.network().activation(ActivationType::kRelu, x); }

// at::Reduction.
enum Reduction : std::int64_t { kNone = 0, kMean = 1, kSum = 2 };

Reduction reduction_of(Args& a) {
  const std::int64_t reduction = a.integer("reduction");
  a.require(reduction >= kNone && reduction <= kSum, fmt::format("a loss has no reduction {}", reduction));
  return static_cast<Reduction>(reduction);
}

Tensor reduced(Args& a, const Tensor& loss) {
  const Reduction reduction = reduction_of(a);
  if (reduction == kNone || loss.rank() == 0) return loss;
  return loss.network().reduce(reduction == kMean ? ReduceOperation::kAvg : ReduceOperation::kSum, loss, all_axes(loss),
                               false);
}

// The arguments in float32, and the type that the result has.
struct Wide {
  std::vector<Tensor> tensors;
  DType type;
  const Tensor& operator[](std::size_t i) const { return tensors.at(i); }
};

Wide wide(Args& a, std::initializer_list<std::string_view> names) {
  const DType type = a.result_type(names);
  a.require(is_floating(type), "a loss of integers is not supported");
  Wide result{{}, a.network().held_dtype(type)};
  for (const std::string_view name : names) result.tensors.push_back(a.tensor_as(name, DType::kFloat32));
  return result;
}

Tensor finished(Args& a, const Tensor& loss, DType type) { return a.network().cast(reduced(a, loss), type); }

// --- of differences ---------------------------------------------------------------------------------------------

// `formula` of the difference and of the argument `parameter` (0 where there is none).
Handler of_difference(Tensor (*formula)(const Tensor& difference, double parameter), std::string_view parameter = "") {
  return [=](Network&, Args& a) -> Results {
    const auto t = a.promoted({"self", "target"});
    a.require(is_floating(t[0].dtype()), "a loss of integers is not supported");
    return reduced(a, formula(t[0] - t[1], parameter.empty() ? 0 : a.number(parameter)));
  };
}

// Quadratic within `delta`, linear beyond.
Tensor huber(const Tensor& x, double delta) {
  Network& net = x.network();
  const Tensor size = absolute(x);
  const Tensor near = net.elementwise(ElementWiseOperation::kLess, size, net.scalar(delta, x.dtype(), x.rank()));
  return net.select(near, x * x * 0.5, (size - delta / 2) * delta);
}

Tensor smooth_l1(const Tensor& x, double beta) { return beta == 0 ? absolute(x) : huber(x, beta) / beta; }

// --- of classes -------------------------------------------------------------------------------------------------

// For each target: what its class has, and how much it counts (0 where it is to be ignored).
struct Picked {
  Tensor loss, count, valid;
};

// `x`: log-probabilities, [classes] or [N, classes, ...]; target: the class, [] or [N, ...].
Picked picked(Network& net, Args& a, const Tensor& x, const std::optional<Tensor>& weight) {
  const Tensor target = a.tensor("target");
  a.require(is_integer(target.dtype()), fmt::format("classes are integers, not {}", name(target.dtype())));
  a.require(x.rank() >= 1 && target.rank() == (x.rank() == 1 ? 0 : x.rank() - 1),
            fmt::format("{} dimensions of classes for a loss of {} dimensions", target.rank(), x.rank()));
  const std::int64_t axis = x.rank() == 1 ? 0 : 1;
  const Tensor valid = net.unary(UnaryOperation::kNot, equals(target, static_cast<double>(a.integer("ignore_index"))));
  // What is ignored may be no class at all, so it is not looked up.
  const Tensor index = net.select(valid, target, number_like(target, 0));
  const Tensor found =
      net.squeeze(net.add(layer::Gather{
                      .data = x, .indices = net.unsqueeze(index, {axis}), .mode = GatherMode::kElement, .axis = axis}),
                  {axis});
  const Tensor zero = number_like(found, 0);
  if (!weight) return {net.select(valid, -found, zero), net.cast(valid, x.dtype()), valid};
  const Tensor own = net.gather(*weight, index, 0);
  return {net.select(valid, -found * own, zero), net.select(valid, own, zero), valid};
}

// The weight of each class, in float32.
std::optional<Tensor> class_weights(Args& a) {
  if (a.is_none("weight")) return std::nullopt;
  return a.tensor_as("weight", DType::kFloat32);
}

// The mean is of the weights that count, not of all elements.
Tensor weighted(Args& a, const Tensor& loss, const Tensor& count) {
  const Reduction reduction = reduction_of(a);
  if (reduction == kNone) return loss;
  return reduction == kSum ? sum_of_all(loss) : sum_of_all(loss) / sum_of_all(count);
}

Results nll_loss(Network& net, Args& a) {
  const Wide t = wide(a, {"self"});
  const Picked p = picked(net, a, t[0], class_weights(a));
  const Tensor loss = net.cast(weighted(a, p.loss, p.count), t.type);
  if (a.node().outputs.size() == 1) return loss;
  // nll_loss_forward: the second one is for the gradient, 0 where nothing is reduced.
  Operand total = Unknown{};
  if (a.is_output_used(1)) {
    total = reduction_of(a) == kNone ? net.scalar(0, t.type) : net.cast(sum_of_all(p.count), t.type);
  }
  return std::vector<Operand>{loss, total};
}

// sum(-target * log(softmax)): target says how likely each class is.
Tensor of_likelihoods(Network& net, Args& a, const Tensor& logs, std::int64_t axis, double smoothing) {
  a.ignore({"ignore_index"});  // which is a class
  Tensor target = a.tensor_as("target", DType::kFloat32);
  if (smoothing > 0) {
    const auto classes = static_cast<double>(logs.dims().at(static_cast<std::size_t>(axis)));
    target = target * (1 - smoothing) + smoothing / classes;
  }
  Tensor terms = logs * target;
  if (const auto weight = class_weights(a)) {
    std::vector<Dim> shape(static_cast<std::size_t>(logs.rank()), Dim(1));
    shape.at(static_cast<std::size_t>(axis)) = weight->dim(0);
    terms = terms * net.reshape(*weight, shape);
  }
  return reduced(a, -net.reduce(ReduceOperation::kSum, terms, {axis}, false));
}

Results cross_entropy(Network& net, Args& a) {
  const Wide t = wide(a, {"self"});
  a.require(t[0].rank() >= 1, "cross entropy needs a dimension of classes");
  const std::int64_t axis = t[0].rank() == 1 ? 0 : 1;
  const double smoothing = a.number("label_smoothing");
  const std::int64_t classes = t[0].dims().at(static_cast<std::size_t>(axis));
  a.require(smoothing == 0 || classes > 0, "label smoothing over a number of classes that is only known at run time");
  const Tensor logs = log_softmax(t[0], axis);
  if (a.tensor("target").rank() == t[0].rank()) {
    a.require(is_floating(a.tensor("target").dtype()), "likelihoods of classes are floats");
    return net.cast(of_likelihoods(net, a, logs, axis, smoothing), t.type);
  }
  const auto weight = class_weights(a);
  const Picked p = picked(net, a, logs, weight);
  Tensor loss = p.loss;
  if (smoothing > 0) {
    Tensor terms = logs;
    if (weight) {
      std::vector<Dim> shape(static_cast<std::size_t>(logs.rank()), Dim(1));
      shape.at(static_cast<std::size_t>(axis)) = weight->dim(0);
      terms = terms * net.reshape(*weight, shape);
    }
    const Tensor even = -net.reduce(ReduceOperation::kSum, terms, {axis}, false);
    const Tensor counted = net.select(p.valid, even, number_like(even, 0));
    loss = loss * (1 - smoothing) + counted * (smoothing / static_cast<double>(classes));
  }
  return net.cast(weighted(a, loss, p.count), t.type);
}

// --- of likelihoods ---------------------------------------------------------------------------------------------

Tensor times_weight(Args& a, const Tensor& loss) {
  return a.is_none("weight") ? loss : loss * a.tensor_as("weight", DType::kFloat32);
}

// Logarithms are -100 at least, as PyTorch has them.
Results binary_cross_entropy(Network& net, Args& a) {
  const Wide t = wide(a, {"self", "target"});
  const auto bounded = [&](const Tensor& x) { return net.clamp(x, -100, std::nullopt); };
  const Tensor loss = (t[1] - 1) * bounded(log1p(-t[0])) - t[1] * bounded(logarithm(t[0]));
  return finished(a, times_weight(a, loss), t.type);
}

// (1 - target) * x + weight * log(1 + exp(-x))
Results binary_cross_entropy_with_logits(Network&, Args& a) {
  const Wide t = wide(a, {"self", "target"});
  Tensor curve = log1p_exp(-t[0]);
  if (!a.is_none("pos_weight")) {
    curve = ((a.tensor_as("pos_weight", DType::kFloat32) - 1) * t[1] + 1) * curve;
  }
  return finished(a, times_weight(a, (1 - t[1]) * t[0] + curve), t.type);
}

// target * (log(target) - x), where target is not 0.
Results kl_div(Network& net, Args& a) {
  const Wide t = wide(a, {"self", "target"});
  if (a.boolean("log_target")) return finished(a, exponential(t[1]) * (t[1] - t[0]), t.type);
  const Tensor own = net.select(equals(t[1], 0), number_like(t[1], 0), t[1] * logarithm(t[1]));
  return finished(a, own - t[1] * t[0], t.type);
}

Results poisson_nll_loss(Network& net, Args& a) {
  const Wide t = wide(a, {"input", "target"});
  const bool log_input = a.boolean("log_input");
  if (log_input) a.ignore({"eps"});
  Tensor loss = log_input ? exponential(t[0]) - t[1] * t[0] : t[0] - t[1] * logarithm(t[0] + a.number("eps"));
  if (a.boolean("full")) {  // Stirling's term
    const Tensor term = t[1] * logarithm(t[1]) - t[1] + logarithm(t[1] * (2 * std::numbers::pi)) * 0.5;
    const Tensor large = net.elementwise(ElementWiseOperation::kGreater, t[1], number_like(t[1], 1));
    loss = loss + net.select(large, term, number_like(term, 0));
  }
  return finished(a, loss, t.type);
}

// --- of margins -------------------------------------------------------------------------------------------------

Results soft_margin_loss(Network&, Args& a) {
  const Wide t = wide(a, {"self", "target"});
  return finished(a, log1p_exp(-t[1] * t[0]), t.type);
}

// What is similar (1) counts as it is, what is not (-1) as far as it is nearer than the margin.
Results hinge_embedding_loss(Network& net, Args& a) {
  const Wide t = wide(a, {"self", "target"});
  const Tensor near = not_negative(a.number("margin") - t[0]);
  const Tensor zero = number_like(t[0], 0);
  return finished(a, net.select(equals(t[1], 1), zero, near) + net.select(equals(t[1], -1), zero, t[0]), t.type);
}

Results margin_ranking_loss(Network&, Args& a) {
  const Wide t = wide(a, {"input1", "input2", "target"});
  return finished(a, not_negative(-t[2] * (t[0] - t[1]) + a.number("margin")), t.type);
}

Results cosine_embedding_loss(Network& net, Args& a) {
  const Wide t = wide(a, {"input1", "input2", "target"});
  const std::int64_t axis = t[2].rank();
  a.require(
      t[0].rank() == axis + 1 && t[1].rank() == axis + 1,
      fmt::format("{} dimensions of targets for vectors of {} and {} dimensions", axis, t[0].rank(), t[1].rank()));
  const auto sum = [&](const Tensor& x) { return net.reduce(ReduceOperation::kSum, x, {axis}, false); };
  constexpr double kEpsilon = 1e-12;
  const Tensor lengths = (sum(t[0] * t[0]) + kEpsilon) * (sum(t[1] * t[1]) + kEpsilon);
  const Tensor cosine = sum(t[0] * t[1]) / net.unary(UnaryOperation::kSqrt, lengths);
  const Tensor zero = number_like(cosine, 0);
  const Tensor loss = net.select(equals(t[2], 1), 1 - cosine, zero) +
                      net.select(equals(t[2], -1), not_negative(cosine - a.number("margin")), zero);
  return finished(a, loss, t.type);
}

Results triplet_margin_loss(Network& net, Args& a) {
  const Wide t = wide(a, {"anchor", "positive", "negative"});
  const double order = a.number("p");
  const double epsilon = a.number("eps");
  const auto distance = [&](const Tensor& x, const Tensor& y) {
    const Tensor difference = x - y + epsilon;
    a.require(difference.rank() > 0, "the distance of numbers is not defined");
    return vector_norm(difference, order, {difference.rank() - 1}, false);
  };
  const Tensor near = distance(t[0], t[1]);
  Tensor far = distance(t[0], t[2]);
  if (a.boolean("swap")) far = net.elementwise(ElementWiseOperation::kMin, far, distance(t[1], t[2]));
  return finished(a, not_negative(near - far + a.number("margin")), t.type);
}

}  // namespace

void register_losses(HandlerRegistry& r) {
  r.op("aten::l1_loss").convert(of_difference([](const Tensor& x, double) { return absolute(x); }));
  r.op("aten::mse_loss").convert(of_difference([](const Tensor& x, double) { return x * x; }));
  r.op("aten::smooth_l1_loss").convert(of_difference(smooth_l1, "beta"));
  r.op("aten::huber_loss").convert(of_difference(huber, "delta"));
  r.ops({"aten::nll_loss", "aten::nll_loss_nd", "aten::nll_loss2d", "aten::nll_loss_forward",
         "aten::nll_loss2d_forward"})
      .note("a target that is no class is not noticed")
      .convert(nll_loss);
  r.op("aten::cross_entropy_loss").note("a target that is no class is not noticed").convert(cross_entropy);
  r.op("aten::binary_cross_entropy").convert(binary_cross_entropy);
  r.op("aten::binary_cross_entropy_with_logits").convert(binary_cross_entropy_with_logits);
  r.op("aten::kl_div").convert(kl_div);
  r.op("aten::poisson_nll_loss").convert(poisson_nll_loss);
  r.op("aten::soft_margin_loss").convert(soft_margin_loss);
  r.op("aten::hinge_embedding_loss").convert(hinge_embedding_loss);
  r.op("aten::margin_ranking_loss").convert(margin_ranking_loss);
  r.op("aten::cosine_embedding_loss").convert(cosine_embedding_loss);
  r.op("aten::triplet_margin_loss").convert(triplet_margin_loss);
}

}  // namespace torch2trt
