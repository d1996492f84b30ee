// Random programs of views and writes, run by PyTorch as they are and after functionalize: the outputs are equal to the
// bit, and the pure graph leaves its inputs alone.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "src/passes/aliasing.h"
#include "src/passes/functionalize.h"
#include "src/passes/remove_dead_nodes.h"
#include "src/torch/evaluate.h"
#include "src/torch/schema.h"
#include "src/torch/tensors.h"

namespace torch2trt {
namespace {

using Values = std::map<ValueId, Operand>;

Operand operand_of(const Argument& argument, const Values& values) {
  if (const auto* id = argument.as<ValueId>()) return values.at(*id);
  if (const auto* list = argument.as<Argument::List>()) {
    Operand::List items;
    for (const Argument& item : *list) items.push_back(operand_of(item, values));
    return items;
  }
  return std::visit(
      [](const auto& value) -> Operand {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, ValueId> || std::is_same_v<T, Argument::List>)
          return Operand();
        else
          return value;
      },
      argument.data);
}

// Runs a node on real tensors; in-place operators write to them.
std::vector<Operand> execute(const Node& node, const Values& values) {
  std::vector<NamedOperand> operands;
  for (const NamedArgument& given : node.arguments) operands.push_back({given.name, operand_of(given.value, values)});
  if (node.kind == "prim::ListUnpack") return *operands.at(0).value.as<Operand::List>();
  if (node.kind == "prim::ListConstruct") {
    Operand::List items;
    for (const NamedOperand& operand : operands) items.push_back(operand.value);
    return {items};
  }
  return evaluate(node, operands);
}

std::vector<at::Tensor> outputs_of(const Graph& graph, const Values& values) {
  std::vector<at::Tensor> outputs;
  for (const Argument& output : graph.body.outputs) {
    outputs.push_back(to_torch(*values.at(*output.as<ValueId>()).as<HostTensor>()).clone());
  }
  return outputs;
}

struct Program {
  Graph graph;
  std::vector<at::Tensor> inputs;   // before anything ran
  std::vector<at::Tensor> outputs;  // as PyTorch computes them
};

// Makes a program node by node, running each at once: what PyTorch refuses is not taken.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Program make() {
    Program program;
    const std::int64_t inputs = 1 + below(2);
    for (std::int64_t i = 0; i < inputs; ++i) {
      const at::Tensor tensor = i == 0 || below(3) > 0 ? numbers({2, 3, 4}) : numbers({3, 4}).to(at::kHalf);
      const ValueId id = add("x", tensor);
      graph_.inputs.push_back({id, "x" + std::to_string(i)});
      program.inputs.push_back(tensor.clone());
      values_[id] = from_torch(tensor);
    }
    graph_.input_structure = {.kind = Structure::Kind::kTuple,
                              .children = std::vector<Structure>(graph_.inputs.size())};
    const std::int64_t steps = 3 + below(14);
    for (std::int64_t i = 0; i < steps; ++i) step();
    const std::int64_t outputs = 1 + below(4);
    for (std::int64_t i = 0; i < outputs; ++i) graph_.body.outputs.emplace_back(pick());
    graph_.output_structure = {.kind = Structure::Kind::kTuple,
                               .children = std::vector<Structure>(graph_.body.outputs.size())};
    program.outputs = outputs_of(graph_, values_);
    // Half of the programs know less than all sizes.
    if (below(2) == 0) forget_sizes();
    program.graph = std::move(graph_);
    return program;
  }

 private:
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }

  // Small multiples of 1/8: exact in every type used here, so equal means equal.
  at::Tensor numbers(const std::vector<std::int64_t>& sizes) {
    at::Tensor tensor = at::empty(sizes, at::kFloat);
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
      tensor.data_ptr<float>()[i] = static_cast<float>(below(64) - 32) / 8;
    return tensor;
  }

  ValueId add(std::string_view name, const at::Tensor& tensor) {
    Type type{Type::Kind::kTensor, from_torch(tensor.scalar_type()), std::vector<Size>()};
    for (std::int64_t size : tensor.sizes()) type.sizes->push_back({size, {}});
    return graph_.add_value(name, type);
  }

  ValueId pick() {
    std::vector<ValueId> tensors;
    for (const auto& [id, value] : values_) {
      if (value.as<HostTensor>() != nullptr) tensors.push_back(id);
    }
    // The newest more often: longer chains of views.
    if (below(2) == 0)
      return tensors[tensors.size() - 1 -
                     static_cast<std::size_t>(
                         below(std::min<std::int64_t>(3, static_cast<std::int64_t>(tensors.size()))))];
    return tensors[static_cast<std::size_t>(below(static_cast<std::int64_t>(tensors.size())))];
  }

  void step() {
    const ValueId x = pick();
    const at::Tensor tensor = to_torch(*values_.at(x).as<HostTensor>());
    const std::int64_t rank = tensor.dim();
    const std::int64_t dim = below(std::max<std::int64_t>(rank, 1)) - (below(3) == 0 ? rank : 0);
    const std::int64_t other_dim = below(std::max<std::int64_t>(rank, 1));
    const Argument scalar = static_cast<double>(below(16) - 8) / 4;
    Argument::List order;
    for (std::int64_t i = 0; i < rank; ++i) order.emplace_back(i);
    std::shuffle(order.begin(), order.end(), random_);
    switch (below(34)) {
      case 0: return call("aten::select.int", {{"self", x}, {"dim", dim}, {"index", below(3) - 1}});
      case 1:
        return call(
            "aten::slice.Tensor",
            {{"self", x}, {"dim", dim}, {"start", below(3) - 1}, {"end", 1 + below(4)}, {"step", 1 + below(2)}});
      case 2: return call("aten::slice.Tensor", {{"self", x}, {"dim", dim}, {"start", None{}}, {"end", 2}});
      case 3: return call("aten::permute", {{"self", x}, {"dims", order}});
      case 4: return call("aten::transpose.int", {{"self", x}, {"dim0", dim}, {"dim1", other_dim}});
      case 5: return call("aten::unsqueeze", {{"self", x}, {"dim", dim}});
      case 6: return call("aten::squeeze.dim", {{"self", x}, {"dim", dim}});
      case 7: return call("aten::squeeze", {{"self", x}});
      case 8: return call("aten::view", {{"self", x}, {"size", Argument::List{-1}}});
      case 9: return call("aten::reshape", {{"self", x}, {"shape", Argument::List{-1, 2}}});
      case 10: return call("aten::flatten.using_ints", {{"self", x}, {"start_dim", 0}, {"end_dim", 1}});
      case 11: return call("aten::detach", {{"self", x}});
      case 12: return call("aten::narrow", {{"self", x}, {"dim", dim}, {"start", below(2) - 1}, {"length", 1}});
      case 13: return call("aten::diagonal", {{"self", x}, {"offset", below(2)}, {"dim1", dim}, {"dim2", other_dim}});
      case 14: return unpack("aten::split.Tensor", {{"self", x}, {"split_size", 1 + below(2)}, {"dim", dim}});
      case 15: return unpack("aten::unbind.int", {{"self", x}, {"dim", dim}});
      case 16: return unpack("aten::chunk", {{"self", x}, {"chunks", 2}, {"dim", dim}});
      case 17: return call("aten::contiguous", {{"self", x}});
      case 18: return call("aten::dropout", {{"input", x}, {"p", 0.5}, {"train", false}});
      case 19: return call("aten::movedim.int", {{"self", x}, {"source", dim}, {"destination", other_dim}});
      case 20:
        return call("aten::to.dtype", {{"self", x}, {"dtype", below(2) == 0 ? DType::kFloat32 : DType::kFloat16}});
      case 21: return call("aten::add.Tensor", {{"self", x}, {"other", pick()}});
      case 22: return call("aten::relu", {{"self", x}});
      case 23: return call("aten::clone", {{"self", x}});
      case 24: return call("aten::relu_", {{"self", x}});
      case 25: return call("aten::add_.Tensor", {{"self", x}, {"other", pick()}});
      case 26: return call("aten::mul_.Scalar", {{"self", x}, {"other", scalar}});
      case 27: return call("aten::fill_.Scalar", {{"self", x}, {"value", scalar}});
      case 28: return call("aten::zero_", {{"self", x}});
      case 29: return call("aten::copy_", {{"self", x}, {"src", pick()}});
      case 30: return call("aten::add_.Tensor", {{"self", x}, {"other", scalar}});
      case 31: return call("aten::gt_.Scalar", {{"self", x}, {"other", scalar}});
      case 32: return call(below(2) == 0 ? "aten::unsqueeze_" : "aten::squeeze_.dim", {{"self", x}, {"dim", dim}});
      default: return call("aten::transpose_", {{"self", x}, {"dim0", dim}, {"dim1", other_dim}});
    }
  }

  bool run(Node& node, std::vector<Operand>& results) {
    complete_arguments(node);
    if (overlaps(node)) return false;
    // Values that grow without end or many dimensions tell nothing more.
    try {
      results = execute(node, values_);
    } catch (const Error&) {
      return false;
    }
    if (!written_arguments(node).empty()) return true;  // it has happened
    for (const Operand& result : results) {
      const auto* tensor = result.as<HostTensor>();
      if (tensor != nullptr && (tensor->rank() > 5 || tensor->numel() == 0)) return false;
    }
    return true;
  }

  // x.add_(x[0]) reads what it has just written; PyTorch leaves the result undefined.
  bool overlaps(const Node& node) const {
    if (written_arguments(node).empty()) return false;
    const at::Tensor self = to_torch(*values_.at(*node.find("self")->as<ValueId>()).as<HostTensor>());
    for (std::string_view name : {"other", "src"}) {
      const auto* id = node.find(name) != nullptr ? node.find(name)->as<ValueId>() : nullptr;
      if (id == nullptr) continue;
      const at::Tensor other = to_torch(*values_.at(*id).as<HostTensor>());
      const bool same =
          other.data_ptr() == self.data_ptr() && other.sizes() == self.sizes() && other.strides() == self.strides();
      if (other.is_alias_of(self) && !same) return true;
    }
    return false;
  }

  static Node node_of(std::string_view qualified, std::vector<NamedArgument> arguments) {
    const std::size_t dot = qualified.find('.');
    return {.kind = std::string(qualified.substr(0, dot)),
            .overload = dot == std::string_view::npos ? "" : std::string(qualified.substr(dot + 1)),
            .arguments = std::move(arguments)};
  }

  void call(std::string_view qualified, std::vector<NamedArgument> arguments) {
    Node node = node_of(qualified, std::move(arguments));
    std::vector<Operand> results;
    if (!run(node, results)) return;
    const HostTensor& result = *results.at(0).as<HostTensor>();
    node.outputs = {add(node.kind.substr(6), to_torch(result))};
    values_[node.outputs[0]] = result;
    graph_.body.nodes.push_back(std::move(node));
  }

  void unpack(std::string_view qualified, std::vector<NamedArgument> arguments) {
    Node node = node_of(qualified, std::move(arguments));
    std::vector<Operand> results;
    if (!run(node, results)) return;
    node.outputs = {graph_.add_value("list", {.kind = Type::Kind::kList})};
    values_[node.outputs[0]] = results[0];
    Node parts{.kind = "prim::ListUnpack", .arguments = {{"list", node.outputs[0]}}};
    for (const Operand& item : *results[0].as<Operand::List>()) {
      parts.outputs.push_back(add("part", to_torch(*item.as<HostTensor>())));
      values_[parts.outputs.back()] = item;
    }
    graph_.body.nodes.push_back(std::move(node));
    graph_.body.nodes.push_back(std::move(parts));
  }

  void forget_sizes() {
    for (Value& value : graph_.values) {
      if (!value.type.sizes) continue;
      const std::int64_t how = below(4);
      if (how == 0) value.type.sizes.reset();
      if (how == 1) {
        for (Size& size : *value.type.sizes) {
          if (below(2) == 0) size = {};
        }
      }
    }
  }

  std::mt19937 random_;
  Graph graph_;
  Values values_;
};

