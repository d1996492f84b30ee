// The indices of x[...]: index.Tensor and index_put read them alike.
#pragma once

#include <optional>
#include <vector>

#include "src/handlers/indices.h"

namespace torch2trt {

struct Index {
  std::optional<KnownIndex> known;
  Tensor tensor;  // unless known: integers
};

struct IndexList {
  std::vector<std::int64_t> axes;  // of x that are indexed, ascending
  std::vector<Index> indices;      // one per axis
  // A mask computed in the network that is the only index: `indices` are empty.
  std::optional<Tensor> mask;
  // PyTorch puts the result's dimensions in the place of neighbouring axes, and in front where they are not neighbours.
  bool adjacent = true;

  // The indexed axes, then the others.
  std::vector<std::int64_t> axes_first(std::int64_t rank) const;
  // Where all are known, and the sizes that takes: indices into the axes flattened to one.
  std::optional<KnownIndex> flattened(const Args& a, const Tensor& x) const;
  // [broadcast shape of the indices..., axes]. NvInfer.h defines negative ones for gather on static axes only; for
  // `writing` none are left.
  Tensor tuples(Network& net, const Args& a, const Tensor& x, bool writing) const;
  // The shape the indices broadcast to; not of a mask.
  std::vector<Dim> broadcast_shape(Network& net) const;
};

IndexList read_indices(Network& net, Args& a, const Tensor& x);

}  // namespace torch2trt
