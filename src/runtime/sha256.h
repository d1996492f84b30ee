// SHA-256 (FIPS 180-4): says whether a file is what was written. Own code, 60 lines, because OpenSSL would be the
// runtime's only dependency that is not a header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace torch2trt::runtime {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256& update(const void* data, std::size_t size);
  // No update() afterwards.
  Digest finish();

 private:
  void compress(const std::uint8_t* blocks, std::size_t count);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::uint64_t bytes_ = 0;
};

Digest sha256(const void* data, std::size_t size);
// 64 hexadecimal digits.
std::string hex(const Digest& digest);

}  // namespace torch2trt::runtime
