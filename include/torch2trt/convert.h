// Running a graph: with network tensors it builds a network, with torch tensors it computes (torch mode).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/handler.h"
#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

enum class Severity { kVerbose, kInfo, kWarning, kError };
using LogSink = std::function<void(Severity, const std::string&)>;

// A float32 program computed in half precision, by a network that says each type: docs/precision.md. Inputs and outputs
// keep their types.
struct ReducedPrecision {
  DType type = DType::kFloat16;  // or kBFloat16
  // A regular expression: operators in whose "module/path/operator" it finds a match stay float32. Empty: none.
  std::string keep_float32 = {};
  // What became of the operators with floating-point results; called after the run. May be empty.
  struct Counts {
    std::size_t reduced = 0;
    std::map<std::string, std::size_t> float32 = {};  // by operator, "softmax"
  };
  std::function<void(const Counts&)> report = {};
};

struct RunOptions {
  Network* network = nullptr;                 // nullptr: torch mode
  const HandlerRegistry* handlers = nullptr;  // nullptr: builtin_handlers()
  // May be empty. What they return must have the types and sizes that the program recorded: Error(kInvalidArgument).
  UserHandlers user_handlers;
  bool compared = false;  // `observe` tells of wrong types and sizes: results of user_handlers may have them
  LogSink log;            // may be empty
  std::optional<ReducedPrecision> precision;  // of networks; throws Error(kInvalidArgument) for another type or pattern
  // Called after each node with its inputs and outputs: verbose printing, comparing, progress. May be empty.
  std::function<void(const Node&, const std::vector<NamedOperand>&, const std::vector<Operand>&)> observe;
  // Called after each handler that came with torch2trt: what it did with each argument. May be empty.
  std::function<void(const Node&, const std::vector<NamedOperand>&, const std::vector<ArgumentUse>&)> observe_arguments;
};

// Runs `graph` on `inputs` (one per Graph::inputs) and returns its flat outputs. Throws Error(kInvalidArgument) for a
// wrong input count, Error(kUnsupportedOperator) listing all nodes that could not be converted (the network is then
// incomplete and to be thrown away), and whatever TensorRT or PyTorch refuses, with the node's location.
std::vector<Operand> run(const Graph& graph, const std::vector<Operand>& inputs, const RunOptions& options);

// One input or output of a network, in the order of PyTorch's flat signature.
struct Binding {
  std::string name;
  DType torch_dtype = DType::kFloat32;  // what PyTorch has (float64, int64); the network's may be narrower
  DType dtype = DType::kFloat32;
  Dims dims;  // -1 where dynamic
};

// What stands at a leaf of a structure.
struct Leaf {
  enum class Kind : std::uint8_t {
    kTensor,    // the next of the signature's tensors
    kNumber,    // likewise, and PyTorch has a number there
    kConstant,  // no tensor: what the program fixed, `constant`
  };
  Kind kind = Kind::kTensor;
  Argument constant;  // None, a number or a text
  std::string name;   // of a constant among the inputs
};

struct Signature {
  std::vector<Binding> inputs, outputs;
  Structure input_structure, output_structure;
  std::vector<Leaf> input_leaves, output_leaves;  // of the structures, in their order
};

// Sizes an input may take: one each for the smallest, usual and largest.
struct InputRange {
  Dims min, opt, max;
};

struct ConvertOptions {
  std::map<std::string, InputRange> shapes;  // by input name; overrides the program's own ranges
  RunOptions run;                            // run.network must be set
};

struct Converted {
  Signature signature;
  std::map<std::string, InputRange> ranges;  // of the inputs with dynamic dimensions: the optimization profile
};

// Adds the graph's inputs to options.run.network, runs the graph, marks its outputs. Throws as run() does, and
// Error(kInvalidArgument) for shapes that do not fit the program or a dynamic dimension without upper bound.
Converted convert(const Graph& graph, const ConvertOptions& options);

}  // namespace torch2trt
