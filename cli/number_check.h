// CLI11's NonNegativeNumber lets NaN pass and says of -1 that it is not up to 10^308, with all digits.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <string>

namespace torch2trt::cli {

// For Option::check: a finite number that is not below `least`.
inline CLI::Validator at_least(double least) {
  const auto check = [least](std::string& text) {
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fits = failed == std::errc() && end == text.data() + text.size() && std::isfinite(value);
    return fits && value >= least ? std::string() : fmt::format("\"{}\" is no number from {:g} on", text, least);
  };
  return {check, fmt::format(">={:g}", least)};
}

}  // namespace torch2trt::cli
