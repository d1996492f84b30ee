// A file mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace torch2trt {

class MappedFile {
 public:
  // Throws Error: kRuntime if the file cannot be opened or mapped, kInvalidModel for a directory or an empty file.
  static std::shared_ptr<const MappedFile> open(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  MappedFile(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_;
  std::size_t size_;
};

// Gives back the memory that `size` bytes at `data` take, if they lie in a file that open() mapped and `owner` keeps:
// who reads them again gets them from the file. Does nothing for other memory.
void forget_pages(const std::shared_ptr<const void>& owner, const void* data, std::size_t size);

}  // namespace torch2trt
