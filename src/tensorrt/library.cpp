#include "src/tensorrt/library.h"

#include <filesystem>
#include <map>
#include <mutex>

#include "src/tensorrt/compat.h"

namespace torch2trt::tensorrt {
namespace {

namespace fs = std::filesystem;

using CreateFunction = void*(void*, std::int32_t);
using PluginsFunction = bool(void*, const char*);

constexpr const char* kCreateBuilder = "createInferBuilder_INTERNAL";
constexpr const char* kCreateRuntime = "createInferRuntime_INTERNAL";
constexpr const char* kVersion = "getInferLibVersion";

std::string soname(const std::string& stem) { return stem + "." + std::to_string(kBuiltMajor); }

std::string built_with() { return Version{kBuiltMajor, kBuiltMinor, kBuiltPatch}.text(); }

// Empty, or why it will not do.
std::string check(const SharedLibrary& library) {
  auto* version = library.function<std::int32_t()>(kVersion);
  for (const char* name : {kVersion, kCreateBuilder, kCreateRuntime}) {
    if (library.symbol(name) == nullptr) return std::string("is no TensorRT library: it has no ") + name;
  }
  const Version found = decode_version(version());
  if (found.major == kBuiltMajor && found.minor >= kBuiltMinor) return {};
  return "is TensorRT " + found.text() + ", and this torch2trt was compiled against " + built_with();
}

std::string advice() {
  const std::string major = std::to_string(kBuiltMajor);
  const std::string wanted = major + "." + std::to_string(kBuiltMinor);
  return "What to do: install TensorRT " + wanted + " or a later " + major + ".x (`pip install 'tensorrt>=" + wanted +
         ",<" + std::to_string(kBuiltMajor + 1) +
         "'`, or NVIDIA's archive), and name its folder with --tensorrt=DIR or TORCH2TRT_TENSORRT_LIB; or compile "
         "torch2trt against the TensorRT you have (-DTensorRT_ROOT=DIR)";
}

}  // namespace

std::string Version::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

Version decode_version(int number) {
  const int scale = number >= 10000 ? 10000 : 1000;
  return {number / scale, number % scale / 100, number % 100};
}

std::vector<Place> tensorrt_places(const std::string& path) {
  std::vector<Place> places;
  if (!path.empty()) places.push_back({"--tensorrt", path, true});
  if (const std::string named = environment("TORCH2TRT_TENSORRT_LIB"); !named.empty()) {
    places.push_back({"TORCH2TRT_TENSORRT_LIB", named, true});
  }
#ifdef TORCH2TRT_TENSORRT_SDK
  places.push_back({"the SDK compiled against", TORCH2TRT_TENSORRT_SDK});
#endif
  std::error_code failed;
  for (const std::string& packages : site_packages()) {
    for (const char* wheel : {"tensorrt_libs", "tensorrt"}) {
      const std::string folder = packages + "/" + wheel;
      if (fs::is_directory(folder, failed)) places.push_back({"pip wheel", folder});
    }
  }
  places.push_back({"loader", soname("libnvinfer.so")});
  return places;
}

std::shared_ptr<const Library> Library::open(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Library>> opened;
  const std::lock_guard<std::mutex> lock(mutex);
  const std::vector<Place> places = tensorrt_places(path);
  std::string key;
  for (const Place& place : places) key += place.what + "\n" + place.path + "\n";
  std::shared_ptr<const Library>& known = opened[key];
  if (known) return known;
  const std::shared_ptr<Library> made(new Library());
  made->library_ = find_library(
      places, {soname("libnvinfer.so"), "libnvinfer.so"},
      [](const SharedLibrary& library, const std::string&) { return check(library); },
      "TensorRT's library is missing: " + soname("libnvinfer.so") + " of " + std::to_string(kBuiltMajor) + "." +
          std::to_string(kBuiltMinor) + " or later was looked for in",
      advice());
  made->version_ = decode_version(made->library_.function<std::int32_t()>(kVersion)());
  made->file_ = made->library_.file_of(kVersion);
  known = made;
  return known;
}

// Those of TensorRT 8 go by another name once they are open (SONAME "do_not_link_against_..."), so opening them does
// not help.
void open_resources(const std::string& file, int major) {
  std::error_code failed;
  std::string reason;
  const fs::path folder = fs::path(file).parent_path();
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("libnvinfer_builder_resource", 0) != 0 || name.find(".so") == std::string::npos) continue;
    if (major >= 10) {
      SharedLibrary::open(entry.path().string(), reason);
    } else if (!SharedLibrary::open(name, reason)) {
      throw LibraryError("TensorRT " + std::to_string(major) + " cannot build: it looks for " + name +
                         " where the loader does, and not beside " + file +
                         "\nWhat to do: LD_LIBRARY_PATH=" + folder.string());
    }
  }
}

nvinfer1::IBuilder* Library::create_builder(nvinfer1::ILogger& logger) const {
  open_resources(file_, kBuiltMajor);
  auto* create = library_.function<CreateFunction>(kCreateBuilder);
  return static_cast<nvinfer1::IBuilder*>(create(&logger, kBuiltVersion));
}

nvinfer1::IRuntime* Library::create_runtime(nvinfer1::ILogger& logger) const {
  auto* create = library_.function<CreateFunction>(kCreateRuntime);
  return static_cast<nvinfer1::IRuntime*>(create(&logger, kBuiltVersion));
}

nvinfer1::IPluginRegistry* Library::plugin_registry() const {
  auto* registry = library_.function<nvinfer1::IPluginRegistry*()>("getPluginRegistry");
  return registry == nullptr ? nullptr : registry();
}

bool Library::load_plugins(nvinfer1::ILogger& logger) const {
  std::string ignored;
  const std::string beside = fs::path(file_).parent_path() / soname("libnvinfer_plugin.so");
  const SharedLibrary plugins = SharedLibrary::open(beside, ignored);
  auto* initialise = plugins.function<PluginsFunction>("initLibNvInferPlugins");
  return initialise != nullptr && initialise(&logger, "");
}

}  // namespace torch2trt::tensorrt
