// How many iterations of a loop are written out one after the other.
#pragma once

#include <cstdint>

namespace torch2trt {

// A loop whose iterations are known beforehand is unrolled up to this many, so that each is optimised on its own and
// sizes may change from one to the next. Longer ones become a TensorRT loop: a network of 64 copies still builds in
// reasonable time. Iterations without a network tensor are computed at conversion, however many there are.
inline constexpr std::int64_t kMaxUnrolled = 64;

}  // namespace torch2trt
