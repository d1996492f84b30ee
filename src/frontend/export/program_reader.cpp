#include "src/frontend/export/program_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <map>
#include <set>

#include "src/frontend/export/arguments.h"
#include "src/frontend/export/graph_reader.h"
#include "src/frontend/export/pytree.h"
#include "src/frontend/export/symbolic.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

// Raised by torch for changes that older readers would misread; minor versions only add fields.
constexpr std::int64_t kSchemaMajor = 8;

[[noreturn]] void unsupported(const std::string& message) { throw Error(ErrorCategory::kUnsupportedOperator, message); }

void check_version(const Json& program) {
  const Json& version = object_field(program, "schema_version");
  const std::int64_t major = integer(field(version, "major"), "the schema version");
  if (major == kSchemaMajor) return;
  const Json* torch = find_field(program, "torch_version");
  malformed(
      fmt::format("the program has schema version {}, but {} is the one known (torch 2.6 and newer); it was saved by "
                  "torch {}: export it again with another torch, or use a newer torch2trt",
                  major, kSchemaMajor, torch == nullptr ? "(unknown)" : text(*torch, "torch_version")));
}

std::string print(const Type& type) {
  std::vector<std::string> sizes;
  for (const Size& size : type.sizes.value_or(std::vector<Size>{})) {
    sizes.push_back(size.symbol.empty() ? std::to_string(size.value) : size.symbol);
  }
  return fmt::format("{}[{}]", type.dtype ? name(*type.dtype) : "?", fmt::join(sizes, ", "));
}

class ProgramReader {
 public:
  ProgramReader(const Json& program, const WeightLookup& weights)
      : program_(program),
        module_(object_field(program, "graph_module")),
        record_(object_field(module_, "graph")),
        signature_(object_field(module_, "signature")),
        weights_(weights),
        reader_(graph_) {}

  Graph read() {
    read_structures();
    read_symbols();
    read_inputs();
    reader_.read_nodes(record_, names_, graph_.body.nodes);
    read_outputs();
    return std::move(graph_);
  }

 private:
  void read_structures();
  void read_symbols();
  void read_inputs();
  void read_input(const Json& spec, const Json& argument);
  void read_weight(const Json& spec, const char* name_field, Parameter::Kind kind, const Json& argument);
  void read_user_input(const Json& argument);
  void read_outputs();
  void check_mutation(const Json& spec, const char* name_field, std::string_view what, const Argument& target);

  const Json& program_;
  const Json& module_;
  const Json& record_;
  const Json& signature_;
  const WeightLookup& weights_;
  Graph graph_;
  GraphReader reader_;
  Names names_;
  std::vector<std::string> input_names_;  // of the leaves; empty where unknown
  std::set<std::string> used_names_;      // of inputs
  std::set<std::string> weight_names_;
  std::map<std::string, ValueId> buffers_;
};

void ProgramReader::read_structures() {
  for (const Json& entry : array_field(module_, "module_call_graph")) {
    const Json* signature = find_field(entry, "signature");
    if (!text_field(entry, "fqn").empty() || signature == nullptr) continue;
    const Structure both = parse_tree_spec(text_field(*signature, "in_spec"), "input");
    std::vector<std::string> arguments;
    if (const Json* given = find_field(*signature, "forward_arg_names")) {
      if (!given->is_array()) malformed("the names of forward()'s arguments are no array");
      for (const Json& name : *given) arguments.push_back(text(name, "an argument's name"));
    }
    input_names_ = leaf_names(both, arguments);
    graph_.input_structure = without_empty_keywords(both);
    graph_.output_structure = parse_tree_spec(text_field(*signature, "out_spec"), "output");
    return;
  }
  malformed("the program does not say how its inputs and outputs nest (module_call_graph has no root)");
}

void ProgramReader::read_symbols() {
  const Json* constraints = find_field(program_, "range_constraints");
  if (constraints == nullptr) return;
  if (!constraints->is_object()) malformed("the range constraints are no object");
  for (const auto& [expression, range] : constraints->items()) {
    const Size size = parse_size(expression);
    // Bounds of expressions follow from those of their symbols.
    if (size.symbol != expression || evaluate_size(expression, {{expression, 0}}) != 0) continue;
    SymbolRange bounds;
    // Unbounded is null. Sizes are never negative; the value of an item() may be.
    const Json* min = find_field(range, "min_val");
    const Json* max = find_field(range, "max_val");
    bounds.min = min == nullptr ? std::numeric_limits<std::int64_t>::min() : integer(*min, "min_val");
    if (max != nullptr) bounds.max = integer(*max, "max_val");
    if (bounds.max && *bounds.max < bounds.min) {
      malformed(fmt::format("the symbol {} has the empty range [{}, {}]", expression, bounds.min, *bounds.max));
    }
    graph_.symbols[expression] = bounds;
  }
}

void ProgramReader::read_inputs() {
  const Json& specs = array_field(signature_, "input_specs");
  const Json& arguments = array_field(record_, "inputs");
  if (specs.size() != arguments.size()) {
    malformed(fmt::format("the graph has {} inputs, but its signature {}", arguments.size(), specs.size()));
  }
  for (std::size_t i = 0; i < specs.size(); ++i) read_input(specs[i], arguments[i]);
  if (graph_.inputs.size() != graph_.input_structure.leaves()) {
    malformed(fmt::format("the program has {} inputs, but their structure {} leaves", graph_.inputs.size(),
                          graph_.input_structure.leaves()));
  }
}

