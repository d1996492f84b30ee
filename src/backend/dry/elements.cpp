#include "src/backend/dry/elements.h"

#include <cmath>
#include <functional>

namespace torch2trt::dry {
namespace {

using Maybe = std::optional<Extents>;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

std::optional<std::int64_t> power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return std::nullopt;
  std::int64_t result = 1;
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(result, base, &result)) return std::nullopt;
  }
  return result;
}

// Of two numbers. nullopt on overflow, which no shape survives.
std::optional<std::int64_t> compute(ElementWiseOperation operation, std::int64_t a, std::int64_t b, const Inputs& in) {
  std::int64_t result = 0;
  switch (operation) {
    case ElementWiseOperation::kSum:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case ElementWiseOperation::kSub:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case ElementWiseOperation::kProd:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case ElementWiseOperation::kMax: return std::max(a, b);
    case ElementWiseOperation::kMin: return std::min(a, b);
    case ElementWiseOperation::kDiv: in.require(b != 0, "it divides by a constant zero"); return b == -1 ? -a : a / b;
    case ElementWiseOperation::kFloorDiv:
      in.require(b != 0, "it divides by a constant zero");
      return b == -1 ? -a : floor_divide(a, b);
    case ElementWiseOperation::kPow: return power(a, b);
    case ElementWiseOperation::kAnd: return a & b;
    case ElementWiseOperation::kOr: return a | b;
    case ElementWiseOperation::kXor: return a ^ b;
    case ElementWiseOperation::kEqual: return a == b ? 1 : 0;
    case ElementWiseOperation::kGreater: return a > b ? 1 : 0;
    case ElementWiseOperation::kLess: return a < b ? 1 : 0;
  }
  return std::nullopt;
}

Extent compute(ElementWiseOperation operation, const Extent& a, const Extent& b, const Inputs& in) {
  if (a.is_number() && b.is_number()) {
    const auto result = compute(operation, a.number(), b.number(), in);
    return result ? Extent(*result) : Extent();
  }
  // A dynamic dimension stays the same dimension under these.
  switch (operation) {
    case ElementWiseOperation::kSum: return a.plus(b);
    case ElementWiseOperation::kSub: return b.is(0) ? a : Extent();
    case ElementWiseOperation::kProd: return a.times(b);
    case ElementWiseOperation::kDiv:
    case ElementWiseOperation::kFloorDiv: return a.divided_by(b);
    case ElementWiseOperation::kMax:
      if (b.is(0) && !a.is_unknown()) return a;  // sizes are not negative
      if (a.is(0) && !b.is_unknown()) return b;
      return a.same_as(b) ? a : Extent();
    case ElementWiseOperation::kMin: return a.same_as(b) ? a : Extent();
    default: return {};
  }
}

// Element i of an output of shape `shape` reads this element of an operand that broadcasts to it.
std::size_t broadcast_index(std::size_t index, const Dims& shape, const Dims& operand) {
  std::size_t result = 0;
  std::size_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto size = static_cast<std::size_t>(shape[d]);
    if (operand[d] != 1) result += index % size * stride;
    stride *= static_cast<std::size_t>(operand[d]);
    index /= size;
  }
  return result;
}

class Evaluation {
 public:
  Evaluation(const Facts& output, const Inputs& in) : in_(in), output_(output), shape_(to_dims(output.extents)) {}

  Maybe operator()(const layer::Constant& l) const {
    if (l.weights.data == nullptr) return std::nullopt;
    Extents elements;
    for (std::int64_t i = 0; i < l.weights.numel(); ++i) elements.emplace_back(integer_at(l.weights, i));
    return elements;
  }
  Maybe operator()(const layer::Shape& l) const { return in_[l.input].extents; }
  Maybe operator()(const layer::Identity& l) const { return in_[l.input].elements; }

  Maybe operator()(const layer::Cast& l) const {
    return map(l.input, [&](const Extent& x) -> Extent {
      if (l.to == DType::kBool) return x.is_number() ? Extent(x.number() != 0 ? 1 : 0) : Extent();
      if (l.to == DType::kInt32 && x.is_number()) return static_cast<std::int32_t>(x.number());
      return x;
    });
  }

