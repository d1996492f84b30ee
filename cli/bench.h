// `bench` without the loading of an engine, so that tests can bring one of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/accuracy.h"
#include "cli/engine_inputs.h"
#include "cli/measure.h"

namespace torch2trt::cli {

struct BenchOptions {
  EngineRunOptions engine;
  MeasureOptions measure;
  int average_runs = 0;  // 0: no such lines
  std::string percentiles = "90,95,99";
  bool dump_profile = false, dump_layers = false;
  std::string export_times, export_profile, export_layers, export_output, export_report;
};

int bench(const std::shared_ptr<const Engine>& engine, const BenchOptions& options, Session& session);

struct RunOptionsOfEngine {
  EngineRunOptions engine;
  std::string references;
  AccuracyOptions accuracy;
  std::string export_output, save_outputs, export_report;
};

// The exit code of `run` where an output is not what the reference is.
inline constexpr int kOutputsDiffer = 1;

int run_engine(const std::shared_ptr<const Engine>& engine, const RunOptionsOfEngine& options, Session& session);

}  // namespace torch2trt::cli
