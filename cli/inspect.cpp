// `torch2trt inspect`: the graph, or the network it becomes, as text.
#include <CLI/CLI.hpp>

#include "cli/interrupt.h"
#include "cli/program.h"
#include "src/backend/dry/dry_network.h"
#include "src/graph/text.h"

namespace torch2trt::cli {
namespace {

struct InspectOptions {
  ProgramOptions program;
  bool raw = false;
  bool passes = false;
  bool network = false;
};

int inspect(const InspectOptions& options, Session& session) {
  session.progress.begin("load");
  Program program = read_program(options.program);
  throw_if_interrupted();
  if (!options.raw) run_passes(program, options.program);
  if (!options.network) {
    session.out = to_text(program.graph);
    return 0;
  }
  session.progress.begin("network");
  DryNetwork network;
  ConvertOptions convert_options;
  convert_options.shapes = input_ranges(program.graph, options.program.shapes);
  convert_options.run.network = &network;
  convert_options.run.observe = [](const auto&...) { throw_if_interrupted(); };
  convert_options.run.log = [&](Severity severity, const std::string& text) {
    if (severity >= Severity::kWarning) session.progress.print("warning: " + text);
  };
  convert(program.graph, convert_options);
  session.out = network.to_text();
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "Print the graph of a program, or its network. Needs no TensorRT");
  add_program_options(*command, options->program);
  options->program.verify_weights = false;
  CLI::Option* raw = command->add_flag("--raw", options->raw, "The graph as the file has it");
  CLI::Option* passes = command->add_flag("--passes", options->passes, "The graph after all passes (default)");
  CLI::Option* network =
      command->add_flag("--network", options->network, "The layers of the network, with shapes and types");
  raw->excludes(passes)->excludes(network);
  passes->excludes(network);
  command->callback(
      [options, &chosen] { chosen = [options](Session& session) { return inspect(*options, session); }; });
}

}  // namespace torch2trt::cli
