// Operand: what a node of the graph receives and produces while the runner runs it.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/host_tensor.h"
#include "torch2trt/tensor.h"

namespace torch2trt {

// The result of a node that could not be converted. It propagates, so that one run finds all such nodes.
struct Unknown {};

// What a scripted program never reads: the value of a `return` or `break` in the branch that takes neither
// (prim::Uninitialized). Any other value may stand for it.
struct Uninitialized {
  bool operator==(const Uninitialized&) const = default;
};

// Something of PyTorch's that has no other form here (a complex number, a generator): an IValue.
struct Object {
  std::shared_ptr<void> ivalue;
  std::string type;
};

struct Operand;
// A list whose length only the network knows (a loop of it appends, or one of two branches does): `head`, then the
// tensors along axis 0 of `items`.
struct LoopList {
  std::shared_ptr<const std::vector<Operand>> head;
  Tensor items;
};

struct Operand {
  using List = std::vector<Operand>;
  std::variant<None, bool, std::int64_t, double, std::string, DType, Symbolic, HostTensor, Tensor, Dim, List, LoopList,
               Unknown, Uninitialized, Object>
      data;

  Operand() = default;
  template <typename T>
    requires(!std::is_same_v<std::decay_t<T>, Operand> && !std::is_same_v<std::decay_t<T>, Dim> &&
             !std::is_same_v<std::decay_t<T>, std::vector<Tensor>>)
  Operand(T&& value) : data(std::forward<T>(value)) {}  // NOLINT(google-explicit-constructor)
  // A constant Dim is stored as the number it is.
  Operand(const Dim& dim);                      // NOLINT(google-explicit-constructor)
  Operand(const std::vector<Tensor>& tensors);  // NOLINT(google-explicit-constructor)

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  bool is_none() const { return std::holds_alternative<None>(data); }
};

// Whether the operand is, or a list in it holds, something only a network knows: a Tensor or a Dim.
bool has_network_value(const Operand& operand);
bool has_unknown(const Operand& operand);
bool has_uninitialized(const Operand& operand);
// For messages: "float32[1, 3] in the network", "list of 2", "int 3", ...
std::string describe(const Operand& operand);

struct NamedOperand {
  std::string name;
  Operand value;
};

}  // namespace torch2trt
