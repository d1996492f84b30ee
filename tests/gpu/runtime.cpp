// What the runtime costs and whether threads get in each other's way, on a real engine. `gpu_runtime --help`.
//
//   host cost   Context::enqueue against a bare enqueueV3, and with a graph against a bare cudaGraphLaunch, in turns
//   threads     a pool of contexts: every result compared to the bit with one thread's; runs a second by threads
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/device_inputs.h"
#include "cli/engine_inputs.h"
#include "cli/statistics.h"
#include "src/runtime/backend.h"
#include "src/runtime/graph.h"
#include "src/runtime/slot.h"
#include "torch2trt/device.h"

namespace torch2trt::gpu {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kInFlight = 4;  // so that the GPU's queue, of about a thousand kernels, is never full

struct Options {
  std::string report;
  cli::EngineRunOptions engine;
  int threads = 8;
  int runs = 200;    // of each thread
  int calls = 2000;  // timed, a turn
};

double microseconds(Clock::duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

// Host time of each call.
std::vector<double> times_of(const std::function<void()>& call, int calls, const Stream& stream) {
  std::vector<double> times;
  for (int i = -kInFlight; i < calls; ++i) {
    if (i % kInFlight == 0) stream.synchronize();
    const Clock::time_point before = Clock::now();
    call();
    if (i >= 0) times.push_back(microseconds(Clock::now() - before));
  }
  stream.synchronize();
  return times;
}

// An execution without Context, bound to tensors of its own.
class Bare {
 public:
  Bare(const Engine& engine, const std::vector<cli::HostArray>& inputs)
      : execution_(engine.backend().make_execution(0, nullptr)) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const int slot = engine.input_slots()[i];
      tensors_.push_back(to_device(inputs[i].bytes.data(), inputs[i].dtype, inputs[i].shape));
      if (!engine.inputs()[i].shape.known()) execution_->set_shape(slot, inputs[i].shape);
      execution_->set_address(slot, tensors_.back().data);
    }
    for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
      const int slot = engine.output_slots()[i];
      tensors_.push_back(empty_device_tensor(engine.outputs()[i].dtype, execution_->shape(slot)));
      execution_->set_address(slot, tensors_.back().data);
    }
  }
  runtime::ExecutionBackend& execution() { return *execution_; }

 private:
  std::vector<DeviceTensor> tensors_;
  std::unique_ptr<runtime::ExecutionBackend> execution_;
};

Json cost(const char* what, const std::vector<double>& bare, const std::vector<double>& ours, double allowed) {
  const cli::Statistics a = cli::statistics_of(bare, {});
  const cli::Statistics b = cli::statistics_of(ours, {});
  const bool passed = b.median - a.median <= allowed;
  fmt::print("{}: bare {:.2f} us, Context {:.2f} us, over it {:.2f} us ({:g} allowed): {}\n", what, a.median, b.median,
             b.median - a.median, allowed, passed ? "passed" : "FAILED");
  return {{"bare_us", a.median},
          {"context_us", b.median},
          {"over_us", b.median - a.median},
          {"allowed_us", allowed},
          {"passed", passed}};
}

// The bare execution is gone before another is made: before TensorRT 10 a profile has one.
Json host_cost(const std::shared_ptr<const Engine>& engine, const std::vector<cli::HostArray>& inputs, int calls) {
  const Stream stream;
  Json json;
  for (const bool graph : {false, true}) {
    std::vector<double> bare_times;
    std::vector<double> times;
    for (int turn = 0; turn < 3; ++turn) {
      {
        Bare bare(*engine, inputs);
        bare.execution().enqueue(stream);
        stream.synchronize();
        std::function<void()> call = [&] { bare.execution().enqueue(stream); };
        std::unique_ptr<runtime::CapturedGraph> captured;
        if (graph) {
          const Stream capture;
          captured = std::make_unique<runtime::CapturedGraph>(engine->cuda(), bare.execution(), capture);
          call = [&] { captured->launch(stream); };
        }
        const std::vector<double> more = times_of(call, calls, stream);
        bare_times.insert(bare_times.end(), more.begin(), more.end());
      }
      ContextOptions options;
      options.cuda_graph = graph;
      Context context(engine, options);
      const cli::DeviceTensors tensors(context, inputs, stream);
      context.enqueue(stream);
      const std::vector<double> more = times_of([&] { context.enqueue(stream); }, calls, stream);
      times.insert(times.end(), more.begin(), more.end());
      if (graph && context.graph_launches() == 0) throw Error(ErrorCategory::kRuntime, "no graph was launched");
    }
    json[graph ? "graph" : "enqueue"] = cost(graph ? "graph launch" : "enqueue", bare_times, times, graph ? 2 : 5);
  }
  return json;
}

