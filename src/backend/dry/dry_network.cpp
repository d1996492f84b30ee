#include "src/backend/dry/dry_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <variant>

#include "src/backend/dry/elements.h"
#include "src/network/layer_text.h"

namespace torch2trt {
namespace {

using dry::Extent;
using dry::Extents;
using dry::Facts;

struct ForeignLayer {
  std::string kind;
  std::vector<std::int32_t> inputs;
};

struct AddedLayer {
  std::variant<Layer, ForeignLayer> layer;
  std::string name;
  std::vector<std::int32_t> outputs;
};

struct NamedTensor {
  std::string name;
  Facts facts;
};

std::string text_of(const Facts& facts) { return type_text(facts.dtype, dry::to_dims(facts.extents)); }

}  // namespace

struct DryNetwork::State {
  std::map<std::int32_t, NamedTensor> tensors;
  std::vector<std::int32_t> inputs;
  std::vector<AddedLayer> layers;
  std::vector<std::int32_t> outputs;
  std::map<std::int32_t, std::int32_t> next;  // of recurrences
  std::int32_t symbols = 0;

  // Dimensions of which nothing is known are new symbols from here on, so that later layers can tell them apart.
  void add(std::int32_t id, std::string name, Facts facts) {
    for (Extent& extent : facts.extents) {
      if (extent.is_unknown()) extent = Extent::of_symbol(++symbols);
    }
    tensors.insert_or_assign(id, NamedTensor{std::move(name), std::move(facts)});
  }

  std::string name_of(std::int32_t id) const { return "%" + tensors.at(id).name; }
};

namespace {

class LayerInputs : public dry::Inputs {
 public:
  using Lookup = std::function<const Facts&(const Tensor&)>;
  LayerInputs(const Layer& layer, const std::string& layer_name, const SourceLocation& location, DType shape_dtype,
              Lookup lookup)
      : layer_(layer), name_(layer_name), location_(location), shape_dtype_(shape_dtype), lookup_(std::move(lookup)) {}

  const Facts& operator[](const Tensor& tensor) const override { return lookup_(tensor); }
  DType shape_dtype() const override { return shape_dtype_; }

  void refuse(const std::string& rule) const override {
    const std::string arguments = layer_arguments(layer_, [&](const Tensor& t) { return text_of(lookup_(t)); });
    throw Error(
        ErrorCategory::kBuildFailed,
        fmt::format("TensorRT would refuse layer \"{}\", {}({}): {}.", name_, layer_type_name(layer_), arguments, rule),
        location_);
  }

 private:
  const Layer& layer_;
  const std::string& name_;
  const SourceLocation& location_;
  DType shape_dtype_;
  Lookup lookup_;
};

}  // namespace

DryNetwork::DryNetwork(Target target) : target_(std::move(target)), state_(std::make_unique<State>()) {}
DryNetwork::~DryNetwork() = default;

bool DryNetwork::supports(std::string_view layer) const { return !target_.unsupported.contains(layer); }

std::vector<TensorInfo> DryNetwork::add_layer(const Layer& layer, const std::string& layer_name,
                                              std::int32_t first_id) {
  const LayerInputs in(layer, layer_name, location(), shape_dtype(), [this](const Tensor& tensor) -> const Facts& {
    // A tensor that was adopted, not added here, is known by its info only.
    if (!state_->tensors.contains(tensor.id())) {
      const TensorInfo& known = info(tensor);
      state_->add(tensor.id(), known.name, {known.dtype, dry::to_extents(known.dims), std::nullopt});
    }
    return state_->tensors.at(tensor.id()).facts;
  });
  in.require(supports(layer_type_name(layer)), "the TensorRT it is meant for has no such layer");
  dry::Outputs outputs = std::visit([&](const auto& l) { return dry::infer(l, in); }, layer);
  if (!outputs.empty() && !outputs[0].elements) outputs[0].elements = dry::infer_elements(layer, outputs[0], in);
  AddedLayer& added = state_->layers.emplace_back(AddedLayer{layer, layer_name, {}});
  std::vector<TensorInfo> infos;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto id = first_id + static_cast<std::int32_t>(i);
    const std::string name = fmt::format("{}_output_{}", layer_name, i);
    infos.push_back({name, dry::to_dims(outputs[i].extents), outputs[i].dtype});
    state_->add(id, name, std::move(outputs[i]));
    added.outputs.push_back(id);
  }
  return infos;
}