void ProgramReader::read_input(const Json& spec, const Json& argument) {
  const Union input = union_of(spec, "an input");
  if (input.tag == "parameter")
    return read_weight(input.value, "parameter_name", Parameter::Kind::kParameter, argument);
  if (input.tag == "buffer") return read_weight(input.value, "buffer_name", Parameter::Kind::kBuffer, argument);
  if (input.tag == "tensor_constant") {
    return read_weight(input.value, "tensor_constant_name", Parameter::Kind::kConstant, argument);
  }
  if (input.tag == "user_input" || input.tag == "constant_input") return read_user_input(argument);
  if (input.tag == "custom_obj") {
    unsupported(fmt::format("the module holds the custom object \"{}\" (a ScriptObject), which no network can hold",
                            text_field(input.value, "custom_obj_name")));
  }
  if (input.tag == "token") unsupported("the program orders side effects with tokens, which no network has");
  malformed(fmt::format("an input has the unknown kind \"{}\"", input.tag));
}

void ProgramReader::read_weight(const Json& spec, const char* name_field, Parameter::Kind kind, const Json& argument) {
  const std::string& name = text_field(spec, name_field);
  if (output_name(argument) != text_field(field(spec, "arg"), "name")) {
    malformed(fmt::format("the weight \"{}\" is not where the signature has it", name));
  }
  if (!weight_names_.insert(name).second) malformed(fmt::format("two weights are named \"{}\"", name));
  std::optional<HostTensor> data = weights_(name, kind);
  if (!data) malformed(fmt::format("the weight \"{}\" is missing", name));
  data->origin = name;
  const ValueId value = reader_.define(argument, record_, names_);
  const Type& type = graph_.value(value).type;
  Type found{.kind = Type::Kind::kTensor, .dtype = data->dtype, .sizes = std::vector<Size>()};
  for (const std::int64_t size : data->sizes) found.sizes->push_back({.value = size});
  if (type != found) {
    malformed(fmt::format("the weight \"{}\" is {}, but the program has it as {}", name, print(found), print(type)));
  }
  if (kind == Parameter::Kind::kBuffer) buffers_[name] = value;
  graph_.parameters.push_back({.value = value, .name = name, .kind = kind, .data = std::move(*data)});
}

void ProgramReader::read_user_input(const Json& argument) {
  const std::string own_name = output_name(argument);
  const std::size_t index = graph_.inputs.size();
  std::string name = index < input_names_.size() ? input_names_[index]
                     : own_name.empty()          ? fmt::format("input_{}", index)
                                                 : own_name;
  while (!used_names_.insert(name).second) name += '_';
  Input input{.name = std::move(name)};
  if (own_name.empty()) {
    // The program was specialised to the value, and does not read the input.
    Names none;
    input.constant = argument_of(argument, none);
    input.value = graph_.add_value(input.name, constant_type(argument));
  } else {
    input.value = reader_.define(argument, record_, names_);
  }
  graph_.inputs.push_back(std::move(input));
}

void ProgramReader::check_mutation(const Json& spec, const char* name_field, std::string_view what,
                                   const Argument& target) {
  const std::string& name = text_field(spec, name_field);
  const std::string& result = text_field(field(spec, "arg"), "name");
  if (names_.at(result) == target) return;  // written back unchanged
  unsupported(
      fmt::format("{} {} is mutated, but a network keeps no state between runs; call model.eval(), or return the "
                  "new value instead",
                  what, name));
}

void ProgramReader::read_outputs() {
  const Json& specs = array_field(signature_, "output_specs");
  const Json& arguments = array_field(record_, "outputs");
  if (specs.size() != arguments.size()) {
    malformed(fmt::format("the graph has {} outputs, but its signature {}", arguments.size(), specs.size()));
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Union output = union_of(specs[i], "an output");
    if (output.tag == "user_output") {
      graph_.body.outputs.push_back(argument_of(arguments[i], names_));
    } else if (output.tag == "buffer_mutation") {
      const auto buffer = buffers_.find(text_field(output.value, "buffer_name"));
      check_mutation(output.value, "buffer_name", "buffer",
                     buffer == buffers_.end() ? Argument() : Argument(buffer->second));
    } else if (output.tag == "user_input_mutation") {
      check_mutation(output.value, "user_input_name", "input", names_.at(text_field(output.value, "user_input_name")));
    } else if (output.tag == "parameter_mutation") {
      check_mutation(output.value, "parameter_name", "parameter", Argument());
    } else if (output.tag == "loss_output" || output.tag == "gradient_to_parameter" ||
               output.tag == "gradient_to_user_input") {
      unsupported("the program computes gradients (a joint export for training); export it for inference");
    } else if (output.tag == "token") {
      unsupported("the program orders side effects with tokens, which no network has");
    } else {
      malformed(fmt::format("an output has the unknown kind \"{}\"", output.tag));
    }
  }
  if (graph_.body.outputs.size() != graph_.output_structure.leaves()) {
    malformed(fmt::format("the program has {} outputs, but their structure {} leaves", graph_.body.outputs.size(),
                          graph_.output_structure.leaves()));
  }
}

}  // namespace

Graph read_program(const Json& program, const WeightLookup& weights) {
  check_version(program);
  return ProgramReader(program, weights).read();
}

}  // namespace torch2trt::pt2
