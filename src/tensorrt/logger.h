// What TensorRT says: its logger and an error recorder, both of which hand it on as text. C++17, no torch.
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

// Gets a message; on any thread, one at a time. Must not throw, and must not call TensorRT.
using MessageSink = std::function<void(Level, const std::string&)>;

// Messages that tell a user nothing: what follows every error where there is no GPU, and advice that cannot be
// followed.
bool is_noise(const std::string& message);

class LogScope;

// TensorRT keeps the first logger of a process for everything made later, so there is one, for ever. The messages go to
// the LogScope made last; to none where there is none.
class Logger : public nvinfer1::ILogger {
 public:
  static Logger& instance();
  void log(Severity severity, const char* message) noexcept override;

 private:
  friend class LogScope;
  Logger() = default;
  std::mutex mutex_;
  std::vector<LogScope*> scopes_;
};

// Receives TensorRT's messages as long as it lives.
class LogScope {
 public:
  // `sink` may be empty. Verbose messages, and noise, only if `verbose`. Errors go to take_errors() as well.
  explicit LogScope(MessageSink sink, bool verbose = false);
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
  ~LogScope();
  // The errors since the last call, noise included.
  std::vector<std::string> take_errors();
  // The errors and warnings since the last call, noise included: why TensorRT makes no builder is a warning to 8.5.
  std::vector<std::string> take_complaints();

 private:
  friend class Logger;
  MessageSink sink_;
  bool verbose_;
  std::vector<std::pair<Level, std::string>> complaints_;  // errors and warnings
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
