// Tensors to and from other frameworks without a copy, by DLPack's C ABI (versions 0 and 1). The structs are DLPack's
// own; include its header, if you have one, to look into them.
#pragma once

#include <cstdint>

#include "torch2trt/runtime.h"

struct DLManagedTensor;
struct DLManagedTensorVersioned;

namespace torch2trt {

// Takes the tensor over: its deleter is called when the last copy of the result is gone, or before this throws. Throws
// Error(kInvalidArgument) for what an engine cannot be given, saying what it was: a device that is neither CUDA nor
// host, a type without a DType, more than 8 dimensions, not contiguous ("call .contiguous() first"), a newer major
// version, more than one lane.
DeviceTensor from_dlpack(DLManagedTensor* tensor);
DeviceTensor from_dlpack(DLManagedTensorVersioned* tensor);

// The consumer calls the deleter. The memory stays with `tensor.owner`; without an owner it must outlive the consumer.
// Throws Error(kInvalidArgument) where the device is kAnyDevice.
DLManagedTensor* to_dlpack(const DeviceTensor& tensor);
DLManagedTensorVersioned* to_dlpack_versioned(const DeviceTensor& tensor);

}  // namespace torch2trt
