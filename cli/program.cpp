#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>

#include "src/files/mapped_file.h"
#include "src/frontend/export/read.h"
#include "src/frontend/export/zip_archive.h"
#include "src/passes/pipeline.h"
#ifdef TORCH2TRT_TORCHSCRIPT
#include "src/frontend/torchscript/read.h"
#endif

namespace torch2trt::cli {
namespace {

// A TorchScript archive holds the program as Python text in a folder code/ and its constants in constants.pkl. All
// else goes to the .pt2 reader, which says best what a file is that it cannot read.
bool is_torchscript(const std::string& path) {
  const auto file = MappedFile::open(path);
  try {
    const pt2::ZipArchive archive(file->bytes());
    return std::any_of(archive.members().begin(), archive.members().end(), [](const auto& member) {
      const std::string_view name = member.first;
      return name.ends_with("/constants.pkl") && std::count(name.begin(), name.end(), '/') == 1;
    });
  } catch (const Error&) {
    return false;
  }
}

// torch::jit::load does not compare them.
void verify_members(const std::string& path) {
  const auto file = MappedFile::open(path);
  try {
    const pt2::ZipArchive archive(file->bytes());
    for (const auto& [name, member] : archive.members()) {
      if (member.method == 0) pt2::ZipArchive::check(name, member);
    }
  } catch (const Error& error) {
    throw Error(error.category(), fmt::format("cannot read \"{}\": {}", path, error.message()));
  }
}

Graph read_torchscript_file(const std::string& path) {
#ifdef TORCH2TRT_TORCHSCRIPT
  return read_torchscript(path);
#else
  throw Error(
      ErrorCategory::kRuntime,
      fmt::format("\"{}\" is a TorchScript file, and this torch2trt was compiled without the TorchScript front end "
                  "(TORCH2TRT_TORCHSCRIPT=ON); save the program with torch.export.save instead",
                  path));
#endif
}

// TorchScript files do not say what types their inputs have.
void apply_types(Graph& graph, const std::string& text) {
  if (text.empty()) return;
  for (const auto& [name, dtype] : parse_types(text, "--inputTypes")) {
    const auto input =
        std::find_if(graph.inputs.begin(), graph.inputs.end(), [&](const Input& i) { return i.name == name; });
    if (input == graph.inputs.end()) {
      std::vector<std::string> names;
      for (const Input& i : graph.inputs) names.push_back(fmt::format("\"{}\"", i.name));
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("--inputTypes: the program has no input \"{}\"; its inputs are: {}", name,
                              fmt::join(names, ", ")));
    }
    Type& type = graph.value(input->value).type;
    if (type.dtype && *type.dtype != dtype) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("--inputTypes: input \"{}\" is {} in the program, {} was given", name,
                              torch2trt::name(*type.dtype), torch2trt::name(dtype)));
    }
    type.kind = Type::Kind::kTensor;
    type.dtype = dtype;
  }
}

}  // namespace

void add_program_options(CLI::App& command, ProgramOptions& options) {
  CLI::Option* positional =
      command.add_option("MODEL", options.path, "A program: a .pt2 file of torch.export.save or a TorchScript file");
  command.add_option("--model", options.path, "The same, as an option")->type_name("MODEL")->excludes(positional);
  command.parse_complete_callback([&options] {
    if (options.path.empty()) throw CLI::RequiredError("MODEL");
  });
  const auto add_shapes = [&](const char* name, std::string& text, const char* meaning) {
    command.add_option(name, text, meaning)->join(',')->type_name("NAME:SIZES,...");
  };
  add_shapes("--shapes", options.shapes.shapes, "The one shape of an input, as in x:1x3x224x224,y:scalar");
  add_shapes("--minShapes", options.shapes.min, "The smallest shape of an input with dynamic sizes");
  add_shapes("--optShapes", options.shapes.opt, "The shape TensorRT optimizes for (default: the largest)");
  add_shapes("--maxShapes", options.shapes.max, "The largest shape");
  command.add_option("--inputTypes", options.input_types, "Types of a TorchScript program's inputs (default: float32)")
      ->join(',')
      ->type_name("NAME:TYPE,...");
  command.add_option("--disablePass", options.disabled_passes, "Passes over the graph to leave out, by name")
      ->join(',')
      ->type_name("NAME,...");
}

Program read_program(const ProgramOptions& options) {
  Program program;
  try {
    program.format = is_torchscript(options.path) ? "torchscript" : "pt2";
  } catch (const Error& error) {
    throw Error(error.category(), fmt::format("\"{}\" cannot be read: {}", options.path, error.message()));
  }
  if (program.format == "pt2") {
    program.graph = read_pt2(options.path, options.verify_weights);
  } else {
    if (options.verify_weights) verify_members(options.path);
    program.graph = read_torchscript_file(options.path);
  }
  apply_types(program.graph, options.input_types);
  return program;
}

void run_passes(Program& program, const ProgramOptions& options, const UserRegistry* handlers) {
  PassOptions passes;
  if (handlers != nullptr) passes.disabled = passes_against(handlers->kinds());
  std::string_view rest = options.disabled_passes;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    passes.disabled.emplace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  torch2trt::run_passes(program.graph, passes);
}

std::string describe(const Binding& binding) {
  std::vector<std::string> sizes;
  for (std::int64_t size : binding.dims) sizes.push_back(size < 0 ? "?" : std::to_string(size));
  return fmt::format("{}[{}]", name(binding.dtype), fmt::join(sizes, ","));
}

}  // namespace torch2trt::cli
