// Writes zip archives for tests: as torch does by default, and wrong in every way a test wants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torch2trt::testing {

struct ZipOptions {
  std::uint16_t method = 0;
  std::uint16_t flags = 8;      // data descriptors
  bool zip64 = false;           // sizes and offset of the member in the ZIP64 extra field
  std::size_t local_extra = 4;  // bytes of padding in the local header, which the directory does not have
  std::size_t misalign = 0;     // data starts this many bytes behind a multiple of 64
  std::optional<std::string> local_name;
  std::optional<std::uint32_t> crc;
  std::optional<std::uint64_t> offset, size;  // what the directory says
};

class ZipWriter {
 public:
  void add(std::string_view name, std::string_view bytes, const ZipOptions& options = {});
  // `zip64`: end record of the 64-bit kind too. `count`: number of members the end record claims.
  std::string finish(bool zip64 = false, std::optional<std::uint64_t> count = std::nullopt) const;

 private:
  std::string data_;
  std::string directory_;
  std::uint64_t count_ = 0;
};

// A file in the test's temporary folder, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes = {}, std::string_view ending = ".pt2");
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();
  void write(std::string_view bytes) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace torch2trt::testing
