// What Context asks of TensorRT, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/error_message.h"
#include "tests/cpp/runtime/fake.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The message of the Error that `function` throws, which must be of `category`.
TEST(Context, ComputesIntoTheCallersBuffer) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  const FakeTensor y({2, 4});
  context.set_input("x", x);
  context.set_output("y", y);
  context.enqueue(stream);
  EXPECT_THAT(y.values(), ElementsAre(2, 4, 6, 8, 10, 12, 14, 16));
  const DeviceTensor output = context.output("y");
  EXPECT_EQ(output.data, y.data);
  EXPECT_EQ(output.owner, nullptr);
  EXPECT_EQ(output.shape, Shape({2, 4}));
  EXPECT_EQ(output.device, 0);
}

TEST(Context, TensorRtIsToldOnlyWhatChanged) {
  const auto fake = fake_engine();
  FakePlan& plan = *fake->plan;
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  const FakeTensor other({2, 4}, 5);
  const FakeTensor y({2, 4});
  context.set_input(0, x);
  context.set_output(0, y);
  context.enqueue(stream);
  EXPECT_EQ(plan.shapes_set, 1);
  EXPECT_EQ(plan.addresses_set, 2);
  const int allocated = fake_cuda_state().mallocs;
  for (int i = 0; i < 3; ++i) {
    context.set_input(0, x);
    context.set_output(0, y);
    context.enqueue(stream);
  }
  EXPECT_EQ(plan.enqueues, 4);
  EXPECT_EQ(plan.shapes_set, 1);
  EXPECT_EQ(plan.addresses_set, 2);
  EXPECT_EQ(fake_cuda_state().mallocs, allocated);
  context.set_input(0, other);
  context.enqueue(stream);
  EXPECT_EQ(plan.shapes_set, 1);
  EXPECT_EQ(plan.addresses_set, 3);
  EXPECT_EQ(y.values()[0], 10);
}

TEST(Context, AllocatedOutputsAreTheCallersToKeep) {
  const auto fake = fake_engine();
  const FakeStream stream;
  std::vector<DeviceTensor> first;
  {
    Context context(fake->engine);
    const FakeTensor x({1, 4}, 1);
    first = context.infer({x}, stream);
    const FakeTensor other({1, 4}, 10);
    const std::vector<DeviceTensor> second = context.infer({other}, stream);
    EXPECT_NE(first[0].data, second[0].data);
    EXPECT_THAT(values_of(second[0]), ElementsAre(20, 22, 24, 26));
  }
  EXPECT_THAT(values_of(first[0]), ElementsAre(2, 4, 6, 8));
  first.clear();
  EXPECT_EQ(fake_cuda_state().live(), 0);
  EXPECT_EQ(fake_cuda_state().events, 0);
}

TEST(Context, NamedInputsGiveNamedOutputs) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  auto outputs = context.infer(std::map<std::string, TensorView>{{"x", x}}, stream);
  EXPECT_THAT(values_of(outputs.at("y")), ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(message([&] { context.infer(std::map<std::string, TensorView>{}, stream); }),
              HasSubstr("input \"x\" has not been given"));
  EXPECT_THAT(message([&] { context.infer(std::map<std::string, TensorView>{{"z", x}}, stream); }),
              HasSubstr("there is no input \"z\"; the engine has \"x\""));
  EXPECT_THAT(message([&] { context.infer(std::vector<TensorView>{}, stream); }),
              HasSubstr("received 0 inputs; the engine takes 1"));
}

TEST(Context, TheCallersAllocatorIsUsed) {
  const auto fake = fake_engine();
  ContextOptions options;
  const FakeTensor memory({1, 4});
  std::size_t asked = 0;
  options.allocator = [&](std::size_t bytes, cudaStream_t) {
    asked = bytes;
    return memory.owner;
  };
  Context context(fake->engine, options);
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  const auto outputs = context.infer({x}, stream);
  EXPECT_EQ(asked, 16U);
  EXPECT_EQ(outputs[0].data, memory.data);

  options.allocator = [](std::size_t, cudaStream_t) { return nullptr; };
  Context without(fake->engine, options);
  EXPECT_THAT(message([&] { without.infer({x}, stream); }, ErrorCategory::kRuntime),
              HasSubstr("the allocator gave no memory for 16 bytes of output \"y\""));
}

