// The one intermediate representation. Front ends make it, passes rewrite it, the runner runs it. Knows nothing of
// files, TensorRT or Python. src/graph/text.h prints and parses it; src/graph/verify.h checks it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "torch2trt/dtype.h"
#include "torch2trt/error.h"
#include "torch2trt/host_tensor.h"

namespace torch2trt {

// Index into Graph::values.
struct ValueId {
  std::int32_t index = -1;
  auto operator<=>(const ValueId&) const = default;
};

// PyTorch's enumerations, by the names they print with: device "cpu", layout "strided", memory_format
// "contiguous_format".
struct Symbolic {
  enum class Kind : std::uint8_t { kDevice, kLayout, kMemoryFormat };
  Kind kind = Kind::kDevice;
  std::string name;
  bool operator==(const Symbolic&) const = default;
};

struct None {
  bool operator==(const None&) const = default;
};

// What a node receives: a value, a constant, or a list of arguments.
struct Argument {
  using List = std::vector<Argument>;
  std::variant<None, bool, std::int64_t, double, std::string, DType, Symbolic, ValueId, List> data;

  Argument() = default;
  template <typename T>
    requires(!std::is_same_v<std::decay_t<T>, Argument>)
  Argument(T&& value) : data(std::forward<T>(value)) {}            // NOLINT(google-explicit-constructor)
  Argument(int value) : data(static_cast<std::int64_t>(value)) {}  // NOLINT(google-explicit-constructor)
  Argument(const char* value) : data(std::string(value)) {}        // NOLINT(google-explicit-constructor)

  bool is_none() const { return std::holds_alternative<None>(data); }
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  bool operator==(const Argument&) const = default;
};

// A dimension as the program knows it: a number, or an expression over symbols ("s0", "2*s0").
struct Size {
  std::int64_t value = -1;  // -1 where dynamic
  std::string symbol;       // set where dynamic
  bool operator==(const Size&) const = default;
};

// What is known of a value before anything runs.
struct Type {
  enum class Kind : std::uint8_t { kUnknown, kTensor, kInt, kFloat, kBool, kString, kNone, kList, kTuple, kObject };
  Kind kind = Kind::kUnknown;
  std::optional<DType> dtype;              // tensors
  std::optional<std::vector<Size>> sizes;  // tensors
  bool operator==(const Type&) const = default;
};

struct Value {
  std::string name;  // unique in the graph, without the '%' it is printed with
  Type type;
};

struct NamedArgument {
  std::string name;  // the schema's argument name
  Argument value;
  bool operator==(const NamedArgument&) const = default;
};

struct Block;

struct Node {
  std::string kind;      // "aten::conv2d"
  std::string overload;  // "Tensor"; "" for the default overload
  std::vector<NamedArgument> arguments;
  std::vector<ValueId> outputs;
  std::vector<Block> blocks;  // of control flow: scripted If and Loop, torch.cond, while_loop
  std::string scope;          // module path, "layer1.0.conv1"
  std::string source;         // "resnet.py:197"

  const Argument* find(std::string_view name) const;
  // "aten::add.Tensor"; the default overload has no suffix.
  std::string qualified() const;
  SourceLocation location() const { return {qualified(), scope, source}; }
};

struct Block {
  std::vector<ValueId> inputs;
  std::vector<Node> nodes;
  std::vector<Argument> outputs;
};

// How the flat inputs or outputs of a program nest, as Python's pytree has it.
struct Structure {
  enum class Kind : std::uint8_t { kLeaf, kTuple, kList, kDict, kNone };
  Kind kind = Kind::kLeaf;
  std::vector<std::string> keys;  // of a dict, one a child, as Python's repr
  std::vector<Structure> children;
  std::size_t leaves() const;
  bool operator==(const Structure&) const = default;
};

// A weight: a parameter, buffer or lifted constant of the module, bound by name.
struct Parameter {
  enum class Kind : std::uint8_t { kParameter, kBuffer, kConstant };
  ValueId value;
  std::string name;  // "layer1.0.conv1.weight"
  Kind kind = Kind::kParameter;
  HostTensor data;  // `data.data` is null in a graph parsed from text
};

struct Input {
  ValueId value;
  std::string name;  // as forward() names it; leaves of nested arguments are "x.0", "x.key"
  // Set where the program was specialised to this value (None, a number, a text): nothing reads the input then.
  std::optional<Argument> constant = std::nullopt;
};

// Bounds of a symbol; `max` is empty where the program gives none.
struct SymbolRange {
  std::int64_t min = 0;
  std::optional<std::int64_t> max;
  bool operator==(const SymbolRange&) const = default;
};

class Graph {
 public:
  std::string name = "forward";
  std::vector<Value> values;
  std::vector<Parameter> parameters;
  std::vector<Input> inputs;  // flat, in the order of forward(); unused ones included
  Structure input_structure;  // a tuple (positional arguments) or (tuple, dict)
  Block body;                 // body.outputs are the flat outputs; body.inputs is unused
  Structure output_structure;
  std::map<std::string, SymbolRange> symbols;

  // A new value; `wanted` gets a suffix "_1", "_2", ... where the name is taken.
  ValueId add_value(std::string_view wanted, Type type = {});
  const Value& value(ValueId id) const { return values.at(static_cast<std::size_t>(id.index)); }
  Value& value(ValueId id) { return values.at(static_cast<std::size_t>(id.index)); }
  const Parameter* parameter_of(ValueId id) const;

 private:
  std::map<std::string, int, std::less<>> names_;  // name -> next suffix to try
};

// Calls `visit` for every value an argument reads, lists included.
void for_each_value(const Argument& argument, const std::function<void(ValueId)>& visit);
// Every value a node reads, those read inside its blocks included.
void for_each_read(const Node& node, const std::function<void(ValueId)>& visit);
// Replaces every read of `from`, in all blocks and in the outputs.
void replace_reads(Block& block, ValueId from, ValueId to);

}  // namespace torch2trt
