// Figures of a list of times, as trtexec has them.
#pragma once

#include <string>
#include <vector>

namespace torch2trt::cli {

struct Percentile {
  double percent = 0;
  double value = 0;
};

struct Statistics {
  double min = 0, max = 0, mean = 0, median = 0;
  double variation = 0;  // standard deviation over mean; 0 where the mean is
  std::vector<Percentile> percentiles;
};

// Of one value at least. The median of an even number is the mean of the middle two. Percentile p is the smallest value
// that at least p % of the values do not exceed.
Statistics statistics_of(std::vector<double> values, const std::vector<double>& percents);

// "90,95,99.9", each in 0..100. Throws Error(kInvalidArgument).
std::vector<double> parse_percentiles(const std::string& text);

// "min = 1.2 ms, max = 3 ms, mean = 2 ms, median = 2 ms, percentile(90%) = 3 ms"
std::string text_of(const Statistics& statistics);

}  // namespace torch2trt::cli
