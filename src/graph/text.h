// The graph as text, and back: what tests, --verbose and bug reports show. The printer is stable (equal graphs print
// equal bytes) and everything it prints parses to a graph that prints the same. Weights print type and name, no data.
//
//   graph forward(
//     %x : float32[s0,3,224,224] "x",
//   ) parameters(
//     %w : float32[64,3,7,7] parameter "conv1.weight",
//   ) symbols(s0 in [2, 16]) {
//     %y : float32[s0,64,112,112] = aten::conv2d(input=%x, weight=%w, bias=None, stride=[2, 2])  # scope "conv1" source
//     "resnet.py:197" return (%y)
//   }
//   structure inputs ((*), {}) outputs *
//
// Types: float32[2,s0,?] (? is a size nobody knows), float32[...] of unknown rank, tensor[...] of unknown dtype, int,
// float, bool, str, none, list, tuple, object; a value of unknown type has none. Constants: None, True, 3, 2.5 (always
// with a '.' or an exponent), inf, "text", torch.float32, device("cpu"), layout("strided"),
// memory_format("contiguous_format"), [lists]. A node's blocks follow it, each `block(%a : int) { ... return (...) }`.
// Structures: * is a leaf, (tuples), [lists], {'key': *}, None. Names that are not plain words are quoted. `//` starts
// a comment.
#pragma once

#include <string>
#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt {

std::string to_text(const Graph& graph);
// One node without its blocks, as it prints in a graph; for error messages and tests.
std::string to_text(const Graph& graph, const Node& node);

// The parameters of the result have types but no data. `parameters`, `symbols` and `structure` may be left out: the
// inputs are then a tuple, several outputs too. Does not verify(). Throws Error(kInvalidModel) with line and column.
Graph parse_text(std::string_view text);

}  // namespace torch2trt
