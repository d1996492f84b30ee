// Frames of stack traces that are neither the user's program nor torch: of this package.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace torch2trt {

// The files of python/torch2trt; tests/tools/test_checks.py compares.
inline constexpr std::array<std::string_view, 23> kPackageFiles = {
    "__init__.py",          "__main__.py",   "_callbacks.py", "_comparing.py", "_context.py",
    "_errors.py",           "_frontends.py", "_functions.py", "_handlers.py",  "_inputs.py",
    "_output_allocator.py", "_precision.py", "_sessions.py",  "_signature.py", "_tensorrt.py",
    "_tracing.py",          "_verbose.py",   "compiled.py",   "core.py",       "errors.py",
    "graph_module.py",      "inference.py",  "module.py"};

// Whether `path` is a file of the Python package torch2trt, as installed or in the repository.
inline bool is_of_the_package(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view folder = path.substr(0, slash);
  if (folder.ends_with("/torch2trt/executor")) return true;
  return folder.ends_with("/torch2trt") &&
         std::find(kPackageFiles.begin(), kPackageFiles.end(), path.substr(slash + 1)) != kPackageFiles.end();
}

}  // namespace torch2trt
