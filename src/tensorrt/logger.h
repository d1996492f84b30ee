// What TensorRT says: a logger and an error recorder that hand it on as text. C++17, no torch.
#pragma once

#include <NvInferRuntime.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace torch2trt::tensorrt {

enum class Level { kVerbose, kInfo, kWarning, kError };

// Gets a message; on any thread, one at a time. Must not throw.
using MessageSink = std::function<void(Level, const std::string&)>;

// Messages that say nothing to a user: what follows every error where there is no GPU, and advice that has no place to
// be followed.
bool is_noise(const std::string& message);

class Logger : public nvinfer1::ILogger {
 public:
  // `sink` may be empty. Verbose and info messages are left out unless `verbose`. Errors also are kept, see
  // take_errors().
  explicit Logger(MessageSink sink, bool verbose = false) : sink_(std::move(sink)), verbose_(verbose) {}

  void log(Severity severity, const char* message) noexcept override;
  // The errors since the last call.
  std::vector<std::string> take_errors();

 private:
  std::mutex mutex_;
  MessageSink sink_;
  bool verbose_;
  std::vector<std::string> errors_;
};

// Set on a network, builder, engine or context, it receives the errors *instead of* the logger.
class ErrorRecorder : public nvinfer1::IErrorRecorder {
 public:
  std::int32_t getNbErrors() const noexcept override;
  nvinfer1::ErrorCode getErrorCode(std::int32_t index) const noexcept override;
  ErrorDesc getErrorDesc(std::int32_t index) const noexcept override;
  bool hasOverflowed() const noexcept override { return false; }
  void clear() noexcept override;
  bool reportError(nvinfer1::ErrorCode code, ErrorDesc description) noexcept override;
  RefCount incRefCount() noexcept override { return ++references_; }
  RefCount decRefCount() noexcept override { return --references_; }

  // The errors since the last call, without noise.
  std::vector<std::string> take_texts();

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<nvinfer1::ErrorCode, std::string>> errors_;
  std::atomic<RefCount> references_{0};
};

}  // namespace torch2trt::tensorrt
