// What `bench` and `run` print and write: trtexec's summary and its JSON files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/measure.h"
#include "cli/statistics.h"

namespace torch2trt::cli {

using Json = nlohmann::ordered_json;

struct Summary {
  double throughput = 0;  // iterations per second, of all streams
  Statistics latency, enqueue, h2d, compute, d2h;
  double wall_s = 0, compute_s = 0;
  std::vector<std::string> warnings;  // of what makes the figures doubtful
};

Summary summarize(const Measurement& measurement, const MeasureOptions& options, const std::vector<double>& percents);
// trtexec's lines, from "Throughput: " on, and the warnings.
std::string text_of(const Summary& summary, const MeasureOptions& options);
// "CUDA graph: on, transfers: off, ...", one line.
std::string text_of(const MeasureOptions& options);
// One line for every `runs` iterations.
std::string averages(const std::vector<Sample>& samples, int runs);

// --exportTimes: [{"startEnqMs": ..., ...}, ...]
Json times_json(const std::vector<Sample>& samples);
// --exportProfile: [{"count": runs}, {"name", "timeMs", "averageMs", "medianMs", "percentage"}, ...]
Json profile_json(const std::vector<LayerProfile>& layers);
// The same as a table, for --dumpProfile.
std::string profile_text(const std::vector<LayerProfile>& layers);
// --exportOutput: [{"name", "dimensions": "1x1000", "values": [...]}, ...]; NaN and infinity as texts.
Json outputs_json(const std::vector<EngineTensor>& infos, const std::vector<HostArray>& outputs);
Json json_of(const Statistics& statistics);
Json json_of(const Summary& summary, const MeasureOptions& options);
// Engine, GPU and inputs, for reports.
Json setup_json(const Engine& engine, const std::string& file, const std::vector<HostArray>& inputs);
// A JSON file's text; bad UTF-8 in names is replaced.
std::string dump(const Json& json);

}  // namespace torch2trt::cli
