#include "cli/bench_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "src/runtime/cuda_api.h"

namespace torch2trt::cli {
namespace {

template <typename Figure>
Statistics of(const std::vector<Sample>& samples, const std::vector<double>& percents, Figure figure) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample& sample : samples) values.push_back((sample.*figure)());
  return statistics_of(std::move(values), percents);
}

std::vector<std::string> doubts(const Summary& summary, const Measurement& measurement, const MeasureOptions& options) {
  std::vector<std::string> warnings;
  if (options.cuda_graph && !measurement.graphs)
    warnings.emplace_back("not every iteration was the launch of a CUDA graph, though --useCudaGraph is on");
  if (summary.enqueue.median > 0.8 * summary.compute.median) {
    warnings.push_back(fmt::format(
        "enqueuing takes {:.3g} ms, the GPU {:.3g} ms: throughput may be bound by the host{}", summary.enqueue.median,
        summary.compute.median, options.cuda_graph ? "; several --infStreams may help" : "; --useCudaGraph may help"));
  }
  if (options.transfers && summary.h2d.median + summary.d2h.median >= summary.compute.median)
    warnings.emplace_back("copying takes as long as computing; --noDataTransfers leaves it out");
  if (summary.compute.variation > 0.025) {
    warnings.push_back(fmt::format(
        "GPU times vary by {:.1f} % (standard deviation over mean): the clocks may not be steady. Lock them "
        "(nvidia-smi -lgc), or measure for longer",
        100 * summary.compute.variation));
  }
  if (options.streams > 1)
    warnings.emplace_back("several streams share the GPU: latency and GPU time of one include waiting for the others");
  return warnings;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json sizes(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }

}  // namespace

Summary summarize(const Measurement& measurement, const MeasureOptions& options, const std::vector<double>& percents) {
  const std::vector<Sample>& samples = measurement.samples;
  Summary summary;
  summary.latency = of(samples, percents, &Sample::latency);
  summary.enqueue = of(samples, percents, &Sample::enqueue);
  summary.h2d = of(samples, percents, &Sample::h2d);
  summary.compute = of(samples, percents, &Sample::compute);
  summary.d2h = of(samples, percents, &Sample::d2h);
  summary.wall_s = measurement.wall_ms / 1000;
  for (const Sample& sample : samples) summary.compute_s += sample.compute() / 1000;
  summary.throughput = static_cast<double>(samples.size()) / summary.wall_s;
  summary.warnings = doubts(summary, measurement, options);
  return summary;
}

std::string text_of(const Summary& summary, const MeasureOptions& options) {
  std::string text = fmt::format("Throughput: {:.6g} qps\n", summary.throughput);
  text += fmt::format("Latency: {}\n", text_of(summary.latency));
  text += fmt::format("Enqueue Time: {}\n", text_of(summary.enqueue));
  if (options.transfers) text += fmt::format("H2D Latency: {}\n", text_of(summary.h2d));
  text += fmt::format("GPU Compute Time: {}\n", text_of(summary.compute));
  if (options.transfers) text += fmt::format("D2H Latency: {}\n", text_of(summary.d2h));
  text += fmt::format("Total Host Walltime: {:.6g} s\nTotal GPU Compute Time: {:.6g} s\n", summary.wall_s,
                      summary.compute_s);
  for (const std::string& warning : summary.warnings) text += fmt::format("warning: {}\n", warning);
  return text;
}

std::string text_of(const MeasureOptions& options) {
  return fmt::format(
      "CUDA graph: {}, data transfers: {}, streams: {}, warm-up: {:g} ms, duration: {:g} s, iterations: at least {}",
      options.cuda_graph ? "on" : "off", options.transfers ? "on (on the same stream)" : "off", options.streams,
      options.warm_up_ms, options.duration_s, options.iterations);
}

std::string averages(const std::vector<Sample>& samples, int runs) {
  std::string text;
  const auto step = static_cast<std::size_t>(runs);
  for (std::size_t i = 0; i + step <= samples.size(); i += step) {
    double compute = 0;
    double latency = 0;
    double enqueue = 0;
    for (std::size_t j = i; j < i + step; ++j) {
      compute += samples[j].compute();
      latency += samples[j].latency();
      enqueue += samples[j].enqueue();
    }
    text += fmt::format("Average on {} runs - GPU latency: {:.6g} ms - Host latency: {:.6g} ms (enqueue {:.6g} ms)\n",
                        runs, compute / runs, latency / runs, enqueue / runs);
  }
  return text;
}

