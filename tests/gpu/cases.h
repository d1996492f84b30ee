// The cases that tests/gpu/export_rows.py and tests/gpu/models.py write: programs, inputs and what they must return.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "cli/host_array.h"
#include "torch2trt/convert.h"

namespace torch2trt::gpu {

struct NamedArray {
  std::string name;
  cli::HostArray array;
};

struct ExpectedOutput {
  NamedArray expected;               // what PyTorch returns
  std::vector<NamedArray> executor;  // what the executor computed from TensorRT-RTX's network; none for models
  double tolerance = 0;              // of the largest difference, relative to the largest expected value
};

struct Run {
  std::vector<NamedArray> inputs;
  std::vector<ExpectedOutput> outputs;  // in the order of the program's outputs
};

struct Case {
  std::string name;
  std::string model;    // path of the .pt2 file
  bool random = false;  // only shapes and types can be compared
  std::map<std::string, InputRange> shapes;
  std::vector<std::string> layers;  // types of TensorRT-RTX's layers, in order; empty where unknown
  std::vector<Run> runs;
};

// Reads DIR/rows.json and DIR/rows.bin. Throws Error(kRuntime) where one cannot be read, Error(kInvalidModel) where
// they are malformed or do not fit one another.
std::vector<Case> read_cases(const std::string& folder);

}  // namespace torch2trt::gpu
