#pragma once

#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt {

// Turns a convolution whose result only a batch_norm in inference mode reads into one convolution:
//   scale = weight / sqrt(running_var + eps),  kernel' = kernel * scale,  bias' = (bias - running_mean) * scale +
//   bias_bn
// The new kernel and bias are nodes over the parameters, so the runner folds them with PyTorch and refitting can
// compute them again. They are computed in float64 and cast back once: the result differs from the two operators only
// by rounding. Also for linear on two dimensions and for transposed convolutions without groups.
//
// Left alone: training mode; no statistics; a kernel, bias or statistic that depends on an input; kernels that are not
// float32 or float64 (rounding the folded kernel to half precision would change results); unknown ranks.
void fold_batch_norm(Graph& graph);

// Whether the pass may rewrite nodes of this kind ("aten::conv2d", "aten::batch_norm").
bool is_folded_kind(std::string_view kind);

}  // namespace torch2trt
