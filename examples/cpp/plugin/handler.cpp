#include "handler.h"

#include <ATen/ATen.h>

#include "running_max_plugin.h"
#include "src/backend/dry/dry_network.h"
#include "src/backend/nvinfer/network.h"
#include "torch2trt/torch_tensor.h"

namespace demo {
namespace {

using namespace torch2trt;

// A layer of the program's own is added to TensorRT's own network. Where there is none (`check`), what it gives is
// said.
Results convert(Network& net, Args& args) {
  const Tensor x = args.tensor("x");
  const std::int64_t window = args.integer("window");
  args.require(x.dtype() == DType::kFloat32, "running_max computes in float32");
  args.require(x.rank() > 0, "running_max needs a dimension");
  args.require(window >= 1, "the window of running_max must be 1 or more");
  if (auto* dry = dynamic_cast<DryNetwork*>(&net))
    return dry->add_foreign(kPluginName, {x}, {{x.dims(), x.dtype()}}).at(0);
  auto* real = dynamic_cast<NvinferNetwork*>(&net);
  args.require(real != nullptr, "running_max is a plugin of the native backend");
  RunningMaxPlugin plugin(window);  // TensorRT takes a clone
  nvinfer1::ITensor* input = &real->itensor(x);
  return real->tensor_of(real->definition().addPluginV2(&input, 1, plugin));
}

// With PyTorch: for constants, as for every node in torch mode.
Results compute(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto* given = operands.at(0).value.as<HostTensor>();
  const auto* window = operands.at(1).value.as<std::int64_t>();
  if (given == nullptr || window == nullptr)
    throw Error(ErrorCategory::kInvalidArgument, "running_max takes a tensor and an integer", node.location());
  const at::Tensor x = to_torch(*given);
  const at::Tensor padded = at::constant_pad_nd(x, {*window - 1, 0}, -std::numeric_limits<double>::infinity());
  return from_torch(padded.unfold(-1, *window, 1).amax(-1));
}

}  // namespace

void add_running_max(UserRegistry& handlers) { handlers.add("demo::running_max", convert, compute); }

}  // namespace demo
