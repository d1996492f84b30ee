#include "cli/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "torch2trt/error.h"

namespace torch2trt::cli {

Statistics statistics_of(std::vector<double> values, const std::vector<double>& percents) {
  if (values.empty()) throw Error(ErrorCategory::kInternal, "statistics of no values");
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  Statistics result;
  result.min = values.front();
  result.max = values.back();
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count);
  result.median = count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (result.mean != 0) result.variation = std::sqrt(squares / static_cast<double>(count)) / result.mean;
  for (const double percent : percents) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(count)));
    result.percentiles.push_back({percent, values[std::min(std::max<std::size_t>(rank, 1), count) - 1]});
  }
  return result;
}

std::vector<double> parse_percentiles(const std::string& text) {
  std::vector<double> percents;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    double percent = 0;
    const auto [next, failed] = std::from_chars(at, end, percent);
    if (failed != std::errc() || !(percent >= 0 && percent <= 100) || (next != end && *next != ',')) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("--percentile: \"{}\" is no list of numbers from 0 to 100 (90,95,99)", text));
    }
    percents.push_back(percent);
    if (next == end) return percents;
    at = next + 1;
  }
}

std::string text_of(const Statistics& statistics) {
  std::string text = fmt::format("min = {:.6g} ms, max = {:.6g} ms, mean = {:.6g} ms, median = {:.6g} ms",
                                 statistics.min, statistics.max, statistics.mean, statistics.median);
  for (const Percentile& percentile : statistics.percentiles)
    text += fmt::format(", percentile({:g}%) = {:.6g} ms", percentile.percent, percentile.value);
  return text;
}

}  // namespace torch2trt::cli
