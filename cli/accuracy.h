// Comparing an output with what PyTorch gave.
#pragma once

#include <optional>
#include <string>

#include "cli/host_array.h"

namespace torch2trt::cli {

// trtexec's names. An output passes where its figure is:
//   l0    at most the threshold (default 0): the fraction of elements with |out - ref| > atol + rtol * |ref|
//   l1    at most: the mean of |out - ref|
//   l2    at most: the root of the mean of (out - ref)^2
//   lInf  at most: the largest |out - ref|
//   cos   at least: the cosine of the angle between both (1 for two of only zeros)
enum class Algorithm { kL0, kL1, kL2, kLInf, kCos };

struct AccuracyOptions {
  Algorithm algorithm = Algorithm::kL0;
  std::optional<double> threshold, atol, rtol;  // unset: by the output's type, see default_tolerance
};

// "l0", "l1", "l2", "lInf", "cos". Throws Error(kInvalidArgument).
Algorithm parse_algorithm(const std::string& text);
std::string name(Algorithm algorithm);
// Of atol, rtol and, but for l0 and cos, the threshold: float32 and float64 1e-4, float16 1e-2, bfloat16 5e-2, float8
// 0.25, others 0.
double default_tolerance(DType dtype);

struct Comparison {
  bool passed = false;
  double figure = 0;     // of the algorithm
  double threshold = 0;  // it was compared with
  double atol = 0, rtol = 0;
  double max_absolute = 0;      // of |out - ref|; infinity where only one is NaN or infinite
  double relative = 0;          // max_absolute over the largest |ref|
  std::int64_t mismatches = 0;  // as l0 counts them
  std::int64_t worst = 0;       // position of max_absolute
  double worst_out = 0, worst_ref = 0;
  bool trivial = false;  // the reference is one value throughout: agreement says little
};

// The values must be as many. Equal infinities agree, and two NaN do.
Comparison compare(const HostArray& output, const HostArray& reference, const AccuracyOptions& options);

}  // namespace torch2trt::cli
