// Timing an engine, as trtexec does.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/host_array.h"
#include "torch2trt/runtime.h"

namespace torch2trt::cli {

struct MeasureOptions {
  double warm_up_ms = 200;
  double duration_s = 3;
  int iterations = 10;     // at least
  int streams = 1;         // each with a context and a thread of its own
  bool cuda_graph = true;  // as trtexec 11
  bool transfers = false;  // copy inputs to the GPU and outputs back in each iteration, on the same stream
  int profile = 0;
};

// One iteration. Milliseconds; starts and ends since the measurement began. Without transfers h2d is empty, at the
// start of the computation, and d2h at its end.
struct Sample {
  double enqueue_start = 0, enqueue_end = 0;
  double h2d_start = 0, h2d_end = 0;
  double compute_start = 0, compute_end = 0;
  double d2h_start = 0, d2h_end = 0;

  double enqueue() const { return enqueue_end - enqueue_start; }
  double h2d() const { return h2d_end - h2d_start; }
  double compute() const { return compute_end - compute_start; }
  double d2h() const { return d2h_end - d2h_start; }
  double latency() const { return h2d() + compute() + d2h(); }
};

struct Measurement {
  std::vector<Sample> samples;     // by the time they were enqueued
  double wall_ms = 0;              // from the first enqueue to the end of the last iteration
  bool graphs = false;             // all iterations were launches of CUDA graphs
  std::vector<HostArray> outputs;  // of the last iteration
};

// Two iterations are in flight on a stream. Throws what Context throws, and Cancelled after Ctrl-C.
Measurement measure(const std::shared_ptr<const Engine>& engine, const std::vector<HostArray>& inputs,
                    const MeasureOptions& options);

struct LayerProfile {
  std::string name;
  std::vector<double> milliseconds;  // one a run
};

// Runs with TensorRT's profiler, apart from the timing: it changes the times.
std::vector<LayerProfile> profile_layers(const std::shared_ptr<const Engine>& engine,
                                         const std::vector<HostArray>& inputs, int profile, int runs);

// One run.
std::vector<HostArray> run_once(const std::shared_ptr<const Engine>& engine, const std::vector<HostArray>& inputs,
                                int profile);

}  // namespace torch2trt::cli
