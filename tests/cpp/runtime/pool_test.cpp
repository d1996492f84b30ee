// Leases, from many threads. Under ThreadSanitizer too (`make tsan`).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/cpp/runtime/fake.h"

namespace torch2trt::testing {
namespace {

using ::testing::HasSubstr;

PoolOptions pool_of(std::size_t size, bool graphs = false) {
  PoolOptions options;
  options.size = size;
  options.context.cuda_graph = graphs;
  return options;
}

// Each thread runs its own values through whatever context it gets.
void run_threads(EnginePool& pool, int threads, int runs) {
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&pool, t, runs] {
      const FakeStream stream;
      for (int i = 0; i < runs; ++i) {
        const FakeTensor x({1 + (t + i) % 8, 4}, static_cast<float>(1000 * t + i));
        const EnginePool::Lease lease = pool.acquire();
        const DeviceTensor y = lease->infer({x}, stream)[0];
        EXPECT_EQ(y.shape, x.shape);
        EXPECT_EQ(values_of(y)[0], 2 * x.values()[0]);
        EXPECT_EQ(values_of(y).back(), 2 * x.values().back());
      }
    });
  }
  for (std::thread& thread : running) thread.join();
}

TEST(Pool, EightThreadsOnThreeContexts) {
  const auto fake = fake_engine();
  EnginePool pool(fake->engine, pool_of(3));
  run_threads(pool, 8, 200);
  EXPECT_EQ(pool.free(), 3U);
  EXPECT_EQ(fake->plan->enqueues, 1600);
}