Json times_json(const std::vector<Sample>& samples) {
  Json list = Json::array();
  for (const Sample& sample : samples) {
    list.push_back({{"startEnqMs", sample.enqueue_start},
                    {"endEnqMs", sample.enqueue_end},
                    {"startH2dMs", sample.h2d_start},
                    {"endH2dMs", sample.h2d_end},
                    {"startComputeMs", sample.compute_start},
                    {"endComputeMs", sample.compute_end},
                    {"startD2hMs", sample.d2h_start},
                    {"endD2hMs", sample.d2h_end},
                    {"h2dMs", sample.h2d()},
                    {"computeMs", sample.compute()},
                    {"d2hMs", sample.d2h()},
                    {"latencyMs", sample.latency()}});
  }
  return list;
}

Json profile_json(const std::vector<LayerProfile>& layers) {
  double total = 0;
  for (const LayerProfile& layer : layers) total += sum(layer.milliseconds);
  Json list = Json::array();
  list.push_back({{"count", layers.empty() ? 0 : layers.front().milliseconds.size()}});
  for (const LayerProfile& layer : layers) {
    const Statistics statistics = statistics_of(layer.milliseconds, {});
    const double time = sum(layer.milliseconds);
    list.push_back({{"name", layer.name},
                    {"timeMs", time},
                    {"averageMs", statistics.mean},
                    {"medianMs", statistics.median},
                    {"percentage", total > 0 ? 100 * time / total : 0}});
  }
  return list;
}

std::string profile_text(const std::vector<LayerProfile>& layers) {
  std::string text = fmt::format("{:>10} {:>10} {:>10} {:>7}  {}\n", "total ms", "mean ms", "median ms", "%", "layer");
  const Json list = profile_json(layers);
  for (std::size_t i = 1; i < list.size(); ++i) {
    const Json& row = list[i];
    text += fmt::format("{:10.4f} {:10.5f} {:10.5f} {:7.2f}  {}\n", row["timeMs"].get<double>(),
                        row["averageMs"].get<double>(), row["medianMs"].get<double>(), row["percentage"].get<double>(),
                        row["name"].get<std::string>());
  }
  return text;
}

Json outputs_json(const std::vector<EngineTensor>& infos, const std::vector<HostArray>& outputs) {
  Json list = Json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Json values = Json::array();
    const bool integers = is_integer(outputs[i].dtype);
    const std::size_t count = outputs[i].bytes.size() / size_of(outputs[i].dtype);
    for (std::size_t at = 0; at < count; ++at)
      values.push_back(integers ? Json(integer_at(outputs[i], at)) : number(number_at(outputs[i], at)));
    list.push_back({{"name", infos[i].name},
                    {"dimensions", fmt::format("{}", fmt::join(outputs[i].shape.begin(), outputs[i].shape.end(), "x"))},
                    {"values", std::move(values)}});
  }
  return list;
}

Json json_of(const Statistics& statistics) {
  Json json = {{"min", statistics.min},
               {"max", statistics.max},
               {"mean", statistics.mean},
               {"median", statistics.median},
               {"variation", statistics.variation}};
  for (const Percentile& percentile : statistics.percentiles)
    json["percentiles"][fmt::format("{:g}", percentile.percent)] = percentile.value;
  return json;
}

Json json_of(const Summary& summary, const MeasureOptions& options) {
  return {{"settings",
           {{"cuda_graph", options.cuda_graph},
            {"transfers", options.transfers},
            {"streams", options.streams},
            {"warm_up_ms", options.warm_up_ms},
            {"duration_s", options.duration_s},
            {"iterations", options.iterations},
            {"profile", options.profile}}},
          {"throughput_qps", summary.throughput},
          {"latency_ms", json_of(summary.latency)},
          {"enqueue_ms", json_of(summary.enqueue)},
          {"h2d_ms", json_of(summary.h2d)},
          {"compute_ms", json_of(summary.compute)},
          {"d2h_ms", json_of(summary.d2h)},
          {"host_walltime_s", summary.wall_s},
          {"gpu_compute_s", summary.compute_s},
          {"warnings", summary.warnings}};
}

Json setup_json(const Engine& engine, const std::string& file, const std::vector<HostArray>& inputs) {
  const runtime::RunningGpu gpu = runtime::running_gpu(engine.cuda(), engine.device());
  Json shapes = Json::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    shapes.push_back({{"name", engine.inputs()[i].name},
                      {"dtype", torch2trt::name(inputs[i].dtype)},
                      {"shape", sizes(inputs[i].shape)}});
  }
  return {{"engine", file},
          {"model", engine.metadata().model},
          {"tensorrt", engine.tensorrt_version()},
          {"gpu", gpu.name},
          {"compute_capability", gpu.compute_capability},
          {"driver", gpu.driver},
          {"cuda", gpu.cuda},
          {"inputs", shapes}};
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace torch2trt::cli
