// Running a graph in either mode, with the user's handlers.
#include <fmt/format.h>
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <set>

#include "python/src/bindings.h"
#include "python/src/user_handlers.h"
#include "src/backend/python/operands.h"
#include "src/torch/schema.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

// observe(kind, scope, inputs, outputs): one node, its operands described.
void report(const py::object& observe, const Node& node, const std::vector<NamedOperand>& operands,
            const std::vector<Operand>& outputs) {
  py::list in;
  py::list out;
  for (const NamedOperand& operand : operands) in.append(describe(operand.value));
  for (const Operand& output : outputs) out.append(describe(output));
  observe(node.qualified(), node.scope, in, out);
}

// A result as the user gets it. In a network every tensor is an ITensor that can be named and marked as an output.
py::object result(const Operand& operand, PythonNetwork* network) {
  if (network == nullptr) return to_python(operand, nullptr);
  if (const auto* list = operand.as<Operand::List>()) {
    py::list results;
    for (const Operand& item : *list) results.append(result(item, network));
    return results;
  }
  if (const auto* tensor = operand.as<Tensor>()) return network->itensor(network->as_output(*tensor));
  if (const auto* host = operand.as<HostTensor>())
    return network->itensor(network->as_output(network->constant(*host)));
  if (const auto* dim = operand.as<Dim>()) return network->itensor(network->as_output(network->dim_tensor(*dim)));
  return to_python(operand, network);
}

using Captured = std::map<std::string, Operand>;

void capture_leaves(const Graph& graph, const std::vector<Operand>& inputs, const std::set<std::string>& names,
                    Captured& captured) {
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
py::list run_graph(const Graph& graph, const py::list& inputs, PythonNetwork* network,
                   const std::optional<std::vector<std::string>>& names, const py::object& lookup,
                   const py::object& log, const py::object& observe) {
  if (network != nullptr) {
    network->check_open();
    network->adopt_layers();
  }
  Callbacks callbacks(graph, network, lookup, log);
  RunOptions options;
  callbacks.set(options);
  const std::set<std::string> wanted =
      names ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>();
  Captured captured;
  if (!observe.is_none() || !wanted.empty()) {
    options.observe = [&](const Node& node, const std::vector<NamedOperand>& operands,
                          const std::vector<Operand>& outputs) {
      for (std::size_t i = 0; i < outputs.size() && !wanted.empty(); ++i) {
        const std::string& name = graph.value(node.outputs[i]).name;
        if (wanted.contains(name)) captured[name] = outputs[i];
      }
      if (!observe.is_none()) report(observe, node, operands, outputs);
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

}  // namespace

void bind_run(py::module_& m) {
  m.def("run", &run_graph, py::arg("graph"), py::arg("inputs"), py::arg("network").none(true),
        py::arg("names") = py::none(), py::arg("lookup") = py::none(), py::arg("log") = py::none(),
        py::arg("observe") = py::none());
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
