// libnvinfer, found and opened at run time, so that a program that uses it starts on any machine and says what is
// missing. C++17, no torch.
#pragma once

#include <NvInferRuntime.h>

#include <memory>
#include <string>
#include <vector>

#include "src/tensorrt/shared_library.h"

namespace nvinfer1 {
class IBuilder;
}

namespace torch2trt::tensorrt {

struct Version {
  int major = 0, minor = 0, patch = 0;
  std::string text() const;
};

// What getInferLibVersion() returns: 8503 for 8.5.3, 101401 for 10.14.1.
Version decode_version(int number);

class Library {
 public:
  // Looks for the library in this order: `path` (--tensorrt=PATH, a file or folder; empty: not given),
  // $TORCH2TRT_TENSORRT_LIB (a file or folder), the SDK's folder this was compiled against, pip's wheels (tensorrt_libs
  // or tensorrt in site_packages()), and where the loader looks. What the user names is taken or nothing is. It must be
  // of the major version compiled against, and of its minor version or a later one. Opened once for the same places.
  // Throws LibraryError.
  static std::shared_ptr<const Library> open(const std::string& path = {});

  const Version& version() const { return version_; }
  // The file the loader took.
  const std::string& file() const { return file_; }

  // nullptr where TensorRT makes none: it has told the logger why ("no CUDA-capable device"). The caller deletes them;
  // `logger` must outlive everything made with it. create_builder() throws LibraryError where TensorRT 8 would not find
  // its builder's resources.
  nvinfer1::IBuilder* create_builder(nvinfer1::ILogger& logger) const;
  nvinfer1::IRuntime* create_runtime(nvinfer1::ILogger& logger) const;
  // Where a program registers creators of plugins of its own, before it builds or loads an engine that has one. nullptr
  // where the library has none.
  nvinfer1::IPluginRegistry* plugin_registry() const;
  // TensorRT's own plugins (libnvinfer_plugin beside the library) registered; false where there are none.
  bool load_plugins(nvinfer1::ILogger& logger) const;

 private:
  Library() = default;
  SharedLibrary library_;
  Version version_;
  std::string file_;
};

// libnvinfer opens its builder's resources by name when it makes a builder, and outside the loader's folders it would
// not find them. Opens those beside `file` first, which helps from TensorRT 10 on; without them 8.5 crashes, so for an
// earlier `major` this throws LibraryError where the loader does not find them.
void open_resources(const std::string& file, int major);

// The places open() looks in, in order.
std::vector<Place> tensorrt_places(const std::string& path);

}  // namespace torch2trt::tensorrt
