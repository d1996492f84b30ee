// Running a graph in either mode, with the user's handlers.
#include <fmt/format.h>
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <set>

#include "python/src/bindings.h"
#include "python/src/converted.h"
#include "python/src/user_handlers.h"
#include "src/backend/python/operands.h"
#include "src/torch/evaluate.h"
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

// A node's result for who compares: an ITensor that can be marked as an output, a torch tensor, a plain value;
// Ellipsis for what has no form in Python.
py::object recorded(const Operand& operand, PythonNetwork* network) {
  if (const auto* list = operand.as<Operand::List>()) {
    py::list results;
    for (const Operand& item : *list) results.append(recorded(item, network));
    return results;
  }
  if (operand.as<Object>() != nullptr || operand.as<Unknown>() != nullptr || operand.as<Uninitialized>() != nullptr)
    return py::ellipsis();
  return operand.as<HostTensor>() != nullptr ? to_python(operand, network) : result(operand, network);
}

// Whether the result depends on random numbers. Dropout is an operator of chance, but not in inference.
bool depends_on_chance(const Node& node) {
  if (!is_random(node)) return false;
  const auto is = [&](std::string_view name, const Argument& value) {
    const Argument* found = node.find(name);
    return found != nullptr && *found == value;
  };
  return !is("train", false) && !is("training", false) && !is("p", 0.0) && !is("dropout_p", 0.0);
}

// Tells `record(node, values)` of each node of the program itself (not of those in its blocks). `node` is (kind,
// overload, scope, source, names of outputs, names of the values it reads, whether it is left to chance). In torch mode
// at once. In a network after the run, so that no layer is added meanwhile, and only of nodes with an output in
// `names`.
class Recorder {
 public:
  Recorder(const Graph& graph, PythonNetwork* network, py::object record, std::set<std::string> names)
      : graph_(graph), network_(network), record_(std::move(record)), names_(std::move(names)) {}

  void observe(const Node& node, const std::vector<Operand>& outputs) {
    if (record_.is_none() || !is_own(node)) return;
    if (network_ == nullptr) {
      tell(node, outputs);
    } else if (std::any_of(node.outputs.begin(), node.outputs.end(),
                           [&](ValueId id) { return names_.contains(graph_.value(id).name); })) {
      waiting_.emplace_back(&node, outputs);
    }
  }

  void finish() {
    for (const auto& [node, outputs] : waiting_) tell(*node, outputs);
    waiting_.clear();
  }

 private:
  bool is_own(const Node& node) const {
    const std::vector<Node>& nodes = graph_.body.nodes;
    return std::greater_equal<>()(&node, nodes.data()) && std::less<>()(&node, nodes.data() + nodes.size());
  }

  void tell(const Node& node, const std::vector<Operand>& outputs) {
    py::list names;
    py::list reads;
    py::list values;
    for (ValueId id : node.outputs) names.append(graph_.value(id).name);
    for_each_read(node, [&](ValueId id) { reads.append(graph_.value(id).name); });
    for (const Operand& output : outputs) values.append(recorded(output, network_));
    record_(py::make_tuple(node.kind, node.overload, node.scope, node.source, names, reads, depends_on_chance(node)),
            values);
  }

  const Graph& graph_;
  PythonNetwork* network_;
  py::object record_;
  std::set<std::string> names_;
  std::vector<std::pair<const Node*, std::vector<Operand>>> waiting_;
};

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
                   const py::object& log, const py::object& observe, const py::object& record,
                   const std::set<std::string>& record_names, const py::object& precision) {
  if (network != nullptr) {
    network->check_open();
    network->adopt_layers();
  }
  Callbacks callbacks(graph, network, lookup, log);
  RunOptions options;
  callbacks.set(options);
  options.precision = precision_from(precision);
  options.compared = !record.is_none();
  const std::set<std::string> wanted =
      names ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>();
  Captured captured;
  Recorder recorder(graph, network, record, record_names);
  if (!observe.is_none() || !record.is_none() || !wanted.empty()) {
    options.observe = [&](const Node& node, const std::vector<NamedOperand>& operands,
                          const std::vector<Operand>& outputs) {
      for (std::size_t i = 0; i < outputs.size() && !wanted.empty(); ++i) {
        const std::string& name = graph.value(node.outputs[i]).name;
        if (wanted.contains(name)) captured[name] = outputs[i];
      }
      if (!observe.is_none()) report(observe, node, operands, outputs);
      recorder.observe(node, outputs);
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
      if (has_unknown(found->second)) {
        throw Error(
            ErrorCategory::kInvalidArgument,
            fmt::format("output_names: nothing in the program reads \"{}\", and the network does not compute it",
                        name));
      }
      outputs.push_back(found->second);
    }
  }
  py::list results;
  for (const Operand& output : outputs) results.append(result(output, network));
  recorder.finish();
  return results;
}

}  // namespace

void bind_run(py::module_& m) {
  m.def("run", &run_graph, py::arg("graph"), py::arg("inputs"), py::arg("network").none(true),
        py::arg("names") = py::none(), py::arg("lookup") = py::none(), py::arg("log") = py::none(),
        py::arg("observe") = py::none(), py::arg("record") = py::none(),
        py::arg("record_names") = std::set<std::string>(), py::arg("precision") = py::none());
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