TEST(FunctionalizeRandom, EqualsPyTorch) {
  const char* asked = std::getenv("FUNCTIONALIZE_SEEDS");  // for a longer search
  const unsigned seeds = asked == nullptr ? 3000 : static_cast<unsigned>(std::stoul(asked));
  int done = 0;
  int refused = 0;
  int changed = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const Program program = Generator(seed).make();
    Graph graph = program.graph;
    try {
      functionalize(graph);
    } catch (const Error& error) {
      ASSERT_EQ(error.category(), ErrorCategory::kUnsupportedOperator) << error.what() << to_text(program.graph);
      ++refused;
      continue;
    }
    const auto explain = [&] {
      return "seed " + std::to_string(seed) + "\n" + to_text(program.graph) + "becomes\n" + to_text(graph);
    };
    ASSERT_NO_THROW(verify(graph, "functionalize")) << explain();
    if (seed % 2 == 0) remove_dead_nodes(graph);
    Values values;
    std::vector<at::Tensor> inputs;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
      inputs.push_back(program.inputs[i].clone());
      values[graph.inputs[i].value] = from_torch(inputs[i]);
    }
    for (const Node& node : graph.body.nodes) {
      const OperatorSchema* schema = find_schema(node.kind, node.overload);
      ASSERT_TRUE(schema == nullptr || !schema->is_mutable()) << explain();
      std::vector<Operand> results;
      try {
        results = execute(node, values);
      } catch (const Error& error) {
        FAIL() << error.what() << "\n" << explain();
      }
      ASSERT_EQ(results.size(), node.outputs.size()) << explain();
      for (std::size_t i = 0; i < results.size(); ++i) {
        values[node.outputs[i]] = results[i];
        const auto* tensor = results[i].as<HostTensor>();
        const Type& type = graph.value(node.outputs[i]).type;
        if (tensor != nullptr && type.dtype) {
          ASSERT_EQ(*type.dtype, tensor->dtype) << explain();
        }
        if (tensor == nullptr || !type.sizes) continue;
        ASSERT_EQ(type.sizes->size(), tensor->sizes.size()) << explain();
        for (std::size_t axis = 0; axis < tensor->sizes.size(); ++axis) {
          const std::int64_t size = (*type.sizes)[axis].value;
          ASSERT_TRUE(size < 0 || size == tensor->sizes[axis]) << explain();
        }
      }
    }
    const std::vector<at::Tensor> outputs = outputs_of(graph, values);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ASSERT_EQ(outputs[i].scalar_type(), program.outputs[i].scalar_type()) << explain();
      ASSERT_TRUE(at::equal(outputs[i].nan_to_num(7), program.outputs[i].nan_to_num(7)))
          << "output " << i << " of " << explain();
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) ASSERT_TRUE(inputs[i].equal(program.inputs[i])) << explain();
    ++done;
    changed += to_text(graph) == to_text(program.graph) ? 0 : 1;
  }
  RecordProperty("refused", refused);
  // Most programs write, and most are expressible; else this proves little.
  EXPECT_GT(changed, 1500) << done << " done, " << refused << " refused";
  EXPECT_LT(refused, 400) << done << " done, " << changed << " changed";
}

}  // namespace
}  // namespace torch2trt
