#include "src/tensorrt/logger.h"

#include <algorithm>

namespace torch2trt::tensorrt {

bool is_noise(const std::string& message) {
  for (const char* part : {"CUDA error 35", "Cuda error 35", "cudaError 35", "error: 35", "CUDA initialization failure",
                           "The logger passed into createInfer", "CUDA lazy loading is not enabled",
                           "Unable to determine GPU memory usage"}) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

Logger& Logger::instance() {
  static auto* logger = new Logger();  // never destroyed: TensorRT's own statics may log last
  return *logger;
}

void Logger::log(Severity severity, const char* message) noexcept {
  try {
    const std::string text = message == nullptr ? "" : message;
    Level level = Level::kVerbose;
    if (severity == Severity::kINFO) level = Level::kInfo;
    if (severity == Severity::kWARNING) level = Level::kWarning;
    if (severity == Severity::kERROR || severity == Severity::kINTERNAL_ERROR) level = Level::kError;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (text.empty() || scopes_.empty()) return;
    LogScope& scope = *scopes_.back();
    if (level == Level::kError || level == Level::kWarning) scope.complaints_.emplace_back(level, text);
    if (!scope.sink_ || (!scope.verbose_ && (level == Level::kVerbose || is_noise(text)))) return;
    scope.sink_(level, text);
  } catch (...) {  // TensorRT's threads know no exceptions; a message that memory is short of is lost
  }
}

LogScope::LogScope(MessageSink sink, bool verbose) : sink_(std::move(sink)), verbose_(verbose) {
  const std::lock_guard<std::mutex> lock(Logger::instance().mutex_);
  Logger::instance().scopes_.push_back(this);
}

LogScope::~LogScope() {
  const std::lock_guard<std::mutex> lock(Logger::instance().mutex_);
  auto& scopes = Logger::instance().scopes_;
  scopes.erase(std::find(scopes.begin(), scopes.end(), this));
}

std::vector<std::string> LogScope::take_errors() {
  const std::lock_guard<std::mutex> lock(Logger::instance().mutex_);
  std::vector<std::string> errors;
  for (auto& [level, text] : std::exchange(complaints_, {})) {
    if (level == Level::kError) errors.push_back(std::move(text));
  }
  return errors;
}

std::vector<std::string> LogScope::take_complaints() {
  const std::lock_guard<std::mutex> lock(Logger::instance().mutex_);
  std::vector<std::string> texts;
  for (auto& [level, text] : std::exchange(complaints_, {})) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  return texts;
}

std::int32_t ErrorRecorder::getNbErrors() const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<std::int32_t>(errors_.size());
}

nvinfer1::ErrorCode ErrorRecorder::getErrorCode(std::int32_t index) const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto i = static_cast<std::size_t>(index);
  return i < errors_.size() ? errors_[i].first : nvinfer1::ErrorCode::kUNSPECIFIED_ERROR;
}

nvinfer1::IErrorRecorder::ErrorDesc ErrorRecorder::getErrorDesc(std::int32_t index) const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto i = static_cast<std::size_t>(index);
  return i < errors_.size() ? errors_[i].second.c_str() : "";
}

void ErrorRecorder::clear() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  errors_.clear();
}

// False: TensorRT goes on, and the call that failed returns null.
bool ErrorRecorder::reportError(nvinfer1::ErrorCode code, ErrorDesc description) noexcept {
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    errors_.emplace_back(code, description == nullptr ? "" : description);
  } catch (...) {  // as in Logger::log
  }
  return false;
}

std::vector<std::string> ErrorRecorder::take_texts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> texts;
  for (auto& [code, text] : errors_) {
    if (!is_noise(text)) texts.push_back(std::move(text));
  }
  errors_.clear();
  return texts;
}

}  // namespace torch2trt::tensorrt
