#include "tests/cpp/frontend/zip_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "src/frontend/export/zip_archive.h"

namespace torch2trt::testing {
namespace {

void put(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> 8 * i & 0xff);
}

}  // namespace

void ZipWriter::add(std::string_view name, std::string_view bytes, const ZipOptions& options) {
  const std::string local_name = options.local_name.value_or(std::string(name));
  const std::uint32_t crc = options.crc.value_or(pt2::crc32(bytes));
  const std::uint64_t offset = options.offset.value_or(data_.size());
  const std::uint64_t size = options.size.value_or(bytes.size());
  const bool descriptor = (options.flags & 8) != 0;

  put(data_, 0x04034b50, 4);
  for (const std::uint16_t field :
       {std::uint16_t{20}, options.flags, options.method, std::uint16_t{0}, std::uint16_t{0}}) {
    put(data_, field, 2);
  }
  put(data_, descriptor ? 0 : crc, 4);
  put(data_, descriptor ? 0 : size, 4);
  put(data_, descriptor ? 0 : size, 4);
  put(data_, local_name.size(), 2);
  // Padding so that the data is 64-byte aligned, like torch's.
  const std::size_t start = data_.size() + 2 + local_name.size() + options.local_extra;
  const std::size_t padding = options.local_extra + (64 - start % 64) % 64 + options.misalign;
  put(data_, padding, 2);
  data_ += local_name;
  put(data_, 0x4246, 2);
  put(data_, padding - 4, 2);
  data_ += std::string(padding - 4, 'Z');
  data_ += bytes;
  if (descriptor) {
    put(data_, 0x08074b50, 4);
    put(data_, crc, 4);
    put(data_, size, 4);
    put(data_, size, 4);
  }

  std::string extra;
  if (options.zip64) {
    put(extra, 0x9999, 2);  // an unknown field before it
    put(extra, 1, 2);
    extra += '?';
    put(extra, 1, 2);
    put(extra, 24, 2);
    for (const std::uint64_t value : {size, size, offset}) put(extra, value, 8);
  }
  put(directory_, 0x02014b50, 4);
  for (const int field : {20, 20, int{options.flags}, int{options.method}, 0, 0})
    put(directory_, static_cast<std::uint64_t>(field), 2);
  put(directory_, crc, 4);
  put(directory_, options.zip64 ? 0xffffffff : size, 4);
  put(directory_, options.zip64 ? 0xffffffff : size, 4);
  put(directory_, name.size(), 2);
  put(directory_, extra.size(), 2);
  put(directory_, 0, 2);  // comment
  put(directory_, 0, 2);  // disk
  put(directory_, 0, 2);
  put(directory_, 0, 4);
  put(directory_, options.zip64 ? 0xffffffff : offset, 4);
  directory_ += name;
  directory_ += extra;
  ++count_;
}

std::string ZipWriter::finish(bool zip64, std::optional<std::uint64_t> claimed) const {
  const std::uint64_t count = claimed.value_or(count_);
  std::string bytes = data_ + directory_;
  const std::uint64_t end64 = bytes.size();
  if (zip64) {
    put(bytes, 0x06064b50, 4);
    put(bytes, 44, 8);
    put(bytes, 45, 2);
    put(bytes, 45, 2);
    put(bytes, 0, 4);
    put(bytes, 0, 4);
    put(bytes, count, 8);
    put(bytes, count, 8);
    put(bytes, directory_.size(), 8);
    put(bytes, data_.size(), 8);
    put(bytes, 0x07064b50, 4);
    put(bytes, 0, 4);
    put(bytes, end64, 8);
    put(bytes, 1, 4);
  }
  put(bytes, 0x06054b50, 4);
  put(bytes, 0, 2);
  put(bytes, 0, 2);
  put(bytes, zip64 ? 0xffff : count, 2);
  put(bytes, zip64 ? 0xffff : count, 2);
  put(bytes, zip64 ? 0xffffffff : directory_.size(), 4);
  put(bytes, zip64 ? 0xffffffff : data_.size(), 4);
  put(bytes, 0, 2);
  return bytes;
}

TemporaryFile::TemporaryFile(std::string_view bytes, std::string_view ending) {
  static int number = 0;
  path_ = ::testing::TempDir() + "torch2trt_" + std::to_string(::getpid()) + "_" + std::to_string(number++) +
          std::string(ending);
  write(bytes);
}

TemporaryFile::~TemporaryFile() { std::remove(path_.c_str()); }

void TemporaryFile::write(std::string_view bytes) const {
  std::ofstream(path_, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace torch2trt::testing
