#include "src/convert/user_results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "src/torch/evaluate.h"
#include "src/torch/schema.h"
#include "torch2trt/network.h"

namespace torch2trt {
namespace {

// What a result may be, read off the schema's text ("Tensor", "Tensor?", "Tensor[]", "Tensor?[]", "int", "SymInt[2]").
struct Expected {
  enum class Kind : std::uint8_t { kAnything, kTensor, kInteger, kNumber, kBool, kText };
  Kind kind = Kind::kAnything;
  bool optional = false;  // the result, or each item of the list
  bool list = false;
};

Expected expected_of(std::string type) {
  Expected expected;
  if (const std::size_t bracket = type.rfind('['); bracket != std::string::npos && bracket != 0) {
    if (type.back() == '?') return {};  // a list or None: no operator returns one
    expected.list = true;
    type.resize(bracket);
  }
  if (!type.empty() && type.back() == '?') {
    expected.optional = true;
    type.pop_back();
  }
  if (const std::size_t alias = type.find('('); alias != std::string::npos) type.resize(alias);
  using enum Expected::Kind;
  if (type == "Tensor") expected.kind = kTensor;
  if (type == "int" || type == "SymInt") expected.kind = kInteger;
  if (type == "float" || type == "Scalar" || type == "SymFloat") expected.kind = kNumber;
  if (type == "bool" || type == "SymBool") expected.kind = kBool;
  if (type == "str") expected.kind = kText;
  return expected;
}

Expected expected_of(Type::Kind kind) {
  using enum Expected::Kind;
  switch (kind) {
    case Type::Kind::kTensor: return {.kind = kTensor};
    case Type::Kind::kInt: return {.kind = kInteger};
    case Type::Kind::kFloat: return {.kind = kNumber};
    case Type::Kind::kBool: return {.kind = kBool};
    case Type::Kind::kString: return {.kind = kText};
    default: return {};
  }
}

Expected expected_of(const Graph& graph, const Node& node, std::size_t output) {
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  if (schema != nullptr && output < schema->returns.size()) return expected_of(schema->returns[output].type);
  return expected_of(graph.value(node.outputs[output]).type.kind);
}

bool is_tensor(const Operand& operand) {
  return operand.as<Tensor>() != nullptr || operand.as<HostTensor>() != nullptr;
}

bool is_number(const Operand& operand) {
  return operand.as<bool>() != nullptr || operand.as<std::int64_t>() != nullptr || operand.as<double>() != nullptr ||
         operand.as<Dim>() != nullptr;
}

bool fits(const Operand& result, const Expected& expected) {
  if (expected.kind == Expected::Kind::kAnything || (expected.optional && result.is_none())) return true;
  if (expected.kind == Expected::Kind::kText) return result.as<std::string>() != nullptr;
  return is_tensor(result) || is_number(result);
}

std::string text_of(const Expected& expected) {
  static constexpr const char* kOne[] = {"", "a tensor", "an int", "a number", "a bool", "a text"};
  static constexpr const char* kMany[] = {"", "tensors", "ints", "numbers", "bools", "texts"};
  const auto kind = static_cast<std::size_t>(expected.kind);
  return (expected.list ? fmt::format("a list of {}", kMany[kind]) : std::string(kOne[kind])) +
         (expected.optional ? " or None" : "");
}

// A tensor as it is: its dtype, and its sizes, -1 where not known.
struct Shape {
  DType dtype = DType::kFloat32;
  Dims dims;
};

std::optional<Shape> shape_of(const Operand& operand) {
  if (const auto* tensor = operand.as<Tensor>()) return Shape{tensor->dtype(), tensor->dims()};
  const auto* host = operand.as<HostTensor>();
  return host == nullptr ? std::nullopt : std::optional(Shape{host->dtype, host->sizes});
}

// As the program recorded it; nullopt where it did not.
std::optional<Shape> shape_of(const Type& type) {
  if (type.kind != Type::Kind::kTensor || !type.dtype || !type.sizes) return std::nullopt;
  Shape shape{*type.dtype, {}};
  for (const Size& size : *type.sizes) shape.dims.push_back(size.value);
  return shape;
}

bool same_sizes(const Dims& a, const Dims& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](std::int64_t x, std::int64_t y) { return x == y || x < 0 || y < 0; });
}

