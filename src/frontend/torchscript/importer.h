// Walks a TorchScript program once, in order, as an interpreter would, and writes down the operators it meets. Calls,
// attributes, containers and constant conditions are resolved on the way; the module is not changed.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "src/frontend/torchscript/abstract.h"
#include "src/frontend/torchscript/types.h"

namespace torch2trt::torchscript {

// Paths of list and dict arguments that must stay one input.
using OpaqueInputs = std::set<std::string>;

// Thrown by Importer::run() where the program uses the argument `path` as a whole: import again with it opaque.
struct NotAStructure {
  std::string path;
};

class Importer {
 public:
  Importer(const torch::jit::Module& module, const std::vector<Type>& inputs, const OpaqueInputs& opaque);
  Graph run();

 private:
  // A call that is being walked.
  struct Frame {
    const Frame* caller = nullptr;
    const torch::jit::Node* call = nullptr;  // in the caller
    std::string scope;
    int depth = 0;
    std::unordered_map<const torch::jit::Value*, Binding> values;
  };

  // importer.cpp: nodes and calls
  void import_block(Frame& frame, const torch::jit::Block* block);
  void import_node(Frame& frame, const torch::jit::Node* node);
  void import_constant(Frame& frame, const torch::jit::Node* node);
  void import_call(Frame& frame, const torch::jit::Node* node);
  std::vector<Binding> call(Frame& frame, const torch::jit::Node* node, torch::jit::Function& function,
                            std::string scope, std::vector<Binding> arguments);
  bool import_folded(Frame& frame, const torch::jit::Node* node);
  void import_operator(Frame& frame, const torch::jit::Node* node);
  std::vector<NamedArgument> arguments_of(Frame& frame, const torch::jit::Node* node);

  const Binding& lookup(const Frame& frame, const torch::jit::Value* value) const;
  // The value `binding` is, if it is one (a pinned container is).
  static const ValueId* value_of(const Binding& binding);
  // As the argument of a node; emits nodes for what only a node can make.
  Argument as_argument(Frame& frame, const torch::jit::Node* node, const Binding& binding, const c10::TypePtr& formal);
  ValueId new_value(const torch::jit::Value* value, const std::string& kind);
  // Adds a node of our own with one output.
  ValueId emit(Frame& frame, const torch::jit::Node* at, std::string kind, std::vector<NamedArgument> arguments,
               Type::Kind output);
  void add(Node node);
  Node located(const Frame& frame, const torch::jit::Node* node, std::string kind) const;
  [[noreturn]] void fail(ErrorCategory category, const Frame& frame, const torch::jit::Node* node,
                         const std::string& message) const;

  // attributes.cpp: what a module holds
  Binding attribute(const std::shared_ptr<Instance>& instance, const std::string& name);
  void import_get_attribute(Frame& frame, const torch::jit::Node* node);
  void import_set_attribute(Frame& frame, const torch::jit::Node* node);
  // `path` is "" for what does not come from a module.
  Binding bind(const c10::IValue& value, const std::string& path, Parameter::Kind kind);
  ValueId parameter(const at::Tensor& tensor, const std::string& path, Parameter::Kind kind);

  // containers.cpp: lists, tuples and dicts of known structure. False: not such a container, or not such an operator.
  bool import_container_operator(Frame& frame, const torch::jit::Node* node);
  bool import_construction(Frame& frame, const torch::jit::Node* node);
  bool import_sequence_operator(Frame& frame, const torch::jit::Node* node, const std::shared_ptr<Sequence>& list);
  bool import_sequence_write(Frame& frame, const torch::jit::Node* node, const std::shared_ptr<Sequence>& list);
  bool import_dictionary_operator(Frame& frame, const torch::jit::Node* node, const std::shared_ptr<Dictionary>& dict);
  bool import_input_operator(Frame& frame, const torch::jit::Node* node, const std::shared_ptr<InputNode>& input);
  bool import_none_test(Frame& frame, const torch::jit::Node* node);
  // Makes a container (and those inside) a graph value for good.
  Binding pin(Frame& frame, const torch::jit::Node* at, const Binding& binding);

  // control_flow.cpp
  void import_if(Frame& frame, const torch::jit::Node* node);
  void import_loop(Frame& frame, const torch::jit::Node* node);
  void import_raise(Frame& frame, const torch::jit::Node* node);
  void keep_control_flow(Frame& frame, const torch::jit::Node* node);
  Block import_kept_block(Frame& frame, const torch::jit::Block* block);
  void pin_captured(Frame& frame, const torch::jit::Node* node);
  bool writes_containers(const torch::jit::Block* block, int depth);

  // signature.cpp: arguments and results of forward()
  Binding import_argument(const c10::Argument& argument, const torch::jit::Value* value);
  std::shared_ptr<InputNode> input_node(const c10::TypePtr& type, const std::string& path);
  Binding binding_of(const std::shared_ptr<InputNode>& node);
  Binding item(const std::shared_ptr<InputNode>& container, const c10::IValue& key);
  void finish_inputs();
  Structure finish_input(const std::shared_ptr<InputNode>& node);
  Structure import_result(Frame& frame, const Binding& binding, const torch::jit::Value* value,
                          const c10::TypePtr& type);

  const torch::jit::Module& module_;
  const std::vector<Type>& input_types_;
  const OpaqueInputs& opaque_;
  Recorded recorded_types_ = Recorded::kAll;

  Graph graph_;
  std::vector<Node>* sink_ = nullptr;
  int kept_depth_ = 0;  // kept If and Loop nodes around
  std::size_t steps_ = 0;
  std::vector<std::shared_ptr<InputNode>> arguments_;
  std::size_t eager_leaves_ = 0;
  bool has_lazy_arguments_ = false;

  std::map<std::string, Binding> attributes_;                        // by path
  std::map<std::pair<const void*, std::string>, Binding> assigned_;  // attributes that forward() assigned
  std::map<const void*, ValueId> constants_;                         // by TensorImpl
  std::set<std::string> parameter_names_;
  std::set<std::int32_t> maybe_none_;  // values of optional type
  std::map<const torch::jit::Block*, bool> writes_;
};

}  // namespace torch2trt::torchscript
