// Operators that take graphs. Those that only set how their graph is run under autograd are replaced by its nodes.
#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

#include "src/frontend/export/arguments.h"
#include "src/frontend/export/enumerations.h"
#include "src/frontend/export/graph_reader.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

constexpr std::string_view kPrefix = "higher_order::";

// Names of the arguments that are no graphs, in order: the file has none. From the operators' Python signatures
// (torch/_higher_order_ops).
const std::vector<std::string>& argument_names(std::string_view kind) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> kNames{
      {"higher_order::cond", {"pred", "operands"}},
      {"higher_order::while_loop", {"carried_inputs", "additional_inputs"}},
      {"higher_order::map_impl", {"xs", "args"}},
      {"higher_order::scan", {"init", "xs", "additional_inputs"}},
      {"higher_order::associative_scan", {"xs", "additional_inputs"}},
  };
  static const std::vector<std::string> kNone;
  const auto found = kNames.find(kind);
  return found == kNames.end() ? kNone : found->second;
}

bool is_transparent(std::string_view kind) {
  for (const std::string_view name : {"wrap_with_set_grad_enabled", "tag_activation_checkpoint",
                                      "wrap_activation_checkpoint", "wrap", "invoke_subgraph", "strict_mode"}) {
    if (kind.substr(kPrefix.size()) == name) return true;
  }
  return false;
}

const Json* graph_of(const Json& input) {
  const Union argument = union_of(field(input, "arg"), "an argument");
  return argument.tag == "as_graph" ? &object_field(argument.value, "graph") : nullptr;
}

bool is_reduced_float(std::int64_t code) {
  const std::optional<DType> dtype = dtype_from_code(code);
  if (!dtype) return code == 9 || code >= 31;  // complex32 and rarer float8 types
  return is_floating(*dtype) && *dtype != DType::kFloat32 && *dtype != DType::kFloat64;
}

// Whether autocast for `device` may have changed what the nodes of the graph compute. It casts float32 inputs of some
// operators to the lower type, whose results then have that type, and lower types to float32 for others. So it did
// nothing where no tensor has a lower type, or none is on the device.
bool autocast_may_act(const Json& graph, std::string_view device) {
  bool on_device = false;
  bool reduced = false;
  const Json& metas = object_field(graph, "tensor_values");
  for (const auto& [name, meta] : metas.items()) {
    on_device = on_device || text_field(field(meta, "device"), "type") == device;
    reduced = reduced || is_reduced_float(integer(field(meta, "dtype"), "the element type"));
  }
  for (const Json& node : array_field(graph, "nodes")) {
    for (const Json& output : array_field(node, "outputs")) {
      const Union form = union_of(output, "an output");
      // Without its type nothing is known.
      if (form.tag == "as_tensor" && find_field(metas, text_field(form.value, "name").c_str()) == nullptr) return true;
    }
    for (const Json& input : array_field(node, "inputs")) {
      const Json* inner = graph_of(input);
      if (inner != nullptr && autocast_may_act(*inner, device)) return true;
    }
  }
  return on_device && reduced;
}

void append_flat(const Argument& argument, std::vector<Argument>& flat) {
  if (const auto* list = argument.as<Argument::List>()) {
    for (const Argument& item : *list) append_flat(item, flat);
  } else {
    flat.push_back(argument);
  }
}

}  // namespace

void GraphReader::read_higher_order(Node node, const Json& node_record, const Json& record, Names& names,
                                    std::vector<Node>& nodes) {
  std::vector<const Json*> graphs;
  std::vector<Argument> before;  // arguments before the first graph, and after it
  std::vector<Argument> after;
  for (const Json& input : array_field(node_record, "inputs")) {
    if (const Json* graph = graph_of(input)) {
      graphs.push_back(graph);
    } else {
      (graphs.empty() ? before : after).push_back(argument_of(field(input, "arg"), names));
    }
  }

  if (node.kind == "higher_order::wrap_with_autocast" && graphs.size() == 1) {
    const auto* device = before.empty() ? nullptr : before[0].as<std::string>();
    const auto* enabled = before.size() < 3 ? nullptr : before[2].as<bool>();
    if (device == nullptr || enabled == nullptr) malformed("the arguments are not (device type, dtype, enabled, ...)");
    if (*enabled && autocast_may_act(*graphs[0], *device)) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  "an autocast region changes types without saying where; export the module without torch.autocast, or "
                  "save exported_program.run_decompositions({}), which makes the casts visible");
    }
    return inline_graph(*graphs[0], after, node_record, names, nodes);
  }
  if (graphs.size() == 1 && is_transparent(node.kind)) {
    // invoke_subgraph(graph, identifier, operands...)
    if (node.kind == "higher_order::invoke_subgraph" && !after.empty() && after[0].as<std::string>() != nullptr) {
      after.erase(after.begin());
    }
    return inline_graph(*graphs[0], after, node_record, names, nodes);
  }

  const std::vector<std::string>& known = argument_names(node.kind);
  for (std::vector<Argument>* part : {&before, &after}) {
    for (Argument& argument : *part) {
      const std::size_t position = node.arguments.size();
      node.arguments.push_back(
          {position < known.size() ? known[position] : fmt::format("arg{}", position), std::move(argument)});
    }
  }
  // The node's own values come first, so that they keep the names that the blocks repeat.
  const std::size_t index = nodes.size();
  add_node(std::move(node), node_record, record, names, nodes);
  for (const Json* graph : graphs) {
    Block block = read_block(*graph);
    nodes[index].blocks.push_back(std::move(block));
  }
}

Block GraphReader::read_block(const Json& graph) {
  Block block;
  Names names;
  for (const Json& input : array_field(graph, "inputs")) block.inputs.push_back(define(input, graph, names));
  read_nodes(graph, names, block.nodes);
  for (const Json& output : array_field(graph, "outputs")) block.outputs.push_back(argument_of(output, names));
  return block;
}

void GraphReader::inline_graph(const Json& graph, const std::vector<Argument>& arguments, const Json& node_record,
                               Names& names, std::vector<Node>& nodes) {
  std::vector<Argument> given;
  for (const Argument& argument : arguments) append_flat(argument, given);
  const Json& inputs = array_field(graph, "inputs");
  if (inputs.size() != given.size()) {
    malformed(fmt::format("the graph inside takes {} inputs, but {} are given", inputs.size(), given.size()));
  }
  Names inner;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string name = output_name(inputs[i]);
    if (!name.empty()) inner.define(name, given[i]);
  }
  read_nodes(graph, inner, nodes);

  std::vector<Argument> results;
  for (const Json& output : array_field(graph, "outputs")) append_flat(argument_of(output, inner), results);
  std::vector<std::string> wanted;
  for (const Json& output : array_field(node_record, "outputs")) {
    const Union form = union_of(output, "an output");
    if (form.tag != "as_tensors") {
      wanted.push_back(output_name(output));
    } else {
      for (const Json& item : form.value) wanted.push_back(text_field(item, "name"));
    }
  }
  if (wanted.size() != results.size()) {
    malformed(fmt::format("the graph inside gives {} outputs, but {} are wanted", results.size(), wanted.size()));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].empty()) names.define(wanted[i], results[i]);
  }
}

}  // namespace torch2trt::pt2