std::vector<Tensor> DryNetwork::add_foreign(const std::string& kind, const std::vector<Tensor>& inputs,
                                            const std::vector<Foreign>& outputs) {
  ForeignLayer layer{kind, {}};
  for (const Tensor& input : inputs) {
    if (!state_->tensors.contains(input.id())) materialise(input);
    layer.inputs.push_back(visible(input).id());
  }
  const std::string name = unique_name(layer_name_of(location()));
  AddedLayer added{layer, name, {}};
  std::vector<Tensor> tensors;
  for (const Foreign& output : outputs) {
    const std::string output_name = fmt::format("{}_output_{}", name, tensors.size());
    tensors.push_back(adopt({output_name, output.dims, output.dtype}, false, false));
    added.outputs.push_back(tensors.back().id());
    state_->add(added.outputs.back(), output_name, {output.dtype, dry::to_extents(output.dims), std::nullopt});
  }
  state_->layers.push_back(std::move(added));
  return tensors;
}

void DryNetwork::add_input_layer(const TensorInfo& info, std::int32_t id) {
  if (static_cast<std::int64_t>(info.dims.size()) > dry::kMaxRank) {
    throw Error(ErrorCategory::kBuildFailed, fmt::format("input \"{}\" has {} dimensions; TensorRT's limit is {}",
                                                         info.name, info.dims.size(), dry::kMaxRank));
  }
  state_->add(id, info.name, {info.dtype, dry::to_extents(info.dims), std::nullopt});
  state_->inputs.push_back(id);
}

void DryNetwork::mark_output_tensor(std::int32_t id, const std::string& name) {
  state_->tensors.at(id).name = name;
  state_->outputs.push_back(id);
}

void DryNetwork::set_next_value(std::int32_t recurrence, std::int32_t next) { state_->next[recurrence] = next; }

std::string DryNetwork::to_text() const {
  const State& state = *state_;
  const auto declared = [&](std::int32_t id) {
    return fmt::format("{} : {}", state.name_of(id), text_of(state.tensors.at(id).facts));
  };
  std::string text;
  for (const std::int32_t id : state.inputs) text += fmt::format("input {}\n", declared(id));
  for (const AddedLayer& added : state.layers) {
    std::vector<std::string> outputs;
    for (const std::int32_t id : added.outputs) outputs.push_back(declared(id));
    text += fmt::format("{}{}", fmt::join(outputs, ", "), outputs.empty() ? "" : " = ");
    if (const auto* layer = std::get_if<Layer>(&added.layer)) {
      text += fmt::format("{}({})", layer_type_name(*layer),
                          layer_arguments(*layer, [&](const Tensor& t) { return state.name_of(t.id()); }));
    } else {
      const auto& foreign = std::get<ForeignLayer>(added.layer);
      std::vector<std::string> inputs;
      for (const std::int32_t id : foreign.inputs) inputs.push_back(state.name_of(id));
      text += fmt::format("{}({})", foreign.kind, fmt::join(inputs, ", "));
    }
    text += fmt::format("  # {}\n", added.name);
    if (const auto next = state.next.find(added.outputs.empty() ? -1 : added.outputs[0]); next != state.next.end()) {
      text += fmt::format("  next {} is {}\n", state.name_of(next->first), state.name_of(next->second));
    }
  }
  for (const std::int32_t id : state.outputs) text += fmt::format("output {}\n", declared(id));
  return text;
}

}  // namespace torch2trt
