#include <algorithm>

#include "running_max.h"

int launch_running_max(const float* x, float* y, std::int64_t rows, std::int64_t columns, std::int64_t window,
                       CUstream_st* /*stream*/) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < columns; ++i) {
      float largest = x[row * columns + std::max<std::int64_t>(i - window + 1, 0)];
      for (std::int64_t j = std::max<std::int64_t>(i - window + 2, 0); j <= i; ++j) {
        const float value = x[row * columns + j];
        if (!(value <= largest) && largest == largest) largest = value;
      }
      y[row * columns + i] = largest;
    }
  }
  return 0;
}
