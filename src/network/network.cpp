// The one place every layer passes: names, bookkeeping, inputs and outputs.
#include "torch2trt/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace torch2trt {
namespace {

// "aten::conv2d" -> "conv2d".
std::string_view short_operator(std::string_view kind) {
  const auto colon = kind.rfind("::");
  if (colon != std::string_view::npos) kind.remove_prefix(colon + 2);
  return kind.substr(0, kind.find('.'));
}

// TensorRT has no constants of uint8, and builds those of int8 only where a Dequantize reads them.
bool is_byte(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUInt8; }

// int64 as int32, where TensorRT has no int64.
HostTensor narrowed(const HostTensor& wide, const SourceLocation& location) {
  const auto* values = static_cast<const std::int64_t*>(wide.data);
  for (std::int64_t i = 0; i < wide.numel(); ++i) {
    if (values[i] == static_cast<std::int32_t>(values[i])) continue;
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("a constant holds {}, which int32 cannot, and the TensorRT in use has no int64", values[i]),
                location);
  }
  return contiguous_as(wide, DType::kInt32);
}

}  // namespace

std::string Network::layer_name_of(const SourceLocation& location) {
  std::string base = location.scope;
  if (!location.node.empty()) {
    if (!base.empty()) base += '/';
    base += short_operator(location.node);
  }
  return base;
}

std::string Network::unique_layer_name(const Layer& layer) {
  std::string base = layer_name_of(location_);
  const auto* constant = std::get_if<layer::Constant>(&layer);
  if (constant != nullptr && !constant->weights.origin.empty()) base = constant->weights.origin;
  if (base.empty()) base = layer_type_name(layer);
  return unique_name(base);
}

std::string Network::unique_name(const std::string& base) {
  int& used = layer_names_[base];
  std::string name = used == 0 ? base : fmt::format("{}_{}", base, used);
  ++used;
  while (name != base && layer_names_.contains(name)) name = fmt::format("{}_{}", base, used++);
  layer_names_.try_emplace(name, 1);
  return name;
}

void Network::materialise(const Tensor& tensor) {
  const auto add_as = [&](const Layer& layer) {
    const std::string name = unique_layer_name(layer);
    TensorInfo& info = tensors_.at(static_cast<std::size_t>(tensor.id()));
    info = add_layer(layer, name, tensor.id()).at(0);
    ++num_layers_;
  };
  if (const auto constant = constant_values_.find(tensor.id());
      constant != constant_values_.end() && !constant->second.added) {
    const HostTensor& value = constant->second.value;
    if (is_byte(value.dtype)) {
      const Tensor wide = this->constant(contiguous_as(value, DType::kInt32));
      materialise(wide);
      add_as(layer::Cast{wide, value.dtype});
    } else {
      add_as(layer::Constant{value});
    }
    constant->second.added = true;  // not where TensorRT refused it: the next reader is to be told so too
  } else if (const auto found = views_.find(tensor.id()); found != views_.end() && !found->second.added) {
    found->second.added = true;
    const View view = found->second;
    const Scope scope(*this, tensor_scopes_.at(static_cast<std::size_t>(tensor.id())));
    const SourceLocation here = std::exchange(location_, view.location);
    try {
      Layer shuffle = shuffle_of(view);
      for_each_input(shuffle, [this](const Tensor& input) { materialise(input); });
      make_inputs_visible(shuffle);
      refuse_computed_sizes(shuffle);
      add_as(shuffle);
    } catch (...) {
      views_.at(tensor.id()).added = false;
      throw;
    }
    location_ = here;
  }
}

DType Network::held_dtype(DType dtype) const {
  const DType held = network_dtype(dtype).value_or(dtype);
  return held == DType::kInt64 ? shape_dtype() : held;
}

Tensor Network::add_tensor(TensorInfo info, Role role) {
  const Tensor made(this, static_cast<std::int32_t>(tensors_.size()));
  tensors_.push_back(std::move(info));
  roles_.push_back(role);
  tensor_scopes_.push_back(scope_);
  of_control_flow_.push_back(false);
  return made;
}

