// Whether a tensor fits an input or output, before TensorRT sees it. All throw Error(kInvalidArgument) that says what
// was received and what is allowed.
#pragma once

#include "src/runtime/cuda_api.h"
#include "torch2trt/runtime.h"

namespace torch2trt::runtime {

// "cuda:0", "host memory"
std::string device_text(int device);

// dtype, rank, and the range of `profile` in `inputs[index]`. `inputs`: all of the engine's, to name a profile that
// does take the shape.
void check_input_shape(const EngineTensor& input, int profile, const TensorView& tensor);
// The same for any tensor against a whole shape; `what` is "output \"y\"".
void check_output_shape(const EngineTensor& output, const Shape& expected, const TensorView& buffer);
// Memory: on the engine's device (or host memory where the tensor is read there), not null unless there are no
// elements, aligned to 256 bytes unless `any_alignment`. Asks CUDA where `tensor.device` is kAnyDevice.
void check_memory(const EngineTensor& info, bool is_input, const TensorView& tensor, int engine_device,
                  bool any_alignment, const CudaApi& cuda);

}  // namespace torch2trt::runtime
