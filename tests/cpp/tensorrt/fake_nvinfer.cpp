// A libnvinfer of version FAKE_VERSION as it behaves on a machine without a GPU; without FAKE_VERSION a library that is
// something else.
#include <NvInferRuntime.h>

#include <cstdint>

#define TORCH2TRT_FAKE_EXPORT extern "C" __attribute__((visibility("default")))

#ifdef FAKE_VERSION
TORCH2TRT_FAKE_EXPORT std::int32_t getInferLibVersion() noexcept { return FAKE_VERSION; }

TORCH2TRT_FAKE_EXPORT void* createInferBuilder_INTERNAL(void* logger, std::int32_t /*version*/) noexcept {
  auto& log = *static_cast<nvinfer1::ILogger*>(logger);
  log.log(nvinfer1::ILogger::Severity::kINFO, "looking for a GPU");
  log.log(nvinfer1::ILogger::Severity::kWARNING, "CUDA initialization failure with error: 35");
  return nullptr;
}

TORCH2TRT_FAKE_EXPORT void* createInferRuntime_INTERNAL(void* /*logger*/, std::int32_t /*version*/) noexcept {
  return nullptr;
}
#else
TORCH2TRT_FAKE_EXPORT int something_else() noexcept { return 1; }
#endif
