#include "src/graph/verify.h"

#include <fmt/format.h>

#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

namespace torch2trt {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, std::string_view after) : graph_(graph), after_(after) {}

  void run() {
    std::unordered_set<std::string_view> names;
    for (const Value& value : graph_.values) {
      if (!names.insert(value.name).second) fail(fmt::format("two values are named %{}", value.name));
    }
    defined_.resize(graph_.values.size());
    visible_.resize(graph_.values.size());
    names.clear();
    for (const Input& input : graph_.inputs) {
      define(input.value);
      if (!names.insert(input.name).second) fail(fmt::format("two inputs are named \"{}\"", input.name));
    }
    names.clear();
    for (const Parameter& parameter : graph_.parameters) {
      define(parameter.value);
      if (!names.insert(parameter.name).second) fail(fmt::format("two parameters are named \"{}\"", parameter.name));
    }
    block(graph_.body);
    structure(graph_.input_structure, graph_.inputs.size(), "input");
    structure(graph_.output_structure, graph_.body.outputs.size(), "output");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const std::string when = after_.empty() ? "" : fmt::format(" after pass {}", after_);
    throw Error(ErrorCategory::kInternal, fmt::format("the graph is malformed{}: {}", when, what),
                node_ != nullptr ? node_->location() : SourceLocation{});
  }

  void check_id(ValueId id) const {
    if (id.index < 0 || static_cast<std::size_t>(id.index) >= graph_.values.size()) {
      fail(fmt::format("there is no value {} (of {})", id.index, graph_.values.size()));
    }
  }

  void define(ValueId id) {
    check_id(id);
    const auto index = static_cast<std::size_t>(id.index);
    if (defined_[index]) fail(fmt::format("%{} is defined twice", graph_.value(id).name));
    defined_[index] = true;
    visible_[index] = true;
    scope_.push_back(id);
  }

  void read(const Argument& argument) const {
    for_each_value(argument, [&](ValueId id) {
      check_id(id);
      const auto index = static_cast<std::size_t>(id.index);
      if (visible_[index]) return;
      fail(fmt::format("%{} is read {}", graph_.value(id).name,
                       defined_[index] ? "outside its block" : "before it is defined"));
    });
  }

  void block(const Block& block) {
    for (const Node& node : block.nodes) {
      const Node* const outer = std::exchange(node_, &node);
      if (node.kind.empty()) fail("a node has no kind");
      std::set<std::string_view> names;
      for (const NamedArgument& argument : node.arguments) {
        if (!argument.name.empty() && !names.insert(argument.name).second) {
          fail(fmt::format("argument {} is given twice", argument.name));
        }
        read(argument.value);
      }
      for (const Block& inner : node.blocks) {
        const std::size_t start = scope_.size();
        for (ValueId input : inner.inputs) define(input);
        this->block(inner);
        for (std::size_t i = start; i < scope_.size(); ++i) visible_[static_cast<std::size_t>(scope_[i].index)] = false;
        scope_.resize(start);
      }
      for (ValueId output : node.outputs) define(output);
      node_ = outer;
    }
    for (const Argument& output : block.outputs) read(output);
  }

  void structure(const Structure& structure, std::size_t wanted, std::string_view what) const {
    dicts(structure, what);
    if (const std::size_t leaves = structure.leaves(); leaves != wanted) {
      fail(fmt::format("the {} structure has {} leaves for {} {}s", what, leaves, wanted, what));
    }
  }
  void dicts(const Structure& structure, std::string_view what) const {
    if (structure.kind == Structure::Kind::kDict && structure.keys.size() != structure.children.size()) {
      fail(fmt::format("a dict of the {} structure has {} keys for {} children", what, structure.keys.size(),
                       structure.children.size()));
    }
    for (const Structure& child : structure.children) dicts(child, what);
  }

  const Graph& graph_;
  std::string_view after_;
  const Node* node_ = nullptr;
  std::vector<bool> defined_;
  std::vector<bool> visible_;
  std::vector<ValueId> scope_;  // what is visible, in order of definition
};

}  // namespace

void verify(const Graph& graph, std::string_view after) { Verifier(graph, after).run(); }

}  // namespace torch2trt
