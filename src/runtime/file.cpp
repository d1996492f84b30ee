#include "src/runtime/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "torch2trt/error.h"

namespace torch2trt::runtime {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw Error(ErrorCategory::kRuntime, fmt::format("cannot read \"{}\": {}", path, why));
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) fail(path, "it is a folder");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) fail(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): glibc's is
  std::vector<std::byte> bytes;
  // One more than it has: the read that finds the end.
  const auto size = std::filesystem::file_size(path, failed);
  if (!failed) bytes.reserve(size + 1);
  std::size_t used = 0;
  do {
    bytes.resize(std::max<std::size_t>(bytes.capacity(), used + (1U << 20)));
    used += std::fread(bytes.data() + used, 1, bytes.size() - used, file.get());
  } while (std::feof(file.get()) == 0 && std::ferror(file.get()) == 0);
  if (std::ferror(file.get()) != 0) fail(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  bytes.resize(used);
  return bytes;
}

}  // namespace torch2trt::runtime
