#include "cli/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torch2trt/error.h"

namespace torch2trt::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Statistics, OfKnownValues) {
  const Statistics statistics = statistics_of({4, 1, 3, 2}, {0, 25, 50, 75, 76, 100});
  EXPECT_EQ(statistics.min, 1);
  EXPECT_EQ(statistics.max, 4);
  EXPECT_EQ(statistics.mean, 2.5);
  EXPECT_EQ(statistics.median, 2.5);
  // The standard deviation of 1, 2, 3, 4 is the root of 5/4.
  EXPECT_DOUBLE_EQ(statistics.variation, 1.118033988749895 / 2.5);
  std::vector<double> values;
  for (const Percentile& percentile : statistics.percentiles) values.push_back(percentile.value);
  EXPECT_THAT(values, ElementsAre(1, 1, 2, 3, 4, 4));
}

TEST(Statistics, OfOneAndOfOddlyMany) {
  const Statistics one = statistics_of({7}, {50, 99});
  EXPECT_EQ(one.median, 7);
  EXPECT_EQ(one.variation, 0);
  EXPECT_EQ(one.percentiles[1].value, 7);
  EXPECT_EQ(statistics_of({9, 1, 5}, {}).median, 5);
  EXPECT_EQ(statistics_of({0, 0}, {}).variation, 0);
  EXPECT_THROW(statistics_of({}, {}), Error);
}

TEST(Statistics, TrtexecsLine) {
  EXPECT_EQ(text_of(statistics_of({1, 2, 3.5}, {90, 99.9})),
            "min = 1 ms, max = 3.5 ms, mean = 2.16667 ms, median = 2 ms, percentile(90%) = 3.5 ms, "
            "percentile(99.9%) = 3.5 ms");
}

TEST(Statistics, Percentiles) {
  EXPECT_THAT(parse_percentiles("90,95,99.9"), ElementsAre(90, 95, 99.9));
  EXPECT_THAT(parse_percentiles("0,100"), ElementsAre(0, 100));
  for (const char* text : {"", "90,", ",90", "101", "-1", "x", "90;95", "nan", "90 "}) {
    try {
      parse_percentiles(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr("is no list of numbers from 0 to 100"));
    }
  }
}

}  // namespace
}  // namespace torch2trt::cli
