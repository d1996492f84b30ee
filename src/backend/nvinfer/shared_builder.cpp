#include "src/backend/nvinfer/shared_builder.h"

#include <utility>

namespace torch2trt {

SharedBuilder::SharedBuilder(std::shared_ptr<const tensorrt::Library> library,
                             std::unique_ptr<nvinfer1::IBuilder> builder)
    : library_(std::move(library)), builder_(std::move(builder)) {}

std::shared_ptr<SharedBuilder> SharedBuilder::of_thread(const std::shared_ptr<const tensorrt::Library>& library) {
  thread_local std::weak_ptr<SharedBuilder> latest;
  std::shared_ptr<SharedBuilder> shared = latest.lock();
  if (shared && shared->library_ == library) return shared;
  std::unique_ptr<nvinfer1::IBuilder> builder(library->create_builder(tensorrt::Logger::instance()));
  if (!builder) return nullptr;
  shared.reset(new SharedBuilder(library, std::move(builder)));
  latest = shared;
  return shared;
}

SharedBuilder::Use::Use(SharedBuilder& shared, tensorrt::ErrorRecorder& recorder)
    : lock_(shared.mutex_), builder_(shared.builder()) {
  builder_.setErrorRecorder(&recorder);
}

SharedBuilder::Use::~Use() { builder_.setErrorRecorder(nullptr); }

}  // namespace torch2trt
