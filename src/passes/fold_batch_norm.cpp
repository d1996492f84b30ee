#include "src/passes/fold_batch_norm.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "src/passes/emit.h"
#include "src/torch/evaluate.h"

namespace torch2trt {
namespace {

// A weight that is rounded to a quantized type stays as it is: scaled afterwards, TensorRT would find no quantized
// convolution.
bool is_quantization(const Node& node) { return node.kind.find("fake_quantize") != std::string::npos; }

const Argument& argument(const Node& node, std::string_view name) {
  static const Argument none;
  const Argument* found = node.find(name);
  return found != nullptr ? *found : none;
}

bool is_false(const Argument& argument) {
  const auto* flag = argument.as<bool>();
  return flag != nullptr && !*flag;
}

// The axis of the kernel that counts output channels; nullopt where `node` cannot take a batch_norm in.
std::optional<std::int64_t> channel_axis(const Graph& graph, const Node& node) {
  bool transposed = node.kind.starts_with("aten::conv_transpose");
  if (node.kind == "aten::linear") {
    // batch_norm's channels are axis 1, which is linear's last one only in two dimensions.
    const auto& sizes = graph.value(node.outputs[0]).type.sizes;
    if (!sizes || sizes->size() != 2) return std::nullopt;
  } else if (node.kind == "aten::convolution") {
    const auto* flag = argument(node, "transposed").as<bool>();
    if (flag == nullptr) return std::nullopt;
    transposed = *flag;
  } else if (!transposed && node.kind != "aten::conv1d" && node.kind != "aten::conv2d" && node.kind != "aten::conv3d") {
    return std::nullopt;
  }
  if (!transposed) return 0;
  // The kernel is [in, out / groups, ...]: with groups its axis 1 is only a part of the channels.
  const auto* groups = argument(node, "groups").as<std::int64_t>();
  return groups != nullptr && *groups == 1 ? std::optional<std::int64_t>(1) : std::nullopt;
}

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph) {}

