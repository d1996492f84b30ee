// The elements of small integer and bool tensors that are known before the engine runs. TensorRT evaluates them when it
// infers shapes, so that a reshape to [x.size(0) * 2, 12] has 12 as a static dimension.
#pragma once

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

// What is known of the elements of the layer's first output, whose type and shape `output` holds. nullopt where
// nothing is.
std::optional<Extents> infer_elements(const Layer& layer, const Facts& output, const Inputs& in);

}  // namespace torch2trt::dry
