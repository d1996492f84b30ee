// When allocated outputs are freed, and that the caller's stream is left alone between enqueues.
#include "src/runtime/output_memory.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/cpp/runtime/fake.h"

namespace torch2trt::testing {
namespace {

using runtime::OutputMemory;

class Outputs : public ::testing::Test {
 protected:
  Outputs() { fake_cuda_state().reset(); }
  std::shared_ptr<OutputMemory> memory_ = std::make_shared<OutputMemory>(fake_cuda(), 0);
};

TEST_F(Outputs, AreFreedByTheNextAllocationOnTheirStream) {
  const FakeStream stream;
  const FakeStream other;
  std::shared_ptr<void> first = memory_->allocate(16, stream);
  first.reset();
  EXPECT_EQ(fake_cuda_state().live(), 1);
  const auto elsewhere = memory_->allocate(16, other);
  EXPECT_EQ(fake_cuda_state().frees, 0);
  const auto second = memory_->allocate(16, stream);
  EXPECT_EQ(fake_cuda_state().frees, 1);
  EXPECT_EQ(fake_cuda_state().synchronized, 0);
}

TEST_F(Outputs, OfAStreamThatIsGoneAreFreedInTheEnd) {
  auto stream = std::make_unique<FakeStream>();
  std::shared_ptr<void> output = memory_->allocate(16, *stream);
  std::shared_ptr<void> late = memory_->allocate(16, *stream);
  stream.reset();
  output.reset();
  EXPECT_EQ(fake_cuda_state().live(), 2);
  memory_->close();
  EXPECT_EQ(fake_cuda_state().live(), 1);
  EXPECT_EQ(fake_cuda_state().synchronized, 1);
  late.reset();
  EXPECT_EQ(fake_cuda_state().live(), 0);
  EXPECT_EQ(fake_cuda_state().synchronized, 2);
}

TEST_F(Outputs, AreFreedThoughNobodyClosed) {
  {
    const FakeStream stream;
    const auto output = memory_->allocate(16, stream);
    memory_.reset();  // the output keeps it
    EXPECT_EQ(fake_cuda_state().live(), 1);
  }
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Outputs, NothingIsWaitedForWhereNothingWasDropped) {
  memory_->close();
  EXPECT_EQ(fake_cuda_state().synchronized, 0);
}

TEST_F(Outputs, OfStreamsThatComeAndGoDoNotPileUp) {
  for (int i = 0; i < 1000; ++i) {
    const FakeStream stream;
    // The heap may give a stream the address of one before: then its blocks are freed with the others of that handle.
    memory_->allocate(16, stream);
    EXPECT_LE(fake_cuda_state().live(), 65);
  }
  EXPECT_LE(fake_cuda_state().synchronized, 1000 / 64);
  memory_->close();
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Outputs, BeyondSixtyFourTheDeviceIsWaitedFor) {
  std::vector<std::unique_ptr<FakeStream>> streams;
  for (int i = 0; i < 130; ++i) {
    streams.push_back(std::make_unique<FakeStream>());
    memory_->allocate(16, *streams.back());
  }
  EXPECT_EQ(fake_cuda_state().synchronized, 2);
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Outputs, AreFreedOnTheirDevice) {
  const auto elsewhere = std::make_shared<OutputMemory>(fake_cuda(), 1);
  const FakeStream stream;
  elsewhere->allocate(16, stream);
  elsewhere->close();
  EXPECT_EQ(fake_cuda_state().synchronized_device, 1);
  int device = -1;
  fake_cuda().get_device(&device);
  EXPECT_EQ(device, 0) << "and the thread's own is back";
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Outputs, MayBeDroppedOnAnyThread) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      const FakeStream stream;
      for (int i = 0; i < 200; ++i) memory_->allocate(16, stream);
    });
  }
  for (std::thread& thread : threads) thread.join();
  memory_->close();
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

TEST_F(Outputs, ARefusedAllocationSaysWhy) {
  const FakeStream stream;
  fake_cuda_state().out_of_memory = true;
  try {
    memory_->allocate(16, stream);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cudaMallocAsync failed: CUDA error 2: out of memory");
  }
}

TEST(Context, ItsStreamMayBeGoneBeforeItsOutputs) {
  const auto fake = fake_engine();
  DeviceTensor y;
  {
    Context context(fake->engine);
    const FakeTensor x({1, 4}, 1);
    {
      const FakeStream stream;
      y = context.infer({x}, stream)[0];
    }
    EXPECT_EQ(values_of(y)[0], 2);
    y = {};
    const FakeStream stream;
    y = context.infer({x}, stream)[0];
  }
  EXPECT_EQ(values_of(y)[3], 8);
  y = {};
  EXPECT_EQ(fake_cuda_state().live(), 0);
}

}  // namespace
}  // namespace torch2trt::testing
