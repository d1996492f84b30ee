// A converter with a handler of its own: the whole `torch2trt` command for programs that hold an operator of ours.
//
//   own_handler check model.pt2
//   own_handler build model.pt2 --saveEngine=model.engine
//
// The operator is demo::squareplus(Tensor x, float b) -> Tensor, (x + sqrt(x * x + b)) / 2, which Python knows as a
// torch.library.custom_op. This process does not, so the handler also says how it is computed where nothing in it
// depends on the network's inputs.
#include <ATen/ATen.h>

#include "cli/run.h"
#ifdef TORCH2TRT_NVINFER
#include "src/backend/nvinfer/engine_builder.h"
#endif
#include "torch2trt/handler.h"
#include "torch2trt/torch_tensor.h"

namespace {

using namespace torch2trt;

// With layers: formulas on Tensor; torch2trt/network.h has all that there is.
Results convert_squareplus(Network& net, Args& args) {
  const Tensor x = args.tensor("x");
  args.require(is_floating(x.dtype()), "squareplus of integers is not supported");
  const double b = args.number("b");
  return (x + net.unary(UnaryOperation::kSqrt, x * x + b)) / 2.0;
}

// With PyTorch: for constants, as for every node in torch mode.
Results compute_squareplus(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto* given = operands.at(0).value.as<HostTensor>();
  const auto* b = operands.at(1).value.as<double>();
  if (given == nullptr || b == nullptr)
    throw Error(ErrorCategory::kInvalidArgument, "squareplus takes a tensor and a number", node.location());
  const at::Tensor x = to_torch(*given);
  return from_torch((x + at::sqrt(x * x + *b)) / 2);
}

}  // namespace

int main(int argc, char** argv) {
  UserRegistry handlers;
  handlers.add("demo::squareplus", convert_squareplus, compute_squareplus);
  cli::Backends backends;
  backends.handlers = &handlers;
#ifdef TORCH2TRT_NVINFER
  backends.engine_builder = make_nvinfer_builder;
#else
  backends.engine_builder = [](const std::string&, const LogSink&, bool) -> std::unique_ptr<EngineBuilder> {
    throw Error(ErrorCategory::kRuntime,
                "this program was compiled without TensorRT and builds no engines; `check` makes the network all the "
                "same");
  };
#endif
  return cli::run_cli(argc, argv, backends);
}