bool same(const Shape& given, const Shape& recorded, const Network* network) {
  const DType held = network == nullptr ? recorded.dtype : network->held_dtype(recorded.dtype);
  return (given.dtype == recorded.dtype || given.dtype == held) && same_sizes(given.dims, recorded.dims);
}

// Whether all that the node reads is as the program recorded it. Not where it reads numbers that the program computes.
bool has_recorded_inputs(const Graph& graph, const Network* network, const GivenResults& given) {
  bool recorded = true;
  for (std::size_t i = 0; i < given.node.arguments.size(); ++i) {
    const Argument& argument = given.node.arguments[i].value;
    const auto* items = argument.as<Argument::List>();
    const auto* operands = given.operands.at(i).value.as<Operand::List>();
    const auto check = [&](const Argument& one, const Operand& operand) {
      bool reads = false;
      for_each_value(one, [&](ValueId) { reads = true; });
      if (!reads) return;
      const auto* id = one.as<ValueId>();
      const auto wanted = id == nullptr ? std::nullopt : shape_of(graph.value(*id).type);
      const auto shape = shape_of(operand);
      recorded = recorded && wanted && shape && same(*shape, *wanted, network);
    };
    if (items != nullptr && operands != nullptr && items->size() == operands->size()) {
      for (std::size_t item = 0; item < items->size(); ++item) check((*items)[item], (*operands)[item]);
    } else {
      check(argument, given.operands[i].value);
    }
  }
  return recorded;
}

// Whether PyTorch's own result is like that too: what an export records of outputs that nothing reads may be wrong
// (embedding_bag's).
bool as_pytorch_has_it(const GivenResults& given, std::size_t output, const Shape& shape) {
  const bool in_network = std::any_of(given.operands.begin(), given.operands.end(),
                                      [](const NamedOperand& operand) { return has_network_value(operand.value); });
  if (in_network || given.used[output] || !can_evaluate(given.node)) return false;
  const auto own = shape_of(evaluate(given.node, given.operands).at(output));
  return own && own->dtype == shape.dtype && own->dims == shape.dims;
}

[[noreturn]] void wrong(const GivenResults& given, std::size_t output, const std::string& what,
                        const std::string& needed) {
  throw Error(
      ErrorCategory::kInvalidArgument,
      fmt::format("the handler returned, as output {} of {}, {}; {}", output, given.node.outputs.size(), what, needed),
      given.node.location());
}

void check_kind(const GivenResults& given, std::size_t output, const Expected& expected) {
  const Operand& result = given.outputs[output];
  if (result.is_none() && !given.used[output]) return;
  if (!expected.list || expected.kind == Expected::Kind::kAnything) {
    if (!fits(result, expected)) wrong(given, output, describe(result), text_of(expected) + " is needed");
    return;
  }
  if (result.as<LoopList>() != nullptr) return;
  const auto* items = result.as<Operand::List>();
  // A list of numbers may be a 1-d tensor.
  if (items == nullptr && expected.kind != Expected::Kind::kTensor && is_tensor(result)) return;
  if (items == nullptr ||
      !std::all_of(items->begin(), items->end(), [&](const Operand& o) { return fits(o, expected); }))
    wrong(given, output, describe(result), text_of(expected) + " is needed");
}

}  // namespace

void check_user_results(const Graph& graph, const Network* network, const GivenResults& given) {
  const Node& node = given.node;
  if (given.outputs.size() != node.outputs.size()) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the handler returned {} output{} where the node has {}", given.outputs.size(),
                            given.outputs.size() == 1 ? "" : "s", node.outputs.size()),
                node.location());
  }
  const bool comparable = !given.any_shape && !has_dynamic_sizes(node) && has_recorded_inputs(graph, network, given);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    check_kind(given, i, expected_of(graph, node, i));
    const auto recorded = comparable ? shape_of(graph.value(node.outputs[i]).type) : std::nullopt;
    if (!recorded) continue;
    const auto shape = shape_of(given.outputs[i]);
    if (shape ? same(*shape, *recorded, network) : !is_number(given.outputs[i]) || recorded->dims.empty()) continue;
    if (shape && as_pytorch_has_it(given, i, *shape)) continue;
    std::vector<std::string> sizes;
    for (const std::int64_t size : recorded->dims) sizes.push_back(size < 0 ? "?" : std::to_string(size));
    wrong(given, i, describe(given.outputs[i]),
          fmt::format("the program has {}[{}] there", name(recorded->dtype), fmt::join(sizes, ", ")));
  }
}

}  // namespace torch2trt
