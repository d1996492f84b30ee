#include "src/frontend/export/zip_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndRecord = 0x06054b50;
constexpr std::uint32_t kEndRecord64 = 0x06064b50;
constexpr std::uint32_t kEndLocator64 = 0x07064b50;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::size_t kCentralHeaderSize = 46;
constexpr std::size_t kEndRecordSize = 22;
constexpr std::size_t kEndRecord64Size = 56;
constexpr std::size_t kEndLocator64Size = 20;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint32_t kIn64 = 0xffffffff;  // "the value is in the ZIP64 record"

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCategory::kInvalidModel, message + "; the file is damaged or incomplete, copy or save it again");
}

// Little-endian fields of a record, bounds-checked.
class Record {
 public:
  Record(std::string_view bytes, std::uint64_t offset, std::uint64_t size, std::string_view what) {
    if (offset > bytes.size() || size > bytes.size() - offset) {
      fail(fmt::format("{} at byte {} leaves the file of {} bytes", what, offset, bytes.size()));
    }
    bytes_ = bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }

  std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }
  std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  std::uint64_t u64(std::size_t at) const { return number(at, 8); }
  std::size_t size() const { return bytes_.size(); }
  std::string_view text(std::size_t at, std::size_t size) const { return bytes_.substr(at, size); }

 private:
  std::uint64_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) fail("a field of the zip directory is cut off");
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
    return value;
  }
  std::string_view bytes_;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t count = 0;
};

std::size_t find_end_record(std::string_view bytes) {
  if (bytes.size() >= kEndRecordSize) {
    const std::size_t last = bytes.size() - kEndRecordSize;
    const std::size_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      const Record record(bytes, at, kEndRecordSize, "the end record");
      if (record.u32(0) == kEndRecord && at + kEndRecordSize + record.u16(20) == bytes.size()) return at;
    }
  }
  if (bytes.starts_with("PK\x03\x04")) fail("the zip directory at the end of the file is missing");
  throw Error(ErrorCategory::kInvalidModel, "it is not a zip archive; give the .pt2 file that torch.export.save wrote");
}

Directory find_directory(std::string_view bytes) {
  const std::size_t at = find_end_record(bytes);
  const Record end(bytes, at, kEndRecordSize, "the end record");
  Directory directory{.offset = end.u32(16), .size = end.u32(12), .count = end.u16(10)};
  std::uint64_t disks = end.u16(4) | end.u16(6);
  if (directory.offset == kIn64 || directory.size == kIn64 || directory.count == 0xffff) {
    if (at < kEndLocator64Size) fail("the ZIP64 record is missing");
    const Record locator(bytes, at - kEndLocator64Size, kEndLocator64Size, "the ZIP64 locator");
    if (locator.u32(0) != kEndLocator64) fail("the ZIP64 record is missing");
    const Record end64(bytes, locator.u64(8), kEndRecord64Size, "the ZIP64 record");
    if (end64.u32(0) != kEndRecord64) fail("the ZIP64 record is not where its locator says");
    directory = {.offset = end64.u64(48), .size = end64.u64(40), .count = end64.u64(32)};
    disks = end64.u32(16) | end64.u32(20);
  }
  if (disks != 0) fail("the zip archive is split over several files");
  if (directory.count > bytes.size() / kCentralHeaderSize) {
    fail(fmt::format("the zip directory claims {} members, more than the file can hold", directory.count));
  }
  return directory;
}

void check_name(std::string_view name) {
  std::string reason;
  if (name.empty()) reason = "is empty";
  if (name.starts_with('/') || (name.size() > 1 && name[1] == ':')) reason = "is absolute";
  if (name.find('\\') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    reason = "holds a character no archive of torch has";
  }
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    if (name.substr(start, end - start) == "..") reason = "leaves the archive";
    start = end + 1;
  }
  if (reason.empty()) return;
  throw Error(ErrorCategory::kInvalidModel,
              fmt::format("the member name \"{}\" {}; torch.export.save writes no such archive", name, reason));
}

// One entry of the central directory, with what its ZIP64 extra field says.
struct Entry {
  std::string_view name;
  std::uint64_t compressed = 0, size = 0, offset = 0;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;
  std::size_t record_size = 0;
};

Entry read_entry(const Record& directory, std::size_t at) {
  if (directory.size() - at < kCentralHeaderSize || directory.u32(at) != kCentralHeader) {
    fail(fmt::format("entry at byte {} of the zip directory is not one", at));
  }
  const std::size_t name_size = directory.u16(at + 28);
  const std::size_t extra_size = directory.u16(at + 30);
  const std::size_t comment_size = directory.u16(at + 32);
  Entry entry{.compressed = directory.u32(at + 20), .size = directory.u32(at + 24), .offset = directory.u32(at + 42)};
  entry.crc = directory.u32(at + 16);
  entry.record_size = kCentralHeaderSize + name_size + extra_size + comment_size;
  if (entry.record_size > directory.size() - at) fail("an entry of the zip directory is cut off");
  entry.name = directory.text(at + kCentralHeaderSize, name_size);
  check_name(entry.name);

  const std::size_t extra_end = at + kCentralHeaderSize + name_size + extra_size;
  for (std::size_t field = extra_end - extra_size; field + 4 <= extra_end;) {
    const std::size_t field_size = directory.u16(field + 2);
    if (field_size > extra_end - field - 4)
      fail(fmt::format("the extra field of member \"{}\" is cut off", entry.name));
    if (directory.u16(field) == 1) {  // ZIP64: the 64-bit values of those fields that say so, in this order
      std::size_t value = field + 4;
      const std::size_t value_end = value + field_size;
      for (std::uint64_t* number : {&entry.size, &entry.compressed, &entry.offset}) {
        if (*number != kIn64) continue;
        if (value + 8 > value_end) fail(fmt::format("the ZIP64 field of member \"{}\" is cut off", entry.name));
        *number = directory.u64(value);
        value += 8;
      }
    }
    field += 4 + field_size;
  }

  if ((directory.u16(at + 8) & 1U) != 0) {
    throw Error(ErrorCategory::kInvalidModel,
                fmt::format("the member \"{}\" is encrypted; save it without", entry.name));
  }
  entry.method = directory.u16(at + 10);
  if (entry.method == 0 && entry.compressed != entry.size)
    fail(fmt::format("the member \"{}\" has two sizes", entry.name));
  return entry;
}

