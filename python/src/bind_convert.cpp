// Whole conversions: a graph to a TensorRT network, or to a dry one.
#include <fmt/format.h>
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include "python/src/bindings.h"
#include "python/src/converted.h"
#include "python/src/user_handlers.h"
#include "src/backend/dry/dry_network.h"
#include "src/backend/python/operands.h"
#include "src/handlers/argument_uses.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

py::list bindings_object(const std::vector<Binding>& bindings) {
  py::list list;
  for (const Binding& binding : bindings) {
    py::dict entry;
    entry["name"] = binding.name;
    entry["torch_dtype"] = torch_dtype(binding.torch_dtype);
    entry["dtype"] = torch_dtype(binding.dtype);
    entry["shape"] = py::tuple(py::cast(binding.dims));
    list.append(entry);
  }
  return list;
}

}  // namespace

std::map<std::string, InputRange> ranges_from(const Shapes& shapes) {
  std::map<std::string, InputRange> ranges;
  for (const auto& [name, range] : shapes) ranges[name] = {std::get<0>(range), std::get<1>(range), std::get<2>(range)};
  return ranges;
}

std::optional<ReducedPrecision> precision_from(const py::object& precision) {
  if (precision.is_none()) return std::nullopt;
  const auto [type, keep] = precision.cast<std::pair<std::string, std::string>>();
  const auto dtype = dtype_from_name(type);
  if (!dtype) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("reduced precision in \"{}\" was asked for; float16 and bfloat16 are possible", type));
  }
  return ReducedPrecision{*dtype, keep};
}

py::dict converted_object(const Converted& converted) {
  py::dict result;
  result["inputs"] = bindings_object(converted.signature.inputs);
  result["outputs"] = bindings_object(converted.signature.outputs);
  py::dict ranges;
  for (const auto& [name, range] : converted.ranges)
    ranges[py::str(name)] = py::make_tuple(range.min, range.opt, range.max);
  result["ranges"] = ranges;
  return result;
}

void bind_convert(py::module_& m) {
  // Inputs, layers and marked outputs; returns {"inputs", "outputs", "ranges"}.
  m.def(
      "convert",
      [](const Graph& graph, PythonNetwork& network, const Shapes& shapes, const py::object& log,
         const py::object& lookup, const py::object& precision) {
        network.check_open();
        network.adopt_layers();
        Callbacks callbacks(graph, &network, lookup, log);
        ConvertOptions options{.shapes = ranges_from(shapes)};
        callbacks.set(options.run);
        options.run.precision = precision_from(precision);
        return converted_object(convert(graph, options));
      },
      py::arg("graph"), py::arg("network"), py::arg("shapes") = Shapes(), py::arg("log") = py::none(),
      py::arg("lookup") = py::none(), py::arg("precision") = py::none());
  // The same on the dry backend, which may stand for TensorRT 8.5; also "layers" (count), "text" and "argument_uses":
  // (operator, argument, use) of each argument that a handler received.
  m.def(
      "dry_convert",
      [](const Graph& graph, const Shapes& shapes, const py::object& log, bool old, const py::object& precision) {
        DryNetwork network(old ? tensorrt_8_5() : Target{});
        Callbacks callbacks(graph, nullptr, py::none(), log);
        ConvertOptions options{.shapes = ranges_from(shapes)};
        callbacks.set(options.run);
        options.run.network = &network;
        options.run.precision = precision_from(precision);
        py::set uses;
        options.run.observe_arguments = [&uses](const Node& node, const std::vector<NamedOperand>& operands,
                                                const std::vector<ArgumentUse>& of_each) {
          for (std::size_t i = 0; i < operands.size(); ++i)
            uses.add(py::make_tuple(node.qualified(), operands[i].name, std::string(to_text(of_each[i]))));
        };
        py::dict result = converted_object(convert(graph, options));
        result["layers"] = network.num_layers();
        result["text"] = network.to_text();
        result["argument_uses"] = uses;
        return result;
      },
      py::arg("graph"), py::arg("shapes") = Shapes(), py::arg("log") = py::none(), py::arg("as_tensorrt_8_5") = false,
      py::arg("precision") = py::none());
}

}  // namespace torch2trt
