#include "src/files/timing_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "src/files/atomic_file.h"

namespace torch2trt {
namespace {

// Only one process at a time reads, merges and writes: the folder is locked, since the file itself is replaced. Where
// the file system has no locks, nothing is lost but timings.
class FolderLock {
 public:
  explicit FolderLock(const std::string& file) {
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    descriptor_ = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  int descriptor_;
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void read_timing_cache(const std::string& file, const std::function<bool(std::string_view)>& use, const LogSink& log) {
  const FolderLock lock(file);
  if (use(contents(file))) return;
  if (log) {
    log(Severity::kWarning,
        fmt::format("the timing cache \"{}\" is damaged or of another TensorRT or GPU; a new one is made", file));
  }
  use({});
}

void write_timing_cache(const std::string& file, const std::function<void(std::string_view)>& merge,
                        const std::function<SerializedEngine()>& serialize) {
  const FolderLock lock(file);
  merge(contents(file));
  const SerializedEngine bytes = serialize();
  AtomicFile replacement(file);
  replacement.write(bytes.bytes);
  replacement.commit();
}

}  // namespace torch2trt
