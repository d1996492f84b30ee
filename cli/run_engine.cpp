// `torch2trt run`: an engine's outputs, and whether they are PyTorch's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "cli/bench.h"
#include "cli/bench_report.h"
#include "cli/interrupt.h"
#include "cli/number_check.h"
#include "cli/output_files.h"
#include "cli/shapes.h"
#include "src/files/atomic_file.h"
#include "src/runtime/file.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;

struct Reference {
  std::size_t output;
  std::string file;
};

std::vector<NamedFile> files_read(const RunOptionsOfEngine& options) {
  std::vector<NamedFile> files = read_files(options.engine);
  if (options.references.empty()) return files;
  for (auto& [name, file] : parse_named_texts(options.references, "--loadRefOutputs"))
    files.push_back({"--loadRefOutputs", std::move(file)});
  return files;
}

std::vector<Reference> references(const Engine& engine, const std::string& text) {
  std::vector<Reference> found;
  if (text.empty()) return found;
  for (const auto& [name, file] : parse_named_texts(text, "--loadRefOutputs"))
    found.push_back({static_cast<std::size_t>(engine.output_index(name)), file});
  return found;
}

// A .npy keeps its type: rounding the reference to the output's would hide a difference.
HostArray read_reference(const std::string& path, const HostArray& output) {
  const bool npy = path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0;
  return npy ? parse_npy(runtime::read_file(path), path) : read_array(path, output.dtype, output.shape);
}

std::string describe(const EngineTensor& info, const HostArray& output) {
  std::string text = fmt::format("output {}: {}{}", info.name, torch2trt::name(output.dtype), output.shape.text());
  if (output.dtype == DType::kFloat8E4M3 || output.dtype == DType::kFloat8E5M2) return text;
  const std::vector<double> values = numbers(output);
  if (values.empty()) return text + ", empty";
  const auto odd = std::count_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  const Statistics statistics = statistics_of(values, {});
  text += fmt::format(", min {:.6g}, max {:.6g}, mean {:.6g}", statistics.min, statistics.max, statistics.mean);
  if (odd > 0) text += fmt::format("; warning: {} of {} values are NaN or infinite", odd, values.size());
  return text;
}

std::string describe(const EngineTensor& info, const Comparison& comparison, Algorithm algorithm) {
  std::string text = fmt::format(
      "compare {}: {}, {} = {:.6g} ({} {:g} wanted; atol {:g}, rtol {:g}); largest difference {:.6g} at {} ({:.9g}, "
      "reference {:.9g}), relative to the largest value {:.3g}; {} elements apart",
      info.name, comparison.passed ? "passed" : "FAILED", name(algorithm), comparison.figure,
      algorithm == Algorithm::kCos ? "at least" : "at most", comparison.threshold, comparison.atol, comparison.rtol,
      comparison.max_absolute, comparison.worst, comparison.worst_out, comparison.worst_ref, comparison.relative,
      comparison.mismatches);
  if (comparison.trivial) text += "; warning: the reference is one value throughout, so this says little";
  return text;
}

Json json_of(const EngineTensor& info, const Comparison& comparison, Algorithm algorithm) {
  const auto finite = [](double value) { return std::isfinite(value) ? Json(value) : Json(fmt::format("{}", value)); };
  return {{"output", info.name},
          {"passed", comparison.passed},
          {"algorithm", name(algorithm)},
          {"figure", finite(comparison.figure)},
          {"threshold", comparison.threshold},
          {"atol", comparison.atol},
          {"rtol", comparison.rtol},
          {"max_absolute", finite(comparison.max_absolute)},
          {"relative", finite(comparison.relative)},
          {"mismatches", comparison.mismatches},
          {"position", comparison.worst},
          {"trivial_reference", comparison.trivial}};
}

// A name as a file's: what could leave the folder becomes '_'.
std::string file_name(std::string name) {
  for (char& c : name)
    if (c == '/' || c == '\\' || c == '\0') c = '_';
  if (name == "." || name == "..") name = "_" + name;
  return name + ".npy";
}

// Of each output with --saveOutputs.
std::vector<NamedFile> files_saved(const Engine& engine, const std::string& folder) {
  std::vector<NamedFile> files;
  for (const EngineTensor& output : engine.outputs()) {
    files.push_back({fmt::format("--saveOutputs of output \"{}\"", output.name),
                     (fs::path(folder) / file_name(output.name)).string()});
  }
  return files;
}

