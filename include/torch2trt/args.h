// Args: how a handler reads what its node received, by the schema's argument names.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// What a handler did with an argument.
enum class ArgumentUse : std::uint8_t { kUnread, kIgnored, kRead };

// Every reader throws Error(kUnsupportedOperator) where the operand is of a kind it cannot give (a weight that is
// computed in the network where TensorRT needs a constant, say), and marks the argument as read. An argument that is
// neither read nor ignored, and differs from the schema's default, makes the node unsupported: nothing is silently
// dropped.
class Args {
 public:
  Args(const Node& node, std::vector<NamedOperand> operands, Network& network, std::vector<bool> used_outputs = {},
       std::optional<std::size_t> pieces = std::nullopt);

  const Node& node() const { return node_; }
  Network& network() const { return network_; }

  bool has(std::string_view name) const;  // the schema has it
  const Operand& operand(std::string_view name);
  // By position, for operators without named arguments (prim::ListConstruct).
  std::size_t size() const { return operands_.size(); }
  const Operand& operand_at(std::size_t index);
  bool is_none(std::string_view name);
  // Whether the argument is a constant (or None): nothing in it is a network value.
  bool is_constant(std::string_view name) const;

  // A tensor of the network; a constant becomes one, in its own dtype (float64 becomes float32).
  Tensor tensor(std::string_view name);
  std::optional<Tensor> optional_tensor(std::string_view name);
  std::vector<Tensor> tensors(std::string_view name);
  // A constant tensor.
  HostTensor weights(std::string_view name);
  std::optional<HostTensor> optional_weights(std::string_view name);

  bool boolean(std::string_view name);
  std::int64_t integer(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  double number(std::string_view name);
  std::optional<double> optional_number(std::string_view name);
  std::string string(std::string_view name);
  std::optional<std::string> optional_string(std::string_view name);
  // Constant integers; None gives an empty list. With `count`, a single one is repeated to it.
  std::vector<std::int64_t> integers(std::string_view name, std::int64_t count = -1);
  std::vector<double> numbers(std::string_view name);
  // Sizes, static or not.
  Dim dim(std::string_view name);
  std::vector<Dim> dims(std::string_view name);
  std::optional<DType> optional_dtype(std::string_view name);

  // A dimension of x, negative ones counted from the end; checked. `extra` widens the range (unsqueeze: 1).
  std::int64_t axis(std::string_view name, const Tensor& x, std::int64_t extra = 0);
  // The same for a list; None or an empty list gives all axes.
  std::vector<std::int64_t> axes(std::string_view name, const Tensor& x);

  // x as the dtype the argument names, or x itself where it is None.
  Tensor cast_to_optional(std::string_view name, const Tensor& x);

  // The operands as tensors of the type PyTorch promotes them to (torch.result_type: dimensioned tensors before 0-d
  // ones before Python numbers; bool < integers < floating). None is skipped.
  std::vector<Tensor> promoted(std::initializer_list<std::string_view> names);
  DType result_type(std::initializer_list<std::string_view> names);
  // One operand as a tensor of `dtype`: numbers and constants are converted without a layer.
  Tensor tensor_as(std::string_view name, DType dtype);

  // Whether anything reads output `index` of the node.
  bool is_output_used(std::size_t index) const { return index >= used_outputs_.size() || used_outputs_[index]; }

  // How many tensors the program takes out of the list that the node makes, where it takes all at once.
  std::optional<std::size_t> pieces() const { return pieces_; }

  // Says that the argument has no meaning for the result.
  void ignore(std::initializer_list<std::string_view> names);
  // Says that only `allowed` is supported. Throws Error(kUnsupportedOperator) with `reason` otherwise.
  void require(bool condition, const std::string& reason) const;

  // One for each argument, in the schema's order.
  const std::vector<ArgumentUse>& uses() const { return uses_; }

  // Throws unless every argument was read, ignored or has its schema's default. Called by the runner.
  void check_all_read() const;

 private:
  const Operand& get(std::string_view name) const;
  const Operand& read(std::string_view name);
  [[noreturn]] void refuse(std::string_view name, const Operand& operand, std::string_view wanted) const;
  Tensor to_tensor(std::string_view name, const Operand& operand);

  const Node& node_;
  std::vector<NamedOperand> operands_;
  std::vector<ArgumentUse> uses_;
  Network& network_;
  std::vector<bool> used_outputs_;
  std::optional<std::size_t> pieces_;
};

// Axis `axis` of `rank` dimensions, counted from the end where negative. Throws Error(kInvalidArgument).
std::int64_t normalized_axis(std::int64_t axis, std::int64_t rank);

}  // namespace torch2trt
