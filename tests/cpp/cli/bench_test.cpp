// `bench` and `run` on an engine that needs no GPU (tests/cpp/runtime/fake.h: y = 2 x).
#include "cli/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/bench_report.h"
#include "tests/cpp/error_message.h"
#include "tests/cpp/runtime/fake.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using torch2trt::testing::fake_cuda_state;
using torch2trt::testing::fake_engine;
using torch2trt::testing::FakePlanOptions;
using torch2trt::testing::message;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class Bench : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              (std::string("bench_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  BenchOptions quick() const {
    BenchOptions options;
    options.engine.engine = "some.engine";
    options.measure.warm_up_ms = 1;
    options.measure.duration_s = 0.01;
    return options;
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  Json json(const char* name) const { return Json::parse(read(folder_ / name)); }
  int bench_with(const BenchOptions& options) {
    Session session{backends_, progress_, false, {}};
    const int code = bench(fake_->engine, options, session);
    out_ = session.out;
    return code;
  }
  int run_with(const RunOptionsOfEngine& options) {
    Session session{backends_, progress_, false, {}};
    const int code = run_engine(fake_->engine, options, session);
    out_ = session.out;
    return code;
  }

  fs::path folder_;
  std::unique_ptr<torch2trt::testing::FakeEngine> fake_ = fake_engine();
  Backends backends_;
  Progress progress_{stderr, false};
  std::string out_;
};

TEST_F(Bench, PrintsSettingsAndTrtexecsSummary) {
  EXPECT_EQ(bench_with(quick()), 0);
  EXPECT_THAT(out_, HasSubstr("engine: some.engine (bare plan)\nTensorRT 99.1.2 on "));
  EXPECT_THAT(out_, HasSubstr("(compute capability 9.0)"));
  EXPECT_THAT(out_, HasSubstr("input x: float32[2, 4]\ninput values: random, seed 0\n"));
  EXPECT_THAT(out_, HasSubstr("CUDA graph: on, data transfers: off, streams: 1, warm-up: 1 ms, duration: 0.01 s, "
                              "iterations: at least 10"));
  EXPECT_THAT(out_, HasSubstr("\nThroughput: "));
  for (const char* row : {"\nLatency: min = ", "\nEnqueue Time: min = ", "\nGPU Compute Time: min = ",
                          "\nTotal Host Walltime: ", "\nTotal GPU Compute Time: "})
    EXPECT_THAT(out_, HasSubstr(row));
  EXPECT_THAT(out_, HasSubstr("percentile(99%) = "));
  EXPECT_THAT(out_, Not(HasSubstr("H2D")));
  EXPECT_THAT(out_, Not(HasSubstr("not every iteration was the launch")));
  EXPECT_GT(fake_cuda_state().graph_launches, 10);
  EXPECT_EQ(fake_cuda_state().live(), 0);
  EXPECT_EQ(fake_cuda_state().events, 0);
  EXPECT_EQ(fake_cuda_state().streams, 0);
}

TEST_F(Bench, TransfersAndNoGraph) {
  BenchOptions options = quick();
  options.measure.cuda_graph = false;
  options.measure.transfers = true;
  options.average_runs = 5;
  options.engine.shapes = "x:3x4";
  EXPECT_EQ(bench_with(options), 0);
  EXPECT_THAT(out_, HasSubstr("input x: float32[3, 4]"));
  EXPECT_THAT(out_, HasSubstr("\nH2D Latency: min = "));
  EXPECT_THAT(out_, HasSubstr("\nD2H Latency: min = "));
  EXPECT_THAT(out_, HasSubstr("\nAverage on 5 runs - GPU latency: "));
  EXPECT_EQ(fake_cuda_state().graph_launches, 0);
}

TEST_F(Bench, SeveralStreams) {
  BenchOptions options = quick();
  options.measure.streams = 4;
  options.measure.iterations = 20;
  options.measure.duration_s = 0;
  options.export_report = path("report.json");
  EXPECT_EQ(bench_with(options), 0);
  EXPECT_EQ(json("report.json")["bench"]["count"], 80);
  EXPECT_THAT(out_, HasSubstr("several streams share the GPU"));
}

TEST_F(Bench, AFailureOnOneOfSeveralStreamsEndsAll) {
  BenchOptions options = quick();
  options.measure.streams = 4;
  fake_->plan->fail_next_enqueue = true;
  EXPECT_THAT(message([&] { bench_with(options); }, ErrorCategory::kRuntime), HasSubstr("TensorRT: broken"));
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Bench, Files) {
  BenchOptions options = quick();
  options.export_times = path("times.json");
  options.export_profile = path("profile.json");
  options.export_layers = path("layers.json");
  options.export_output = path("output.json");
  options.export_report = path("report.json");
  options.percentiles = "50,99.5";
  EXPECT_EQ(bench_with(options), 0);
  const Json times = json("times.json");
  ASSERT_GE(times.size(), 10U);
  double before = 0;
  for (const Json& row : times) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) keys.push_back(key);
    EXPECT_THAT(keys, ::testing::ElementsAre("startEnqMs", "endEnqMs", "startH2dMs", "endH2dMs", "startComputeMs",
                                             "endComputeMs", "startD2hMs", "endD2hMs", "h2dMs", "computeMs", "d2hMs",
                                             "latencyMs"));
    EXPECT_GE(row["startEnqMs"], before);
    before = row["startEnqMs"];
    EXPECT_GE(row["endEnqMs"], row["startEnqMs"]);
    EXPECT_GE(row["endComputeMs"], row["startComputeMs"]);
    EXPECT_NEAR(row["latencyMs"].get<double>(), row["computeMs"].get<double>(), 1e-9);
  }
  const Json profile = json("profile.json");
  ASSERT_EQ(profile.size(), 3U);
  EXPECT_EQ(profile[0], Json({{"count", 50}}));
  EXPECT_EQ(
      profile[1],
      Json({{"name", "double"}, {"timeMs", 12.5}, {"averageMs", 0.25}, {"medianMs", 0.25}, {"percentage", 25.0}}));
  EXPECT_EQ(read(path("layers.json")), fake_->engine->layer_information());
  const Json output = json("output.json");
  ASSERT_EQ(output.size(), 1U);
  EXPECT_EQ(output[0]["name"], "y");
  EXPECT_EQ(output[0]["dimensions"], "2x4");
  const std::vector<double> x = numbers(random_array(DType::kFloat32, {2, 4}, 0));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(output[0]["values"][i].get<double>(), 2 * x[i]);
  const Json report = json("report.json");
  EXPECT_EQ(report["engine"], "some.engine");
  EXPECT_EQ(report["bench"]["settings"]["cuda_graph"], true);
  EXPECT_EQ(report["bench"]["count"], times.size());
  EXPECT_TRUE(report["bench"]["compute_ms"]["percentiles"].contains("99.5"));
  EXPECT_GT(report["bench"]["throughput_qps"], 0);
  EXPECT_EQ(report["inputs"][0]["shape"], Json({2, 4}));
}

