#include "cli/shapes.h"

#include <gmock/gmock.h>

#include "src/graph/text.h"

namespace torch2trt::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ParseShapes, ReadsTrtexecsGrammar) {
  EXPECT_THAT(parse_shapes("x:1x3x224x224,y:scalar,'a,b:0':4,z:0:7x8", "--shapes"),
              ElementsAre(NamedShape{"x", {1, 3, 224, 224}}, NamedShape{"y", {}}, NamedShape{"a,b:0", {4}},
                          NamedShape{"z:0", {7, 8}}));
  EXPECT_THAT(parse_shapes("x:0", "--shapes"), ElementsAre(NamedShape{"x", {0}}));
}

struct BadCase {
  const char* text;
  const char* message;
};

class BadShapes : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadShapes, AreOneClearError) {
  try {
    parse_shapes(GetParam().text, "--minShapes");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.what(), HasSubstr("--minShapes"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, BadShapes,
    ::testing::Values(BadCase{"1x3x224x224", "\"1x3x224x224\" names no input"},
                      BadCase{"x:", "\"\" is no shape of input \"x\""}, BadCase{"x:1x", "\"1x\" is no shape"},
                      BadCase{"x:x1", "\"x1\" is no shape"}, BadCase{"x:1x-1", "--minShapes and --maxShapes"},
                      BadCase{"x:1x3.5", "\"1x3.5\" is no shape"}, BadCase{"x:1 x3", "is no shape"},
                      BadCase{"x:scalars", "is no shape"}, BadCase{"x:99999999999999999999", "is no shape"},
                      BadCase{":1x3", "a name is empty"}, BadCase{"", "names no input"},
                      BadCase{"x:1,", "names no input"}, BadCase{"x:1,x:2", "\"x\" is given twice"},
                      BadCase{"a*b*:1", "more than one '*'"}, BadCase{"'x:1", "is not closed"},
                      BadCase{"'x'1", "a ':' must follow"}));

TEST(ParseTypes, ReadsTorchsNames) {
  EXPECT_THAT(parse_types("ids:int64,'m:0':bool", "--inputTypes"),
              ElementsAre(Pair("ids", DType::kInt64), Pair("m:0", DType::kBool)));
  EXPECT_THROW(parse_types("ids:fp32", "--inputTypes"), Error);
}

Graph program() {
  return parse_text(R"(graph forward(
  %x : float32[s0,3,s1] "x",
  %y0 : float32[4] "y.0",
  %y1 : float32[4] "y.1",
  %t : tensor[...] "t",
) symbols(s0 in [2, 16], s1 in [1, inf]) {
  return (%x)
})");
}

std::string printed(const std::map<std::string, InputRange>& ranges, const std::string& name) {
  const InputRange& range = ranges.at(name);
  std::string text;
  for (const Dims* dims : {&range.min, &range.opt, &range.max}) {
    for (std::int64_t size : *dims) text += std::to_string(size) + " ";
    text += "| ";
  }
  return text;
}

TEST(InputRanges, OneShapeIsAllThree) {
  EXPECT_EQ(printed(input_ranges(program(), {.shapes = "x:8x3x5"}), "x"), "8 3 5 | 8 3 5 | 8 3 5 | ");
  EXPECT_TRUE(input_ranges(program(), {}).empty());
}

TEST(InputRanges, WhatIsNotGivenIsTheProgramsOrTheNearestGiven) {
  EXPECT_EQ(printed(input_ranges(program(), {.max = "x:16x3x9"}), "x"), "2 3 1 | 16 3 9 | 16 3 9 | ");
  EXPECT_EQ(printed(input_ranges(program(), {.opt = "x:4x3x9"}), "x"), "2 3 1 | 4 3 9 | 16 3 9 | ");
  EXPECT_EQ(printed(input_ranges(program(), {.min = "x:1x3x2"}), "x"), "1 3 2 | 16 3 2 | 16 3 2 | ");
  EXPECT_EQ(printed(input_ranges(program(), {.min = "x:1x3x2", .max = "x:3x3x4"}), "x"), "1 3 2 | 3 3 4 | 3 3 4 | ");
  // A lower bound of the program above what is given yields.
  EXPECT_EQ(printed(input_ranges(program(), {.max = "x:1x3x1"}), "x"), "1 3 1 | 1 3 1 | 1 3 1 | ");
  EXPECT_EQ(printed(input_ranges(program(), {.opt = "t:5x6"}), "t"), "5 6 | 5 6 | 5 6 | ");
}

TEST(InputRanges, OneStarStandsForAnyTextAndAnExactNameWins) {
  const auto ranges = input_ranges(program(), {.shapes = "y.1:7,y*:4"});
  EXPECT_EQ(printed(ranges, "y.0"), "4 | 4 | 4 | ");
  EXPECT_EQ(printed(ranges, "y.1"), "7 | 7 | 7 | ");
  EXPECT_EQ(ranges.size(), 2U);
}

void expect_refused(const ShapeOptions& options, const char* message) {
  try {
    input_ranges(program(), options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(InputRanges, RefusesWhatCannotBeMeant) {
  expect_refused({.shapes = "z:1"}, "no input \"z\"; its inputs are: \"x\", \"y.0\", \"y.1\", \"t\"");
  expect_refused({.max = "z*:1"}, "--maxShapes: the program has no input \"z*\"");
  expect_refused({.shapes = "x:1x3x1", .max = "x:2x3x1"}, "give one of the two");
  expect_refused({.min = "x:1x3", .max = "x:2x3x1"}, "differ in their number of dimensions (2 and 3)");
}

}  // namespace
}  // namespace torch2trt::cli