TEST(Context, ShapesMayChangeFromRunToRun) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  for (const std::int64_t batch : {1, 8, 3, 1}) {
    const FakeTensor x({batch, 4}, 1);
    context.set_input(0, x);
    EXPECT_EQ(context.output_shape(0), Shape({batch, 4}));
    context.enqueue(stream);
    EXPECT_EQ(context.output(0).shape, Shape({batch, 4}));
    EXPECT_EQ(values_of(context.output(0)).back(), static_cast<float>(8 * batch));
  }
}

TEST(Context, EmptyTensorsNeedNoAddress) {
  FakePlanOptions options;
  options.ranges = {{{0, 4}, {2, 4}, {8, 4}}};
  const auto fake = fake_engine(options);
  Context context(fake->engine);
  const FakeStream stream;
  TensorView x;
  x.shape = {0, 4};
  const auto outputs = context.infer({x}, stream);
  EXPECT_EQ(outputs[0].shape, Shape({0, 4}));
  EXPECT_EQ(fake->plan->enqueues, 1);
}

TEST(Context, RefusesTheWrongType) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  FakeTensor x({2, 4});
  x.dtype = DType::kFloat16;
  EXPECT_THAT(message([&] { context.set_input(0, x); }),
              HasSubstr("input \"x\": received float16; the engine takes float32"));
  FakeTensor y({2, 4});
  y.dtype = DType::kInt32;
  EXPECT_THAT(message([&] { context.set_output(0, y); }),
              HasSubstr("buffer of output \"y\": received int32; the engine gives float32"));
}

TEST(Context, SaysWhereTensorRtHasNotPyTorchsType) {
  const auto fake = fake_engine();
  EngineTensor x = fake->engine->inputs()[0];
  x.torch_dtype = DType::kFloat64;
  const EngineTensor y = fake->engine->outputs()[0];
  const auto engine = std::make_shared<Engine>(fake->plan, fake_cuda(), EngineMetadata{}, std::vector{x},
                                               std::vector{y}, EngineOptions{}, 0);
  Context context(engine);
  FakeTensor wide({2, 4});
  wide.dtype = DType::kFloat64;
  EXPECT_THAT(message([&] { context.set_input(0, wide); }),
              HasSubstr("received float64; the engine takes float32 where PyTorch has float64"));
}

TEST(Context, RefusesTheWrongRankAndSizes) {
  FakePlanOptions options;
  options.ranges = {{{1, 4}, {2, 4}, {8, 4}}, {{16, 4}, {16, 4}, {32, 4}}};
  const auto fake = fake_engine(options);
  Context context(fake->engine);
  EXPECT_THAT(message([&] { context.set_input(0, FakeTensor({4})); }),
              HasSubstr("input \"x\": received 1 dimensions, [4]; the engine takes 2, [?, 4]"));
  EXPECT_THAT(message([&] { context.set_input(0, FakeTensor({2, 5})); }),
              HasSubstr("received size 5 in dimension 1 of [2, 5]; the engine takes 4 there, [?, 4]"));
  EXPECT_THAT(message([&] { context.set_input(0, FakeTensor({9, 4})); }),
              HasSubstr("received size 9 in dimension 0 of [9, 4]; profile 0 allows 1 to 8"));
  EXPECT_THAT(message([&] { context.set_input(0, FakeTensor({20, 4})); }),
              HasSubstr("profile 0 allows 1 to 8. Profile 1 allows it: make the context with ContextOptions::profile"));
  TensorView unknown;
  unknown.shape = {-1, 4};
  EXPECT_THAT(message([&] { context.set_input(0, unknown); }), HasSubstr("all sizes must be known"));
  ContextOptions second;
  second.profile = 1;
  Context other(fake->engine, second);
  other.set_input(0, FakeTensor({20, 4}));
  second.profile = 2;
  EXPECT_THAT(message([&] { Context(fake->engine, second); }),
              HasSubstr("there is no optimization profile 2; the engine has 2"));
}

