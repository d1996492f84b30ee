#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/frontend/export/symbolic.h"

namespace torch2trt::pt2 {
namespace {

using ::testing::HasSubstr;

std::string normal(std::string_view text) {
  const Size size = parse_size(text);
  return size.symbol.empty() ? std::to_string(size.value) : size.symbol;
}

TEST(ExportSymbolic, ReprAndTextHaveOneForm) {
  EXPECT_EQ(normal("Symbol('s77', positive=True, integer=True)"), "s77");
  EXPECT_EQ(normal("s77"), "s77");
  EXPECT_EQ(normal("Mul(Integer(2), Symbol('s0', positive=True, integer=True))"), "2*s0");
  EXPECT_EQ(normal("2*s0"), "2*s0");
  EXPECT_EQ(normal("s0*2"), "2*s0");
  EXPECT_EQ(normal("Add(Mul(Integer(-1), Symbol('s0')), Integer(3))"), "-s0 + 3");
  EXPECT_EQ(normal("3 - s0"), "-s0 + 3");
  EXPECT_EQ(normal("s1 + s0"), "s0 + s1");
  EXPECT_EQ(normal("(s0 + 1)*(s0 - 1)"), "s0**2 - 1");
  EXPECT_EQ(normal("Pow(Symbol('s0', integer=True), Integer(2))"), "s0**2");
  EXPECT_EQ(normal("s0**2"), "s0**2");
  EXPECT_EQ(normal("2*s0*s1 + s0 - s1 - 1"), "2*s0*s1 + s0 - s1 - 1");
  EXPECT_EQ(normal("s0 - s0"), "0");
  EXPECT_EQ(normal("Identity(Symbol(\"u0\"))"), "u0");
  EXPECT_EQ(normal("-s0"), "-s0");
  EXPECT_EQ(normal(" 2 * ( s0 ) "), "2*s0");
}

TEST(ExportSymbolic, OtherOperationsStay) {
  EXPECT_EQ(normal("FloorDiv(Add(Symbol('s0'), Integer(-1)), Integer(2))"), "((s0 - 1)//(2))");
  EXPECT_EQ(normal("(s0 - 1)//2"), "((s0 - 1)//(2))");
  EXPECT_EQ(normal("((s0 - 1)//2) + 1"), "((s0 - 1)//(2)) + 1");
  EXPECT_EQ(normal("Max(s1, 1, s0, s0)"), "Max(1, s0, s1)");
  EXPECT_EQ(normal("PythonMod(s0, Integer(4))"), "Mod(s0, 4)");
  EXPECT_EQ(normal("FloorDiv(s0, 1)"), "s0");
  EXPECT_EQ(normal("Mul(Rational(1, 2), s0)"), "Rational(1, 2)*s0");
  // Everything printed is read again as the same.
  for (const char* text : {"((s0 - 1)//(2)) + 1", "Max(1, s0, s1)", "Mod(s0, 4)", "s0**2 - 1"})
    EXPECT_EQ(normal(text), text);
}

TEST(ExportSymbolic, NumbersAreComputed) {
  EXPECT_EQ(parse_size("Integer(-4)"), (Size{.value = -4}));
  EXPECT_EQ(parse_size("(7 - 10)//2"), (Size{.value = -2}));
  EXPECT_EQ(parse_size("Mod(-7, 3)"), (Size{.value = 2}));
  EXPECT_EQ(parse_size("-7 % 3"), (Size{.value = 2}));  // (-7) % 3
  EXPECT_EQ(parse_size("Max(2, 5) - Min(2, 5)"), (Size{.value = 3}));
  EXPECT_EQ(parse_size("2**3"), (Size{.value = 8}));
  EXPECT_EQ(parse_size("CeilDiv(7, 2)"), (Size{.value = 4}));
  EXPECT_EQ(parse_size("s0 - s0 + 3"), (Size{.value = 3}));
}

TEST(ExportSymbolic, Evaluates) {
  EXPECT_EQ(evaluate_size("2*s0 + s1", {{"s0", 3}, {"s1", 4}}), 10);
  EXPECT_EQ(evaluate_size("FloorDiv(s0 - 1, 2) + 1", {{"s0", 8}}), 4);
  EXPECT_EQ(evaluate_size("Mod(s0, 4)", {{"s0", 7}}), 3);
  EXPECT_EQ(evaluate_size("ModularIndexing(s0, 2, 3)", {{"s0", 11}}), 2);
  EXPECT_EQ(evaluate_size("s0**2", {{"s0", 5}}), 25);
  EXPECT_EQ(evaluate_size("s0/2", {{"s0", 6}}), 3);
  EXPECT_EQ(evaluate_size("s0/2", {{"s0", 7}}), std::nullopt);
  EXPECT_EQ(evaluate_size("s0", {}), std::nullopt);
  EXPECT_EQ(evaluate_size("s0//s1", {{"s0", 5}, {"s1", 0}}), std::nullopt);
  EXPECT_EQ(evaluate_size("Unknown(s0)", {{"s0", 5}}), std::nullopt);
  EXPECT_EQ(evaluate_size("s0*s0", {{"s0", std::int64_t{1} << 40}}), std::nullopt);
  EXPECT_EQ(evaluate_size("s0//s1", {{"s0", std::numeric_limits<std::int64_t>::min()}, {"s1", -1}}), std::nullopt);
}

TEST(ExportSymbolic, OverflowStaysSymbolic) {
  EXPECT_EQ(parse_size("9223372036854775807 + 1").value, -1);
  EXPECT_FALSE(parse_size("9223372036854775807*s0*2").symbol.empty());
}

TEST(ExportSymbolic, RefusesWhatIsNoExpression) {
  for (const char* text : {"", "2*", "(s0", "s0)", "s0 s1", "Symbol('s0", "Symbol()", "Integer(x)", "Integer('2')", "+",
                           "f(a,", "99999999999999999999", "s0 @ 2", "Symbol('a', b)", "'s0'"}) {
    EXPECT_THROW(parse_size(text), Error) << text;
  }
  try {
    parse_size("2*(s0");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel);
    EXPECT_THAT(error.what(), HasSubstr("the size \"2*(s0\" is no expression (at character 5)"));
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += '(';
  EXPECT_THROW(parse_size(deep), Error);
  EXPECT_THROW(parse_size(deep.substr(0, 5000)), Error);
  std::string minus(60000, '-');
  EXPECT_THROW(parse_size(minus + "1"), Error);
}

TEST(ExportSymbolic, LargeExpressionsEnd) {
  std::string sum = "s0";
  std::string product = "s0";
  std::string division = "s0";
  for (int i = 1; i < 500; ++i) {
    sum += "+s" + std::to_string(i);
    product += "*s" + std::to_string(i);
    division += "//s" + std::to_string(i);
  }
  EXPECT_THAT(parse_size(sum).symbol, HasSubstr("s499"));  // no normal form, but a text
  EXPECT_THAT(parse_size(product).symbol, HasSubstr("s499"));
  EXPECT_THROW(parse_size(division), Error);  // too deep
  for (int i = 500; i < 2000; ++i) sum += "+s" + std::to_string(i);
  EXPECT_THROW(parse_size(sum), Error);  // too long
  // Each level repeats the text of the one below in every term.
  std::string nested = "s0";
  for (int i = 0; i < 50; ++i) nested = "((a+b+c+d+e+f+g+h)*(" + nested + ")//2)";
  EXPECT_THROW(parse_size(nested), Error);
}

}  // namespace
}  // namespace torch2trt::pt2