std::vector<Tensor> Network::add_all(const Layer& given) {
  if (auto outputs = substitute(given)) return *std::move(outputs);
  if (const auto* dequantize = std::get_if<layer::Dequantize>(&given)) {
    const auto quantized = constant_values_.find(dequantize->input.id());
    if (quantized != constant_values_.end() && !quantized->second.added) {
      const layer::Constant constant{quantized->second.value};
      const std::int32_t id = dequantize->input.id();
      tensors_.at(static_cast<std::size_t>(id)) = add_layer(constant, unique_layer_name(constant), id).at(0);
      ++num_layers_;
      quantized->second.added = true;
    }
  }
  for_each_input(given, [this](const Tensor& input) { materialise(input); });
  Layer layer = given;
  bool computed = false;
  if (scopes_.size() > 1) {
    make_inputs_visible(layer);
    refuse_computed_sizes(layer);
    computed = follows_control_flow(layer);
  }
  const Scope scope(*this, scope_of_outputs(layer));
  const std::string name = unique_layer_name(layer);
  const auto first = static_cast<std::int32_t>(tensors_.size());
  std::vector<Tensor> outputs;
  for (TensorInfo& info : add_layer(layer, name, first)) {
    outputs.push_back(add_tensor(std::move(info), Role::kComputed));
    of_control_flow_.back() = computed;
  }
  // TensorRT makes two of it, an input and an output layer.
  num_layers_ += std::holds_alternative<layer::Attention>(layer) ? 2 : 1;
  return outputs;
}

Tensor Network::add(const Layer& layer) {
  const std::vector<Tensor> outputs = add_all(layer);
  if (outputs.size() != 1) {
    throw Error(ErrorCategory::kInternal,
                fmt::format("{} has {} outputs where one was expected", layer_type_name(layer), outputs.size()));
  }
  return outputs[0];
}

Tensor Network::add_input(const std::string& name, DType dtype, const Dims& dims) {
  const auto held = network_dtype(dtype);
  if (!held) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("input \"{}\" is {}, which TensorRT has no type for", name, torch2trt::name(dtype)));
  }
  TensorInfo info{name, dims, held_dtype(*held)};
  add_input_layer(info, static_cast<std::int32_t>(tensors_.size()));
  return add_tensor(std::move(info), Role::kInput);
}

Tensor Network::adopt(TensorInfo info, bool is_input, bool is_output) {
  const Tensor adopted = add_tensor(std::move(info), is_input ? Role::kInput : Role::kComputed);
  if (is_output) outputs_.insert(adopted.id());
  return adopted;
}

Tensor Network::as_output(const Tensor& tensor) {
  Tensor output = tensor;
  const auto index = static_cast<std::size_t>(tensor.id());
  if (roles_.at(index) != Role::kComputed || outputs_.contains(tensor.id())) output = add(layer::Identity{tensor});
  materialise(output);
  outputs_.insert(output.id());
  return output;
}

Tensor Network::mark_output(const Tensor& tensor, const std::string& name) {
  const Tensor output = as_output(tensor);
  mark_output_tensor(output.id(), name);
  tensors_.at(static_cast<std::size_t>(output.id())).name = name;
  return output;
}

Tensor Network::constant(const HostTensor& value) {
  const auto held = network_dtype(value.dtype);
  if (!held) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("a constant is {}, which TensorRT has no type for", torch2trt::name(value.dtype)),
                location_);
  }
  HostTensor weights = contiguous_as(value, *held);
  if (*held == DType::kInt64 && shape_dtype() == DType::kInt32) weights = narrowed(weights, location_);
  // Equal small constants are one layer; large ones are the same where their memory is.
  std::string key = fmt::format("{}[{}]", torch2trt::name(weights.dtype), fmt::join(weights.sizes, ","));
  if (weights.bytes() <= 256) {
    key.append(static_cast<const char*>(weights.data), weights.bytes());
  } else {
    key += fmt::format("@{}", weights.data);
  }
  if (const auto known = constants_.find(key); known != constants_.end()) return known->second;
  const Tensor made = add_tensor({weights.origin, weights.sizes, weights.dtype}, Role::kConstant);
  constant_values_.emplace(made.id(), ConstantState{std::move(weights)});
  constants_.emplace(std::move(key), made);
  return made;
}

const HostTensor* Network::constant_value(const Tensor& tensor) const {
  const auto known = constant_values_.find(tensor.id());
  return known == constant_values_.end() ? nullptr : &known->second.value;
}

Tensor Network::scalar(double value, DType dtype, std::int64_t rank) {
  return constant(full_host_tensor(value, dtype, Dims(static_cast<std::size_t>(rank), 1)));
}

Tensor Network::constant_1d(const std::vector<std::int64_t>& values) {
  return constant(contiguous_as(host_tensor(values), shape_dtype()));
}

}  // namespace torch2trt
