// Operators that only traces have, as the operators torch.export has.
#pragma once

#include "torch2trt/graph.h"

namespace torch2trt::torchscript {

// aten::_convolution -> conv1d, conv2d, conv3d, conv_transpose1d, ...; aten::_convolution_mode -> conv2d.padding, ...
// aten::unsafe_chunk, ... -> chunk, ...: what they return are views all the same, which their schemas do not say.
// Leaves every other node as it is, and convolutions of unknown rank.
void canonicalize(const Graph& graph, Node& node);

}  // namespace torch2trt::torchscript
