#include <cuda_runtime.h>

#include "running_max.h"

namespace {

constexpr int kThreads = 256;

// One thread an element; rows are long and windows short.
__global__ void running_max(const float* x, float* y, std::int64_t count, std::int64_t columns, std::int64_t window) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const std::int64_t column = i % columns;
  const std::int64_t first = column >= window ? i - window + 1 : i - column;
  float largest = x[first];
  for (std::int64_t j = first + 1; j <= i; ++j) {
    const float value = x[j];
    if (!(value <= largest) && largest == largest) largest = value;
  }
  y[i] = largest;
}

}  // namespace

int launch_running_max(const float* x, float* y, std::int64_t rows, std::int64_t columns, std::int64_t window,
                       CUstream_st* stream) {
  const std::int64_t count = rows * columns;
  if (count == 0) return 0;
  const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  running_max<<<blocks, kThreads, 0, stream>>>(x, y, count, columns, window);
  return static_cast<int>(cudaGetLastError());
}
