// The members of a zip archive in memory, by their names. Only what torch writes: stored (not compressed) members on
// one disk, with data descriptors (sizes come from the central directory) and ZIP64. Source of the rules: PKWARE's
// APPNOTE.TXT 6.3. Nothing is copied.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace torch2trt::pt2 {

struct ZipMember {
  std::string_view bytes;  // inside the archive's memory
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0: stored
};

class ZipArchive {
 public:
  // `bytes` must outlive the archive. Every member is bounds-checked here. Throws Error(kInvalidModel) for what is not
  // a zip, truncated, encrypted or split, and for absolute, "..", empty or repeated names.
  explicit ZipArchive(std::string_view bytes);

  bool contains(std::string_view name) const { return members_.contains(name); }
  // nullptr where there is none. Throws Error(kInvalidModel) if the member is compressed.
  const ZipMember* find(std::string_view name) const;
  // The text of a member, its checksum verified. Throws Error(kInvalidModel) if it is missing or damaged.
  std::string_view text(std::string_view name) const;
  // Throws Error(kInvalidModel) if the checksum of a member is not that of its bytes.
  static void check(std::string_view name, const ZipMember& member);
  const std::map<std::string, ZipMember, std::less<>>& members() const { return members_; }

 private:
  std::map<std::string, ZipMember, std::less<>> members_;
};

// Zip's checksum (CRC-32, polynomial 0xEDB88320).
std::uint32_t crc32(std::string_view bytes);

}  // namespace torch2trt::pt2
