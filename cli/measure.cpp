#include "cli/measure.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "cli/device_inputs.h"
#include "cli/interrupt.h"

namespace torch2trt::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kInFlight = 2;

double milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

// The moments of one iteration on the GPU.
struct Marks {
  explicit Marks(const Engine& engine) : begin(engine), compute_begin(engine), compute_end(engine), end(engine) {}
  EngineEvent begin, compute_begin, compute_end, end;
  Sample sample;
  bool pending = false;
};

// What one thread does.
class Worker {
 public:
  Worker(const std::shared_ptr<const Engine>& engine, const std::vector<HostArray>& inputs,
         const MeasureOptions& options)
      : options_(options),
        stream_(*engine),
        context_(engine, {options.profile, options.cuda_graph, 8, false, {}}),
        tensors_(context_, inputs, stream_.get()),
        base_(*engine) {
    for (auto& marks : marks_) marks = std::make_unique<Marks>(*engine);
  }

  void warm_up() {
    const Clock::time_point start = Clock::now();
    // Two at least: the first with new shapes is slower, and what is captured then is launched by the second.
    for (int i = 0; i < 2 || milliseconds(Clock::now() - start) < options_.warm_up_ms; ++i) {
      throw_if_interrupted();
      iterate(start);
    }
    drain();
    samples_.clear();
    launches_before_ = context_.graph_launches();
  }

  void run(Clock::time_point zero) {
    base_.record(stream_.get());
    base_ms_ = milliseconds(Clock::now() - zero);
    for (int i = 0; i < options_.iterations || milliseconds(Clock::now() - zero) < options_.duration_s * 1000; ++i) {
      throw_if_interrupted();
      iterate(zero);
    }
    drain();
    end_ = milliseconds(Clock::now() - zero);
  }

  const std::vector<Sample>& samples() const { return samples_; }
  double end_ms() const { return end_; }
  bool graphs() const { return context_.graph_launches() - launches_before_ == samples_.size(); }
  std::vector<HostArray> outputs() const { return tensors_.outputs(stream_.get()); }

 private:
  void iterate(Clock::time_point zero) {
    Marks& marks = *marks_[next_];
    next_ = (next_ + 1) % kInFlight;
    finish(marks);
    if (options_.transfers) {
      marks.begin.record(stream_.get());
      tensors_.upload(stream_.get());
    }
    marks.compute_begin.record(stream_.get());
    const Clock::time_point before = Clock::now();
    context_.enqueue(stream_.get());
    const Clock::time_point after = Clock::now();
    marks.compute_end.record(stream_.get());
    if (options_.transfers) {
      tensors_.download(stream_.get());
      marks.end.record(stream_.get());
    }
    marks.sample.enqueue_start = milliseconds(before - zero);
    marks.sample.enqueue_end = milliseconds(after - zero);
    marks.pending = true;
  }

  // Waits for an iteration and takes down its times.
  void finish(Marks& marks) {
    if (!marks.pending) return;
    marks.pending = false;
    (options_.transfers ? marks.end : marks.compute_end).synchronize();
    if (base_ms_ < 0) return;  // warming up
    Sample& sample = marks.sample;
    sample.compute_start = base_ms_ + marks.compute_begin.milliseconds_since(base_);
    sample.compute_end = sample.compute_start + marks.compute_end.milliseconds_since(marks.compute_begin);
    sample.h2d_start = sample.h2d_end = sample.compute_start;
    sample.d2h_start = sample.d2h_end = sample.compute_end;
    if (options_.transfers) {
      sample.h2d_start = sample.h2d_end - marks.compute_begin.milliseconds_since(marks.begin);
      sample.d2h_end = sample.d2h_start + marks.end.milliseconds_since(marks.compute_end);
    }
    samples_.push_back(sample);
  }

  // The older of those in flight first.
  void drain() {
    for (std::size_t i = 0; i < kInFlight; ++i) finish(*marks_[(next_ + i) % kInFlight]);
  }

  MeasureOptions options_;
  EngineStream stream_;
  Context context_;
  DeviceTensors tensors_;
  EngineEvent base_;
  double base_ms_ = -1;  // when base_ was recorded; -1 before
  std::array<std::unique_ptr<Marks>, kInFlight> marks_;
  std::size_t next_ = 0;
  std::size_t launches_before_ = 0;
  std::vector<Sample> samples_;
  double end_ = 0;
};

}  // namespace

Measurement measure(const std::shared_ptr<const Engine>& engine, const std::vector<HostArray>& inputs,
                    const MeasureOptions& options) {
  const auto count = static_cast<std::size_t>(options.streams);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<Worker>(engine, inputs, options));

  std::mutex mutex;
  std::exception_ptr failure;
  Clock::time_point zero;
  std::barrier ready(options.streams, [&]() noexcept { zero = Clock::now(); });
  const auto work = [&](Worker& worker) {
    bool waited = false;
    try {
      const runtime::DeviceGuard device(engine->cuda(), engine->device());
      worker.warm_up();
      waited = true;
      ready.arrive_and_wait();
      worker.run(zero);
    } catch (...) {
      if (!waited) ready.arrive_and_drop();
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work, std::ref(*workers[i]));
  work(*workers[0]);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);

  Measurement result;
  result.graphs = true;
  for (const auto& worker : workers) {
    result.samples.insert(result.samples.end(), worker->samples().begin(), worker->samples().end());
    result.wall_ms = std::max(result.wall_ms, worker->end_ms());
    result.graphs = result.graphs && worker->graphs();
  }
  std::stable_sort(result.samples.begin(), result.samples.end(),
                   [](const Sample& a, const Sample& b) { return a.enqueue_start < b.enqueue_start; });
  result.outputs = workers[0]->outputs();
  return result;
}

std::vector<LayerProfile> profile_layers(const std::shared_ptr<const Engine>& engine,
                                         const std::vector<HostArray>& inputs, int profile, int runs) {
  const EngineStream stream(*engine);
  ContextOptions options;
  options.profile = profile;
  Context context(engine, options);
  const DeviceTensors tensors(context, inputs, stream.get());
  context.enqueue(stream.get());
  stream.synchronize();
  std::vector<LayerProfile> layers;
  for (int run = 0; run < runs; ++run) {
    throw_if_interrupted();
    const std::vector<LayerTime> times = context.profile(stream.get());
    layers.resize(std::max(layers.size(), times.size()));
    for (std::size_t i = 0; i < times.size(); ++i) {
      layers[i].name = times[i].name;
      layers[i].milliseconds.push_back(times[i].milliseconds);
    }
  }
  return layers;
}

std::vector<HostArray> run_once(const std::shared_ptr<const Engine>& engine, const std::vector<HostArray>& inputs,
                                int profile) {
  const EngineStream stream(*engine);
  ContextOptions options;
  options.profile = profile;
  Context context(engine, options);
  const DeviceTensors tensors(context, inputs, stream.get());
  context.enqueue(stream.get());
  return tensors.outputs(stream.get());
}

}  // namespace torch2trt::cli
