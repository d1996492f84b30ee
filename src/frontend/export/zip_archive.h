// The members of a zip archive in memory, by their names. Only what torch writes: stored (not compressed) members on
// one disk, with data descriptors (sizes come from the central directory) and ZIP64. Source of the rules: PKWARE's
// APPNOTE.TXT 6.3. Nothing is copied.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torch2trt::pt2 {

struct ZipMember {
  std::string_view bytes;  // inside the archive's memory
  std::uint32_t crc = 0;
};

class ZipArchive {
 public:
  // `bytes` must outlive the archive. Every member is bounds-checked here. Throws Error(kInvalidModel) for what is not
  // a zip, truncated, encrypted or split; for compressed members and for absolute, "..", empty or repeated names.
  explicit ZipArchive(std::string_view bytes);

  // nullptr where there is none.
  const ZipMember* find(std::string_view name) const;
  // The text of a member, its checksum verified. Throws Error(kInvalidModel) if it is missing or damaged.
  std::string_view text(std::string_view name) const;
  const std::map<std::string, ZipMember, std::less<>>& members() const { return members_; }

 private:
  std::map<std::string, ZipMember, std::less<>> members_;
};

// The names in the zip directory, whatever the members are: compressed ones too. Tells formats apart. Throws
// Error(kInvalidModel) as ZipArchive does for a damaged directory.
std::vector<std::string> zip_member_names(std::string_view bytes);

// Zip's checksum (CRC-32, polynomial 0xEDB88320).
std::uint32_t crc32(std::string_view bytes);

}  // namespace torch2trt::pt2
