#include "src/backend/python/python_network.h"

#include <fmt/format.h>

#include "src/backend/python/layer_maker.h"

namespace torch2trt {
namespace {

struct TypeName {
  DType dtype;
  const char* name;
};

constexpr TypeName kTypeNames[] = {
    {DType::kFloat32, "FLOAT"}, {DType::kFloat16, "HALF"}, {DType::kBFloat16, "BF16"},
    {DType::kInt64, "INT64"},   {DType::kInt32, "INT32"},  {DType::kInt8, "INT8"},
    {DType::kUInt8, "UINT8"},   {DType::kBool, "BOOL"},    {DType::kFloat8E4M3, "FP8"},
};

Dims dims_of(const py::object& itensor) { return itensor.attr("shape").cast<py::tuple>().cast<Dims>(); }

// Metadata (TensorRT 8.6 and later) shows in the engine inspector and in profiles.
void describe_origin(const py::object& layer, const SourceLocation& location) {
  if (!location.source.empty() && py::hasattr(layer, "metadata")) layer.attr("metadata") = location.source;
}

}  // namespace

py::module_ tensorrt_module_of(const py::handle& object) {
  // The bindings' own module is nested ("tensorrt_bindings.tensorrt"); the one users import is the public name.
  const auto module = py::str(py::type::of(object).attr("__module__")).cast<std::string>();
  for (const char* name : {"tensorrt_rtx", "tensorrt_lean", "tensorrt_dispatch", "tensorrt"}) {
    if (module.find(name) != std::string::npos) return py::module_::import(name);
  }
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("an INetworkDefinition of tensorrt or tensorrt_rtx is needed, not {}",
                          py::repr(py::type::of(object)).cast<std::string>()));
}

PythonNetwork::PythonNetwork(py::object network, Target target)
    : network_(std::move(network)),
      target_(std::move(target)),
      trt_(tensorrt_module_of(network_)),
      itensor_type_(trt_.attr("ITensor")) {
  if (!py::isinstance(network_, trt_.attr("INetworkDefinition"))) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("an INetworkDefinition is needed, not {}",
                                                             py::repr(py::type::of(network_)).cast<std::string>()));
  }
  py::module_::import("weakref").attr("finalize")(network_, kept_.attr("clear"));
  adopt_layers();
  recorder_ = py::module_::import("torch2trt._errors").attr("error_recorder")(trt_);
  previous_recorder_ = network_.attr("error_recorder");
  network_.attr("error_recorder") = recorder_;
}

PythonNetwork::~PythonNetwork() {
  try {
    close();
  } catch (const std::exception&) {  // the interpreter is going down
  }
}

void PythonNetwork::close() {
  if (!open_) return;
  open_ = false;
  network_.attr("error_recorder") = previous_recorder_;
  log_errors();
  tensors_.clear();
  ids_.clear();
  boundaries_.clear();
  recurrences_.clear();
}

void PythonNetwork::check_open() const {
  if (!open_) throw Error(ErrorCategory::kInvalidArgument, "the core.trt_network() block of this network has ended");
}

void PythonNetwork::log_errors() {
  if (recorder_.attr("num_errors")().cast<int>() == 0) return;
  py::module_::import("torch2trt._errors").attr("log_errors")(recorder_, previous_recorder_);
}

void PythonNetwork::adopt_layers() {
  const auto count = network_.attr("num_layers").cast<int>();
  for (int i = known_layers_; i < count; ++i) {
    const py::object made = network_.attr("get_layer")(i);
    const auto name = py::str(made.attr("name")).cast<std::string>();
    if (!handlers_.empty() && name.starts_with("(Unnamed Layer")) {
      made.attr("name") = unique_name(layer_name_of(handlers_.back()));
      describe_origin(made, handlers_.back());
    } else {
      reserve_layer_name(name);
    }
  }
  known_layers_ = count;
}

bool PythonNetwork::supports(std::string_view layer) const {
  if (target_.unsupported.contains(layer)) return false;
  if (layer == "Attention") return py::hasattr(network_, "add_attention");
  if (layer == "Cumulative") return py::hasattr(network_, "add_cumulative");
  return true;
}

void PythonNetwork::remember(std::int32_t id, py::object itensor) {
  ids_[itensor.ptr()] = id;
  tensors_[id] = std::move(itensor);
}

py::object PythonNetwork::boundary(std::int32_t id, const char* method) {
  py::object& made = boundaries_[id];
  if (!made) made = network_.attr(method)();
  return made;
}

py::object PythonNetwork::itensor(const Tensor& tensor) {
  if (!tensors_.contains(tensor.id())) materialise(tensor);
  return at(visible(tensor));
}

bool PythonNetwork::is_itensor(const py::handle& object) const {
  return py::str(py::type::of(object).attr("__name__")).cast<std::string>() == "ITensor";
}

// An ITensor does not say whose it is, but it is the same Python object wherever its network gives it out.
bool PythonNetwork::owns(const py::object& itensor) const {
  if (!py::isinstance(itensor, itensor_type_)) return false;
  if (ids_.contains(itensor.ptr())) return true;
  const auto inputs = network_.attr("num_inputs").cast<int>();
  for (int i = 0; i < inputs; ++i) {
    if (network_.attr("get_input")(i).is(itensor)) return true;
  }
  // Backwards: what a handler returns was made last.
  for (int i = network_.attr("num_layers").cast<int>() - 1; i >= 0; --i) {
    const py::object made = network_.attr("get_layer")(i);
    const auto outputs = made.attr("num_outputs").cast<int>();
    for (int j = 0; j < outputs; ++j) {
      if (made.attr("get_output")(j).is(itensor)) return true;
    }
  }
  return false;
}

