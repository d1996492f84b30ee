#include "torch2trt/dlpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/runtime/dlpack_abi.h"

namespace torch2trt {
namespace {

using ::testing::HasSubstr;

// A tensor of somebody else's, which counts how often it was let go.
struct Theirs {
  std::vector<std::int64_t> sizes = {2, 3};
  std::vector<std::int64_t> strides = {3, 1};
  int deleted = 0;
  DLManagedTensorVersioned managed{};
  float data[16] = {};

  Theirs() {
    managed.version = {1, 1};
    managed.dl_tensor.data = data;
    managed.dl_tensor.device = {runtime::kDlCuda, 1};
    managed.dl_tensor.ndim = 2;
    managed.dl_tensor.dtype = {runtime::kDlFloat, 32, 1};
    managed.dl_tensor.shape = sizes.data();
    managed.dl_tensor.strides = strides.data();
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned* tensor) { ++static_cast<Theirs*>(tensor->manager_ctx)->deleted; };
  }

  std::string refusal() {
    try {
      from_dlpack(&managed);
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
      EXPECT_EQ(deleted, 1);  // the tensor was taken over all the same
      return error.what();
    }
    ADD_FAILURE() << "it was taken";
    return {};
  }
};

TEST(Dlpack, ATensorIsTakenOver) {
  Theirs theirs;
  theirs.managed.dl_tensor.byte_offset = 8;
  {
    const DeviceTensor tensor = from_dlpack(&theirs.managed);
    EXPECT_EQ(tensor.data, theirs.data + 2);
    EXPECT_EQ(tensor.dtype, DType::kFloat32);
    EXPECT_EQ(tensor.shape, Shape({2, 3}));
    EXPECT_EQ(tensor.device, 1);
    const DeviceTensor copy = tensor;  // NOLINT(performance-unnecessary-copy-initialization): keeps the memory
    EXPECT_EQ(theirs.deleted, 0);
  }
  EXPECT_EQ(theirs.deleted, 1);
}

TEST(Dlpack, StridesOfSizeOneAndOfNothingDoNotMatter) {
  Theirs theirs;
  theirs.sizes = {1, 6};
  theirs.strides = {77, 1};
  EXPECT_EQ(from_dlpack(&theirs.managed).shape, Shape({1, 6}));
  theirs.sizes = {0, 6};
  theirs.strides = {5, 7};
  EXPECT_EQ(from_dlpack(&theirs.managed).shape, Shape({0, 6}));
  theirs.managed.dl_tensor.strides = nullptr;
  EXPECT_EQ(from_dlpack(&theirs.managed).shape, Shape({0, 6}));
}

TEST(Dlpack, WhatCannotBeTakenIsRefused) {
  Theirs strided;
  strided.strides = {1, 2};
  EXPECT_THAT(strided.refusal(),
              HasSubstr("it is not contiguous: shape [2, 3], strides [1, 2]. Call .contiguous() first"));
  Theirs rocm;
  rocm.managed.dl_tensor.device.device_type = 10;
  EXPECT_THAT(rocm.refusal(), HasSubstr("it is on a device of DLPack's type 10; CUDA and host memory are allowed"));
  Theirs lanes;
  lanes.managed.dl_tensor.dtype.lanes = 4;
  EXPECT_THAT(lanes.refusal(), HasSubstr("it has 4 lanes; 1 is allowed"));
  Theirs odd;
  odd.managed.dl_tensor.dtype.bits = 24;
  EXPECT_THAT(odd.refusal(), HasSubstr("its type has DLPack's code 2 and 24 bits"));
  Theirs later;
  later.managed.version = {2, 0};
  EXPECT_THAT(later.refusal(), HasSubstr("it has DLPack version 2.0; 1.x is allowed"));
  Theirs negative;
  negative.managed.dl_tensor.ndim = -1;
  EXPECT_THAT(negative.refusal(), HasSubstr("it has -1 dimensions"));
  Theirs many;
  many.sizes.assign(9, 1);
  many.strides.assign(9, 1);
  many.managed.dl_tensor.shape = many.sizes.data();
  many.managed.dl_tensor.strides = many.strides.data();
  many.managed.dl_tensor.ndim = 9;
  EXPECT_THAT(many.refusal(), HasSubstr("a tensor has 9 dimensions"));
  EXPECT_THROW(from_dlpack(static_cast<DLManagedTensor*>(nullptr)), Error);
}

TEST(Dlpack, ThereAndBackAgain) {
  const auto owner = std::make_shared<int>(7);
  for (const DType dtype : {DType::kFloat32, DType::kFloat16, DType::kBFloat16, DType::kFloat64, DType::kInt64,
                            DType::kInt32, DType::kInt16, DType::kInt8, DType::kUInt8, DType::kBool, DType::kFloat8E4M3,
                            DType::kFloat8E5M2, DType::kComplex64, DType::kComplex128}) {
    DeviceTensor tensor;
    tensor.data = owner.get();
    tensor.dtype = dtype;
    tensor.shape = {4, 1, 5};
    tensor.device = 3;
    tensor.owner = owner;
    {
      const DeviceTensor back = from_dlpack(to_dlpack(tensor));
      EXPECT_TRUE(static_cast<const TensorView&>(back) == tensor) << name(dtype);
      EXPECT_TRUE(static_cast<const TensorView&>(from_dlpack(to_dlpack_versioned(tensor))) == tensor);
      tensor.owner = nullptr;
      EXPECT_EQ(owner.use_count(), 2);  // the first one's
    }
    EXPECT_EQ(owner.use_count(), 1);
  }
}

TEST(Dlpack, HostMemoryIsTheCpus) {
  DeviceTensor tensor;
  tensor.device = kHost;
  DLManagedTensor* managed = to_dlpack(tensor);
  EXPECT_EQ(managed->dl_tensor.device.device_type, runtime::kDlCpu);
  EXPECT_EQ(managed->dl_tensor.ndim, 0);
  EXPECT_EQ(from_dlpack(managed).device, kHost);
  tensor.device = kAnyDevice;
  EXPECT_THROW(to_dlpack(tensor), Error);
}

}  // namespace
}  // namespace torch2trt
