// Graph, its text, and the front ends that need only files.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <set>

#include "python/src/bindings.h"
#include "python/src/user_handlers.h"
#include "src/backend/python/operands.h"
#include "src/frontend/export/read.h"
#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "src/passes/pipeline.h"

namespace torch2trt {
namespace {

// (name, kind, dtype or None, [sizes; -1 where dynamic] or None)
py::tuple input_tuple(const Graph& graph, const Input& input) {
  const Type& type = graph.value(input.value).type;
  py::object sizes = py::none();
  if (type.sizes) {
    py::list list;
    for (const Size& size : *type.sizes) list.append(size.value);
    sizes = std::move(list);
  }
  return py::make_tuple(input.name, type.dtype ? torch_dtype(*type.dtype) : py::none(), sizes);
}

py::object structure_object(const Structure& structure) {
  switch (structure.kind) {
    case Structure::Kind::kLeaf: return py::str("*");
    case Structure::Kind::kNone: return py::none();
    case Structure::Kind::kDict: {
      py::dict dict;
      for (std::size_t i = 0; i < structure.children.size(); ++i) {
        dict[py::module_::import("ast").attr("literal_eval")(structure.keys.at(i))] =
            structure_object(structure.children[i]);
      }
      return dict;
    }
    default: break;
  }
  py::list list;
  for (const Structure& child : structure.children) list.append(structure_object(child));
  return structure.kind == Structure::Kind::kTuple ? py::object(py::tuple(list)) : py::object(list);
}

// The reverse: "*", None, tuples, lists and dicts.
Structure structure_from(const py::handle& object) {
  if (object.is_none()) return {.kind = Structure::Kind::kNone};
  if (py::isinstance<py::str>(object)) return {};
  Structure structure{.kind = py::isinstance<py::tuple>(object)  ? Structure::Kind::kTuple
                              : py::isinstance<py::list>(object) ? Structure::Kind::kList
                                                                 : Structure::Kind::kDict};
  if (structure.kind != Structure::Kind::kDict) {
    for (const py::handle& child : object) structure.children.push_back(structure_from(child));
    return structure;
  }
  for (const auto& [key, child] : py::reinterpret_borrow<py::dict>(object)) {
    structure.keys.push_back(py::repr(key).cast<std::string>());
    structure.children.push_back(structure_from(child));
  }
  return structure;
}

void kinds_in(const Block& block, std::vector<std::string>& kinds) {
  for (const Node& node : block.nodes) {
    kinds.push_back(node.qualified());
    for (const Block& inner : node.blocks) kinds_in(inner, kinds);
  }
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<Graph>(m, "Graph")
      .def("__str__", [](const Graph& graph) { return to_text(graph); })
      .def("copy", [](const Graph& graph) { return graph; })
      // Of every value, by the names that the text shows.
      .def_property_readonly("value_names",
                             [](const Graph& graph) {
                               std::set<std::string> names;
                               for (const Value& value : graph.values) names.insert(value.name);
                               return names;
                             })
      .def("verify", [](const Graph& graph) { verify(graph); })
      .def_property_readonly("kinds",
                             [](const Graph& graph) {
                               std::vector<std::string> kinds;
                               kinds_in(graph.body, kinds);
                               return kinds;
                             })
      .def_property_readonly("inputs",
                             [](const Graph& graph) {
                               py::list inputs;
                               for (const Input& input : graph.inputs) inputs.append(input_tuple(graph, input));
                               return inputs;
                             })
      // Those that are lists of a length that the program does not fix.
      .def_property_readonly("list_inputs",
                             [](const Graph& graph) {
                               std::vector<std::string> names;
                               for (const Input& input : graph.inputs) {
                                 if (graph.value(input.value).type.kind == Type::Kind::kList)
                                   names.push_back(input.name);
                               }
                               return names;
                             })
      // For a program made flat before it was traced: how its inputs and outputs nest, and what the inputs are called.
      .def(
          "set_interface",
          [](Graph& graph, const std::vector<std::string>& names, const py::object& inputs, const py::object& outputs) {
            if (names.size() != graph.inputs.size() || structure_from(outputs).leaves() != graph.body.outputs.size()) {
              throw Error(ErrorCategory::kInternal, "set_interface: the program has other inputs or outputs");
            }
            for (std::size_t i = 0; i < names.size(); ++i) graph.inputs[i].name = names[i];
            graph.input_structure = structure_from(inputs);
            graph.output_structure = structure_from(outputs);
          })
      // What the program was specialised to: {input name: None, number or text}.
      .def_property_readonly("constant_inputs",
                             [](const Graph& graph) {
                               py::dict constants;
                               for (const Input& input : graph.inputs) {
                                 if (input.constant)
                                   constants[py::str(input.name)] =
                                       to_python(constant_operand(*input.constant), nullptr);
                               }
                               return constants;
                             })
      .def_property_readonly("parameters",
                             [](const Graph& graph) {
                               py::dict parameters;
                               for (const Parameter& parameter : graph.parameters) {
                                 parameters[py::str(parameter.name)] = to_python(parameter.data, nullptr);
                               }
                               return parameters;
                             })
      .def_property_readonly("used_parameters",
                             [](const Graph& graph) {
                               std::set<ValueId> read;
                               const auto visit = [&](ValueId id) { read.insert(id); };
                               for (const Node& node : graph.body.nodes) for_each_read(node, visit);
                               for (const Argument& output : graph.body.outputs) for_each_value(output, visit);
                               std::vector<std::string> names;
                               for (const Parameter& parameter : graph.parameters) {
                                 if (read.contains(parameter.value)) names.push_back(parameter.name);
                               }
                               return names;
                             })
      .def_property_readonly("output_names",
                             [](const Graph& graph) {
                               std::vector<std::string> names;
                               for (const Argument& output : graph.body.outputs) {
                                 const auto* id = output.as<ValueId>();
                                 names.push_back(id == nullptr ? "" : graph.value(*id).name);
                               }
                               return names;
                             })
      .def_property_readonly("output_structure",
                             [](const Graph& graph) { return structure_object(graph.output_structure); })
      .def_property_readonly("input_structure",
                             [](const Graph& graph) { return structure_object(graph.input_structure); });
  m.def("parse_graph", &parse_text);
  m.def(
      "run_passes",
      [](Graph& graph, const std::set<std::string>& disabled) {
        PassOptions options;
        options.disabled.insert(disabled.begin(), disabled.end());
        std::vector<std::pair<std::string, double>> times;
        for (const PassTime& time : run_passes(graph, options)) times.emplace_back(time.name, time.seconds);
        return times;
      },
      py::arg("graph"), py::arg("disabled") = std::set<std::string>());
  m.def("passes_against", [](const std::set<std::string>& kinds) {
    const auto names = passes_against(kinds);
    return std::set<std::string>(names.begin(), names.end());
  });
  m.def("read_pt2", &read_pt2, py::arg("path"), py::arg("verify_weights") = true,
        py::call_guard<py::gil_scoped_release>());
  // `lookup(name, kind)` gives the torch tensor of that name, or None; kind is "parameter", "buffer" or "constant".
  m.def("graph_from_export", [](const std::string& model_json, const py::function& lookup) {
    return graph_from_export(model_json,
                             [&](const std::string& name, Parameter::Kind kind) -> std::optional<HostTensor> {
                               static constexpr const char* kKinds[] = {"parameter", "buffer", "constant"};
                               const py::object tensor = lookup(name, kKinds[static_cast<int>(kind)]);
                               if (tensor.is_none()) return std::nullopt;
                               return host_tensor_from_python(tensor);
                             });
  });
}

}  // namespace torch2trt
