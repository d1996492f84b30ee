#include "src/files/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 16U << 20U;
constexpr int kNameAttempts = 100;

[[noreturn]] void refuse(const std::string& path, const std::string& why, const std::string& advice = {}) {
  throw Error(ErrorCategory::kRuntime, fmt::format("\"{}\" cannot be written: {}{}", path, why, advice));
}

// Of a dangling link too: the file it names is what one wants to have.
std::string target_of(const std::string& path) {
  constexpr int kMostLinks = 40;  // as Linux allows
  fs::path target = path;
  std::error_code failed;
  for (int i = 0; i < kMostLinks && fs::is_symlink(target, failed); ++i) {
    const fs::path next = fs::read_symlink(target, failed);
    if (failed) break;
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target.string();
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

bool is_written_in_place(const std::string& target) {
  std::error_code failed;
  const fs::file_status status = fs::status(target, failed);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

// ".model.engine.3f2a91c07d5e.tmp": hidden, and another in every process and at every call.
std::string temporary_name(const std::string& target) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  const fs::path path(target);
  return (path.parent_path() / fmt::format(".{}.{:012x}.tmp", path.filename().string(), random() >> 16U)).string();
}

}  // namespace

void check_writable(const std::string& path) { AtomicFile probe(path); }

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(target_of(path)) {
  std::error_code failed;
  if (path.empty()) refuse(path, "the name is empty");
  if (fs::is_directory(target_, failed) || target_.ends_with('/')) refuse(path, "it is a folder; give a file name");
  if (is_written_in_place(target_)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) refuse(path, std::strerror(errno));
    return;
  }
  const std::string folder = folder_of(target_);
  if (!fs::is_directory(folder, failed))
    refuse(path, fmt::format("there is no folder \"{}\"", folder), "; make it first");
  if (fs::exists(target_, failed) && ::access(target_.c_str(), W_OK) != 0) refuse(path, std::strerror(errno));
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = temporary_name(target_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) break;
    const int error = errno;
    if (error == EEXIST && attempt < kNameAttempts) continue;
    temporary_.clear();
    refuse(path, std::strerror(error), fmt::format(" (in folder \"{}\")", folder));
  }
  // A file that is replaced keeps its permissions.
  struct stat status{};
  if (::stat(target_.c_str(), &status) == 0) ::fchmod(descriptor_, status.st_mode & 07777U);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const { refuse(path_, fmt::format("{}: {}", what, std::strerror(errno))); }

void AtomicFile::write(std::span<const std::byte> bytes, const std::function<void()>& between_pieces) {
  while (!bytes.empty()) {
    if (between_pieces) between_pieces();
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("writing failed");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

void AtomicFile::sync() {
  // Devices and pipes cannot be synced.
  if (!temporary_.empty() && ::fsync(descriptor_) != 0) fail("writing failed");
}

void AtomicFile::commit() {
  sync();
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("writing failed");
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("renaming the temporary file failed");
  temporary_.clear();
  // The new name is on the disk once its folder is. A file system that cannot do this has done what it can.
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace torch2trt
