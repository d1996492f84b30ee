// A file mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace torch2trt::pt2 {

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

}  // namespace torch2trt::pt2
