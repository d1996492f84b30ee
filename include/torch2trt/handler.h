// Handlers: one function per operator (or overload) that adds its layers.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/args.h"
#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// What a handler returns: one operand per output of the node.
struct Results {
  std::vector<Operand> values;
  Results(Tensor tensor) { values.emplace_back(tensor); }                 // NOLINT(google-explicit-constructor)
  Results(Operand operand) { values.push_back(std::move(operand)); }      // NOLINT(google-explicit-constructor)
  Results(const Dim& dim) { values.emplace_back(dim); }                   // NOLINT(google-explicit-constructor)
  Results(HostTensor tensor) { values.emplace_back(std::move(tensor)); }  // NOLINT(google-explicit-constructor)
  // Several outputs. (A node whose one output is a list returns Operand(tensors).)
  Results(std::vector<Operand> operands) : values(std::move(operands)) {}  // NOLINT(google-explicit-constructor)
};

using Handler = std::function<Results(Network&, Args&)>;

struct HandlerEntry {
  std::string key;  // "aten::softmax.int": one overload. "aten::relu": all overloads without an entry of their own
  Handler convert;
  // Never computed at conversion though all its inputs are constants: random operators, quantization.
  bool never_folded = false;
  std::string note;  // for docs/operators.md: what is refused, and why
};

class HandlerRegistry {
 public:
  // r.op("aten::relu").convert(relu). Throws Error(kInternal) where the key exists.
  class Registration {
   public:
    Registration(HandlerRegistry& registry, std::vector<std::string> keys)
        : registry_(registry), keys_(std::move(keys)) {}
    Registration& never_folded();
    Registration& note(std::string text);
    void convert(const Handler& handler);

   private:
    HandlerRegistry& registry_;
    std::vector<std::string> keys_;
    bool never_folded_ = false;
    std::string note_;
  };
  Registration op(std::string key) { return Registration(*this, {std::move(key)}); }
  Registration ops(std::vector<std::string> keys) { return Registration(*this, std::move(keys)); }

  void add(HandlerEntry entry, bool replace = false);
  // The entry for the overload, else the one for all of the operator's overloads, else nullptr.
  const HandlerEntry* find(std::string_view kind, std::string_view overload) const;
  const std::map<std::string, HandlerEntry, std::less<>>& entries() const { return entries_; }

 private:
  std::map<std::string, HandlerEntry, std::less<>> entries_;
};

// A user's handler: called for every node of its kind, in both modes, whatever its inputs are. Gets the operands by
// schema, returns one operand per output.
using UserHandler = std::function<std::vector<Operand>(const Node&, const std::vector<NamedOperand>&)>;
// nullptr where the user has none for this node.
using UserHandlers = std::function<const UserHandler*(const Node&)>;

// Handlers of a program's own, which come before those of torch2trt:
//
//   UserRegistry handlers;
//   handlers.add("demo::squareplus", convert, compute);
//   options.user_handlers = handlers.bind(options.network);
//
// Passes that would rewrite nodes of these kinds must be left out: see passes_against() in src/passes/pipeline.h.
class UserRegistry {
 public:
  // For nodes none of whose inputs is a tensor of the network. Its results are constants.
  using Compute = std::function<Results(const Node&, const std::vector<NamedOperand>&)>;

  // `key`: "aten::sum" for all overloads, "aten::sum.dim_IntList" for one; "aten::relu_" serves the nodes of
  // "aten::relu" it becomes. `convert` is called where an input is a
  // tensor or size of the network; `compute` where none is: for all nodes in torch mode, for constants while a network
  // is made. Without `compute` PyTorch computes these, if this process has the operator. Throws
  // Error(kInvalidArgument) for a key that is no operator or has a handler already, and without `convert`.
  void add(const std::string& key, Handler convert, Compute compute = {});

  // What RunOptions::user_handlers takes. `network` is RunOptions::network, null in torch mode. The registry must
  // outlive the result. An Error that a handler throws gets the node's location; any other exception
  // becomes an Error(kInvalidArgument) that names key and node, and so does a wrong number of results.
  UserHandlers bind(Network* network) const;

  // The kinds that have a handler, without overloads.
  std::set<std::string> kinds() const;

 private:
  struct Entry {
    std::string key;
    Handler convert;
    Compute compute;
  };
  static std::vector<Operand> call(const Entry& entry, Network* network, const Node& node,
                                   const std::vector<NamedOperand>& operands);
  std::map<std::string, Entry, std::less<>> entries_;
};

// All handlers that come with torch2trt. Made once; const and safe to share between threads.
const HandlerRegistry& builtin_handlers();

}  // namespace torch2trt
