// The boundary layers of conditionals and loops. Measured with TensorRT-RTX 1.7.
#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

Outputs infer(const layer::Condition& l, const Inputs& in) {
  in.require_type(in[l.condition].dtype, kBool, "condition");
  in.require(in[l.condition].rank() == 0, "condition must be a 0-d tensor");  // others may be added, but do not build
  return {};
}

Outputs infer(const layer::ConditionalInput& l, const Inputs& in) { return {in[l.input]}; }

Outputs infer(const layer::ConditionalOutput& l, const Inputs& in) {
  const Facts& a = in[l.then_value];
  const Facts& b = in[l.else_value];
  in.require_equal_types(a.dtype, b.dtype, "then_value", "else_value");
  in.require(a.rank() == b.rank(),
             fmt::format("then_value has rank {} and else_value {}, but the ranks must be equal", a.rank(), b.rank()));
  Extents extents;
  for (std::size_t i = 0; i < a.extents.size(); ++i) {
    extents.push_back(a.extents[i].same_as(b.extents[i]) ? a.extents[i] : Extent());
  }
  return {{a.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::TripLimit& l, const Inputs& in) {
  const bool counts = l.kind == TripLimitKind::kCount;
  in.require_type(in[l.limit].dtype, counts ? kIndices : kBool, "limit");
  in.require(in[l.limit].rank() == 0, "limit must be a 0-d tensor");
  return {};
}

Outputs infer(const layer::Recurrence& l, const Inputs& in) {
  return {{in[l.initial].dtype, in[l.initial].extents, std::nullopt}};
}

Outputs infer(const layer::Iterator& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_axis(l.axis, x.rank());
  Extents extents = x.extents;
  extents.erase(extents.begin() + l.axis);
  return {{x.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::LoopOutput& l, const Inputs& in) {
  Facts value{in[l.value].dtype, in[l.value].extents, std::nullopt};
  if (l.kind == LoopOutputKind::kLastValue) return {value};
  in.require(l.length.has_value(), "concatenating needs a length");
  in.require_axis(l.axis, value.rank() + 1);
  value.extents.insert(value.extents.begin() + l.axis, in.scalar(*l.length, "length"));
  return {value};
}

}  // namespace torch2trt::dry