  Maybe operator()(const layer::Unary& l) const {
    return map(l.input, [&](const Extent& x) -> Extent {
      if (l.operation == UnaryOperation::kAbs && !x.is_number()) return x;  // sizes are not negative
      if (!x.is_number()) return {};
      switch (l.operation) {
        case UnaryOperation::kNeg: return -x.number();
        case UnaryOperation::kAbs: return std::abs(x.number());
        case UnaryOperation::kNot: return x.is(0) ? 1 : 0;
        case UnaryOperation::kSign: return static_cast<std::int64_t>(x.number() > 0) - (x.number() < 0 ? 1 : 0);
        default: return {};
      }
    });
  }

  Maybe operator()(const layer::ElementWise& l) const {
    const Facts& a = in_[l.a];
    const Facts& b = in_[l.b];
    if (!a.elements || !b.elements) return std::nullopt;
    return generate([&](std::size_t i) { return compute(l.operation, at(a, i), at(b, i), in_); });
  }

  Maybe operator()(const layer::Select& l) const {
    const Facts& condition = in_[l.condition];
    const Facts& yes = in_[l.then_input];
    const Facts& no = in_[l.else_input];
    if (!condition.elements || !yes.elements || !no.elements) return std::nullopt;
    return generate([&](std::size_t i) -> Extent {
      const Extent& chosen = at(condition, i);
      if (!chosen.is_number()) return {};
      return chosen.is(0) ? at(no, i) : at(yes, i);
    });
  }

  Maybe operator()(const layer::Shuffle& l) const {
    const Facts& x = in_[l.input];
    if (!x.elements) return std::nullopt;
    // Through each permutation element by element; a reshape changes nothing in row-major order.
    Extents first = permute(*x.elements, to_dims(x.extents), l.first_transpose);
    if (l.second_transpose.empty()) return first;
    Dims before(shape_.size());
    for (std::size_t i = 0; i < shape_.size(); ++i) before[static_cast<std::size_t>(l.second_transpose[i])] = shape_[i];
    return permute(first, before, l.second_transpose);
  }

  Maybe operator()(const layer::Concatenation& l) const {
    const auto axis = static_cast<std::size_t>(l.axis);
    std::size_t outer = 1;
    for (std::size_t d = 0; d < axis; ++d) outer *= static_cast<std::size_t>(shape_[d]);
    Extents elements;
    for (std::size_t row = 0; row < outer; ++row) {
      for (const Tensor& input : l.inputs) {
        const Facts& x = in_[input];
        if (!product(x.extents).is_number()) return std::nullopt;
        const std::size_t chunk = static_cast<std::size_t>(product(x.extents).number()) / outer;
        for (std::size_t i = 0; i < chunk; ++i) {
          elements.push_back(x.elements ? (*x.elements)[row * chunk + i] : Extent());
        }
      }
    }
    return elements;
  }

  Maybe operator()(const layer::Gather& l) const {
    const Facts& data = in_[l.data];
    const Facts& indices = in_[l.indices];
    const bool simple = l.mode == GatherMode::kDefault && l.elementwise_dims == 0 && data.rank() == 1;
    if (!simple || !data.elements || !indices.elements) return std::nullopt;
    const auto size = static_cast<std::int64_t>(data.elements->size());
    return map(l.indices, [&](const Extent& index) -> Extent {
      if (!index.is_number()) return {};
      const std::int64_t i = index.number() < 0 ? index.number() + size : index.number();
      return i >= 0 && i < size ? (*data.elements)[static_cast<std::size_t>(i)] : Extent();
    });
  }

  Maybe operator()(const layer::Slice& l) const {
    const Facts& x = in_[l.input];
    if (!x.elements || x.rank() != 1 || l.mode != SampleMode::kStrictBounds) return std::nullopt;
    const Extent start = in_.list(l.start, "start")[0];
    const Extent stride = in_.list(l.stride, "stride")[0];
    if (!start.is_number() || !stride.is_number()) return std::nullopt;
    return generate([&](std::size_t i) {
      return x.elements->at(static_cast<std::size_t>(start.number() + static_cast<std::int64_t>(i) * stride.number()));
    });
  }

