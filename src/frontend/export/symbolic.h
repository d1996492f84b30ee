// Sizes as torch.export writes them: sympy's repr ("Mul(Integer(2), Symbol('s0', positive=True, integer=True))") or
// plain text ("2*s0 + 1"). Both become one normal form, so that equal sizes have equal text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// A sum of products: "2*s0*s1 + s0 - 1", terms by descending degree, then alphabetical; other operations are
// "(a)//(b)", "Mod(a, b)", "Max(a, b)". Becomes a number where no symbol is left. Throws Error(kInvalidModel) for text
// that is no expression.
Size parse_size(std::string_view text);

// The number the expression has for these symbols; nullopt where a symbol is missing, the operation is not known, or
// the result is no integer of 64 bits. Throws as parse_size does.
std::optional<std::int64_t> evaluate_size(std::string_view text, const std::map<std::string, std::int64_t>& symbols);

}  // namespace torch2trt::pt2
