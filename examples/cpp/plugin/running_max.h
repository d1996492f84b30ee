// The computation: largest value of the last `window` in each row, y[r, i] = max(x[r, i - window + 1 .. i]). A NaN in
// the window gives NaN, as torch.max does. running_max.cu has it on the GPU; running_max_cpu.cpp, for host memory,
// stands in for it where there is no nvcc, so that the plugin around it is tested all the same.
#pragma once

#include <cstdint>

struct CUstream_st;

// Enqueues on `stream`. Returns a cudaError_t, 0 for success.
int launch_running_max(const float* x, float* y, std::int64_t rows, std::int64_t columns, std::int64_t window,
                       CUstream_st* stream);
