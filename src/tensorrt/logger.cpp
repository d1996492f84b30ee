#include "src/tensorrt/logger.h"

namespace torch2trt::tensorrt {

bool is_noise(const std::string& message) {
  for (const char* part : {"CUDA error 35", "Cuda error 35", "CUDA initialization failure with error: 35",
                           "CUDA lazy loading is not enabled", "The getMaxBatchSize() function should not be used",
                           "Unable to determine GPU memory usage"}) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

void Logger::log(Severity severity, const char* message) noexcept {
  try {
    const std::string text = message == nullptr ? "" : message;
    if (text.empty()) return;
    Level level = Level::kVerbose;
    if (severity == Severity::kINFO) level = Level::kInfo;
    if (severity == Severity::kWARNING) level = Level::kWarning;
    if (severity == Severity::kERROR || severity == Severity::kINTERNAL_ERROR) level = Level::kError;
    if (level < Level::kWarning && !verbose_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (level == Level::kError) errors_.push_back(text);
    if (sink_ && (verbose_ || !is_noise(text))) sink_(level, text);
  } catch (...) {  // TensorRT's threads know no exceptions; a message that memory is short of is lost
  }
}

std::vector<std::string> Logger::take_errors() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(errors_, {});
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
