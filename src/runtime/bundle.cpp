#include "src/runtime/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "src/runtime/metadata.h"
#include "src/runtime/sha256.h"

namespace torch2trt::runtime {
namespace {

constexpr std::string_view kMagic("\x89T2TRT\r\n", 8);
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSignedHeader = 56;
constexpr std::size_t kHeader = 88;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxMetadata = 16U << 20;

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorCategory::kInvalidModel, fmt::format("the engine file is damaged: {}. Copy or build it again", why));
}

template <typename Integer>
Integer load(const std::byte* bytes) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value |= std::to_integer<Integer>(bytes[i]) << (8 * i);
  return value;
}

template <typename Integer>
void append(std::string& text, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string bytes_of(const Digest& digest) { return {digest.begin(), digest.end()}; }

std::size_t padded(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

bool equal(const Digest& digest, const std::byte* bytes) {
  return std::memcmp(digest.data(), bytes, digest.size()) == 0;
}

}  // namespace

bool is_bundle(const void* data, std::size_t size) {
  const std::string_view begin(static_cast<const char*>(data), std::min<std::size_t>(size, 2 * kMagic.size()));
  // Damaged there it is still one, and not to be given to TensorRT as a plan: cut off, moved, changed by a transfer as
  // text, or with a few wrong bytes. Plans begin with four letters of TensorRT's.
  if (begin.find(kMagic.substr(2, 4)) != std::string_view::npos) return true;
  const std::size_t known = std::min(size, kMagic.size());
  std::size_t same = 0;
  for (std::size_t i = 0; i < known; ++i) same += begin[i] == kMagic[i] ? 1 : 0;
  return known > 0 && (same == known || same + 3 >= kMagic.size());
}

Bundle read_bundle(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  if (!is_bundle(data, size)) {
    throw Error(ErrorCategory::kInvalidModel, "not an engine bundle: it does not begin as one");
  }
  if (size < kMagic.size() || std::memcmp(data, kMagic.data(), kMagic.size()) != 0)
    damaged("it does not begin as it should");
  if (size < kHeader) damaged(fmt::format("it has {} bytes, less than a header", size));
  // Before anything else: another version may mean all of it otherwise.
  const auto version = load<std::uint32_t>(bytes + 8);
  if (version != kVersion) {
    throw Error(ErrorCategory::kInvalidModel,
                fmt::format("the engine file has format version {}; this torch2trt reads version {}. Use the torch2trt "
                            "that wrote it, or build the engine again",
                            version, kVersion));
  }
  const auto metadata_bytes = load<std::uint32_t>(bytes + 12);
  const auto plan_bytes = load<std::uint64_t>(bytes + 16);
  if (metadata_bytes > kMaxMetadata) damaged(fmt::format("its metadata would have {} bytes", metadata_bytes));
  const std::size_t plan_at = padded(kHeader + metadata_bytes);
  if (plan_at > size || size - plan_at != plan_bytes) {
    damaged(fmt::format("its header announces {} bytes of metadata and a plan of {}; the file has {} bytes",
                        metadata_bytes, plan_bytes, size));
  }
  if (plan_bytes == 0) damaged("its plan is empty");
  const Digest header = Sha256().update(bytes, kSignedHeader).update(bytes + kHeader, metadata_bytes).finish();
  if (!equal(header, bytes + kSignedHeader)) damaged("its metadata do not have the SHA-256 that was written with them");
  for (std::size_t at = kHeader + metadata_bytes; at < plan_at; ++at)
    if (bytes[at] != std::byte{0}) damaged("the space before its plan is not empty");
  if (!equal(sha256(bytes + plan_at, plan_bytes), bytes + 24)) {
    damaged("its plan does not have the SHA-256 that was written with it");
  }
  Bundle bundle;
  read_metadata({reinterpret_cast<const char*>(bytes + kHeader), metadata_bytes}, bundle);
  bundle.metadata.format_version = static_cast<int>(version);
  bundle.plan = bytes + plan_at;
  bundle.plan_bytes = plan_bytes;
  return bundle;
}

std::string write_bundle(const EngineMetadata& metadata, const std::vector<EngineTensor>& inputs,
                         const std::vector<EngineTensor>& outputs, const void* plan, std::size_t plan_bytes) {
  const std::string json = metadata_text(metadata, inputs, outputs);
  if (json.size() > kMaxMetadata) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the engine's metadata have {} bytes; the format allows {}", json.size(), kMaxMetadata));
  }
  std::string file(kMagic);
  append(file, kVersion);
  append(file, static_cast<std::uint32_t>(json.size()));
  append(file, static_cast<std::uint64_t>(plan_bytes));
  file += bytes_of(sha256(plan, plan_bytes));
  file += bytes_of(Sha256().update(file.data(), file.size()).update(json.data(), json.size()).finish());
  file.reserve(padded(kHeader + json.size()) + plan_bytes);
  file += json;
  file.resize(padded(file.size()), '\0');
  file.append(static_cast<const char*>(plan), plan_bytes);
  return file;
}

}  // namespace torch2trt::runtime
