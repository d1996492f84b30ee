// Which of cuBLAS and cuDNN TensorRT 8 is told to do without, on machines that are made up.
#include "src/tensorrt/kernel_libraries.h"

#include <gtest/gtest.h>

#include <set>

namespace torch2trt::tensorrt {
namespace {

MissingKernels missing_where(const std::set<std::string>& present) {
  return missing_kernels([&](const std::string& name) { return present.count(name) != 0; });
}

TEST(KernelLibraries, NothingIsThere) {
  const MissingKernels missing = missing_where({});
  EXPECT_TRUE(missing.cublas);
  EXPECT_TRUE(missing.cudnn);
}

TEST(KernelLibraries, EitherCublasWillDo) {
  for (const char* name : {"libcublas.so.11", "libcublas.so.12"}) {
    const MissingKernels missing = missing_where({name});
    EXPECT_FALSE(missing.cublas) << name;
    EXPECT_TRUE(missing.cudnn) << name;
  }
}

TEST(KernelLibraries, CudnnAlone) {
  const MissingKernels missing = missing_where({"libcudnn.so.8"});
  EXPECT_TRUE(missing.cublas);
  EXPECT_FALSE(missing.cudnn);
}

// TensorRT 8 cannot use them; nor what has no version in its name.
TEST(KernelLibraries, OtherVersionsAreMissing) {
  const MissingKernels missing =
      missing_where({"libcublas.so", "libcublas.so.10", "libcublas.so.13", "libcudnn.so", "libcudnn.so.9"});
  EXPECT_TRUE(missing.cublas);
  EXPECT_TRUE(missing.cudnn);
}

}  // namespace
}  // namespace torch2trt::tensorrt