TEST_F(Bench, LayersOnTheTerminal) {
  BenchOptions options = quick();
  options.dump_profile = options.dump_layers = true;
  EXPECT_EQ(bench_with(options), 0);
  EXPECT_THAT(out_, HasSubstr("   37.5000    0.75000    0.75000   75.00  rest\n"));
  EXPECT_THAT(out_, HasSubstr("{\"Layers\": [\"double\"]"));
}

TEST_F(Bench, WarnsWhereGraphsCouldNotBeUsed) {
  FakePlanOptions plan;
  plan.positives = true;
  fake_ = fake_engine(plan);
  EXPECT_EQ(bench_with(quick()), 0);
  EXPECT_THAT(out_, HasSubstr("warning: not every iteration was the launch of a CUDA graph"));
}

TEST(BenchReport, WarnsOfWhatMakesFiguresDoubtful) {
  Measurement measurement;
  measurement.graphs = true;
  measurement.wall_ms = 100;
  for (int i = 0; i < 10; ++i) {
    Sample sample;
    sample.enqueue_end = 0.9;
    sample.h2d_end = sample.compute_start = 0.6;
    sample.compute_end = sample.compute_start + (i < 5 ? 0.9 : 1.1);
    sample.d2h_start = sample.compute_end;
    sample.d2h_end = sample.d2h_start + 0.5;
    measurement.samples.push_back(sample);
  }
  MeasureOptions options;
  options.transfers = true;
  const Summary summary = summarize(measurement, options, {90});
  EXPECT_DOUBLE_EQ(summary.throughput, 100);
  EXPECT_DOUBLE_EQ(summary.latency.median, 2.1);
  EXPECT_NEAR(summary.compute_s, 0.01, 1e-12);
  ASSERT_EQ(summary.warnings.size(), 3U);
  EXPECT_THAT(summary.warnings[0], HasSubstr("throughput may be bound by the host; several --infStreams may help"));
  EXPECT_THAT(summary.warnings[1], HasSubstr("copying takes as long as computing"));
  EXPECT_THAT(summary.warnings[2], HasSubstr("GPU times vary by 10.0 %"));
  for (Sample& sample : measurement.samples) {
    sample.enqueue_end = 0.1;
    sample.compute_end = sample.d2h_start = sample.d2h_end = sample.compute_start + 2;
  }
  EXPECT_TRUE(summarize(measurement, options, {90}).warnings.empty());
}

