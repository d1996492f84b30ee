#include "cli/build_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace torch2trt::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCategory::kInvalidArgument, message); }

constexpr std::string_view kWorkspace = "workspace:";

}  // namespace

std::uint64_t parse_memory_pool(std::string_view text) {
  if (!text.starts_with(kWorkspace)) {
    refuse(fmt::format("--memPoolSize: \"{}\" sets no pool that exists here; write workspace:SIZE, as in workspace:4G",
                       text));
  }
  const std::string_view size = text.substr(kWorkspace.size());
  double number = 0;
  const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), number, std::chars_format::fixed);
  const std::string_view suffix(end, static_cast<std::size_t>(size.data() + size.size() - end));
  double unit = 0;
  if (suffix == "B") unit = 1;
  if (suffix == "K") unit = 1 << 10;
  if (suffix == "M" || suffix.empty()) unit = 1 << 20;
  if (suffix == "G") unit = 1 << 30;
  constexpr double kLargest = 1e18;  // an exabyte: a slip of the pen
  if (failed != std::errc() || unit == 0 || !(number >= 0) || number * unit > kLargest) {
    refuse(fmt::format(
        "--memPoolSize: \"{}\" is no size; write a number and B, K, M or G (without: M), as in workspace:4G", size));
  }
  return static_cast<std::uint64_t>(std::llround(number * unit));
}

ProfilingVerbosity parse_profiling_verbosity(std::string_view text) {
  if (text == "layer_names_only") return ProfilingVerbosity::kLayerNamesOnly;
  if (text == "detailed") return ProfilingVerbosity::kDetailed;
  if (text == "none") return ProfilingVerbosity::kNone;
  refuse(fmt::format("profiling verbosity: there is no \"{}\"; there are layer_names_only, detailed and none", text));
}

}  // namespace torch2trt::cli
