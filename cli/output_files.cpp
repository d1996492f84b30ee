#include "cli/output_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "src/files/atomic_file.h"
#include "torch2trt/error.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;

bool same_file(const std::string& a, const std::string& b) {
  std::error_code failed;
  if (fs::exists(b, failed) && !fs::is_regular_file(b, failed)) return false;  // a device may be written twice
  return fs::weakly_canonical(a, failed) == fs::weakly_canonical(b, failed) || fs::equivalent(a, b, failed);
}

void check_other(const NamedFile& a, const NamedFile& b) {
  if (a.path.empty() || b.path.empty() || !same_file(a.path, b.path)) return;
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("{} and {} are the same file, \"{}\"; give each its own", a.option, b.option, b.path));
}

}  // namespace

void check_output_files(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const NamedFile& input : inputs) check_other(input, outputs[i]);
    for (std::size_t j = 0; j < i; ++j) check_other(outputs[j], outputs[i]);
  }
  for (const NamedFile& output : outputs)
    if (!output.path.empty()) check_writable(output.path);
}

}  // namespace torch2trt::cli
