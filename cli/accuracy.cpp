#include "cli/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace torch2trt::cli {
namespace {

struct Sums {
  double absolute = 0, squares = 0, out = 0, ref = 0, product = 0;
  double largest_ref = 0;
};

double difference(double out, double ref) {
  if (out == ref || (std::isnan(out) && std::isnan(ref))) return 0;
  const double difference = std::fabs(out - ref);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

double difference(std::int64_t out, std::int64_t ref) {
  return static_cast<double>(static_cast<std::uint64_t>(std::max(out, ref)) -
                             static_cast<std::uint64_t>(std::min(out, ref)));
}

double cosine(const Sums& sums) {
  if (sums.out == 0 && sums.ref == 0) return 1;
  const double cosine = sums.product / std::sqrt(sums.out * sums.ref);
  return std::isnan(cosine) ? 0 : cosine;
}

}  // namespace

Algorithm parse_algorithm(const std::string& text) {
  for (const Algorithm algorithm : {Algorithm::kL0, Algorithm::kL1, Algorithm::kL2, Algorithm::kLInf, Algorithm::kCos})
    if (name(algorithm) == text) return algorithm;
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("--accuracyAlgorithm: \"{}\" is none of l0, l1, l2, lInf and cos", text));
}

std::string name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kL0: return "l0";
    case Algorithm::kL1: return "l1";
    case Algorithm::kL2: return "l2";
    case Algorithm::kLInf: return "lInf";
    case Algorithm::kCos: return "cos";
  }
  return {};
}

double default_tolerance(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kFloat64: return 1e-4;
    case DType::kFloat16: return 1e-2;
    case DType::kBFloat16: return 5e-2;
    case DType::kFloat8E4M3:
    case DType::kFloat8E5M2: return 0.25;
    default: return 0;
  }
}

Comparison compare(const HostArray& output, const HostArray& reference, const AccuracyOptions& options) {
  const std::vector<double> out = numbers(output);
  const std::vector<double> ref = numbers(reference);
  const double tolerance = default_tolerance(output.dtype);
  Comparison result;
  result.atol = options.atol.value_or(tolerance);
  result.rtol = options.rtol.value_or(tolerance);
  const bool integers = is_integer(output.dtype) && is_integer(reference.dtype);
  Sums sums;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double apart =
        integers ? difference(integer_at(output, i), integer_at(reference, i)) : difference(out[i], ref[i]);
    // Also where ref is infinite: what is apart from that is apart.
    const bool near = apart <= result.atol + result.rtol * std::fabs(ref[i]) && std::isfinite(apart);
    if (!near && apart > 0) ++result.mismatches;
    if (apart > result.max_absolute || i == 0) {
      result.max_absolute = apart;
      result.worst = static_cast<std::int64_t>(i);
      result.worst_out = out[i];
      result.worst_ref = ref[i];
    }
    sums.absolute += apart;
    sums.squares += apart * apart;
    sums.out += out[i] * out[i];
    sums.ref += ref[i] * ref[i];
    sums.product += out[i] * ref[i];
    if (std::isfinite(ref[i])) sums.largest_ref = std::max(sums.largest_ref, std::fabs(ref[i]));
  }
  const double count = std::max<double>(1, static_cast<double>(out.size()));
  if (result.max_absolute > 0) result.relative = result.max_absolute / sums.largest_ref;
  result.trivial = std::all_of(ref.begin(), ref.end(), [&](double value) { return value == ref.front(); });
  switch (options.algorithm) {
    case Algorithm::kL0: result.figure = static_cast<double>(result.mismatches) / count; break;
    case Algorithm::kL1: result.figure = sums.absolute / count; break;
    case Algorithm::kL2: result.figure = std::sqrt(sums.squares / count); break;
    case Algorithm::kLInf: result.figure = result.max_absolute; break;
    case Algorithm::kCos: result.figure = cosine(sums); break;
  }
  if (options.algorithm == Algorithm::kCos) {
    result.threshold = options.threshold.value_or(1 - tolerance);
    result.passed = result.figure >= result.threshold;
  } else {
    result.threshold = options.threshold.value_or(options.algorithm == Algorithm::kL0 ? 0 : tolerance);
    result.passed = result.figure <= result.threshold;
  }
  return result;
}

}  // namespace torch2trt::cli
