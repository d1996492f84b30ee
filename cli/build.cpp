// `torch2trt build`: a program becomes an engine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/build_options.h"
#include "cli/engine_file.h"
#include "cli/interrupt.h"
#include "cli/output_files.h"
#include "cli/program.h"
#include "src/files/atomic_file.h"

namespace torch2trt::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ProgramOptions program;
  std::string engine, report;
  std::string memory_pools, profiling_verbosity, tensorrt;
  std::string keep_float32;
  bool no_tf32 = false;
  bool fp16 = false, bf16 = false;
  bool no_effect = false;
  bool bundle = false;
  BuildOptions build;
};

struct Result {
  Program program;
  Converted converted;
  SerializedEngine engine;
  std::size_t layers = 0;
  double load_seconds = 0, network_seconds = 0, build_seconds = 0;
  std::string tensorrt;
  std::optional<ReducedPrecision::Counts> precision;  // where the conversion chose it
  std::vector<std::string> warnings;
};

// What can be known before a build of minutes.
void check_files(const Options& options) {
  check_output_files({{"MODEL", options.program.path}}, {{"--saveEngine", options.engine},
                                                         {"--exportReport", options.report},
                                                         {"--timingCacheFile", options.build.timing_cache_file}});
}

LogSink log_sink(Session& session, std::vector<std::string>& warnings) {
  return [&session, &warnings](Severity severity, const std::string& text) {
    if (severity == Severity::kWarning) warnings.push_back(text);
    if (severity < Severity::kWarning && !session.verbose) return;
    static constexpr const char* kNames[] = {"verbose", "info", "warning", "error"};
    session.progress.print(fmt::format("{}: {}", kNames[static_cast<int>(severity)], text));
  };
}

ConvertOptions convert_options(const Options& options, const Result& result, Session& session, Network& network,
                               const LogSink& log) {
  ConvertOptions convert;
  convert.shapes = input_ranges(result.program.graph, options.program.shapes);
  convert.run.network = &network;
  if (session.backends.handlers != nullptr) convert.run.user_handlers = session.backends.handlers->bind(&network);
  convert.run.log = log;
  convert.run.observe = [&session](const Node& node, const std::vector<NamedOperand>& operands,
                                   const std::vector<Operand>& outputs) {
    throw_if_interrupted();
    if (!session.verbose) return;
    std::string line = fmt::format("{}(", node.qualified());
    for (const NamedOperand& operand : operands)
      line += fmt::format("{}={}, ", operand.name, torch2trt::describe(operand.value));
    if (!operands.empty()) line.resize(line.size() - 2);
    line += ") ->";
    for (const Operand& output : outputs) line += " " + torch2trt::describe(output);
    session.progress.print(node.scope.empty() ? line : fmt::format("{}  # {}", line, node.scope));
  };
  return convert;
}

Result make_engine(const Options& options, Session& session) {
  Result result;
  const LogSink log = log_sink(session, result.warnings);
  // First, so that a missing TensorRT is known before a large file is read.
  const std::unique_ptr<EngineBuilder> builder =
      session.backends.engine_builder(options.tensorrt, log, session.verbose);
  result.tensorrt = builder->description();
  session.progress.begin("load");
  result.program = read_program(options.program);
  throw_if_interrupted();
  run_passes(result.program, options.program, session.backends.handlers);
  result.load_seconds = session.progress.end();
  session.progress.begin("network");
  ConvertOptions convert_with = convert_options(options, result, session, builder->network(), log);
  convert_with.run.precision = precision_of(options.build, *builder, options.keep_float32);
  if (convert_with.run.precision) {
    convert_with.run.precision->report = [&result](const ReducedPrecision::Counts& counts) {
      result.precision = counts;
    };
  }
  result.converted = convert(result.program.graph, convert_with);
  result.layers = builder->network().num_layers();
  result.network_seconds = session.progress.end();
  throw_if_interrupted();
  session.progress.begin("build");
  result.engine = builder->build(result.converted, options.build, [&](const BuildProgress& progress) {
    session.progress.step(progress);
    return interrupting_signal() == 0;
  });
  result.build_seconds = session.progress.end();
  throw_if_interrupted();
  return result;
}

Json json_of(const std::vector<Binding>& bindings, const std::map<std::string, InputRange>& ranges) {
  Json list = Json::array();
  for (const Binding& binding : bindings) {
    Json row = {{"name", binding.name},
                {"dtype", name(binding.dtype)},
                {"torch_dtype", name(binding.torch_dtype)},
                {"shape", binding.dims}};
    if (const auto range = ranges.find(binding.name); range != ranges.end()) {
      row["min"] = range->second.min;
      row["opt"] = range->second.opt;
      row["max"] = range->second.max;
    }
    list.push_back(row);
  }
  return list;
}

