// Whether a bundle can run here, known before TensorRT is asked.
#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "src/runtime/backend.h"
#include "src/runtime/bundle.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {
namespace {

// "10.14.1" of "10.14.1.48": the build number makes no difference to plans.
std::string release(const std::string& version) {
  std::istringstream parts(version);
  std::string text;
  std::string part;
  for (int i = 0; i < 3 && std::getline(parts, part, '.'); ++i) text += (text.empty() ? "" : ".") + part;
  return text;
}

std::string flavour_text(const std::string& flavour) {
  return flavour == "tensorrt_rtx" ? "TensorRT for RTX" : flavour == "tensorrt" ? "TensorRT" : flavour;
}

std::string gpu_text(const std::string& name, const std::string& capability) {
  if (capability.empty()) return "a machine without GPU";
  return fmt::format("{} (compute capability {})", name.empty() ? "a GPU" : name, capability);
}

[[noreturn]] void refuse(const EngineMetadata& built, const RunningTensorRT& tensorrt, const RunningGpu& gpu,
                         const std::string& advice) {
  throw IncompatibleEngine(fmt::format(
      "the engine was built for something else\n  built on: {} {}, {}\n  running on: {} {}, {}\n{}",
      flavour_text(built.flavour), built.tensorrt, gpu_text(built.gpu, built.compute_capability),
      flavour_text(tensorrt.flavour), tensorrt.version, gpu_text(gpu.name, gpu.compute_capability), advice));
}

// 0 where it is none.
int major_of(const std::string& version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

}  // namespace

void check_compatible(const EngineMetadata& built, const RunningTensorRT& tensorrt, const RunningGpu& gpu) {
  if (built.flavour != tensorrt.flavour) {
    refuse(built, tensorrt, gpu,
           fmt::format("Build it with {}, or run it where {} {} is", flavour_text(tensorrt.flavour),
                       flavour_text(built.flavour), built.tensorrt));
  }
  // A version-compatible engine runs on its own and later versions of one major version (Developer Guide).
  const bool same_version = release(built.tensorrt) == release(tensorrt.version);
  const bool compatible = built.version_compatible && major_of(built.tensorrt) == major_of(tensorrt.version);
  if (!same_version && !compatible) {
    refuse(built, tensorrt, gpu,
           fmt::format("Build the engine again with {} {}, or install {} {}", flavour_text(tensorrt.flavour),
                       tensorrt.version, flavour_text(built.flavour), built.tensorrt));
  }
  // TensorRT for RTX compiles its kernels where the engine runs.
  if (built.flavour == "tensorrt_rtx" || built.compute_capability.empty() || gpu.compute_capability.empty()) return;
  if (built.compute_capability == gpu.compute_capability) return;
  const bool ampere_plus = built.hardware_compatibility == "ampere_plus" && major_of(gpu.compute_capability) >= 8;
  if (ampere_plus) return;
  refuse(built, tensorrt, gpu,
         "Build the engine again on a GPU of this kind; an engine runs on the compute capability it was built for");
}

}  // namespace torch2trt::runtime
