// The MODEL argument: which file, how it is read, and for which shapes it is converted.
#pragma once

#include <set>
#include <string>

#include "cli/command.h"
#include "cli/shapes.h"
#include "torch2trt/graph.h"

namespace torch2trt::cli {

struct ProgramOptions {
  std::string path;
  ShapeOptions shapes;
  std::string input_types;
  std::string disabled_passes;
  // Whether the weights are compared with the checksums of the file. Not where nothing is made of them.
  bool verify_weights = true;
};

// Adds MODEL and the options about it.
void add_program_options(CLI::App& command, ProgramOptions& options);

struct Program {
  Graph graph;
  std::string format;  // "pt2" or "torchscript": by the file's content
};

// Reads the file, by its content and not by its extension. Throws Error: kRuntime where it cannot be opened,
// kInvalidModel for what is no program, kInvalidArgument for --inputTypes that do not fit.
Program read_program(const ProgramOptions& options);
// Leaves out passes that would take nodes away from `handlers` (may be null).
void run_passes(Program& program, const ProgramOptions& options, const UserRegistry* handlers = nullptr);

// "float32[2..16,3,224,224]" of inputs and outputs in reports.
std::string describe(const Binding& binding);

}  // namespace torch2trt::cli
