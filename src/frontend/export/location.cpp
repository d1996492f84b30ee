#include "src/frontend/export/location.h"

#include <algorithm>

#include "src/frontend/own_files.h"

namespace torch2trt::pt2 {
namespace {

bool is_no_user_file(std::string_view path) {
  if (path.starts_with('<') || path.starts_with("torch/")) return true;  // generated code; torch's own passes
  for (const std::string_view folder : {"-packages/torch/", "/torch/nn/", "/torch/_"}) {
    if (path.find(folder) != std::string_view::npos) return true;
  }
  return is_of_the_package(path);
}

}  // namespace

std::string source_of(std::string_view stack_trace) {
  constexpr std::string_view kFile = "File \"";
  constexpr std::string_view kLine = "\", line ";
  // Innermost frames come last.
  for (std::size_t at = stack_trace.rfind(kFile); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : stack_trace.rfind(kFile, at - 1)) {
    const std::size_t start = at + kFile.size();
    const std::size_t end = stack_trace.find(kLine, start);
    if (end == std::string_view::npos) continue;
    const std::string_view path = stack_trace.substr(start, end - start);
    if (path.find('\n') != std::string_view::npos || is_no_user_file(path)) continue;
    std::size_t digits = end + kLine.size();
    const std::size_t first_digit = digits;
    while (digits < stack_trace.size() && stack_trace[digits] >= '0' && stack_trace[digits] <= '9') ++digits;
    if (digits == first_digit) continue;
    const std::size_t folder = path.find_last_of("/\\");
    const std::string_view file = folder == std::string_view::npos ? path : path.substr(folder + 1);
    return std::string(file) + ":" + std::string(stack_trace.substr(first_digit, digits - first_digit));
  }
  return {};
}

std::string scope_of(std::string_view nn_module_stack) {
  // Modules, outermost first, as "key,path,type" separated by ';'.
  const std::size_t last = nn_module_stack.rfind(';');
  const std::string_view module = last == std::string_view::npos ? nn_module_stack : nn_module_stack.substr(last + 1);
  const std::size_t start = module.find(',');
  const std::size_t end = module.rfind(',');
  if (start == std::string_view::npos || end <= start) return {};
  std::string_view path = module.substr(start + 1, end - start - 1);
  // torch's placeholder for nodes its own passes made.
  if (path.starts_with("_empty_nn_module_stack")) return {};
  constexpr std::string_view kSelf = "L['self']";
  if (path.starts_with(kSelf)) path.remove_prefix(std::min(path.size(), kSelf.size() + 1));
  return std::string(path);
}

}  // namespace torch2trt::pt2
