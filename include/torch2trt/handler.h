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

// All handlers that come with torch2trt. Made once; const and safe to share between threads.
const HandlerRegistry& builtin_handlers();

}  // namespace torch2trt
