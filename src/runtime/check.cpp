#include "src/runtime/check.h"

#include <fmt/format.h>

namespace torch2trt::runtime {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(ErrorCategory::kInvalidArgument, fmt::format("{}: {}", what, why));
}

std::string input_text(const EngineTensor& info) { return fmt::format("input \"{}\"", info.name); }

void check_dtype(const std::string& what, const EngineTensor& info, DType received, const char* verb) {
  if (received == info.dtype) return;
  std::string why = fmt::format("received {}; the engine {} {}", name(received), verb, name(info.dtype));
  if (received == info.torch_dtype) {
    why += fmt::format(" where PyTorch has {} (TensorRT has no such type here): convert it first", name(received));
  }
  refuse(what, why);
}

// Which profile would take the shape, as a sentence; empty if none.
std::string other_profile(const EngineTensor& input, const Shape& shape) {
  for (std::size_t profile = 0; profile < input.ranges.size(); ++profile) {
    const ShapeRange& range = input.ranges[profile];
    bool fits = true;
    for (int axis = 0; axis < shape.rank(); ++axis)
      fits = fits && shape[axis] >= range.min[axis] && shape[axis] <= range.max[axis];
    if (fits) return fmt::format(". Profile {} allows it: make the context with ContextOptions::profile", profile);
  }
  return {};
}

void check_rank(const std::string& what, const Shape& allowed, const Shape& received, const char* verb) {
  if (received.rank() == allowed.rank()) return;
  refuse(what, fmt::format("received {} dimensions, {}; the engine {} {}, {}", received.rank(), received.text(), verb,
                           allowed.rank(), allowed.text()));
}

int where(const TensorView& tensor, const std::string& what, const CudaApi& cuda) {
  if (tensor.device != kAnyDevice) return tensor.device;
  PointerAttributes attributes;
  const int code = cuda.pointer_get_attributes(&attributes, tensor.data);
  if (code != 0) {
    cuda.get_last_error();
    refuse(what, fmt::format("CUDA does not know its address ({})", cuda.get_error_string(code)));
  }
  constexpr int kDevice = 2;
  constexpr int kManaged = 3;
  return attributes.type == kDevice || attributes.type == kManaged ? attributes.device : kHost;
}

}  // namespace

std::string device_text(int device) { return device < 0 ? "host memory" : fmt::format("cuda:{}", device); }

void check_input_shape(const EngineTensor& input, int profile, const TensorView& tensor) {
  const Shape& shape = tensor.shape;
  if (tensor.dtype != input.dtype) check_dtype(input_text(input), input, tensor.dtype, "takes");
  if (shape.rank() != input.shape.rank()) check_rank(input_text(input), input.shape, shape, "takes");
  const ShapeRange* range = input.ranges.empty() ? nullptr : &input.ranges.at(static_cast<std::size_t>(profile));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::int64_t size = shape[axis];
    const std::int64_t fixed = input.shape[axis];
    if (fixed >= 0) {
      if (size == fixed) continue;
      refuse(input_text(input), fmt::format("received size {} in dimension {} of {}; the engine takes {} there, {}",
                                            size, axis, shape.text(), fixed, input.shape.text()));
    }
    if (size < 0) {
      refuse(input_text(input), fmt::format("received the shape {}; all sizes must be known", shape.text()));
    }
    if (range == nullptr || (size >= range->min[axis] && size <= range->max[axis])) continue;
    refuse(input_text(input),
           fmt::format("received size {} in dimension {} of {}; profile {} allows {} to {}{}", size, axis, shape.text(),
                       profile, range->min[axis], range->max[axis], other_profile(input, shape)));
  }
}

void check_output_shape(const EngineTensor& output, const Shape& expected, const TensorView& buffer) {
  const std::string what = fmt::format("buffer of output \"{}\"", output.name);
  check_dtype(what, output, buffer.dtype, "gives");
  if (!expected.known()) return;
  check_rank(what, expected, buffer.shape, "gives");
  if (buffer.shape == expected) return;
  refuse(what, fmt::format("received the shape {}; for these inputs the engine gives {}", buffer.shape.text(),
                           expected.text()));
}

void check_memory(const EngineTensor& info, bool is_input, const TensorView& tensor, int engine_device,
                  bool any_alignment, const CudaApi& cuda) {
  const auto what = [&] { return is_input ? input_text(info) : fmt::format("buffer of output \"{}\"", info.name); };
  if (tensor.data == nullptr) {
    if (tensor.shape.known() && tensor.shape.numel() == 0) return;
    refuse(what(), fmt::format("received a null address for the shape {}", tensor.shape.text()));
  }
  const int device = where(tensor, what(), cuda);
  const int wanted = info.on_host ? kHost : engine_device;
  if (device != wanted) {
    refuse(what(), fmt::format("it is in {}; the engine needs it in {}: copy it there first", device_text(device),
                               device_text(wanted)));
  }
  // NvInferRuntime.h, IExecutionContext::setTensorAddress
  constexpr std::uintptr_t kAlignment = 256;
  if (!info.on_host && !any_alignment && reinterpret_cast<std::uintptr_t>(tensor.data) % kAlignment != 0) {
    refuse(what(), fmt::format("its address {} is not a multiple of 256, which TensorRT requires. It is probably a "
                               "view into another tensor: copy it, or set ContextOptions::stage with cuda_graph",
                               tensor.data));
  }
}

}  // namespace torch2trt::runtime
