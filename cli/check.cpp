// `torch2trt check`: the conversion onto a network of which only shapes and types exist, so it says the same as
// `build`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/interrupt.h"
#include "cli/program.h"
#include "src/backend/dry/dry_network.h"

namespace torch2trt::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CheckOptions {
  ProgramOptions program;
  bool json = false;
};

// How many nodes of one kind became layers (or sizes of layers), and how many were computed.
struct Count {
  std::size_t converted = 0;
  std::size_t computed = 0;
};

struct Findings {
  std::string format;
  std::size_t nodes = 0;
  std::map<std::string, Count> kinds;
  std::vector<UnsupportedNode> unsupported;
  std::vector<std::string> warnings;
  Signature signature;
  std::size_t layers = 0;

  Count total() const {
    Count sum;
    for (const auto& [kind, count] : kinds) {
      sum.converted += count.converted;
      sum.computed += count.computed;
    }
    return sum;
  }
  // Nodes behind unsupported ones, which have handlers: whether those take them nobody can know.
  std::size_t unreached() const { return nodes - total().converted - total().computed - unsupported.size(); }
};

bool in_network(const std::vector<Operand>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [](const Operand& output) { return has_network_value(output); });
}

Findings find(const CheckOptions& options, Session& session) {
  Findings findings;
  session.progress.begin("load");
  Program program = read_program(options.program);
  throw_if_interrupted();
  run_passes(program, options.program, session.backends.handlers);
  findings.format = program.format;
  findings.nodes = program.graph.body.nodes.size();
  session.progress.begin("check");
  DryNetwork network;
  ConvertOptions convert_options;
  convert_options.shapes = input_ranges(program.graph, options.program.shapes);
  convert_options.run.network = &network;
  if (session.backends.handlers != nullptr)
    convert_options.run.user_handlers = session.backends.handlers->bind(&network);
  convert_options.run.observe = [&](const Node& node, const std::vector<NamedOperand>&,
                                    const std::vector<Operand>& outputs) {
    throw_if_interrupted();
    Count& count = findings.kinds[node.qualified()];
    ++(in_network(outputs) ? count.converted : count.computed);
  };
  convert_options.run.log = [&](Severity severity, const std::string& text) {
    if (severity >= Severity::kWarning) findings.warnings.push_back(text);
  };
  try {
    findings.signature = convert(program.graph, convert_options).signature;
  } catch (const Error& error) {
    if (error.unsupported().empty()) throw;
    findings.unsupported = error.unsupported();
  }
  findings.layers = network.num_layers();
  // TensorRT builds it, so it is not unsupported.
  const std::pair<const char*, const char*> only_tensorrt[] = {
      {"NonZero", "a NonZero layer (nonzero, or an index by a bool mask)"}, {"NMS", "an NMS layer"}};
  const std::string text = network.to_text();
  for (const auto& [layer, description] : only_tensorrt) {
    // "%a = NonZero(..." and, of two outputs, "%a, %b = NMS(..."
    if (text.find(fmt::format(" = {}(", layer)) == std::string::npos) continue;
    findings.warnings.push_back(fmt::format(
        "the network has {}; TensorRT-RTX has no kernels for {}, so it builds no engine of it, and TensorRT does",
        description, layer));
  }
  return findings;
}

// Alike nodes together, in the order of the program.
struct Group {
  std::string kind, reason;
  std::vector<SourceLocation> places;
};

std::vector<Group> grouped(const std::vector<UnsupportedNode>& nodes) {
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::string>, std::size_t> index;
  for (const UnsupportedNode& node : nodes) {
    const auto [at, is_new] = index.try_emplace({node.kind, node.reason}, groups.size());
    if (is_new) groups.push_back({node.kind, node.reason, {}});
    groups[at->second].places.push_back(node.location);
  }
  return groups;
}

std::string place(const SourceLocation& location) {
  std::string text = location.source.empty() ? "unknown source line" : location.source;
  if (!location.scope.empty()) text += fmt::format(" in module \"{}\"", location.scope);
  return text;
}

