// "bij,bjk->bik": letters name dimensions, "..." stands for any number of them.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

// Dimensions that an ellipsis stands for are named by digits, in order, so that the rest need not know.
constexpr char kEllipsis = '.';

// Splits at commas and reads letters; "..." becomes one '.'.
std::vector<std::string> terms_of(std::string_view side, const Inputs& in) {
  std::vector<std::string> terms(1);
  for (std::size_t i = 0; i < side.size(); ++i) {
    if (side[i] == ',') {
      terms.emplace_back();
    } else if (side.substr(i, 3) == "...") {
      terms.back() += kEllipsis;
      i += 2;
    } else {
      in.require(side[i] >= 'a' && side[i] <= 'z',
                 fmt::format("'{}' is no subscript; they are lower-case letters", side[i]));
      terms.back() += side[i];
    }
  }
  return terms;
}

void expand_ellipsis(std::string& term, std::size_t dimensions) {
  const std::size_t at = term.find(kEllipsis);
  if (at == std::string::npos) return;
  std::string digits;
  for (std::size_t i = 0; i < dimensions; ++i) digits += static_cast<char>('0' + i);
  term.replace(at, 1, digits);
}

// Without "->": the ellipsis, then what appears once, in alphabetical order.
std::string implicit_output(const std::vector<std::string>& terms) {
  std::map<char, int> uses;
  for (const std::string& term : terms) {
    for (const char label : term) ++uses[label];
  }
  std::string output;
  for (const auto& [label, count] : uses) {
    if (label == kEllipsis || count == 1) output += label;  // '.' sorts before the letters
  }
  return output;
}

}  // namespace

Outputs infer(const layer::Einsum& l, const Inputs& in) {
  in.require(!l.inputs.empty(), "there must be an input");
  std::string equation = l.equation;
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  std::vector<std::string> terms = terms_of(std::string_view(equation).substr(0, arrow), in);
  in.require(terms.size() == l.inputs.size(),
             fmt::format("the equation has {} terms for {} inputs", terms.size(), l.inputs.size()));
  std::string output = arrow == std::string::npos ? implicit_output(terms) : "";
  if (arrow != std::string::npos) {
    const std::vector<std::string> outputs = terms_of(std::string_view(equation).substr(arrow + 2), in);
    in.require(outputs.size() == 1, "the equation must have one output term");
    output = outputs[0];
  }
  const DType dtype = in[l.inputs[0]].dtype;
  in.require_type(dtype, kFloats, "input 0");  // int8 may be added, but does not build
  std::map<char, Extent> sizes;
  std::optional<std::size_t> ellipsis;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Facts& x = in[l.inputs[i]];
    std::string& term = terms[i];
    in.require_equal_types(dtype, x.dtype, "input 0", fmt::format("input {}", i));
    const bool open = term.find(kEllipsis) != std::string::npos;
    in.require(std::count(term.begin(), term.end(), kEllipsis) <= 1, "a term may have one ellipsis");
    const std::size_t letters = term.size() - (open ? 1 : 0);
    in.require(open ? letters <= x.extents.size() : letters == x.extents.size(),
               fmt::format("term {} has {} subscripts, but the input has {} dimensions", i, letters, x.extents.size()));
    if (open) {
      const std::size_t dimensions = x.extents.size() - letters;
      in.require(!ellipsis || *ellipsis == dimensions, "an ellipsis must have as many dimensions in every input");
      ellipsis = dimensions;
      expand_ellipsis(term, dimensions);
    }
    std::map<char, Extent> own;
    for (std::size_t d = 0; d < term.size(); ++d) {
      const Extent& size = x.extents[d];
      const auto [known, first] = own.try_emplace(term[d], size);
      in.require(first || !known->second.differs_from(size),
                 fmt::format("subscript '{}' repeats in term {} with different sizes", term[d], i));
      if (!first && !known->second.is_number()) known->second = size;
    }
    for (const auto& [label, size] : own) {
      const auto [known, first] = sizes.try_emplace(label, size);
      if (first) continue;
      const auto both = broadcast(known->second, size);
      in.require(both.has_value(), fmt::format("subscript '{}' has different sizes", label));
      known->second = *both;
    }
  }
  expand_ellipsis(output, ellipsis.value_or(0));
  Extents extents;
  for (std::size_t i = 0; i < output.size(); ++i) {
    in.require(output.find(output[i]) == i, fmt::format("subscript '{}' repeats in the output", output[i]));
    const auto size = sizes.find(output[i]);
    in.require(size != sizes.end(), fmt::format("subscript '{}' of the output is in no input", output[i]));
    extents.push_back(size->second);
  }
  in.require(extents.size() <= kMaxRank, fmt::format("a tensor has at most {} dimensions", kMaxRank));
  return {{dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
