// Running a graph in either mode, with the user's handlers.
#include <set>

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <fmt/format.h>

#include "python/src/bindings.h"
#include "python/src/user_handlers.h"
#include "src/backend/python/operands.h"
#include "src/torch/schema.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

const char* severity_name(Severity severity) {
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<int>(severity)];
}

// lookup(kind, overload) -> handler or None; log(level, text); observe(kind, scope, inputs, outputs): one node, its
// operands described. Each may be None.
class Callbacks {
 public:
  Callbacks(const Graph& graph, PythonNetwork* network, py::object lookup, py::object log, py::object observe)
      : graph_(graph), network_(network), lookup_(std::move(lookup)), log_(std::move(log)), observe_(std::move(observe)) {}

  void set(RunOptions& options) {
    options.network = network_;
    if (!lookup_.is_none()) {
      options.user_handlers = [this](const Node& node) -> const UserHandler* {
        const py::object handler = lookup_(node.kind, node.overload);
        if (handler.is_none()) return nullptr;
        current_ = user_handler(handler, graph_, network_);
        return &current_;
      };
    }
    if (!log_.is_none()) {
      options.log = [this](Severity severity, const std::string& text) { log_(severity_name(severity), text); };
    }
  }

  void observe(const Node& node, const std::vector<NamedOperand>& operands, const std::vector<Operand>& outputs) const {
    if (observe_.is_none()) return;
    py::list in;
    py::list out;
    for (const NamedOperand& operand : operands) in.append(describe(operand.value));
    for (const Operand& output : outputs) out.append(describe(output));
    observe_(node.qualified(), node.scope, in, out);
  }
  bool observes() const { return !observe_.is_none(); }

 private:
  const Graph& graph_;
  PythonNetwork* network_;
  py::object lookup_, log_, observe_;
  UserHandler current_;
};

// A result as the user gets it. In a network every tensor is an ITensor that can be named and marked as an output.
py::object result(const Operand& operand, PythonNetwork* network) {
  if (network == nullptr) return to_python(operand, nullptr);
  if (const auto* list = operand.as<Operand::List>()) {
    py::list results;
    for (const Operand& item : *list) results.append(result(item, network));
    return results;
  }
  if (const auto* tensor = operand.as<Tensor>()) return network->itensor(network->as_output(*tensor));
  if (const auto* host = operand.as<HostTensor>()) return network->itensor(network->as_output(network->constant(*host)));
  if (const auto* dim = operand.as<Dim>()) return network->itensor(network->as_output(network->dim_tensor(*dim)));
  return to_python(operand, network);
}

using Captured = std::map<std::string, Operand>;

void capture_leaves(const Graph& graph, const std::vector<Operand>& inputs, const std::set<std::string>& names, Captured& captured) {
  for (std::size_t i = 0; i < graph.inputs.size() && i < inputs.size(); ++i) {
    for (const std::string& name : {graph.value(graph.inputs[i].value).name, graph.inputs[i].name}) {
      if (names.contains(name)) captured[name] = inputs[i];
    }
  }
  for (const Parameter& parameter : graph.parameters) {
    for (const std::string& name : {graph.value(parameter.value).name, parameter.name}) {
      if (names.contains(name)) captured[name] = parameter.data;
    }
  }
}

// The flat outputs; with `names` (not None), the values of these names instead. Throws Error(kInvalidArgument) for a
// name the graph lacks.
py::list run_graph(const Graph& graph, const py::list& inputs, PythonNetwork* network, const std::optional<std::vector<std::string>>& names,
                   const py::object& lookup, const py::object& log, const py::object& observe) {
  if (network != nullptr) {
    network->check_open();
    network->adopt_layers();
  }
  Callbacks callbacks(graph, network, lookup, log, observe);
  RunOptions options;
  callbacks.set(options);
  const std::set<std::string> wanted = names ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>();
  Captured captured;
  if (callbacks.observes() || !wanted.empty()) {
    options.observe = [&](const Node& node, const std::vector<NamedOperand>& operands, const std::vector<Operand>& outputs) {
      for (std::size_t i = 0; i < outputs.size() && !wanted.empty(); ++i) {
        const std::string& name = graph.value(node.outputs[i]).name;
        if (wanted.contains(name)) captured[name] = outputs[i];
      }
      callbacks.observe(node, operands, outputs);
    };
  }
  std::vector<Operand> operands;
  for (const py::handle& input : inputs) operands.push_back(from_python(input, network));
  capture_leaves(graph, operands, wanted, captured);
  std::vector<Operand> outputs = run(graph, operands, options);
  if (network != nullptr) network->set_location({});
  if (names) {
    outputs.clear();
    for (const std::string& name : *names) {
      const auto found = captured.find(name);
      if (found == captured.end()) {
        throw Error(ErrorCategory::kInvalidArgument,
                    fmt::format("output_names: the graph has no value \"{}\"; str(graph) shows its names", name));
      }
      outputs.push_back(found->second);
    }
  }
  py::list results;
  for (const Operand& output : outputs) results.append(result(output, network));
  return results;
}

py::list bindings_of(const std::vector<Binding>& bindings) {
  py::list list;
  for (const Binding& binding : bindings) {
    list.append(py::make_tuple(binding.name, std::string(name(binding.torch_dtype)), std::string(name(binding.dtype)), py::tuple(py::cast(binding.dims))));
  }
  return list;
}

using Ranges = std::map<std::string, std::tuple<Dims, Dims, Dims>>;  // min, opt, max

// A whole network from a graph: its inputs, layers and named outputs. Returns (inputs, outputs, ranges): inputs and
// outputs as (name, PyTorch's dtype, the network's dtype, dims), ranges as (min, opt, max) of the dynamic inputs.
py::tuple convert_graph(const Graph& graph, PythonNetwork& network, const Ranges& shapes, const py::object& lookup, const py::object& log,
                        const py::object& observe) {
  network.check_open();
  network.adopt_layers();
  Callbacks callbacks(graph, &network, lookup, log, observe);
  ConvertOptions options;
  callbacks.set(options.run);
  if (callbacks.observes()) {
    options.run.observe = [&](const Node& node, const std::vector<NamedOperand>& operands, const std::vector<Operand>& outputs) {
      callbacks.observe(node, operands, outputs);
    };
  }
  for (const auto& [name, range] : shapes) options.shapes[name] = {std::get<0>(range), std::get<1>(range), std::get<2>(range)};
  const Converted converted = convert(graph, options);
  Ranges ranges;
  for (const auto& [name, range] : converted.ranges) ranges[name] = {range.min, range.opt, range.max};
  return py::make_tuple(bindings_of(converted.signature.inputs), bindings_of(converted.signature.outputs), ranges);
}

}  // namespace

void bind_run(py::module_& m) {
  m.def("run", &run_graph, py::arg("graph"), py::arg("inputs"), py::arg("network").none(true), py::arg("names") = py::none(),
        py::arg("lookup") = py::none(), py::arg("log") = py::none(), py::arg("observe") = py::none());
  m.def("convert", &convert_graph, py::arg("graph"), py::arg("network"), py::arg("shapes") = Ranges(), py::arg("lookup") = py::none(),
        py::arg("log") = py::none(), py::arg("observe") = py::none());
  m.def("handler_keys", [] {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : builtin_handlers().entries()) keys.push_back(key);
    return keys;
  });
  m.def("operator_schemas", [](const std::string& kind) {
    std::vector<std::string> texts;
    for (const OperatorSchema* schema : find_schemas(kind)) texts.push_back(schema->text);
    return texts;
  });
}

}  // namespace torch2trt
