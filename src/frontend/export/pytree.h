// torch.utils._pytree's TreeSpec as text (protocol 1): how inputs and outputs nest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// Tuples, lists, dictionaries, named tuples (as tuples), OrderedDict and defaultdict (as dictionaries). `what` is
// "input" or "output". Throws Error: kInvalidModel for text that is no TreeSpec, kUnsupportedOperator for other types.
Structure parse_tree_spec(std::string_view text, std::string_view what);

// Names of the leaves of `both` (arguments tuple, keywords dictionary): "x", nested "x.0", "x.key". `argument_names`
// are forward()'s, keyword arguments last. Empty where the names do not fit the structure.
std::vector<std::string> leaf_names(const Structure& both, const std::vector<std::string>& argument_names);

// `both` without the keywords where there are none. A (tuple, dict) that is positional arguments keeps its empty
// keywords, so that a pair of tuple and dictionary always is (arguments, keywords). Throws Error(kInvalidModel) if it
// is no such pair.
Structure without_empty_keywords(Structure both);

}  // namespace torch2trt::pt2
