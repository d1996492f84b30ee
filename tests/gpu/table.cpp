// The operator table, and whole models, on real engines: converts each case of a folder, builds its engine, runs it and
// compares with PyTorch. Needs a GPU. `gpu_table --help`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "src/backend/nvinfer/engine_builder.h"
#include "src/backend/nvinfer/network.h"
#include "src/frontend/export/read.h"
#include "src/passes/pipeline.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/compare.h"
#include "tests/gpu/layer_types.h"
#include "torch2trt/device.h"

namespace torch2trt::gpu {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string folder, report, tensorrt, filter, timing_cache, engines;
  std::size_t shard = 0, shards = 1;
  bool fp16 = false, tf32 = false;
  double tolerance = -1;  // of the norm, for models; negative: each output's own
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Inputs in the network's types: a program's int64 is int32 before TensorRT 10.
std::vector<DeviceTensor> on_device(const Run& run, const Engine& engine) {
  std::vector<DeviceTensor> tensors(engine.inputs().size());
  for (const NamedArray& input : run.inputs) {
    const auto index = static_cast<std::size_t>(engine.input_index(input.name));
    const cli::HostArray array = cli::converted(input.array, engine.inputs()[index].dtype, input.name);
    tensors[index] = to_device(array.bytes.data(), array.dtype, array.shape);
  }
  return tensors;
}

cli::HostArray on_host(const DeviceTensor& tensor, cudaStream_t stream) {
  cli::HostArray array;
  array.dtype = tensor.dtype;
  array.shape = tensor.shape;
  array.bytes = to_host(tensor, stream);
  return array;
}

struct Errors {
  double largest = 0, norm = 0, executor = 0;
  std::string fault;
};

void compare(const Case& wanted, const ExpectedOutput& output, const cli::HostArray& got, bool same_layers,
             const Options& options, Errors& errors) {
  const Difference found = difference(got, output.expected.array);
  const bool shape_only = wanted.random && got.shape == output.expected.array.shape;
  if (shape_only) return;
  errors.largest = std::max(errors.largest, found.largest);
  errors.norm = std::max(errors.norm, found.norm);
  const bool within =
      options.tolerance < 0 ? found.within(output.tolerance) : found.fault.empty() && found.norm <= options.tolerance;
  if (!within && errors.fault.empty()) {
    errors.fault =
        fmt::format("{}: {}", output.expected.name,
                    found.fault.empty() ? fmt::format("relative error {:.2e} (norm {:.2e})", found.largest, found.norm)
                                        : found.fault);
  }
  if (!same_layers) return;
  for (const NamedArray& executor : output.executor)
    errors.executor = std::max(errors.executor, difference(got, executor.array).largest);
}

Json check(const Case& wanted, const Options& options) {
  Json result = {{"name", wanted.name}};
  try {
    auto start = std::chrono::steady_clock::now();
    // How long a phase took, and begins the next.
    const auto noted = [&](const char* phase) {
      result[phase] = seconds_since(start);
      start = std::chrono::steady_clock::now();
    };
    Graph graph = read_pt2(wanted.model);
    run_passes(graph);
    noted("read_s");
    const auto builder = make_nvinfer_builder(options.tensorrt, {}, false);
    noted("builder_s");
    ConvertOptions convert_options{.shapes = wanted.shapes};
    convert_options.run.network = &builder->network();
    BuildOptions build;
    build.tf32 = options.tf32;
    if (options.fp16) build.precision = DType::kFloat16;
    build.timing_cache_file = options.timing_cache;
    convert_options.run.precision = precision_of(build, *builder);
    const Converted converted = convert(graph, convert_options);
    auto& network = dynamic_cast<NvinferNetwork&>(builder->network()).definition();
    const bool same_layers = !wanted.layers.empty() && layer_types(network) == wanted.layers;
    result["layers"] = network.getNbLayers();
    result["same_layers"] = same_layers;
    noted("convert_s");
    const SerializedEngine plan = builder->build(converted, build, {});
    noted("build_s");
    if (!options.engines.empty()) {
      std::ofstream(options.engines + "/" + wanted.name + ".engine", std::ios::binary)
          .write(reinterpret_cast<const char*>(plan.bytes.data()), static_cast<std::streamsize>(plan.bytes.size()));
    }
    EngineOptions engine_options;
    engine_options.tensorrt_library = options.tensorrt;
    const auto engine = Engine::from_plan(plan.bytes.data(), plan.bytes.size(), engine_options);
    noted("load_s");
    const Stream stream;  // before the context, whose outputs it must outlive
    Context context(engine);
    Errors errors;
    for (const Run& run : wanted.runs) {
      const std::vector<DeviceTensor> inputs = on_device(run, *engine);
      for (std::size_t i = 0; i < inputs.size(); ++i) context.set_input(static_cast<int>(i), inputs[i]);
      context.enqueue(stream);
      stream.synchronize();
      for (std::size_t i = 0; i < run.outputs.size(); ++i) {
        const DeviceTensor output = context.output(converted.signature.outputs.at(i).name);
        compare(wanted, run.outputs[i], on_host(output, stream), same_layers, options, errors);
      }
    }
    noted("run_s");
    result["status"] = errors.fault.empty() ? "passed" : "failed";
    result["message"] = errors.fault;
    result["error"] = errors.largest;
    result["norm_error"] = errors.norm;
    if (same_layers) result["executor_error"] = errors.executor;
  } catch (const Error& error) {
    // What 8.5 lacks is refused by name; a build that fails is not.
    const bool refused = error.category() == ErrorCategory::kUnsupportedOperator;
    result["status"] = refused ? "refused" : "error";
    result["message"] = error.what();
  } catch (const std::exception& error) {
    result["status"] = "error";
    result["message"] = error.what();
  }
  return result;
}

// What an earlier process found before it crashed.
Json earlier(const Options& options) {
  std::ifstream file(options.report);
  return file ? Json::parse(file) : Json::array();
}

int run_table(const Options& options) {
  Json report = earlier(options);
  std::set<std::string> done;
  for (const Json& result : report) done.insert(result["name"].get<std::string>());
  std::map<std::string, int> counts;
  // Shared by all the cases' networks, so that TensorRT 8 reads its kernels once.
  const auto builder = make_nvinfer_builder(options.tensorrt, {}, false);
  const std::vector<Case> cases = read_cases(options.folder);
  for (std::size_t i = options.shard; i < cases.size(); i += options.shards) {
    if (cases[i].name.find(options.filter) == std::string::npos || done.count(cases[i].name) > 0) continue;
    std::ofstream(options.report + ".current") << cases[i].name;
    Json result = check(cases[i], options);
    ++counts[result["status"].get<std::string>()];
    if (result["status"] != "passed") {
      fmt::print("{} {}: {}\n", result["status"].get<std::string>(), cases[i].name,
                 result["message"].get<std::string>().substr(0, 300));
      std::fflush(stdout);
    }
    report.push_back(std::move(result));
    // Each time, so that a run that crashes or is cut off leaves what it has.
    std::ofstream(options.report) << report.dump(1);
  }
  std::ofstream(options.report) << report.dump(1);
  for (const auto& [status, count] : counts) fmt::print("{} {}\n", count, status);
  return counts["failed"] + counts["error"] == 0 ? 0 : 1;
}

}  // namespace
}  // namespace torch2trt::gpu

int main(int argc, char** argv) {
  torch2trt::gpu::Options options;
  CLI::App app{"Runs the cases in a folder on real engines"};
  app.add_option("FOLDER", options.folder, "What tests/gpu/export_rows.py or tests/gpu/models.py wrote")->required();
  app.add_option("--exportReport", options.report, "Results as JSON")->required();
  app.add_option("--tensorrt", options.tensorrt, "libnvinfer, or the folder it is in");
  app.add_option("-k", options.filter, "Only cases whose name contains this");
  app.add_option("--shard", options.shard, "Which of the shards this process takes, from 0");
  app.add_option("--shards", options.shards, "Number of processes that share the cases");
  app.add_option("--timingCacheFile", options.timing_cache, "As for `torch2trt build`");
  app.add_option("--saveEngines", options.engines, "A folder for the engines")->check(CLI::ExistingDirectory);
  app.add_option("--normTolerance", options.tolerance, "Compare the norm of the error with this");
  app.add_flag("--fp16", options.fp16, "Layers may compute in float16");
  app.add_flag("--tf32", options.tf32, "Layers may compute in TF32");
  CLI11_PARSE(app, argc, argv);
  return torch2trt::gpu::run_table(options);
}
