#include "src/tensorrt/cuda.h"

#include <algorithm>
#include <filesystem>
#include <memory>

namespace torch2trt::tensorrt {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames = {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0",
                                                  "libcudart.so"};
  return kNames;
}

std::string check(const SharedLibrary& library) {
#define TORCH2TRT_CUDA_CHECK(name, ...) \
  if (library.symbol(#name) == nullptr) return "is no CUDA runtime of 11.4 or later: it has no " #name;
  TORCH2TRT_CUDA_FUNCTIONS(TORCH2TRT_CUDA_CHECK)
#undef TORCH2TRT_CUDA_CHECK
  return {};
}

}  // namespace

std::vector<Place> cuda_places() {
  std::vector<Place> places;
  if (const std::string named = environment("TORCH2TRT_CUDA_LIB"); !named.empty()) {
    places.push_back({"TORCH2TRT_CUDA_LIB", named, true});
  }
  for (const std::string& name : names()) places.push_back({"loader", name});
  places.push_back({"CUDA toolkit", "/usr/local/cuda/lib64"});
  for (const std::string& packages : site_packages()) {
    std::error_code failed;
    std::vector<std::string> folders;
    for (const auto& entry : fs::directory_iterator(packages + "/nvidia", failed)) {
      const std::string folder = (entry.path() / "lib").string();
      const auto has = [&](const std::string& name) { return fs::exists(fs::path(folder) / name, failed); };
      if (std::any_of(names().begin(), names().end(), has)) folders.push_back(folder);
    }
    std::sort(folders.begin(), folders.end());
    for (const std::string& folder : folders) places.push_back({"pip wheel", folder});
  }
  return places;
}

SharedLibrary find_cuda() {
  return find_library(
      cuda_places(), names(), [](const SharedLibrary& library, const std::string&) { return check(library); },
      "The CUDA runtime is missing: libcudart.so of CUDA 11.4 to 13 was looked for in",
      "What to do: install a CUDA toolkit or `pip install nvidia-cuda-runtime`, and name the folder with "
      "TORCH2TRT_CUDA_LIB where it is none of these");
}

const Cuda& Cuda::open() {
  static const std::unique_ptr<const Cuda> kOpened = [] {
    std::unique_ptr<Cuda> made(new Cuda());
    made->library_ = find_cuda();
#define TORCH2TRT_CUDA_LOOK_UP(name, ...) made->name = made->library_.function<__VA_ARGS__>(#name);
    TORCH2TRT_CUDA_FUNCTIONS(TORCH2TRT_CUDA_LOOK_UP)
#undef TORCH2TRT_CUDA_LOOK_UP
    made->event_elapsed_time =
        made->library_.function<cudaError_t(float*, cudaEvent_t, cudaEvent_t)>("cudaEventElapsedTime");
    made->file_ = made->library_.file_of("cudaMalloc");
    return made;
  }();
  return *kOpened;
}

}  // namespace torch2trt::tensorrt
