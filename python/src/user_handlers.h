// Handlers written in Python: what they are given, and what they may return.
#pragma once

#include "python/src/bindings.h"
#include "src/backend/python/python_network.h"
#include "torch2trt/convert.h"

namespace torch2trt {

// An argument that holds no value.
Operand constant_operand(const Argument& argument);

// `handler` called as handler(inputs, attributes, scope). Layers it adds without a name get one from the node. What it
// raises keeps its traceback and gets a note that says which node; Error(kInvalidArgument) for wrong returns, naming
// node and handler; Error(kBuildFailed) where TensorRT refused the layer behind an ITensor it returned.
// `graph` and `network` (null in torch mode) must outlive the result.
UserHandler user_handler(py::object handler, const Graph& graph, PythonNetwork* network);

// What a run calls back in Python: lookup(kind, overload) -> handler or None; log(level, text). Either may be None.
// Must outlive the run.
class Callbacks {
 public:
  Callbacks(const Graph& graph, PythonNetwork* network, py::object lookup, py::object log)
      : graph_(graph), network_(network), lookup_(std::move(lookup)), log_(std::move(log)) {}
  void set(RunOptions& options);

 private:
  const Graph& graph_;
  PythonNetwork* network_;
  py::object lookup_, log_;
  UserHandler current_;
};

}  // namespace torch2trt