TEST(Context, RefusesMemoryInTheWrongPlace) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  FakeTensor x({2, 4});
  x.device = 1;
  EXPECT_THAT(message([&] { context.set_input(0, x); }),
              HasSubstr("input \"x\": it is in cuda:1; the engine needs it in cuda:0"));
  x.device = kHost;
  EXPECT_THAT(message([&] { context.set_input(0, x); }), HasSubstr("it is in host memory"));
  std::vector<float> host(8);
  TensorView unsaid;
  unsaid.data = host.data();
  unsaid.shape = {2, 4};
  EXPECT_THAT(message([&] { context.set_input(0, unsaid); }), HasSubstr("it is in host memory"));
  unsaid.data = nullptr;
  EXPECT_THAT(message([&] { context.set_input(0, unsaid); }),
              HasSubstr("received a null address for the shape [2, 4]"));
  EXPECT_THAT(message([&] { context.set_output(0, unsaid); }),
              HasSubstr("buffer of output \"y\": received a null address"));
  FakeTensor view({3, 4});
  view.data = static_cast<float*>(view.data) + 4;
  view.shape = {2, 4};
  EXPECT_THAT(message([&] { context.set_input(0, view); }), HasSubstr("is not a multiple of 256"));
}

TEST(Context, AsksCudaOnlyWhereTheDeviceIsNotSaid) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  FakeTensor x({2, 4});
  context.set_input(0, x);
  EXPECT_EQ(fake_cuda_state().asked_where, 0);
  FakeTensor other({2, 4});
  other.device = kAnyDevice;
  context.set_input(0, other);
  context.set_input(0, other);
  EXPECT_EQ(fake_cuda_state().asked_where, 1);
}

TEST(Context, RefusesBuffersOfAnotherShapeAtTheEnqueue) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor y({3, 4});
  const FakeTensor x({2, 4});
  context.set_output(0, y);
  context.set_input(0, x);
  EXPECT_THAT(message([&] { context.enqueue(stream); }),
              HasSubstr("buffer of output \"y\": received the shape [3, 4]; for these inputs the engine gives [2, 4]"));
  EXPECT_EQ(fake->plan->enqueues, 0);
  const FakeTensor more({3, 4}, 1);
  context.set_input(0, more);
  context.enqueue(stream);
  EXPECT_EQ(y.values()[0], 2);
}

TEST(Context, RefusesWhatIsNotThere) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  EXPECT_THAT(message([&] { context.enqueue(stream); }), HasSubstr("input \"x\" has not been set"));
  EXPECT_THAT(message([&] { context.output_shape(0); }), HasSubstr("input \"x\" has not been set"));
  EXPECT_THAT(message([&] { context.output(0); }), HasSubstr("no output before the first enqueue"));
  EXPECT_THAT(message([&] { context.set_input(1, FakeTensor({2, 4})); }), HasSubstr("there is no input 1"));
  EXPECT_THAT(message([&] { context.set_output(-1, FakeTensor({2, 4})); }), HasSubstr("there is no output -1"));
  EXPECT_THAT(message([&] { context.output("z"); }), HasSubstr("there is no output \"z\"; the engine has \"y\""));
}

TEST(Context, AFailedRunCanBeRepeated) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  const FakeTensor y({2, 4});
  context.set_input(0, x);
  context.set_output(0, y);
  fake->plan->fail_next_enqueue = true;
  EXPECT_THAT(message([&] { context.enqueue(stream); }, ErrorCategory::kRuntime), HasSubstr("TensorRT: broken"));
  context.enqueue(stream);
  EXPECT_EQ(y.values()[0], 2);
}

