// One IBuilder for all the networks that a thread makes while it has one: TensorRT 8 reads and checks hundreds of MB of
// kernels for each.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <mutex>

#include "src/tensorrt/library.h"
#include "src/tensorrt/logger.h"

namespace torch2trt {

class SharedBuilder {
 public:
  // The calling thread's of that library, as long as somebody keeps it; else a new one. nullptr where TensorRT makes
  // none: it has told the logger why. Throws tensorrt::LibraryError.
  static std::shared_ptr<SharedBuilder> of_thread(const std::shared_ptr<const tensorrt::Library>& library);

  // The builder for one caller at a time (a network may be built on another thread than the one it was made on), who
  // gets its errors.
  class Use {
   public:
    Use(SharedBuilder& shared, tensorrt::ErrorRecorder& recorder);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    std::unique_lock<std::mutex> lock_;
    nvinfer1::IBuilder& builder_;
  };

  nvinfer1::IBuilder& builder() { return *builder_; }

 private:
  SharedBuilder(std::shared_ptr<const tensorrt::Library> library, std::unique_ptr<nvinfer1::IBuilder> builder);
  std::shared_ptr<const tensorrt::Library> library_;
  std::unique_ptr<nvinfer1::IBuilder> builder_;
  std::mutex mutex_;
};

}  // namespace torch2trt
