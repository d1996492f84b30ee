// The inverse of views: what a tensor becomes when one of its views is written.
#pragma once

#include <functional>
#include <optional>

#include "src/passes/emit.h"

namespace torch2trt {

// The tensor that a view was taken of.
struct ViewBase {
  Type type;
  std::string name;
  // A value with the base's sizes, whatever it holds.
  ValueId shape;
  // The base's content before the write. Called only where the view does not cover the base; may emit nodes.
  std::function<ValueId()> content;
};

// Emits the base's new value, given that the view `view` of it now holds `written`. `element` is which output, or
// element of the output list, was written. nullopt where the view has no inverse here; nothing is emitted then.
std::optional<ValueId> write_back(Emitter& emit, const Node& view, std::size_t element, const ViewBase& base,
                                  ValueId written);

// The arguments of a view may count from the end, so a base of known rank helps.
std::optional<std::int64_t> rank_of(const Type& type);

}  // namespace torch2trt
