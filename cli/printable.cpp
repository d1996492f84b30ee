#include "cli/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace torch2trt::cli {
namespace {

constexpr std::size_t kLongestLine = 2000;

// Bytes of the UTF-8 sequence at the start of `text`; 0 where there is none, or an overlong or control one.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return (lead >= 0x20 && lead != 0x7f) || lead == '\n' || lead == '\t' ? 1 : 0;
  const std::size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool control = lead == 0xc2 && second < 0xa0;  // U+0080 to U+009F
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool outside = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
  return control || overlong || outside ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  std::size_t line = 0;  // bytes of the current one
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') line = 0;
    if (line >= kLongestLine) {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      out += fmt::format("... ({} bytes more)", end - i);
      i = end;
      line = 0;
      continue;
    }
    const std::size_t length = sequence_length(text.substr(i));
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else {
      out += text.substr(i, length);
    }
    line += std::max<std::size_t>(length, 1);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace torch2trt::cli
