// How far a result is from what was expected.
#pragma once

#include <string>

#include "cli/host_array.h"

namespace torch2trt::gpu {

struct Difference {
  double largest = 0;  // of |got - expected| / (|expected| + max |expected|)
  double norm = 0;     // norm of the difference over the norm of what was expected
  // What no tolerance excuses: another shape, another integer, integers for floating point, NaN or infinity in other
  // places. Empty: nothing.
  std::string fault;

  bool within(double tolerance) const { return fault.empty() && largest <= tolerance; }
};

// Integers and bools must be equal whatever the types' widths; floating point is compared as double. The arrays' bytes
// are what their shapes need. `largest` <= tolerance is the operator table's own rule (tests/ops/harness.py).
Difference difference(const cli::HostArray& got, const cli::HostArray& expected);

}  // namespace torch2trt::gpu