TEST(Context, AShapeThatTensorRtRefusedIsSetAgain) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  context.infer({FakeTensor({2, 4}, 1)}, stream);
  const FakeTensor x({3, 4}, 1);
  context.set_input(0, x);
  fake->plan->fail_next_shape = true;
  EXPECT_THAT(message([&] { context.enqueue(stream); }, ErrorCategory::kRuntime), HasSubstr("shape refused"));
  context.enqueue(stream);
  EXPECT_EQ(context.output(0).shape, Shape({3, 4}));
  EXPECT_EQ(values_of(context.output(0)).size(), 12U);
}

TEST(Context, OutOfMemoryIsAnError) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  context.set_input(0, x);
  fake_cuda_state().out_of_memory = true;
  EXPECT_THAT(message([&] { context.enqueue(stream); }, ErrorCategory::kRuntime),
              HasSubstr("cudaMallocAsync failed: CUDA error 2: out of memory"));
  EXPECT_THAT(message([&] { Context(fake->engine); }, ErrorCategory::kRuntime), HasSubstr("out of memory"));
  fake_cuda_state().out_of_memory = false;
  context.enqueue(stream);
  EXPECT_EQ(values_of(context.output(0))[0], 2);
}

TEST(Context, OutputsSizedByTheRun) {
  FakePlanOptions options;
  options.positives = true;
  const auto fake = fake_engine(options);
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({1, 4}, -1);  // -1 0 1 2
  context.set_input(0, x);
  EXPECT_EQ(context.output_shape(1), Shape({-1}));
  context.enqueue(stream);
  const DeviceTensor kept = context.output("positives");
  EXPECT_THAT(values_of(kept), ElementsAre(1, 2));
  const FakeTensor none({1, 4}, -9);
  context.set_input(0, none);
  context.enqueue(stream);
  EXPECT_EQ(context.output(1).shape, Shape({0}));
  EXPECT_THAT(values_of(kept), ElementsAre(1, 2));

  const FakeTensor buffer({3});
  context.set_output(1, buffer);
  context.set_input(0, x);
  context.enqueue(stream);
  EXPECT_EQ(context.output(1).data, buffer.data);
  EXPECT_EQ(context.output(1).shape, Shape({2}));
  const FakeTensor many({1, 4}, 1);
  context.set_input(0, many);
  EXPECT_THAT(message([&] { context.enqueue(stream); }),
              HasSubstr("the buffer of output \"positives\" has 12 bytes; this run needs 16"));
  context.clear_output(1);
  context.enqueue(stream);
  EXPECT_THAT(values_of(context.output(1)), ElementsAre(1, 2, 3, 4));
}

TEST(Context, InputsReadOnTheHost) {
  FakePlanOptions options;
  options.host_input = true;
  const auto fake = fake_engine(options);
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  std::int32_t offset = 100;
  TensorView host;
  host.data = &offset;
  host.dtype = DType::kInt32;
  host.shape = {1};
  host.device = kHost;
  context.infer({x, host}, stream);
  EXPECT_EQ(values_of(context.output(0))[0], 102);
  offset = 200;  // the same address
  context.infer({x, host}, stream);
  EXPECT_EQ(values_of(context.output(0))[0], 202);
  host.device = 0;
  EXPECT_THAT(message([&] { context.set_input(1, host); }),
              HasSubstr("it is in cuda:0; the engine needs it in host memory"));
}

TEST(Context, RunsOnTheEnginesDevice) {
  const auto fake = fake_engine({}, 1);
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1, 1);
  const auto outputs = context.infer({x}, stream);
  EXPECT_EQ(outputs[0].device, 1);
  int device = -1;
  fake_cuda().get_device(&device);
  EXPECT_EQ(device, 0);
}

TEST(Context, LayerTimes) {
  const auto fake = fake_engine();
  Context context(fake->engine);
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  context.set_input(0, x);
  const std::vector<LayerTime> times = context.profile(stream);
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times[1].name, "rest");
  EXPECT_EQ(times[1].milliseconds, 0.75F);
}

}  // namespace
}  // namespace torch2trt::testing
