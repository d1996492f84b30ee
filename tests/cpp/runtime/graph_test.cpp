// CUDA graphs: captured once for shapes and addresses, bounded, and done without where they cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/runtime/lru.h"
#include "tests/cpp/runtime/fake.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ContextOptions with_graphs(std::size_t max_graphs = 8) {
  ContextOptions options;
  options.cuda_graph = true;
  options.max_graphs = max_graphs;
  return options;
}

TEST(Lru, TheLeastRecentlyUsedGoes) {
  runtime::Lru<int, std::string> lru(2);
  lru.insert(1, "a");
  lru.insert(2, "b");
  ASSERT_NE(lru.find(1), nullptr);
  lru.insert(3, "c");
  EXPECT_EQ(lru.find(2), nullptr);
  EXPECT_EQ(*lru.find(1), "a");
  EXPECT_EQ(*lru.find(3), "c");
  EXPECT_EQ(lru.size(), 2U);
  EXPECT_EQ(lru.make_room(), "a");
  EXPECT_EQ(lru.make_room(), std::nullopt);
  EXPECT_EQ((runtime::Lru<int, int>(0).insert(1, 5)), 5);
}

TEST(Graph, TheSecondRunIsALaunch) {
  const auto fake = fake_engine();
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  const FakeTensor y({2, 4});
  context.set_input(0, x);
  context.set_output(0, y);
  context.enqueue(stream);
  EXPECT_EQ(y.values()[7], 16);
  EXPECT_EQ(context.graph_launches(), 0U);
  EXPECT_EQ(context.graphs(), 1U);
  const int enqueues = fake->plan->enqueues;  // one to run, one captured
  EXPECT_EQ(enqueues, 2);
  static_cast<float*>(x.data)[7] = 100;  // launches read what is there then
  for (int i = 0; i < 3; ++i) {
    context.set_input(0, x);
    context.enqueue(stream);
  }
  EXPECT_EQ(y.values()[7], 200);
  EXPECT_EQ(fake->plan->enqueues, enqueues);
  EXPECT_EQ(context.graph_launches(), 3U);
  EXPECT_EQ(fake_cuda_state().graph_launches, 3);
}

TEST(Graph, AddressesAndShapesHaveGraphsOfTheirOwn) {
  const auto fake = fake_engine();
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor a({2, 4}, 1);
  const FakeTensor b({2, 4}, 10);
  const FakeTensor c({3, 4}, 20);
  for (int round = 0; round < 3; ++round) {
    for (const FakeTensor* x : {&a, &b, &c}) {
      context.set_input(0, *x);
      context.enqueue(stream);
      EXPECT_EQ(values_of(context.output(0))[0], 2 * x->values()[0]);
      EXPECT_EQ(context.output(0).shape, x->shape);
    }
  }
  EXPECT_EQ(fake_cuda_state().captures, 3);
  EXPECT_EQ(context.graph_launches(), 6U);
  EXPECT_EQ(fake->plan->executions, 2);  // one a shape
}