TEST(Pool, EightThreadsWithGraphs) {
  const auto fake = fake_engine();
  {
    EnginePool pool(fake->engine, pool_of(8, true));
    run_threads(pool, 8, 100);
  }
  EXPECT_EQ(fake_cuda_state().graphs, 0);
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST(Pool, ThreadsWithContextsOfTheirOwn) {
  const auto fake = fake_engine();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&fake, t] {
      Context context(fake->engine);
      const FakeStream stream;
      const FakeTensor x({2, 4}, static_cast<float>(t));
      for (int i = 0; i < 100; ++i)
        EXPECT_EQ(values_of(context.infer({x}, stream)[0])[0], 2.0F * static_cast<float>(t));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Pool, ALeaseBeginsWithNothingSet) {
  for (const bool graphs : {false, true}) {
    const auto fake = fake_engine();
    EnginePool pool(fake->engine, pool_of(1, graphs));
    const FakeStream stream;
    const FakeTensor x({2, 4}, 1);
    const FakeTensor theirs({2, 4});
    for (int i = 0; i < 2; ++i) {
      const EnginePool::Lease lease = pool.acquire();
      lease->set_input(0, x);
      lease->set_output(0, theirs);
      lease->enqueue(stream);
    }
    static_cast<float*>(theirs.data)[0] = -5;
    const EnginePool::Lease lease = pool.acquire();
    EXPECT_THAT([&] { lease->output(0); }, ::testing::Throws<Error>());
    EXPECT_THAT([&] { lease->enqueue(stream); }, ::testing::ThrowsMessage<Error>(HasSubstr("\"x\" has not been set")));
    lease->set_input(0, x);
    lease->enqueue(stream);
    EXPECT_EQ(values_of(lease->output(0))[0], 2);
    EXPECT_NE(lease->output(0).data, theirs.data);
    EXPECT_EQ(theirs.values()[0], -5) << "it wrote into the buffer of who had it before";
    EXPECT_EQ(fake->plan->shapes_set, 1) << "what is known of the shape is kept";
  }
}

TEST(Pool, AnEngineThatIsNone) {
  EXPECT_THAT([] { EnginePool(nullptr, {}); }, ::testing::ThrowsMessage<Error>(HasSubstr("needs an engine")));
}

TEST(Pool, WhatALeaseHeldIsFreed) {
  const auto fake = fake_engine();
  EnginePool pool(fake->engine, pool_of(1));
  const FakeStream stream;
  const FakeTensor x({2, 4}, 1);
  const int before = fake_cuda_state().live();
  for (int i = 0; i < 5; ++i) pool.acquire()->infer({x}, stream);
  EXPECT_LE(fake_cuda_state().live(), before + 1);  // of the last run, until the next one on the stream
}

TEST(Pool, ALeaseGoesBackWhenItIsDestroyed) {
  const auto fake = fake_engine();
  EnginePool pool(fake->engine, pool_of(1));
  {
    EnginePool::Lease lease = pool.acquire();
    EXPECT_EQ(pool.free(), 0U);
    EXPECT_EQ(pool.try_acquire(), nullptr);
    const EnginePool::Lease moved = std::move(lease);
    EXPECT_EQ(pool.free(), 0U);
  }
  EXPECT_EQ(pool.free(), 1U);
  const auto lease = pool.try_acquire();
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(pool.free(), 0U);
}

TEST(Pool, ALeaseMayOutliveThePool) {
  const auto fake = fake_engine();
  auto pool = std::make_unique<EnginePool>(fake->engine, pool_of(1));
  const FakeStream stream;
  {
    const EnginePool::Lease lease = pool->acquire();
    pool.reset();
    const FakeTensor x({1, 4}, 3);
    EXPECT_EQ(values_of(lease->infer({x}, stream)[0])[0], 6);
  }
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST(Pool, TheNextHolderWaitsForTheRunBefore) {
  const auto fake = fake_engine();
  EnginePool pool(fake->engine, pool_of(1));
  const FakeStream first;
  const FakeStream second;
  const FakeTensor x({1, 4}, 3);
  pool.acquire()->infer({x}, first);
  EXPECT_EQ(fake_cuda_state().waits, 0);
  pool.acquire()->infer({x}, second);
  EXPECT_EQ(fake_cuda_state().waits, 1);
  {
    const EnginePool::Lease lease = pool.acquire();
    lease->infer({x}, second);
    EXPECT_EQ(fake_cuda_state().waits, 2);
    lease->profile(first);
    EXPECT_EQ(fake_cuda_state().waits, 3);
  }
}

TEST(Pool, StreamsMayBeGoneBeforeTheirLeasesAndOutputs) {
  const auto fake = fake_engine();
  const FakeTensor x({1, 4}, 3);
  for (const bool graphs : {false, true}) {
    EnginePool pool(fake->engine, pool_of(2, graphs));
    std::vector<DeviceTensor> kept;
    for (int i = 0; i < 20; ++i) {
      auto stream = std::make_unique<FakeStream>();
      const EnginePool::Lease lease = pool.acquire();
      const DeviceTensor y = lease->infer({x}, *stream)[0];
      stream.reset();
      EXPECT_EQ(values_of(y)[0], 6);
      if (i % 5 == 0) kept.push_back(y);
    }
    EXPECT_EQ(values_of(kept.back())[0], 6);
  }
}

TEST(Pool, SpreadsOverCopiesOfAnEngine) {
  FakePlanOptions options;
  options.one_execution = true;
  const auto a = fake_engine(options);
  const auto b = fake_engine(options);
  EnginePool pool({a->engine, b->engine}, pool_of(2));
  EXPECT_EQ(a->plan->executions, 1);
  EXPECT_EQ(b->plan->executions, 1);
  try {
    const EnginePool second(a->engine, pool_of(1));
    ADD_FAILURE() << "a second context was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no optimization profile 0"));
  }
}

TEST(Pool, NeedsAContext) {
  const auto fake = fake_engine();
  EXPECT_THROW(EnginePool(fake->engine, pool_of(0)), Error);
  EXPECT_THROW(EnginePool(std::vector<std::shared_ptr<const Engine>>{}, pool_of(1)), Error);
}

}  // namespace
}  // namespace torch2trt::testing