std::string text_of(const Findings& findings, const CheckOptions& options, bool verbose) {
  std::string out = fmt::format("{} ({}): {} nodes\n", options.program.path, findings.format, findings.nodes);
  const Count total = findings.total();
  out +=
      fmt::format("  {} become layers or their sizes, {} are computed at conversion", total.converted, total.computed);
  if (!findings.unsupported.empty()) {
    out += fmt::format(", {} are unsupported, {} behind those were not examined", findings.unsupported.size(),
                       findings.unreached());
  }
  out += '\n';
  if (verbose) {
    for (const auto& [kind, count] : findings.kinds) {
      out += fmt::format("    {:<44} {:>5} converted {:>5} computed\n", kind, count.converted, count.computed);
    }
  }
  for (const std::string& warning : findings.warnings) out += fmt::format("warning: {}\n", warning);
  if (!findings.unsupported.empty()) {
    out += "unsupported:\n";
    for (const Group& group : grouped(findings.unsupported)) {
      out += fmt::format("  {} ({}x): {}\n", group.kind, group.places.size(), group.reason);
      for (const SourceLocation& location : group.places) out += fmt::format("    at {}\n", place(location));
    }
    return out;
  }
  for (const Binding& input : findings.signature.inputs)
    out += fmt::format("  input  {} : {}\n", input.name, describe(input));
  for (const Binding& output : findings.signature.outputs)
    out += fmt::format("  output {} : {}\n", output.name, describe(output));
  out += fmt::format("supported: {} layers\n", findings.layers);
  return out;
}

Json json_of(const std::vector<Binding>& bindings) {
  Json list = Json::array();
  for (const Binding& binding : bindings) {
    list.push_back({{"name", binding.name},
                    {"dtype", name(binding.dtype)},
                    {"torch_dtype", name(binding.torch_dtype)},
                    {"shape", binding.dims}});
  }
  return list;
}

Json json_of(const Findings& findings, const std::string& model) {
  const Count total = findings.total();
  Json json = {{"model", model},
               {"format", findings.format},
               {"supported", findings.unsupported.empty()},
               {"nodes",
                {{"total", findings.nodes},
                 {"converted", total.converted},
                 {"computed", total.computed},
                 {"unsupported", findings.unsupported.size()},
                 {"unreached", findings.unreached()}}},
               {"operators", Json::object()},
               {"unsupported", Json::array()},
               {"warnings", findings.warnings}};
  for (const auto& [kind, count] : findings.kinds) {
    json["operators"][kind] = {{"converted", count.converted}, {"computed", count.computed}};
  }
  for (const Group& group : grouped(findings.unsupported)) {
    Json places = Json::array();
    for (const SourceLocation& location : group.places) {
      places.push_back({{"module", location.scope}, {"source", location.source}});
    }
    json["unsupported"].push_back(
        {{"kind", group.kind}, {"reason", group.reason}, {"count", group.places.size()}, {"places", places}});
  }
  if (findings.unsupported.empty()) {
    json["layers"] = findings.layers;
    json["inputs"] = json_of(findings.signature.inputs);
    json["outputs"] = json_of(findings.signature.outputs);
  }
  return json;
}

// Names in files may be no UTF-8.
std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

int check(const CheckOptions& options, Session& session) {
  try {
    const Findings findings = find(options, session);
    session.out =
        options.json ? dump(json_of(findings, options.program.path)) : text_of(findings, options, session.verbose);
    return findings.unsupported.empty() ? 0 : exit_code(ErrorCategory::kUnsupportedOperator);
  } catch (const Error& error) {
    if (options.json) {
      session.out = dump({{"model", options.program.path},
                          {"supported", false},
                          {"error",
                           {{"category", name(error.category())},
                            {"message", error.message()},
                            {"node", error.location().node},
                            {"module", error.location().scope},
                            {"source", error.location().source}}}});
    }
    throw;
  }
}

}  // namespace

void add_check(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Say whether a program can be converted, and all that stands against it. Needs no TensorRT");
  add_program_options(*command, options->program);
  options->program.verify_weights = false;
  command->add_flag("--json", options->json, "As JSON, also where it fails");
  command->callback([options, &chosen] { chosen = [options](Session& session) { return check(*options, session); }; });
}

}  // namespace torch2trt::cli