TEST(Graph, NoMoreAreKeptThanAllowed) {
  const auto fake = fake_engine();
  const FakeStream stream;
  {
    Context context(fake->engine, with_graphs(2));
    for (int round = 0; round < 2; ++round) {
      for (const std::int64_t batch : {1, 2, 3, 4}) {
        const FakeTensor x({batch, 4}, 1);
        context.infer({x}, stream);
        EXPECT_EQ(values_of(context.output(0)).back(), static_cast<float>(8 * batch));
        EXPECT_LE(context.graphs(), 2U);
        EXPECT_LE(fake_cuda_state().graphs, 2);
        EXPECT_LE(fake->plan->executions, 6);  // two kept, those of two graphs, two departing
      }
    }
    EXPECT_EQ(context.graph_launches(), 0U);  // never used before they had to go
  }
  EXPECT_EQ(fake_cuda_state().graphs, 0);
  EXPECT_EQ(fake->plan->executions, 0);
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

// TensorRT frees with a context what its runs use.
TEST(Graph, AnExecutionGoesAfterItsLastRun) {
  for (const std::size_t kept : {1, 2, 3}) {
    const auto fake = fake_engine();
    const FakeStream stream;
    const FakeTensor y({4, 4});
    Context context(fake->engine, with_graphs(kept));
    for (int round = 0; round < 3; ++round) {
      for (const std::int64_t batch : {1, 2, 3, 4}) {
        const FakeTensor x({batch, 4}, 1);
        TensorView into = y;
        into.shape = x.shape;
        context.set_input(0, x);
        context.set_output(0, into);
        context.enqueue(stream);
        context.enqueue(stream);  // a launch
        EXPECT_EQ(y.values()[0], 2);
      }
    }
    EXPECT_EQ(context.graph_launches(), 12U);
    EXPECT_EQ(fake_cuda_state().synchronized, 0);
    EXPECT_GE(fake_cuda_state().event_waits, 7);
    EXPECT_LE(fake->plan->executions, static_cast<int>(2 * kept + 2));
    EXPECT_EQ(fake->plan->gone_unwaited, 0) << kept;
  }
}

TEST(Graph, OtherAddressesWaitForNothing) {
  const auto fake = fake_engine();
  const FakeStream stream;
  Context context(fake->engine, with_graphs(1));
  std::vector<FakeTensor> inputs;
  for (int i = 0; i < 4; ++i) inputs.emplace_back(Shape({2, 4}), static_cast<float>(i));
  for (const FakeTensor& x : inputs) context.infer({x}, stream);
  EXPECT_EQ(fake_cuda_state().captures, 4);
  EXPECT_EQ(fake_cuda_state().synchronized, 0);
  EXPECT_EQ(fake_cuda_state().event_waits, 0);
}

TEST(Graph, AllocatedOutputsAreNotOverwrittenByLaunches) {
  const auto fake = fake_engine();
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  std::vector<DeviceTensor> kept;
  for (int i = 0; i < 3; ++i) {
    static_cast<float*>(x.data)[0] = static_cast<float>(i);
    kept.push_back(context.infer({x}, stream)[0]);
  }
  EXPECT_EQ(context.graph_launches(), 2U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(values_of(kept[static_cast<std::size_t>(i)])[0], 2.0F * static_cast<float>(i));
}

TEST(Graph, StagingFitsAnyAddress) {
  const auto fake = fake_engine();
  ContextOptions options = with_graphs();
  options.stage = true;
  Context context(fake->engine, options);
  const FakeStream stream;
  for (int i = 0; i < 4; ++i) {
    const FakeTensor memory({3, 4}, static_cast<float>(i));
    TensorView x = memory;  // an address that TensorRT would not take
    x.data = static_cast<float*>(x.data) + 4;
    x.shape = {2, 4};
    const FakeTensor y({2, 4});
    context.set_input(0, x);
    context.set_output(0, y);
    context.enqueue(stream);
    EXPECT_EQ(y.values()[0], 2.0F * static_cast<float>(i + 4));
  }
  EXPECT_EQ(fake_cuda_state().captures, 1);
  EXPECT_EQ(context.graph_launches(), 3U);
}

TEST(Graph, StagingWithoutGraphsIsRefused) {
  const auto fake = fake_engine();
  ContextOptions options;
  options.stage = true;
  EXPECT_THROW(Context(fake->engine, options), Error);
}

TEST(Graph, WhatCannotBeCapturedRunsAsWithout) {
  FakePlanOptions plan;
  plan.fail_in_capture = true;
  const auto fake = fake_engine(plan);
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(values_of(context.infer({x}, stream)[0])[0], 2);
  EXPECT_EQ(context.graph_launches(), 0U);
  ASSERT_EQ(fake->log.size(), 1U);
  EXPECT_THAT(fake->log[0], HasSubstr("running without CUDA graphs: TensorRT could not run the engine"));
  EXPECT_THAT(fake->log[0], HasSubstr("not while capturing"));
}

TEST(Graph, ARefusedInstantiationIsNoFailure) {
  const auto fake = fake_engine();
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  fake_cuda_state().refuse_instantiation = true;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(values_of(context.infer({x}, stream)[0])[0], 2);
  ASSERT_EQ(fake->log.size(), 1U);
  EXPECT_THAT(fake->log[0], HasSubstr("cudaGraphInstantiate failed: CUDA error 800: operation not permitted"));
}

TEST(Graph, OutputsSizedByTheRunAreRunWithout) {
  FakePlanOptions plan;
  plan.positives = true;
  const auto fake = fake_engine(plan);
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({1, 4}, -1);
  for (int i = 0; i < 2; ++i) {
    context.infer({x}, stream);
    EXPECT_THAT(values_of(context.output(1)), ElementsAre(1, 2));
  }
  EXPECT_EQ(context.graphs(), 0U);
  ASSERT_EQ(fake->log.size(), 1U);
  EXPECT_THAT(fake->log[0], HasSubstr("outputs whose size depends on the data"));
}

TEST(Graph, InputsReadOnTheHostAreRunWithout) {
  FakePlanOptions plan;
  plan.host_input = true;
  const auto fake = fake_engine(plan);
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor x({1, 4}, 1);
  std::int32_t offset = 1;
  TensorView host;
  host.data = &offset;
  host.dtype = DType::kInt32;
  host.shape = {1};
  host.device = kHost;
  for (int i = 0; i < 3; ++i) {
    offset = 10 * i;
    EXPECT_EQ(values_of(context.infer({x, host}, stream)[0])[0], 2.0F + 10.0F * static_cast<float>(i));
  }
  EXPECT_EQ(context.graphs(), 0U);
}

TEST(Graph, WithOneExecutionAProfileGraphsOfOneShapeAreKept) {
  FakePlanOptions plan;
  plan.one_execution = true;
  const auto fake = fake_engine(plan);
  Context context(fake->engine, with_graphs());
  const FakeStream stream;
  const FakeTensor a({2, 4}, 1);
  const FakeTensor b({3, 4}, 10);
  for (int round = 0; round < 2; ++round) {
    for (const FakeTensor* x : {&a, &b}) {
      for (int i = 0; i < 2; ++i) {
        const auto outputs = context.infer({*x}, stream);
        EXPECT_EQ(values_of(outputs[0])[0], 2 * x->values()[0]);
        EXPECT_EQ(outputs[0].shape, x->shape);
        EXPECT_EQ(context.graphs(), 1U);
      }
    }
  }
  EXPECT_EQ(context.graph_launches(), 4U);
  EXPECT_EQ(fake_cuda_state().captures, 4);
  EXPECT_TRUE(fake->log.empty());
}

TEST(Graph, StagingWithOneExecutionAProfileGrowsWithTheShapes) {
  FakePlanOptions plan;
  plan.one_execution = true;
  const auto fake = fake_engine(plan);
  ContextOptions options = with_graphs();
  options.stage = true;
  Context context(fake->engine, options);
  const FakeStream stream;
  for (const std::int64_t batch : {1, 4, 2, 3, 4, 1}) {
    const FakeTensor x({batch, 4}, static_cast<float>(batch));
    const auto outputs = context.infer({x}, stream);
    EXPECT_EQ(values_of(outputs[0])[0], 2.0F * static_cast<float>(batch));
    EXPECT_EQ(values_of(outputs[0]).back(), 2 * x.values().back());
  }
}

}  // namespace
}  // namespace torch2trt::testing