void check_folder(const std::string& folder) {
  std::error_code failed;
  if (folder.empty() || fs::is_directory(folder, failed)) return;
  throw Error(ErrorCategory::kRuntime, fmt::format("--saveOutputs: there is no folder \"{}\"", folder));
}

}  // namespace

int run_engine(const std::shared_ptr<const Engine>& engine, const RunOptionsOfEngine& options, Session& session) {
  const std::vector<Reference> refs = references(*engine, options.references);
  std::vector<NamedFile> written = {{"--exportOutput", options.export_output},
                                    {"--exportReport", options.export_report}};
  std::vector<NamedFile> saved;
  if (!options.save_outputs.empty()) saved = files_saved(*engine, options.save_outputs);
  written.insert(written.end(), saved.begin(), saved.end());
  check_output_files(files_read(options), written);
  const std::vector<HostArray> inputs = make_inputs(*engine, options.engine);
  const std::vector<HostArray> outputs = run_once(engine, inputs, options.engine.profile);
  session.out = describe_setup(*engine, options.engine, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) session.out += describe(engine->outputs()[i], outputs[i]) + "\n";
  bool passed = true;
  Json comparisons = Json::array();
  for (const Reference& ref : refs) {
    const EngineTensor& info = engine->outputs()[ref.output];
    const HostArray& output = outputs[ref.output];
    const HostArray wanted = read_reference(ref.file, output);
    if (wanted.shape != output.shape) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("output \"{}\" has the shape {}; its reference \"{}\" has {}", info.name,
                              output.shape.text(), ref.file, wanted.shape.text()));
    }
    const Comparison comparison = compare(output, wanted, options.accuracy);
    passed = passed && comparison.passed;
    session.out += describe(info, comparison, options.accuracy.algorithm) + "\n";
    comparisons.push_back(json_of(info, comparison, options.accuracy.algorithm));
  }
  if (!refs.empty()) session.out += passed ? "accuracy: passed\n" : "accuracy: FAILED\n";

  const NoKill no_kill;
  std::vector<std::unique_ptr<AtomicFile>> files;
  const auto add = [&](const std::string& path, const std::string& text) {
    files.push_back(std::make_unique<AtomicFile>(path));
    files.back()->write(text);
    files.back()->sync();
  };
  if (!options.export_output.empty()) add(options.export_output, dump(outputs_json(engine->outputs(), outputs)));
  if (!options.save_outputs.empty()) {
    for (std::size_t i = 0; i < outputs.size(); ++i) add(saved[i].path, npy_text(outputs[i]));
  }
  if (!options.export_report.empty()) {
    Json report = setup_json(*engine, options.engine.engine, inputs);
    report["comparisons"] = comparisons;
    report["passed"] = passed;
    add(options.export_report, dump(report));
  }
  throw_if_interrupted();
  for (const auto& file : files) file->commit();
  return passed ? 0 : kOutputsDiffer;
}

void add_run(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<RunOptionsOfEngine>();
  auto algorithm = std::make_shared<std::string>("l0");
  CLI::App* command = app.add_subcommand("run", "Run an engine once, and compare its outputs");
  add_engine_options(*command, options->engine);
  command->add_option("--loadRefOutputs,--refOutputs", options->references, "What PyTorch gave: .npy or raw bytes")
      ->type_name("NAME:FILE,...");
  command->add_option("--accuracyAlgorithm", *algorithm, "l0 (the default), l1, l2, lInf or cos")->type_name("WHICH");
  command->add_option("--accuracyThreshold", options->accuracy.threshold, "What its figure may be")->type_name("X");
  command->add_option("--atol", options->accuracy.atol, "Absolute tolerance of l0")->type_name("X")->check(at_least(0));
  command->add_option("--rtol", options->accuracy.rtol, "Relative tolerance of l0")->type_name("X")->check(at_least(0));
  command->add_option("--exportOutput", options->export_output, "The outputs in JSON")->type_name("FILE");
  command->add_option("--saveOutputs", options->save_outputs, "A folder for NAME.npy of each output")->type_name("DIR");
  command->add_option("--exportReport", options->export_report, "Setup and comparisons in JSON")->type_name("FILE");
  command->callback([options, algorithm, &chosen] {
    chosen = [options, algorithm](Session& session) {
      options->accuracy.algorithm = parse_algorithm(*algorithm);
      check_folder(options->save_outputs);
      check_output_files(files_read(*options),
                         {{"--exportOutput", options->export_output}, {"--exportReport", options->export_report}});
      return run_engine(open_engine(options->engine, session), *options, session);
    };
  });
}

}  // namespace torch2trt::cli
