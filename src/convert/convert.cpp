#include "torch2trt/convert.h"

#include <fmt/format.h>

#include <algorithm>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "src/convert/signature.h"

namespace torch2trt {
namespace {

void warn_of_float64(const RunOptions& options, const std::vector<InputPlan>& plans) {
  const auto wide = std::find_if(plans.begin(), plans.end(),
                                 [](const InputPlan& plan) { return plan.binding.torch_dtype == DType::kFloat64; });
  if (wide == plans.end() || !options.log) return;
  options.log(
      Severity::kWarning,
      fmt::format("TensorRT has no float64: input \"{}\" and what is computed from it are float32 in the network",
                  wide->binding.name));
}

// The program may hold decisions for sizes within its own bounds: `x.size(0) == 1` is false where the least is 2.
void warn_of_smaller_sizes(const RunOptions& options, const Graph& graph, const std::vector<InputPlan>& plans) {
  if (!options.log) return;
  for (const Input& input : graph.inputs) {
    const auto plan =
        std::find_if(plans.begin(), plans.end(), [&](const InputPlan& p) { return p.binding.name == input.name; });
    const auto& sizes = graph.value(input.value).type.sizes;
    if (plan == plans.end() || !sizes) continue;
    for (std::size_t axis = 0; axis < std::min(sizes->size(), plan->range.min.size()); ++axis) {
      const auto known = graph.symbols.find((*sizes)[axis].symbol);
      if (known == graph.symbols.end() || plan->range.min[axis] >= known->second.min) continue;
      options.log(Severity::kWarning,
                  fmt::format("input \"{}\", dimension {}: sizes from {} on were asked for, and the program was "
                              "exported for {} >= {}; where it takes another way for smaller ones, the results there "
                              "are wrong. Compare them, or export it with torch.export.Dim(min={})",
                              input.name, axis, plan->range.min[axis], (*sizes)[axis].symbol, known->second.min,
                              plan->range.min[axis]));
      return;
    }
  }
}

// An output of the network, whatever the program returned in its place.
Tensor as_tensor(Network& net, const Operand& operand, const std::string& name) {
  if (const auto* tensor = operand.as<Tensor>()) return *tensor;
  if (const auto* host = operand.as<HostTensor>()) return net.constant(*host);
  if (const auto* dim = operand.as<Dim>()) return net.dim_tensor(*dim);
  if (const auto* i = operand.as<std::int64_t>()) return net.dim_tensor(Dim(*i));
  if (const auto* b = operand.as<bool>()) return net.scalar(*b ? 1 : 0, DType::kBool);
  if (const auto* d = operand.as<double>()) return net.scalar(*d, DType::kFloat32);
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("output \"{}\" is {}, which no engine can return", name, describe(operand)));
}

// Whether PyTorch has a number where the engine has a tensor of one element.
bool is_number(const Graph& graph, const Argument& output, const Operand& value) {
  if (value.as<Tensor>() == nullptr && value.as<HostTensor>() == nullptr) return true;
  const auto* id = output.as<ValueId>();
  if (id == nullptr) return false;
  const Type::Kind kind = graph.value(*id).type.kind;
  return kind == Type::Kind::kInt || kind == Type::Kind::kFloat || kind == Type::Kind::kBool;
}

DType torch_dtype_of(const Graph& graph, const Argument& output, const Operand& value, const Tensor& tensor) {
  if (const auto* id = output.as<ValueId>()) {
    if (const auto& dtype = graph.value(*id).type.dtype) return *dtype;
  }
  if (const auto* host = value.as<HostTensor>()) return host->dtype;
  return tensor.dtype();
}

}  // namespace

Converted convert(const Graph& graph, const ConvertOptions& options) {
  Network& net = *options.run.network;
  Converted converted;
  const std::vector<InputPlan> plans = plan_inputs(graph, options.shapes);
  warn_of_float64(options.run, plans);
  warn_of_smaller_sizes(options.run, graph, plans);
  std::vector<Operand> inputs;
  auto next = plans.begin();
  for (const Input& input : graph.inputs) {
    if (input.constant) {
      inputs.emplace_back(None{});  // nothing reads it
      converted.signature.input_leaves.push_back({Leaf::Kind::kConstant, *input.constant, input.name});
      continue;
    }
    const InputPlan& plan = *next++;
    const Tensor tensor = net.add_input(plan.binding.name, plan.binding.torch_dtype, plan.binding.dims);
    inputs.emplace_back(tensor);
    converted.signature.inputs.push_back(plan.binding);
    converted.signature.input_leaves.emplace_back();
    converted.signature.inputs.back().dtype = tensor.dtype();
    if (plan.dynamic) converted.ranges.emplace(plan.binding.name, plan.range);
  }
  const std::vector<Operand> outputs = run(graph, inputs, options.run);
  const std::vector<std::string> names = output_names(graph.output_structure, outputs.size());
  net.set_location({});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].is_none()) {
      converted.signature.output_leaves.push_back({Leaf::Kind::kConstant, None{}, {}});
      continue;
    }
    const Tensor tensor = net.mark_output(as_tensor(net, outputs[i], names[i]), names[i]);
    converted.signature.outputs.push_back(
        {names[i], torch_dtype_of(graph, graph.body.outputs[i], outputs[i], tensor), tensor.dtype(), tensor.dims()});
    const bool number = is_number(graph, graph.body.outputs[i], outputs[i]);
    converted.signature.output_leaves.push_back({number ? Leaf::Kind::kNumber : Leaf::Kind::kTensor, {}, {}});
  }
  if (converted.signature.outputs.empty()) {
    throw Error(ErrorCategory::kInvalidArgument, "the program returns no tensor, so there is nothing to build");
  }
  converted.signature.input_structure = graph.input_structure;
  converted.signature.output_structure = graph.output_structure;
#ifdef __GLIBC__
  // What reading and folding needed goes back to the system: the builder takes much, and soon.
  malloc_trim(0);
#endif
  return converted;
}

}  // namespace torch2trt
