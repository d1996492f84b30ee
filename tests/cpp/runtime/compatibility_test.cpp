// Which bundles run where, and what is said of the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/runtime/backend.h"
#include "src/runtime/bundle.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {
namespace {

using ::testing::HasSubstr;

EngineMetadata built(const std::string& tensorrt = "10.14.1.48", const std::string& capability = "9.0") {
  EngineMetadata about;
  about.flavour = "tensorrt";
  about.tensorrt = tensorrt;
  about.gpu = "NVIDIA H100";
  about.compute_capability = capability;
  return about;
}

const RunningTensorRT kTensorRT = {"tensorrt", "10.14.1"};

RunningGpu gpu(const std::string& capability = "9.0") {
  RunningGpu gpu;
  gpu.name = "NVIDIA A10";
  gpu.compute_capability = capability;
  return gpu;
}

std::string refusal(const EngineMetadata& about, const RunningTensorRT& tensorrt, const RunningGpu& gpu) {
  try {
    check_compatible(about, tensorrt, gpu);
  } catch (const IncompatibleEngine& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
    return error.what();
  }
  return {};
}

TEST(Compatibility, TheSameRuns) {
  EXPECT_EQ(refusal(built(), kTensorRT, gpu()), "");
  EXPECT_EQ(refusal(built("10.14.1"), {"tensorrt", "10.14.1.99"}, gpu()), "");
}

TEST(Compatibility, AnotherVersionIsRefusedWithBothNamed) {
  const std::string text = refusal(built("10.13.0.35"), kTensorRT, gpu());
  EXPECT_THAT(text, HasSubstr("built on: TensorRT 10.13.0.35, NVIDIA H100 (compute capability 9.0)"));
  EXPECT_THAT(text, HasSubstr("running on: TensorRT 10.14.1, NVIDIA A10 (compute capability 9.0)"));
  EXPECT_THAT(text, HasSubstr("Build the engine again with TensorRT 10.14.1, or install TensorRT 10.13.0.35"));
  EXPECT_NE(refusal(built("10.1.41"), kTensorRT, gpu()), "");
}

TEST(Compatibility, AVersionCompatibleEngineRunsInItsMajorVersion) {
  EngineMetadata about = built("10.13.0.35");
  about.version_compatible = true;
  EXPECT_EQ(refusal(about, kTensorRT, gpu()), "");
  about.tensorrt = "8.6.1";
  EXPECT_NE(refusal(about, kTensorRT, gpu()), "");
}

TEST(Compatibility, AnotherFlavourIsRefused) {
  EngineMetadata about = built("1.7.1.116");
  about.flavour = "tensorrt_rtx";
  EXPECT_THAT(refusal(about, kTensorRT, gpu()),
              HasSubstr("Build it with TensorRT, or run it where TensorRT for RTX 1.7.1.116 is"));
}

TEST(Compatibility, AnotherGpuIsRefused) {
  EXPECT_THAT(refusal(built(), kTensorRT, gpu("8.6")),
              HasSubstr("an engine runs on the compute capability it was built for"));
  EngineMetadata about = built("10.14.1", "8.0");
  about.hardware_compatibility = "ampere_plus";
  EXPECT_EQ(refusal(about, kTensorRT, gpu("9.0")), "");
  EXPECT_NE(refusal(about, kTensorRT, gpu("7.5")), "");
}

TEST(Compatibility, RtxEnginesAreNotBoundToOneGpu) {
  EngineMetadata about = built("1.7.1.116", "");
  about.flavour = "tensorrt_rtx";
  EXPECT_EQ(refusal(about, {"tensorrt_rtx", "1.7.1"}, gpu("12.0")), "");
  about.compute_capability = "8.6";
  EXPECT_EQ(refusal(about, {"tensorrt_rtx", "1.7.1"}, gpu("12.0")), "");
}

}  // namespace
}  // namespace torch2trt::runtime
