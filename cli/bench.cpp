// `torch2trt bench`: how fast an engine is.
#include "cli/bench.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "cli/bench_report.h"
#include "cli/interrupt.h"
#include "cli/number_check.h"
#include "cli/output_files.h"
#include "src/files/atomic_file.h"

namespace torch2trt::cli {
namespace {

// Layers are timed apart from all else, so many times.
constexpr int kProfileRuns = 50;

// All complete on the disk before the first appears.
class Files {
 public:
  explicit Files(const BenchOptions& options) {
    check_output_files(read_files(options.engine), {{"--exportTimes", options.export_times},
                                                    {"--exportProfile", options.export_profile},
                                                    {"--exportLayerInfo", options.export_layers},
                                                    {"--exportOutput", options.export_output},
                                                    {"--exportReport", options.export_report}});
  }
  void add(const std::string& path, const std::string& text) {
    if (path.empty()) return;
    files_.push_back(std::make_unique<AtomicFile>(path));
    files_.back()->write(text);
    files_.back()->sync();
  }
  void commit() {
    throw_if_interrupted();
    for (const auto& file : files_) file->commit();
  }

 private:
  NoKill no_kill_;
  std::vector<std::unique_ptr<AtomicFile>> files_;
};

}  // namespace

int bench(const std::shared_ptr<const Engine>& engine, const BenchOptions& options, Session& session) {
  const std::vector<double> percents = parse_percentiles(options.percentiles);
  const std::vector<HostArray> inputs = make_inputs(*engine, options.engine);
  MeasureOptions measured = options.measure;
  measured.profile = options.engine.profile;
  session.progress.begin("measure");
  const Measurement measurement = measure(engine, inputs, measured);
  session.progress.end();
  std::vector<LayerProfile> layers;
  if (options.dump_profile || !options.export_profile.empty()) {
    session.progress.begin("profile layers");
    layers = profile_layers(engine, inputs, measured.profile, kProfileRuns);
    session.progress.end();
  }
  const Summary summary = summarize(measurement, measured, percents);
  session.out = describe_setup(*engine, options.engine, inputs) + text_of(measured) + "\n\n";
  if (options.average_runs > 0) session.out += averages(measurement.samples, options.average_runs) + "\n";
  session.out += fmt::format("=== Performance summary ({} iterations) ===\n", measurement.samples.size());
  session.out += text_of(summary, measured);
  if (options.dump_profile) session.out += "\n=== Layers ===\n" + profile_text(layers);
  if (options.dump_layers) session.out += "\n=== Layer information ===\n" + engine->layer_information() + "\n";

  Files files(options);
  files.add(options.export_times, dump(times_json(measurement.samples)));
  files.add(options.export_profile, dump(profile_json(layers)));
  if (!options.export_layers.empty()) files.add(options.export_layers, engine->layer_information());
  if (!options.export_output.empty())
    files.add(options.export_output, dump(outputs_json(engine->outputs(), measurement.outputs)));
  if (!options.export_report.empty()) {
    Json report = setup_json(*engine, options.engine.engine, inputs);
    report["bench"] = json_of(summary, measured);
    report["bench"]["count"] = measurement.samples.size();
    if (!layers.empty()) report["layers"] = profile_json(layers);
    files.add(options.export_report, dump(report));
  }
  files.commit();
  return 0;
}

void add_bench(CLI::App& app, Command& chosen) {
  struct Flags {
    bool graph = false, no_graph = false, transfers = false, no_transfers = false;
  };
  auto options = std::make_shared<BenchOptions>();
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("bench", "Time an engine");
  MeasureOptions& measured = options->measure;
  add_engine_options(*command, options->engine);
  command->add_option("--warmUp", measured.warm_up_ms, "Milliseconds before measuring; default 200")
      ->type_name("MS")
      ->check(at_least(0));
  command->add_option("--duration", measured.duration_s, "Seconds to measure for; default 3")
      ->type_name("S")
      ->check(at_least(0));
  command->add_option("--iterations", measured.iterations, "Iterations at least; default 10")
      ->type_name("N")
      ->check(at_least(1));
  command->add_option("--infStreams,--streams", measured.streams, "Streams at once, a context each; default 1")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  CLI::Option* graph = command->add_flag("--useCudaGraph", flags->graph, "Launch a captured CUDA graph (the default)");
  command->add_flag("--noCudaGraph", flags->no_graph, "Enqueue each iteration")->excludes(graph);
  CLI::Option* transfers =
      command->add_flag("--includeDataTransfers", flags->transfers, "Copy inputs and outputs in each iteration");
  command->add_flag("--noDataTransfers", flags->no_transfers, "Leave them on the GPU (the default)")
      ->excludes(transfers);
  command->add_option("--avgRuns", options->average_runs, "Print averages of so many iterations")
      ->type_name("N")
      ->check(at_least(1));
  command->add_option("--percentile", options->percentiles, "Percentiles to give; default 90,95,99")
      ->type_name("P,...");
  command->add_flag("--dumpProfile", options->dump_profile, "Print the time of each layer");
  command->add_flag("--dumpLayerInfo", options->dump_layers, "Print TensorRT's description of the layers");
  command->add_option("--exportTimes", options->export_times, "Times of each iteration")->type_name("FILE");
  command->add_option("--exportProfile", options->export_profile, "Times of each layer")->type_name("FILE");
  command->add_option("--exportLayerInfo", options->export_layers, "Description of the layers")->type_name("FILE");
  command->add_option("--exportOutput", options->export_output, "Values of the outputs")->type_name("FILE");
  command->add_option("--exportReport", options->export_report, "All figures")->type_name("FILE");
  command->callback([options, flags, &chosen] {
    chosen = [options, flags](Session& session) {
      options->measure.cuda_graph = !flags->no_graph;
      options->measure.transfers = flags->transfers;
      parse_percentiles(options->percentiles);
      {
        const Files writable(*options);
      }
      return bench(open_engine(options->engine, session), *options, session);
    };
  });
}

}  // namespace torch2trt::cli
