// Text that came out of a file, for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace torch2trt::cli {

// `text` with what is no printable UTF-8 as "\x1b" (newlines and tabs stay), and each line of more than 2000 bytes cut:
// a damaged file can put anything into a message.
std::string printable(std::string_view text);

}  // namespace torch2trt::cli
