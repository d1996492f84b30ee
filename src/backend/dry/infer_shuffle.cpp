#include <fmt/format.h>

#include <algorithm>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

Extents permuted(const Extents& extents, const Dims& order, std::string_view what, const Inputs& in) {
  if (order.empty()) return extents;
  Dims sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool valid = sorted.size() == extents.size();
  for (std::size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<std::int64_t>(i);
  // TensorRT ignores entries beyond the rank, as its Permutation always has 8; we know how many were meant.
  in.require(valid, fmt::format("{} must be a permutation of the {} axes", what, extents.size()));
  Extents result;
  for (const std::int64_t axis : order) result.push_back(extents[static_cast<std::size_t>(axis)]);
  return result;
}

// The size that -1 at `wildcard` stands for. Dimensions equal at the same place in both shapes cancel, even dynamic
// ones; what is left decides.
Extent inferred(const Extents& input, const Extents& target, std::size_t wildcard, bool zero_is_placeholder,
                const Inputs& in) {
  Extents left;
  Extents right;
  for (std::size_t i = 0; i < std::max(input.size(), target.size()); ++i) {
    const bool paired = i < input.size() && i < target.size() && i != wildcard && !input[i].is(0);
    if (paired && input[i].same_as(target[i])) continue;
    if (i < input.size()) left.push_back(input[i]);
    if (i < target.size() && i != wildcard) right.push_back(target[i]);
  }
  const Extent whole = product(left);
  const Extent part = product(right);
  in.require(!part.is(0), "-1 next to a dimension of size 0 is ambiguous");
  if (!whole.is_number() || !part.is_number()) {
    // A size of 0 would copy a dimension instead, so TensorRT only computes with dynamic ones where it does not.
    if (zero_is_placeholder) return {};
    in.require(!whole.is_fraction_of(part), "the elements cannot be divided into parts of the sizes given");
    return whole.divided_by(part);
  }
  in.require(whole.number() % part.number() == 0,
             fmt::format("{} elements cannot be divided into parts of {}", whole.number(), part.number()));
  return whole.number() / part.number();
}

Extents reshaped(const Extents& input, const layer::Shuffle& l, const Inputs& in) {
  Extents target = in.list(*l.reshape, "reshape");
  in.require(target.size() <= kMaxRank, fmt::format("a tensor has at most {} dimensions", kMaxRank));
  std::optional<std::size_t> wildcard;
  for (std::size_t i = 0; i < target.size(); ++i) {
    Extent& size = target[i];
    if (size.is(0) && l.zero_is_placeholder) {
      in.require(i < input.size(), fmt::format("reshape copies dimension {}, which the input does not have", i));
      size = input[i];
    } else if (size.is(-1)) {
      in.require(!wildcard, "reshape may have one -1 only");
      wildcard = i;
    } else if (size.is_number()) {
      in.require(size.number() >= 0, fmt::format("{} is no size", size.number()));
    }
  }
  if (wildcard) {
    target[*wildcard] = inferred(input, target, *wildcard, l.zero_is_placeholder, in);
    return target;
  }
  const Extent before = product(input);
  const Extent after = product(target);
  if (before.differs_from(after)) {
    in.refuse(fmt::format("the input has {} elements and the result {}, but reshaping keeps them", before.number(),
                          after.number()));
  }
  return target;
}

}  // namespace

Outputs infer(const layer::Shuffle& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kMovable, "input");
  Extents extents = permuted(x.extents, l.first_transpose, "first_transpose", in);
  if (l.reshape) extents = reshaped(extents, l, in);
  return {{x.dtype, permuted(extents, l.second_transpose, "second_transpose", in), std::nullopt}};
}

Outputs infer(const layer::Shape& l, const Inputs& in) {
  return {{in.shape_dtype(), {in[l.input].rank()}, in[l.input].extents}};
}

}  // namespace torch2trt::dry