TEST_F(Bench, InputsThatDoNotFit) {
  BenchOptions options = quick();
  options.engine.shapes = "z:1x4";
  EXPECT_THAT(message([&] { bench_with(options); }),
              HasSubstr("--shapes: there is no input \"z\"; the engine has \"x\""));
  options.engine.shapes = "x:9x4";
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("profile 0 allows 1 to 8"));
  options.engine.shapes = "";
  options.engine.profile = 1;
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("there is no optimization profile 1; the engine has 1"));
  options.engine.profile = 0;
  std::ofstream(path("x.bin"), std::ios::binary) << "short";
  options.engine.inputs = "x:" + path("x.bin");
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("has 5 bytes; float32 of shape [2, 4] takes 32"));
  options.engine.inputs = "x:" + path("none.npy");
  EXPECT_THAT(message([&] { bench_with(options); }, ErrorCategory::kRuntime), HasSubstr("No such file"));
  options.engine.inputs = "w:" + path("x.bin");
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("--loadInputs: there is no input \"w\""));
  std::ofstream(path("x.npy"), std::ios::binary) << npy_text(random_array(DType::kFloat32, {3, 4}, 1));
  options.engine.inputs = "x:" + path("x.npy");
  options.engine.shapes = "x:2x4";
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("input \"x\": --shapes says [2, 4]"));
}