Tensor PythonNetwork::tensor_of(const py::object& itensor) {
  if (const auto known = ids_.find(itensor.ptr()); known != ids_.end()) return {this, known->second};
  if (!owns(itensor)) {
    throw Error(ErrorCategory::kInvalidArgument,
                "an ITensor belongs to another network than the one of core.trt_network(), perhaps to one that is gone",
                location());
  }
  const auto name = py::str(itensor.attr("name")).cast<std::string>();
  TensorInfo info{.name = name, .dtype = dtype_of(itensor)};
  try {
    info.dims = dims_of(itensor);
  } catch (const py::error_already_set&) {
    std::string message = fmt::format("TensorRT refused the layer that makes ITensor \"{}\"", name);
    for (const std::string& text : take_errors()) message += "\n  TensorRT: " + text;
    throw Error(ErrorCategory::kBuildFailed, message, location());
  }
  const Tensor adopted = adopt(std::move(info), itensor.attr("is_network_input").cast<bool>(),
                               itensor.attr("is_network_output").cast<bool>());
  remember(adopted.id(), itensor);
  return adopted;
}

py::object PythonNetwork::data_type(DType dtype) const {
  for (const TypeName& row : kTypeNames) {
    if (row.dtype == dtype && py::hasattr(trt_.attr("DataType"), row.name)) return trt_.attr("DataType").attr(row.name);
  }
  throw Error(ErrorCategory::kUnsupportedOperator, fmt::format("this TensorRT has no type for {}", name(dtype)),
              location());
}

DType PythonNetwork::dtype_of(const py::object& itensor) const {
  const auto text = py::str(itensor.attr("dtype").attr("name")).cast<std::string>();
  for (const TypeName& row : kTypeNames) {
    if (row.name == text) return row.dtype;
  }
  throw Error(ErrorCategory::kUnsupportedOperator, fmt::format("tensors of TensorRT's type {} are not supported", text),
              location());
}

py::object PythonNetwork::weights(const HostTensor& tensor) {
  kept_.append(py::capsule(new std::shared_ptr<const void>(tensor.owner),
                           [](void* owner) { delete static_cast<std::shared_ptr<const void>*>(owner); }));
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data);
  return trt_.attr("Weights")(data_type(tensor.dtype), address, tensor.numel());
}

std::vector<std::string> PythonNetwork::take_errors() {
  return recorder_.attr("take_texts")().cast<std::vector<std::string>>();
}

void PythonNetwork::refused(const std::string& what, const std::string& layer_name) {
  std::string message = fmt::format("TensorRT refused the layer \"{}\" ({})", layer_name, what);
  for (const std::string& text : take_errors()) message += "\n  TensorRT: " + text;
  throw Error(ErrorCategory::kBuildFailed, message, location());
}

std::vector<TensorInfo> PythonNetwork::add_layer(const Layer& layer, const std::string& layer_name,
                                                 std::int32_t first_id) {
  check_open();
  log_errors();  // from before: not this layer's
  const std::string type(layer_type_name(layer));
  py::object made;
  try {
    made = LayerMaker(*this).make(layer);
  } catch (const py::error_already_set& error) {
    refused(fmt::format("{}: {}", type, error.what()), layer_name);
  }
  if (made.is_none()) refused(type, layer_name);
  if (std::holds_alternative<layer::Recurrence>(layer)) recurrences_.emplace(first_id, made);
  known_layers_ = network_.attr("num_layers").cast<int>();  // attention makes two
  made.attr("name") = layer_name;
  describe_origin(made, location());
  std::vector<TensorInfo> outputs;
  const auto count = made.attr("num_outputs").cast<std::int32_t>();
  for (std::int32_t i = 0; i < count; ++i) {
    const py::object output = made.attr("get_output")(i);
    // A bad layer is returned all the same; the error appears when the shape of its output is read.
    try {
      outputs.push_back({fmt::format("{}_output_{}", layer_name, i), dims_of(output), dtype_of(output)});
    } catch (const py::error_already_set&) {
      refused(type, layer_name);
    }
    output.attr("name") = outputs.back().name;
    remember(first_id + i, output);
  }
  if (recorder_.attr("num_errors")().cast<int>() > 0) refused(type, layer_name);
  return outputs;
}

void PythonNetwork::add_input_layer(const TensorInfo& info, std::int32_t id) {
  check_open();
  log_errors();
  const py::object input = network_.attr("add_input")(info.name, data_type(info.dtype), py::tuple(py::cast(info.dims)));
  if (input.is_none()) refused("input", info.name);
  remember(id, input);
}

void PythonNetwork::set_next_value(std::int32_t recurrence, std::int32_t next) {
  recurrences_.at(recurrence).attr("set_input")(1, tensors_.at(next));
}

void PythonNetwork::mark_output_tensor(std::int32_t id, const std::string& name) {
  const py::object tensor = tensors_.at(id);
  tensor.attr("name") = name;
  network_.attr("mark_output")(tensor);
}

}  // namespace torch2trt
