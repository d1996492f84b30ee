// What is fed with bytes of unknown origin: the readers of files. A target takes any input; it may refuse it with an
// Error that blames the input, and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace torch2trt::fuzz {

struct Target {
  std::string_view name;
  // Throws std::logic_error where a reader broke its promise.
  void (*run)(std::string_view input);
  // Inputs that are right, to begin from.
  std::vector<std::string> (*seeds)();
};

// "bundle": engine bundles. "metadata": their JSON, behind the digests. "pt2": archives. "model": their JSON, behind
// the checksums. "text": graphs as text.
const std::vector<Target>& targets();

}  // namespace torch2trt::fuzz