std::string report_text(const Options& options, const Result& result) {
  Json report = {
      {"model", options.program.path},
      {"format", result.program.format},
      {"layers", result.layers},
      {"seconds",
       {{"load", result.load_seconds}, {"network", result.network_seconds}, {"build", result.build_seconds}}},
      {"engine", options.engine.empty() ? Json() : Json(options.engine)},
      {"engine_bytes", result.engine.bytes.size()},
      {"inputs", json_of(result.converted.signature.inputs, result.converted.ranges)},
      {"outputs", json_of(result.converted.signature.outputs, {})},
      {"tensorrt", result.tensorrt},
      {"warnings", result.warnings},
  };
  if (result.precision) {
    report["precision"] = {{"type", name(*options.build.precision)},
                           {"operators", result.precision->reduced},
                           {"float32", result.precision->float32}};
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// The options that make an engine what it is, for people who find the file later.
std::map<std::string, std::string> noted_options(const Options& options) {
  std::map<std::string, std::string> noted;
  const auto note = [&](const char* name, const std::string& value) {
    if (!value.empty()) noted[name] = value;
  };
  note("shapes", options.program.shapes.shapes);
  note("minShapes", options.program.shapes.min);
  note("optShapes", options.program.shapes.opt);
  note("maxShapes", options.program.shapes.max);
  note("memPoolSize", options.memory_pools);
  note("profilingVerbosity", options.profiling_verbosity);
  note("fp16", options.fp16 ? "true" : "");
  note("bf16", options.bf16 ? "true" : "");
  note("keepFloat32", options.keep_float32);
  note("noTF32", options.no_tf32 ? "true" : "");
  if (options.build.optimization_level)
    note("builderOptimizationLevel", fmt::format("{}", *options.build.optimization_level));
  if (options.build.max_aux_streams) note("maxAuxStreams", fmt::format("{}", *options.build.max_aux_streams));
  return noted;
}

// Both files are complete on the disk before either appears.
void write_files(const Options& options, const Result& result) {
  const NoKill no_kill;
  std::optional<AtomicFile> engine;
  std::optional<AtomicFile> report;
  if (!options.engine.empty()) {
    std::string bundle;
    std::span<const std::byte> bytes = result.engine.bytes;
    if (options.bundle) {
      bundle =
          bundle_of(result.converted, result.engine, result.tensorrt, options.program.path, noted_options(options));
      bytes = std::as_bytes(std::span(bundle));
    }
    engine.emplace(options.engine).write(bytes, throw_if_interrupted);
    engine->sync();
  }
  if (!options.report.empty()) {
    report.emplace(options.report).write(report_text(options, result));
    report->sync();
  }
  throw_if_interrupted();
  if (engine) engine->commit();
  if (report) report->commit();
}

int build(const Options& options, Session& session) {
  check_files(options);
  session.progress.leave_lines();
  if (options.no_effect)
    session.progress.print(
        "note: --skipInference, --buildOnly and --explicitBatch change nothing: build does just that");
  const Result result = make_engine(options, session);
  write_files(options, result);
  session.out = fmt::format("{}: {} layers, engine of {} bytes by {}, built in {:.2f} s\n", options.program.path,
                            result.layers, result.engine.bytes.size(), result.tensorrt, result.build_seconds);
  if (result.precision) {
    std::size_t kept = 0;
    for (const auto& [kind, count] : result.precision->float32) kept += count;
    session.out += fmt::format("  {}: {} operators, {} stay float32\n", name(*options.build.precision),
                               result.precision->reduced, kept);
  }
  for (const Binding& input : result.converted.signature.inputs)
    session.out += fmt::format("  input  {} : {}\n", input.name, describe(input));
  for (const Binding& output : result.converted.signature.outputs) {
    session.out += fmt::format("  output {} : {}\n", output.name, describe(output));
  }
  session.out += options.engine.empty() ? "The engine was not saved (--saveEngine=FILE does)\n"
                                        : fmt::format("saved {}\n", options.engine);
  return 0;
}

}  // namespace

void add_build(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("build", "Convert a program and build an engine of it");
  add_program_options(*command, options->program);
  command->add_option("--saveEngine", options->engine, "Where to write the engine")->type_name("FILE");
  command->add_flag("--bundle", options->bundle,
                    "Write the engine as a bundle, with signature, versions and checksums, not as a bare plan");
  command->add_option("--exportReport", options->report, "Where to write a report in JSON")->type_name("FILE");
  command
      ->add_option("--tensorrt", options->tensorrt,
                   "The TensorRT to use: of the Python package tensorrt or tensorrt_rtx, of the executable the file or "
                   "folder of its library")
      ->envname("TORCH2TRT_TENSORRT")
      ->type_name("NAME|PATH");
  command->add_option("--memPoolSize", options->memory_pools, "Memory TensorRT may use, as in workspace:4G")
      ->type_name("POOL:SIZE");
  command
      ->add_option("--builderOptimizationLevel", options->build.optimization_level, "0 (fast build) to 5 (fast engine)")
      ->check(CLI::Range(0, 5));
  command
      ->add_option("--maxAuxStreams", options->build.max_aux_streams, "Streams the engine may use beside the main one")
      ->check(CLI::Range(0, 1 << 10));
  command->add_option("--profilingVerbosity", options->profiling_verbosity, "layer_names_only, detailed or none")
      ->type_name("WHAT");
  command->add_option("--timingCacheFile", options->build.timing_cache_file, "Timings to reuse; updated")
      ->type_name("FILE");
  auto* fp16 = command->add_flag("--fp16", options->fp16, "Compute in float16 where that is accurate enough");
  command->add_flag("--bf16", options->bf16, "The same in bfloat16 (TensorRT 10 and later)")->excludes(fp16);
  command
      ->add_option("--keepFloat32", options->keep_float32,
                   "What stays float32 with --fp16 or --bf16: a regular expression that matches module/path/operator")
      ->type_name("REGEX");
  command->add_flag("--noTF32", options->no_tf32, "Compute float32 in full precision");
  command->add_flag("--skipInference,--buildOnly,--explicitBatch", options->no_effect,
                    "Accepted as trtexec does; change nothing");
  command->callback([options, &chosen] {
    chosen = [options](Session& session) {
      options->build.tf32 = !options->no_tf32;
      if (options->fp16) options->build.precision = DType::kFloat16;
      if (options->bf16) options->build.precision = DType::kBFloat16;
      if (!options->memory_pools.empty()) options->build.workspace_bytes = parse_memory_pool(options->memory_pools);
      if (!options->profiling_verbosity.empty()) {
        options->build.profiling_verbosity = parse_profiling_verbosity(options->profiling_verbosity);
      }
      return build(*options, session);
    };
  });
}

}  // namespace torch2trt::cli
