// The one exception type of torch2trt. what() is the whole message, in the order: what failed; node, module path and
// source line; what was received and what is allowed; TensorRT's own text; what to try.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torch2trt {

enum class ErrorCategory {
  kUnsupportedOperator,  // an operator, or a form of one, that cannot be converted
  kInvalidModel,         // the file or program is damaged, malformed or of an unknown version
  kInvalidArgument,      // the caller's arguments do not fit the model
  kBuildFailed,          // TensorRT refused the network or could not build an engine
  kRuntime,              // something this machine lacks: a library, a device, a writable file
  kInternal,             // a bug of torch2trt; the message asks for a report
};

// "UnsupportedOperator", ...
std::string_view name(ErrorCategory category);
// The exit code of the command line for an error of this category (docs/exit-codes.md).
int exit_code(ErrorCategory category);

// Where in the user's program something happened. Empty strings where unknown.
struct SourceLocation {
  std::string node;    // "aten::conv2d"
  std::string scope;   // module path, "layer1.0.conv1"
  std::string source;  // "resnet.py:197"
};

// One unsupported node (or group of alike nodes) in an UnsupportedOperator error.
struct UnsupportedNode {
  std::string kind;    // "aten::fft_fft.default"
  std::string reason;  // one sentence
  SourceLocation location;
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCategory category, const std::string& message);
  Error(ErrorCategory category, const std::string& message, SourceLocation location);

  ErrorCategory category() const { return category_; }
  // The message without the location.
  const std::string& message() const { return message_; }
  const SourceLocation& location() const { return location_; }
  bool has_location() const { return !location_.node.empty(); }
  // Filled where the category is kUnsupportedOperator: every node that could not be converted, in program order.
  const std::vector<UnsupportedNode>& unsupported() const { return unsupported_; }
  void set_unsupported(std::vector<UnsupportedNode> nodes) { unsupported_ = std::move(nodes); }

 private:
  ErrorCategory category_;
  std::string message_;
  SourceLocation location_;
  std::vector<UnsupportedNode> unsupported_;
};

}  // namespace torch2trt