using Bytes = std::vector<std::vector<std::byte>>;

Bytes run(Context& context, const std::vector<DeviceTensor>& inputs, const Stream& stream) {
  const std::vector<DeviceTensor> outputs =
      context.infer(std::vector<TensorView>(inputs.begin(), inputs.end()), stream);
  Bytes bytes;
  for (const DeviceTensor& output : outputs) bytes.push_back(to_host(output, stream));
  return bytes;
}

// Each thread has inputs of its own, so that mixed-up memory shows.
Json threads(const std::vector<std::shared_ptr<const Engine>>& engines, const Options& options, int count, bool graph) {
  std::vector<std::vector<DeviceTensor>> inputs;
  std::vector<Bytes> expected;
  PoolOptions pool_options;
  pool_options.size = static_cast<std::size_t>(count);
  pool_options.context.cuda_graph = graph;
  EnginePool pool(engines, pool_options);
  for (int t = 0; t < count; ++t) {
    const Stream stream;
    cli::EngineRunOptions seeded = options.engine;
    seeded.seed = 100 + 10 * static_cast<std::uint64_t>(t);
    std::vector<DeviceTensor> tensors;
    for (const cli::HostArray& array : cli::make_inputs(*engines[0], seeded))
      tensors.push_back(to_device(array.bytes.data(), array.dtype, array.shape));
    inputs.push_back(tensors);
    expected.push_back(run(*pool.acquire(), tensors, stream));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> running;
  const Clock::time_point start = Clock::now();
  for (int t = 0; t < count; ++t) {
    running.emplace_back([&, t] {
      const auto index = static_cast<std::size_t>(t);
      const Stream stream;
      for (int i = 0; i < options.runs; ++i) {
        const EnginePool::Lease lease = pool.acquire();
        if (run(*lease, inputs[index], stream) != expected[index]) ++wrong;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  const double seconds = microseconds(Clock::now() - start) / 1e6;
  const double rate = count * options.runs / seconds;
  fmt::print("{} threads, graph {}: {:.1f} runs/s, {} of {} results wrong\n", count, graph ? "on" : "off", rate,
             wrong.load(), count * options.runs);
  return {{"threads", count}, {"graph", graph}, {"runs_per_second", rate}, {"wrong", wrong.load()}};
}

int check(const Options& options) {
  EngineOptions engine_options;
  engine_options.trusted = true;
  engine_options.tensorrt_library = options.engine.tensorrt;
  const auto engine = Engine::load(options.engine.engine, engine_options);
  const std::vector<cli::HostArray> inputs = cli::make_inputs(*engine, options.engine);
  fmt::print("{}", cli::describe_setup(*engine, options.engine, inputs));
  Json report = {
      {"engine", options.engine.engine}, {"tensorrt", engine->tensorrt_version()}, {"gpu", this_machine().gpu}};
  report["host_cost"] = host_cost(engine, inputs, options.calls);
  // A copy a context, which any TensorRT allows.
  std::vector<std::shared_ptr<const Engine>> copies;
  const bool dynamic = std::any_of(engine->inputs().begin(), engine->inputs().end(),
                                   [](const EngineTensor& input) { return !input.shape.known(); });
  for (int i = 0; i < (dynamic ? options.threads : 1); ++i)
    copies.push_back(i == 0 ? engine : Engine::load(options.engine.engine, engine_options));
  bool passed = report["host_cost"]["enqueue"]["passed"] && report["host_cost"]["graph"]["passed"];
  for (const bool graph : {false, true}) {
    for (const int count : {1, options.threads}) {
      report["threads"].push_back(threads(copies, options, count, graph));
      passed = passed && report["threads"].back()["wrong"] == 0;
    }
  }
  report["passed"] = passed;
  if (!options.report.empty()) std::ofstream(options.report) << report.dump(2) << "\n";
  return passed ? 0 : 1;
}

}  // namespace
}  // namespace torch2trt::gpu

int main(int argc, char** argv) {
  CLI::App app("What the runtime costs, and threads on one engine.", "gpu_runtime");
  torch2trt::gpu::Options options;
  torch2trt::cli::add_engine_options(app, options.engine);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--runs", options.runs, "Of each thread")->check(CLI::PositiveNumber);
  app.add_option("--calls", options.calls, "Timed, in each of three turns")->check(CLI::PositiveNumber);
  app.add_option("--exportReport", options.report);
  CLI11_PARSE(app, argc, argv);
  try {
    return torch2trt::gpu::check(options);
  } catch (const torch2trt::Error& error) {
    fmt::print(stderr, "gpu_runtime: {}\n", error.what());
    return torch2trt::exit_code(error.category());
  }
}
