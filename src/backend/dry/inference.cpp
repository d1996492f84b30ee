#include "src/backend/dry/inference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "src/network/layer_text.h"

namespace torch2trt::dry {

std::string Types::text() const {
  std::vector<std::string_view> names;
  for (unsigned i = 0; i < 32; ++i) {
    if ((bits_ >> i & 1U) != 0) names.push_back(name(static_cast<DType>(i)));
  }
  if (names.size() <= 1) return fmt::format("{}", fmt::join(names, ""));
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

void Inputs::require_type(DType type, const Types& allowed, std::string_view what) const {
  if (!allowed.has(type)) refuse(fmt::format("{} must be {}, not {}", what, allowed.text(), name(type)));
}

void Inputs::require_equal_types(DType a, DType b, std::string_view what_a, std::string_view what_b) const {
  if (a != b) {
    refuse(fmt::format("{} is {} and {} is {}, but the types must be equal", what_a, name(a), what_b, name(b)));
  }
}

void Inputs::require_axis(std::int64_t axis, std::int64_t rank) const {
  if (axis < 0 || axis >= rank) refuse(fmt::format("axis {} is outside of [0, {})", axis, rank));
}

Extents Inputs::broadcast(const Extents& a, const Extents& b, std::string_view what_a, std::string_view what_b) const {
  if (a.size() != b.size()) {
    refuse(fmt::format("{} has rank {} and {} has rank {}, but the ranks must be equal", what_a, a.size(), what_b,
                       b.size()));
  }
  Extents result;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto extent = dry::broadcast(a[i], b[i]);
    if (!extent) {
      refuse(fmt::format("dimension {} is {} in {} and {} in {}, but they must be equal or one of them 1", i,
                         a[i].number(), what_a, b[i].number(), what_b));
    }
    result.push_back(*extent);
  }
  return result;
}

Extents Inputs::list(const std::variant<Dims, Tensor>& value, std::string_view what) const {
  if (const Dims* dims = std::get_if<Dims>(&value)) return {dims->begin(), dims->end()};
  const Facts& tensor = (*this)[std::get<Tensor>(value)];
  require_type(tensor.dtype, kIndices, what);
  if (tensor.rank() != 1) refuse(fmt::format("{} must be a 1-d tensor, not {}-d", what, tensor.rank()));
  if (!tensor.extents[0].is_number()) refuse(fmt::format("the length of {} must be static", what));
  if (tensor.elements) return *tensor.elements;
  return Extents(static_cast<std::size_t>(tensor.extents[0].number()));
}

Extent Inputs::scalar(const Tensor& tensor, std::string_view what) const {
  const Facts& facts = (*this)[tensor];
  require_type(facts.dtype, kIndices, what);
  if (facts.rank() != 0) refuse(fmt::format("{} must be a 0-d tensor, not {}-d", what, facts.rank()));
  return facts.elements ? facts.elements->at(0) : Extent();
}

}  // namespace torch2trt::dry
