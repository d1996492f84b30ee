// The file format of an engine with what is known about it. Little-endian:
//
//   0   8   "\x89T2TRT\r\n"  (a transfer as text would change it)
//   8   4   format version: 1
//   12  4   bytes of the metadata
//   16  8   bytes of the plan
//   24  32  SHA-256 of the plan
//   56  32  SHA-256 of bytes 0 to 55 and of the metadata
//   88      metadata, JSON (docs/runtime.md); zeros up to a multiple of 64; the plan; the end of the file
//
// Everything is checked before TensorRT sees the plan.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "torch2trt/runtime.h"

namespace torch2trt::runtime {

struct Bundle {
  EngineMetadata metadata;
  std::vector<EngineTensor> inputs, outputs;  // PyTorch's order
  const std::byte* plan = nullptr;            // inside the bytes that were read
  std::size_t plan_bytes = 0;
};

// Whether these bytes begin as a bundle does, or nearly so: read_bundle() refuses it then as damaged.
bool is_bundle(const void* data, std::size_t size);

// Throws Error(kInvalidModel) for anything but an undamaged bundle of a version known here, saying what is wrong with
// it. The result points into `data`.
Bundle read_bundle(const void* data, std::size_t size);

// The file for a plan; format_version of the metadata is ignored. Throws Error(kInvalidArgument) where names or options
// are too large for the format's limits.
std::string write_bundle(const EngineMetadata& metadata, const std::vector<EngineTensor>& inputs,
                         const std::vector<EngineTensor>& outputs, const void* plan, std::size_t plan_bytes);

// Compares a bundle with this machine. Throws IncompatibleEngine. `gpu` fields may be empty: not compared.
struct RunningTensorRT;
struct RunningGpu;
void check_compatible(const EngineMetadata& built, const RunningTensorRT& tensorrt, const RunningGpu& gpu);

}  // namespace torch2trt::runtime