  Maybe operator()(const layer::Reduce& l) const {
    const Facts& x = in_[l.input];
    // Everything at once: a shape tensor is reduced to its number of elements or the like.
    if (!x.elements || x.elements->empty() || static_cast<std::int64_t>(l.axes.size()) != x.rank()) return std::nullopt;
    std::optional<ElementWiseOperation> operation;
    switch (l.operation) {
      case ReduceOperation::kSum: operation = ElementWiseOperation::kSum; break;
      case ReduceOperation::kProd: operation = ElementWiseOperation::kProd; break;
      case ReduceOperation::kMax: operation = ElementWiseOperation::kMax; break;
      case ReduceOperation::kMin: operation = ElementWiseOperation::kMin; break;
      case ReduceOperation::kAvg: return std::nullopt;
    }
    Extent result = x.elements->front();
    for (std::size_t i = 1; i < x.elements->size(); ++i) result = compute(*operation, result, (*x.elements)[i], in_);
    return Extents{result};
  }

  Maybe operator()(const layer::Fill& l) const {
    const Tensor* alpha = std::get_if<Tensor>(&l.alpha);
    if (l.operation != FillOperation::kLinspace || alpha == nullptr || output_.rank() != 1) return std::nullopt;
    const Facts& start = in_[*alpha];
    const Facts& step = in_[std::get<Tensor>(l.beta)];
    if (!start.elements || !step.elements || !at(start, 0).is_number() || !step.elements->at(0).is_number()) {
      return std::nullopt;
    }
    return generate([&](std::size_t i) -> Extent {
      return start.elements->at(0).number() + static_cast<std::int64_t>(i) * step.elements->at(0).number();
    });
  }

  template <typename L>
  Maybe operator()(const L& /*layer*/) const {
    return std::nullopt;
  }

 private:
  // The element of a broadcast operand that element i of the output reads. A 0-d operand has one.
  const Extent& at(const Facts& operand, std::size_t i) const {
    if (operand.elements->size() == 1) return operand.elements->front();
    return (*operand.elements)[broadcast_index(i, shape_, to_dims(operand.extents))];
  }

  Extents generate(const std::function<Extent(std::size_t)>& element) const {
    Extents elements;
    const auto count = static_cast<std::size_t>(numel_of(shape_));
    for (std::size_t i = 0; i < count; ++i) elements.push_back(element(i));
    return elements;
  }

  Maybe map(const Tensor& input, const std::function<Extent(const Extent&)>& element) const {
    const Facts& x = in_[input];
    if (!x.elements) return std::nullopt;
    Extents elements;
    for (const Extent& known : *x.elements) elements.push_back(element(known));
    return elements;
  }

  static Extents permute(const Extents& elements, const Dims& shape, const Dims& order) {
    if (order.empty()) return elements;
    const Dims strides = contiguous_strides(shape);
    Extents result;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      std::size_t rest = i;
      std::size_t from = 0;
      for (std::size_t d = order.size(); d-- > 0;) {
        const auto axis = static_cast<std::size_t>(order[d]);
        const auto size = static_cast<std::size_t>(shape[axis]);
        from += rest % size * static_cast<std::size_t>(strides[axis]);
        rest /= size;
      }
      result.push_back(elements[from]);
    }
    return result;
  }

  const Inputs& in_;
  const Facts& output_;
  Dims shape_;
};

}  // namespace

std::optional<Extents> infer_elements(const Layer& layer, const Facts& output, const Inputs& in) {
  if (!(kIndices | kBool).has(output.dtype)) return std::nullopt;
  const Extent count = product(output.extents);
  if (!count.is_number() || count.number() > kMaxKnownElements) return std::nullopt;
  // A product of 0 may hide a dynamic dimension; nothing is lost, as an empty tensor has no elements to know.
  for (const Extent& extent : output.extents) {
    if (!extent.is_number()) return std::nullopt;
  }
  auto elements = std::visit(Evaluation(output, in), layer);
  if (elements && elements->size() != static_cast<std::size_t>(count.number())) return std::nullopt;
  return elements;
}

}  // namespace torch2trt::dry
