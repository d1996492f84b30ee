// Index tensors: known ones are numbers that decide the layers, others are made what a layer takes.
#pragma once

#include <cstdint>
#include <vector>

#include "torch2trt/args.h"

namespace torch2trt {

// An index tensor known at conversion, row-major.
struct KnownIndex {
  Dims sizes;
  std::vector<std::int64_t> values;
};

// `tensor`: integers.
KnownIndex known_index(const HostTensor& tensor);
// Where a mask is true: one 1-d index per dimension of it, in row-major order.
std::vector<KnownIndex> true_positions(const HostTensor& mask);
// Each of `indices` in the shape they broadcast to. Throws Error(kInvalidArgument) where they do not.
std::vector<KnownIndex> broadcast(const std::vector<KnownIndex>& indices, const Network& net);
// As int32, which is what TensorRT computes indices in.
Tensor index_constant(Network& net, const KnownIndex& index, DType dtype = DType::kInt32);
HostTensor bool_tensor(const std::vector<std::int64_t>& values, Dims sizes);

// Negative positions counted from the end. Throws Error(kUnsupportedOperator) where one is outside of `size`.
KnownIndex wrapped(const Args& a, const KnownIndex& index, std::int64_t size);
// The same at run time. TensorRT itself counts negative ones from the end where the axis is static (NvInfer.h,
// IGatherLayer); `always` says that they are needed for arithmetic.
Tensor wrapped(Network& net, const Tensor& index, const Dim& size, bool always = false);

// x[:, ..., index, ..., :] with the index at `axis`: the index's dimensions take the place of the axis. Indices that
// are a range become a slice.
Tensor take(Network& net, const Args& a, const Tensor& x, std::int64_t axis, const KnownIndex& index);
Tensor take(Network& net, const Tensor& x, std::int64_t axis, const Tensor& index);

// Where x is not zero: one 1-d int64 tensor per dimension.
std::vector<Tensor> nonzero_columns(Network& net, const Tensor& x);

// Places that a handler keeps as a constant at most; more are filled in when the engine runs.
constexpr std::int64_t kMostIndices = 1 << 17;

// start, start + step, ...: a 1-d integer tensor; a constant where all three are known and it is not long.
Tensor ramp(Network& net, const Dim& start, const Dim& step, const Dim& count, DType dtype);

}  // namespace torch2trt
