#include "torch2trt/error.h"

#include <fmt/format.h>

namespace torch2trt {
namespace {

std::string with_location(const std::string& message, const SourceLocation& at) {
  if (at.node.empty() && at.scope.empty() && at.source.empty()) return message;
  std::string text = message + "\n  at " + (at.node.empty() ? "the program" : at.node);
  if (!at.scope.empty()) text += fmt::format(" in module \"{}\"", at.scope);
  if (!at.source.empty()) text += fmt::format(" ({})", at.source);
  return text;
}

}  // namespace

std::string_view name(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kUnsupportedOperator: return "UnsupportedOperator";
    case ErrorCategory::kInvalidModel: return "InvalidModel";
    case ErrorCategory::kInvalidArgument: return "InvalidArgument";
    case ErrorCategory::kBuildFailed: return "BuildFailed";
    case ErrorCategory::kRuntime: return "Runtime";
    case ErrorCategory::kInternal: return "Internal";
  }
  return "Internal";
}

int exit_code(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kInvalidArgument: return 2;
    case ErrorCategory::kInvalidModel: return 3;
    case ErrorCategory::kUnsupportedOperator: return 4;
    case ErrorCategory::kBuildFailed: return 5;
    case ErrorCategory::kRuntime: return 6;
    case ErrorCategory::kInternal: return 70;
  }
  return 70;
}

Error::Error(ErrorCategory category, const std::string& message) : Error(category, message, SourceLocation{}) {}

Error::Error(ErrorCategory category, const std::string& message, SourceLocation location)
    : std::runtime_error(with_location(message, location)),
      category_(category),
      message_(message),
      location_(std::move(location)) {}

}  // namespace torch2trt