// The local header is only needed for where the data starts: its extra field may be longer than the directory's.
std::string_view data_of(std::string_view bytes, const Entry& entry) {
  const Record local(bytes, entry.offset, kLocalHeaderSize, fmt::format("the member \"{}\"", entry.name));
  if (local.u32(0) != kLocalHeader) fail(fmt::format("the member \"{}\" is not at byte {}", entry.name, entry.offset));
  const std::uint64_t header = kLocalHeaderSize + local.u16(26) + local.u16(28);
  const Record named(bytes, entry.offset, header, fmt::format("the member \"{}\"", entry.name));
  if (named.text(kLocalHeaderSize, local.u16(26)) != entry.name) {
    fail(fmt::format("the member \"{}\" has another name in its own header", entry.name));
  }
  const std::uint64_t start = entry.offset + header;  // inside the file, so this does not overflow
  const Record data(bytes, start, entry.compressed, fmt::format("the data of member \"{}\"", entry.name));
  return data.text(0, data.size());
}

constexpr std::size_t kCrcStep = 16;

constexpr std::array<std::array<std::uint32_t, 256>, kCrcStep> make_crc_tables() {
  std::array<std::array<std::uint32_t, 256>, kCrcStep> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ 0xEDB88320U : value >> 1U;
    tables[0][i] = value;
  }
  for (std::size_t slice = 1; slice < kCrcStep; ++slice) {
    for (std::uint32_t i = 0; i < 256; ++i) {
      tables[slice][i] = tables[slice - 1][i] >> 8U ^ tables[0][tables[slice - 1][i] & 0xffU];
    }
  }
  return tables;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto kTables = make_crc_tables();
  std::uint32_t crc = 0xffffffffU;
  std::size_t i = 0;
  // Sixteen bytes a step, read as two words: weights of gigabytes are checked.
  static_assert(std::endian::native == std::endian::little);
  for (; i + kCrcStep <= bytes.size(); i += kCrcStep) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, bytes.data() + i, 8);
    std::memcpy(&high, bytes.data() + i + 8, 8);
    low ^= crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      crc ^= kTables[15 - k][low >> 8 * k & 0xffU] ^ kTables[7 - k][high >> 8 * k & 0xffU];
    }
  }
  for (; i < bytes.size(); ++i) crc = crc >> 8U ^ kTables[0][(crc ^ static_cast<unsigned char>(bytes[i])) & 0xffU];
  return ~crc;
}

ZipArchive::ZipArchive(std::string_view bytes) {
  const Directory directory = find_directory(bytes);
  const Record entries(bytes, directory.offset, directory.size, "the zip directory");
  std::size_t at = 0;
  std::map<std::uint64_t, std::uint64_t> ends;  // where each member's header starts -> where its data ends
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    const Entry entry = read_entry(entries, at);
    at += entry.record_size;
    const std::string_view data = data_of(bytes, entry);
    ends[entry.offset] = static_cast<std::uint64_t>(data.data() - bytes.data()) + data.size();
    if (entry.name.ends_with('/')) continue;  // a folder
    if (!members_.emplace(std::string(entry.name), ZipMember{data, entry.crc, entry.method}).second) {
      fail(fmt::format("two members are named \"{}\"", entry.name));
    }
  }
  if (at != entries.size()) fail("the zip directory holds more than its members");
  // A wrong length in a header would otherwise read one weight's bytes as another's.
  std::uint64_t end = 0;
  for (const auto& [start, member_end] : ends) {
    if (start < end) fail(fmt::format("two members overlap at byte {}", start));
    end = member_end;
  }
  if (end > directory.offset) fail("the last member overlaps the zip directory");
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return nullptr;
  if (found->second.method != 0) {
    throw Error(
        ErrorCategory::kInvalidModel,
        fmt::format("the member \"{}\" is compressed (method {}), but has to be read in place; torch.export.save "
                    "stores members uncompressed: save again, do not zip again",
                    name, found->second.method));
  }
  return &found->second;
}

std::string_view ZipArchive::text(std::string_view name) const {
  const ZipMember* member = find(name);
  if (member == nullptr) fail(fmt::format("the member \"{}\" is missing", name));
  check(name, *member);
  return member->bytes;
}

void ZipArchive::check(std::string_view name, const ZipMember& member) {
  if (crc32(member.bytes) != member.crc) fail(fmt::format("the checksum of member \"{}\" does not match", name));
}

}  // namespace torch2trt::pt2
