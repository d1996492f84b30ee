// How the values of a program lie in PyTorch's memory: what decides whether contiguous() and reshape() copy.
#pragma once

#include <optional>
#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/host_tensor.h"

namespace torch2trt {

// Inputs of the program are taken to be contiguous; parameters are as they are; the results of operators are known only
// where PyTorch's kernels make them so, those of views where sizes and positions are constants.
class Contiguity {
 public:
  explicit Contiguity(const Graph& graph);
  // Certainly contiguous, so that a reshape is a view and contiguous() is the tensor itself.
  bool is_contiguous(ValueId id) const;
  // Certainly not, so that contiguous() copies.
  bool is_strided(ValueId id) const;
  // Whether `node`, a reshape or flatten of its "self", makes a view (else a copy); nullopt where that is not known.
  std::optional<bool> reshapes_in_place(const Graph& graph, const Node& node) const;
  // Learns about the outputs of `node`; to be called in program order, before the node is rewritten.
  void observe(const Graph& graph, const Node& node);
  // The tensor was transposed in place.
  void forget(ValueId id);

 private:
  struct Facts {
    bool contiguous = false;
    std::optional<HostTensor> layout;  // sizes and strides, where both are known; no data
  };
  const Facts* facts(ValueId id) const;
  void set_contiguous(ValueId id, const Type& type);
  bool makes_contiguous(const Graph& graph, const Node& node) const;
  std::optional<HostTensor> layout_of_view(const Node& node) const;

  std::vector<Facts> facts_;
};

}  // namespace torch2trt
