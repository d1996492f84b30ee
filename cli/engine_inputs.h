// What `run` and `bench` share: the engine, and what goes into it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/host_array.h"
#include "cli/output_files.h"
#include "torch2trt/runtime.h"

namespace torch2trt::cli {

struct EngineRunOptions {
  std::string engine, shapes, inputs, tensorrt;
  int device = 0;
  int profile = 0;
  std::uint64_t seed = 0;
  bool trusted = false;
};

void add_engine_options(CLI::App& command, EngineRunOptions& options);

// The engine and the files of --loadInputs. Throws Error(kInvalidArgument) where that option is malformed.
std::vector<NamedFile> read_files(const EngineRunOptions& options);

// Loads the engine onto options.device; warnings go to stderr.
std::shared_ptr<const Engine> open_engine(const EngineRunOptions& options, Session& session);

// One array per input of the engine, of the engine's types. Shapes: of a .npy file, else of --shapes, else the
// profile's usual one. Values: of the file, else random by the seed. Throws Error(kInvalidArgument) for names the
// engine has not, files of another size, and sizes outside the profile.
std::vector<HostArray> make_inputs(const Engine& engine, const EngineRunOptions& options);

// A file for a tensor of `shape` and `dtype`: .npy (its values converted), or raw bytes, of which there must be as
// many.
HostArray read_array(const std::string& path, DType dtype, const Shape& shape);

// The engine, GPU, TensorRT and inputs, one a line, for printing above results.
std::string describe_setup(const Engine& engine, const EngineRunOptions& options, const std::vector<HostArray>& inputs);

}  // namespace torch2trt::cli
