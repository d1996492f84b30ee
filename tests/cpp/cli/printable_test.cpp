#include "cli/printable.h"

#include <gtest/gtest.h>

namespace torch2trt::cli {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("two\nlines\tgröße 寸 😀"), "two\nlines\tgröße 寸 😀");
}

TEST(Printable, EscapesControlBytes) {
  EXPECT_EQ(printable(std::string_view("\x1b[31m\0\r\x7f", 8)), "\\x1b[31m\\x00\\x0d\\x7f");
  EXPECT_EQ(printable("\xc2\x85"), "\\xc2\\x85");  // U+0085, a control character
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
  EXPECT_EQ(printable("\xc0\xaf \xe0\x80\xaf"), "\\xc0\\xaf \\xe0\\x80\\xaf");  // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");                      // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");             // beyond U+10FFFF
}

TEST(Printable, CutsLongLines) {
  const std::string kept(2000, 'a');
  EXPECT_EQ(printable(kept), kept);
  EXPECT_EQ(printable(kept + "bcd\nnext"), kept + "... (3 bytes more)\nnext");
}

}  // namespace
}  // namespace torch2trt::cli