TEST_F(Bench, RunComparesWithWhatPyTorchGave) {
  HostArray x = random_array(DType::kFloat64, {3, 4}, 4);
  std::ofstream(path("x.npy"), std::ios::binary) << npy_text(x);
  HostArray y = x;
  std::vector<double> values = numbers(x);
  for (double& value : values) value *= 2;
  std::memcpy(y.bytes.data(), values.data(), y.bytes.size());
  std::ofstream(path("y.npy"), std::ios::binary) << npy_text(y);

  RunOptionsOfEngine options;
  options.engine.engine = "some.engine";
  options.engine.inputs = "x:" + path("x.npy");
  options.references = "y:" + path("y.npy");
  options.export_report = path("report.json");
  options.export_output = path("output.json");
  options.save_outputs = folder_.string() + "/saved";
  fs::create_directories(options.save_outputs);
  EXPECT_EQ(run_with(options), 0);
  EXPECT_THAT(out_, HasSubstr("output y: float32[3, 4], min "));
  EXPECT_THAT(out_, HasSubstr("compare y: passed, l0 = 0 (at most 0 wanted; atol 0.0001, rtol 0.0001)"));
  EXPECT_THAT(out_, HasSubstr("accuracy: passed\n"));
  EXPECT_EQ(json("report.json")["passed"], true);
  EXPECT_EQ(json("output.json")[0]["dimensions"], "3x4");
  const std::string saved = read(folder_ / "saved" / "y.npy");
  EXPECT_EQ(saved, npy_text(converted(y, DType::kFloat32, "y")));

  values[5] += 0.5;
  std::memcpy(y.bytes.data(), values.data(), y.bytes.size());
  std::ofstream(path("y.npy"), std::ios::binary) << npy_text(y);
  EXPECT_EQ(run_with(options), kOutputsDiffer);
  EXPECT_THAT(out_, HasSubstr("compare y: FAILED, l0 = 0.0833333"));
  EXPECT_THAT(out_, HasSubstr("largest difference 0.5 at 5"));
  EXPECT_THAT(out_, HasSubstr("accuracy: FAILED\n"));
  EXPECT_EQ(json("report.json")["passed"], false);
  EXPECT_EQ(json("report.json")["comparisons"][0]["mismatches"], 1);
  options.accuracy.atol = 1;
  EXPECT_EQ(run_with(options), 0);

  y.shape = {4, 3};
  std::ofstream(path("y.npy"), std::ios::binary) << npy_text(y);
  EXPECT_THAT(message([&] { run_with(options); }), HasSubstr("output \"y\" has the shape [3, 4]; its reference"));
  options.references = "q:" + path("y.npy");
  EXPECT_THAT(message([&] { run_with(options); }), HasSubstr("there is no output \"q\""));
}

TEST_F(Bench, NothingIsWrittenOverWhatIsRead) {
  BenchOptions options = quick();
  std::ofstream(path("some.engine")) << "engine";
  options.engine.engine = path("some.engine");
  options.export_times = path("some.engine");
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("--loadEngine and --exportTimes are the same file"));
  options.export_times = options.export_profile = path("times.json");
  EXPECT_THAT(message([&] { bench_with(options); }), HasSubstr("--exportTimes and --exportProfile are the same file"));
  RunOptionsOfEngine run;
  run.engine.engine = path("some.engine");
  std::ofstream(path("y.npy"), std::ios::binary) << npy_text(random_array(DType::kFloat32, {2, 4}, 1));
  run.references = "y:" + path("y.npy");
  run.save_outputs = folder_.string();
  EXPECT_THAT(message([&] { run_with(run); }),
              HasSubstr("--loadRefOutputs and --saveOutputs of output \"y\" are the same file"));
  run.references.clear();
  run.engine.inputs = "x:" + path("y.npy");
  EXPECT_THAT(message([&] { run_with(run); }), HasSubstr("--loadInputs and --saveOutputs"));
  EXPECT_EQ(read(path("some.engine")), "engine");
}

TEST_F(Bench, RunSaysWhereValuesAreNoNumbers) {
  HostArray x = random_array(DType::kFloat32, {2, 4}, 4);
  const float nan = std::nanf("");
  std::memcpy(x.bytes.data(), &nan, sizeof(nan));
  std::ofstream(path("x.bin"), std::ios::binary).write(reinterpret_cast<const char*>(x.bytes.data()), 32);
  RunOptionsOfEngine options;
  options.engine.inputs = "x:" + path("x.bin");
  EXPECT_EQ(run_with(options), 0);
  EXPECT_THAT(out_, HasSubstr("warning: 1 of 8 values are NaN or infinite"));
}

}  // namespace
}  // namespace torch2trt::cli
