// Where in the user's Python program a TorchScript node came from.
#pragma once

#include <torch/csrc/jit/frontend/source_range.h>

#include <string>
#include <vector>

namespace torch2trt::torchscript {

// `ranges`: the node's own and those of the calls around it, innermost first. Gives "resnet.py:285": the innermost
// line that is not inside PyTorch, or, if all are, the innermost. "" where nothing is known.
std::string source_line(const std::vector<torch::jit::SourceRange>& ranges);

}  // namespace torch2trt::torchscript
