#include "src/files/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Tells the owners of mapped files from others.
struct Unmap {
  void operator()(const MappedFile* file) const { delete file; }
};

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCategory::kRuntime, fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor descriptor(path);
  if (descriptor.get() < 0) fail("the file cannot be opened");
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) fail("the file cannot be examined");
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorCategory::kInvalidModel, "it is a directory; give the .pt2 file that torch.export.save wrote");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCategory::kInvalidModel,
                "it is not a regular file, so it cannot be mapped; copy it to a file first");
  }
  if (status.st_size == 0) throw Error(ErrorCategory::kInvalidModel, "the file is empty; save the program again");
  const auto size = static_cast<std::size_t>(status.st_size);
  // Private: what another process writes to the file may still show, but nothing here ever reaches the file.
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (data == MAP_FAILED) fail("the file cannot be mapped");
  return {new MappedFile(data, size), Unmap{}};
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

void forget_pages(const std::shared_ptr<const void>& owner, const void* data, std::size_t size) {
  if (std::get_deleter<Unmap>(owner) == nullptr) return;
  // Whole pages only: the others hold something else too.
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(data) + size) / page * page;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): rounding an address to pages is arithmetic
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace torch2trt
