// Running a graph in either mode, with the user's handlers.
#include <set>

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <fmt/format.h>

#include "python/src/bindings.h"
#include "src/backend/python/operands.h"
#include "src/torch/schema.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

py::dict attributes_of(const Node& node) {
  py::dict attributes;
  attributes["kind"] = node.qualified();
  attributes["scope"] = node.scope;
  attributes["source"] = node.source;
  return attributes;
}

std::vector<Operand> results_from(const py::object& returned, const Node& node, PythonNetwork* network) {
  if (!py::isinstance<py::list>(returned) && !py::isinstance<py::tuple>(returned)) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the handler returned {}; a list with one entry per output is needed",
                            py::str(py::type::of(returned).attr("__name__")).cast<std::string>()),
                node.location());
  }
  std::vector<Operand> outputs;
  for (const py::handle& item : returned) outputs.push_back(from_python(item, network));
  if (outputs.size() != node.outputs.size()) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the handler returned {} outputs where the node has {}", outputs.size(), node.outputs.size()), node.location());
  }
  return outputs;
}

// Calls handler(inputs, attributes, scope), naming the node in the note of whatever it raises.
UserHandler wrap(const py::object& handler, PythonNetwork* network) {
  return [handler, network](const Node& node, const std::vector<NamedOperand>& operands) {
    py::list inputs;
    for (const NamedOperand& operand : operands) inputs.append(to_python(operand.value, network));
    try {
      return results_from(handler(inputs, attributes_of(node), node.scope), node, network);
    } catch (py::error_already_set& error) {
      const std::string note = Error(ErrorCategory::kInternal, "in the handler of a node", node.location()).what();
      if (py::hasattr(error.value(), "add_note")) error.value().attr("add_note")(note);
      throw;
    }
  };
}

const char* severity_name(Severity severity) {
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<int>(severity)];
}

// lookup(kind, overload) -> handler or None; log(level, text); observe(kind, scope, inputs, outputs, output_names);
// capture: names of values whose objects are wanted. Returns the flat outputs and {name: object}.
py::tuple run_graph(const Graph& graph, const py::list& inputs, PythonNetwork* network, const py::object& lookup,
                    const py::object& log, const py::object& observe, const std::set<std::string>& capture) {
  RunOptions options;
  options.network = network;
  UserHandler current;
  if (!lookup.is_none()) {
    options.user_handlers = [&](const Node& node) -> const UserHandler* {
      const py::object handler = lookup(node.kind, node.overload);
      if (handler.is_none()) return nullptr;
      current = wrap(handler, network);
      return &current;
    };
  }
  if (!log.is_none()) {
    options.log = [&](Severity severity, const std::string& text) { log(severity_name(severity), text); };
  }
  py::dict captured;
  if (!observe.is_none() || !capture.empty()) {
    options.observe = [&](const Node& node, const std::vector<NamedOperand>& operands, const std::vector<Operand>& outputs) {
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::string& name = graph.value(node.outputs[i]).name;
        if (capture.contains(name)) captured[py::str(name)] = to_python(outputs[i], network);
      }
      if (observe.is_none()) return;
      py::list in;
      py::list out;
      py::list names;
      for (const NamedOperand& operand : operands) in.append(describe(operand.value));
      for (const Operand& output : outputs) out.append(describe(output));
      for (ValueId id : node.outputs) names.append(graph.value(id).name);
      observe(node.qualified(), node.scope, in, out, names);
    };
  }
  std::vector<Operand> operands;
  for (const py::handle& input : inputs) operands.push_back(from_python(input, network));
  py::list outputs;
  for (const Operand& output : run(graph, operands, options)) outputs.append(to_python(output, network));
  return py::make_tuple(outputs, captured);
}

}  // namespace

void bind_run(py::module_& m) {
  m.def("run", &run_graph, py::arg("graph"), py::arg("inputs"), py::arg("network").none(true), py::arg("lookup") = py::none(),
        py::arg("log") = py::none(), py::arg("observe") = py::none(), py::arg("capture") = std::set<std::string>());
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