  void run() {
    for (const Parameter& parameter : graph_.parameters) constant_[parameter.value] = true;
    for (const Node& node : graph_.body.nodes) {
      for_each_read(node, [&](ValueId id) { ++reads_[id]; });
    }
    for (const Argument& output : graph_.body.outputs) for_each_value(output, [&](ValueId id) { ++reads_[id]; });

    std::vector<Node>& old = graph_.body.nodes;
    std::map<std::size_t, std::size_t> folded;  // position of the batch_norm -> of its convolution
    std::set<std::size_t> absorbed;             // the convolutions
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (const auto producer = foldable(old[i], old)) {
        folded[i] = *producer;
        absorbed.insert(*producer);
      }
      bool constant = old[i].blocks.empty() && !is_random(old[i]) && !is_quantization(old[i]);
      for_each_read(old[i], [&](ValueId id) { constant = constant && constant_[id]; });
      for (ValueId output : old[i].outputs) constant_[output] = constant;
      if (!old[i].outputs.empty()) producer_[old[i].outputs[0]] = i;
    }
    // The convolution moves to the batch_norm's place, where all its new inputs exist; nobody else waits for it.
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (absorbed.contains(i)) continue;
      if (const auto pair = folded.find(i); pair != folded.end()) {
        fold(old[pair->second], old[i], nodes);
      } else {
        nodes.push_back(std::move(old[i]));
      }
    }
    old = std::move(nodes);
  }

 private:
  bool is_constant(const Argument& argument) {
    const auto* id = argument.as<ValueId>();
    return id != nullptr && constant_[*id];
  }
  bool is_constant_or_none(const Argument& argument) { return argument.is_none() || is_constant(argument); }

  // The position of the convolution that `norm` can be folded into.
  std::optional<std::size_t> foldable(const Node& norm, const std::vector<Node>& nodes) {
    if (norm.kind == "aten::batch_norm") {
      if (!is_false(argument(norm, "training"))) return std::nullopt;
    } else if (norm.kind == "aten::_native_batch_norm_legit_no_training") {
      for (std::size_t i = 1; i < norm.outputs.size(); ++i) {
        if (reads_[norm.outputs[i]] > 0) return std::nullopt;  // the saved statistics, empty in inference
      }
    } else {
      return std::nullopt;
    }
    const auto* input = argument(norm, "input").as<ValueId>();
    if (input == nullptr || norm.outputs.empty() || reads_[*input] != 1) return std::nullopt;
    if (!is_constant(argument(norm, "running_mean")) || !is_constant(argument(norm, "running_var")) ||
        !is_constant_or_none(argument(norm, "weight")) || !is_constant_or_none(argument(norm, "bias")) ||
        argument(norm, "eps").as<double>() == nullptr) {
      return std::nullopt;
    }
    const auto producer = producer_.find(*input);
    if (producer == producer_.end()) return std::nullopt;
    const Node& node = nodes[producer->second];
    if (!channel_axis(graph_, node) || constant_[*input]) return std::nullopt;
    if (!is_constant(argument(node, "weight")) || !is_constant_or_none(argument(node, "bias"))) return std::nullopt;
    const Type& kernel = graph_.value(*argument(node, "weight").as<ValueId>()).type;
    if (!kernel.sizes || kernel.sizes->size() < 2) return std::nullopt;
    if (kernel.dtype != DType::kFloat32 && kernel.dtype != DType::kFloat64) return std::nullopt;
    // With statistics of another type PyTorch would promote; that is not worth a case here.
    for (std::string_view name : {"weight", "bias", "running_mean", "running_var"}) {
      const auto* id = argument(norm, name).as<ValueId>();
      if (id != nullptr && graph_.value(*id).type.dtype != kernel.dtype) return std::nullopt;
    }
    return producer->second;
  }

  void fold(Node node, const Node& norm, std::vector<Node>& nodes) {
    Emitter emit(graph_, nodes, norm);
    const ValueId kernel = *argument(node, "weight").as<ValueId>();
    const Type kernel_type = graph_.value(kernel).type;
    const std::string kernel_name = graph_.value(kernel).name;
    const auto axis = static_cast<std::size_t>(*channel_axis(graph_, node));
    const Type channels = tensor_type(DType::kFloat64, std::vector<Size>{(*kernel_type.sizes)[axis]});
    const auto wide = [&](std::string_view name) {
      return cast(emit, *argument(norm, name).as<ValueId>(), DType::kFloat64);
    };
    const auto mul = [&](ValueId a, ValueId b, const Type& type, std::string_view name) {
      return emit("aten::mul.Tensor", {{"self", a}, {"other", b}}, type, name);
    };

    const ValueId variance = emit("aten::add.Scalar", {{"self", wide("running_var")}, {"other", argument(norm, "eps")}},
                                  channels, "bn_variance");
    ValueId scale = emit("aten::rsqrt", {{"self", variance}}, channels, "bn_scale");
    if (!argument(norm, "weight").is_none()) scale = mul(wide("weight"), scale, channels, "bn_scale");

    // Only the factors are computed in float64: a kernel of float64 would take three times the memory, for half a bit.
    std::vector<Size> broadcast(kernel_type.sizes->size(), Size{1, {}});
    broadcast[axis] = (*kernel_type.sizes)[axis];
    Argument::List shape(kernel_type.sizes->size(), 1);
    shape[axis] = -1;
    const ValueId scale_nd = emit("aten::reshape", {{"self", cast(emit, scale, *kernel_type.dtype)}, {"shape", shape}},
                                  tensor_type(kernel_type.dtype, broadcast), "bn_scale");
    const ValueId folded = mul(kernel, scale_nd, kernel_type, kernel_name + "_folded");

    // bias of the norm - (mean - bias of the convolution) * scale: of few operators, each of which costs libtorch
    // pages.
    const auto sub = [&](ValueId a, ValueId b) {
      return emit("aten::sub.Tensor", {{"self", a}, {"other", b}}, channels, "bn_shift");
    };
    ValueId shift = wide("running_mean");
    if (const auto* bias = argument(node, "bias").as<ValueId>()) shift = sub(shift, cast(emit, *bias, DType::kFloat64));
    shift = mul(shift, scale, channels, "bn_shift");
    shift = argument(norm, "bias").is_none() ? emit("aten::neg", {{"self", shift}}, channels, "bn_shift")
                                             : sub(wide("bias"), shift);
    shift = cast(emit, shift, *kernel_type.dtype);

    for (NamedArgument& given : node.arguments) {
      if (given.name == "weight") given.value = folded;
      if (given.name == "bias") given.value = shift;
    }
    // A front end may have left an absent bias out.
    if (node.find("bias") == nullptr) node.arguments.push_back({"bias", shift});
    // The value keeps the batch_norm's name: that is what the program reads.
    node.outputs = {norm.outputs[0]};
    nodes.push_back(std::move(node));
  }

  Graph& graph_;
  std::map<ValueId, bool> constant_;
  std::map<ValueId, int> reads_;
  std::map<ValueId, std::size_t> producer_;  // position of the node whose first output a value is
};

}  // namespace

bool is_folded_kind(std::string_view kind) {
  static constexpr std::array<std::string_view, 10> kKinds = {
      "aten::batch_norm",       "aten::_native_batch_norm_legit_no_training",
      "aten::linear",           "aten::convolution",
      "aten::conv1d",           "aten::conv2d",
      "aten::conv3d",           "aten::conv_transpose1d",
      "aten::conv_transpose2d", "aten::conv_transpose3d",
  };
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

void fold_batch_norm(Graph& graph) { Folder(graph).run(); }

}  // namespace torch2trt
