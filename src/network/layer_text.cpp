#include "src/network/layer_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "src/network/layer_fields.h"
#include "src/network/layer_names.h"

namespace torch2trt {
namespace {

constexpr std::int64_t kMaxPrintedElements = 8;

struct FieldText {
  const TensorText& tensor;

  std::string operator()(const Tensor& value) const { return tensor(value); }
  std::string operator()(const HostTensor& value) const { return weights_text(value); }
  std::string operator()(const std::string& value) const { return fmt::format("\"{}\"", value); }
  std::string operator()(DType value) const { return std::string(name(value)); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  template <typename T>
    requires std::is_arithmetic_v<T>
  std::string operator()(T value) const {
    return fmt::format("{}", value);
  }
  template <typename E>
    requires std::is_enum_v<E>
  std::string operator()(E value) const {
    return std::string(name(value));
  }
  template <typename T>
  std::string operator()(const std::vector<T>& values) const {
    std::vector<std::string> parts;
    for (const T& value : values) parts.push_back((*this)(value));
    return fmt::format("[{}]", fmt::join(parts, ","));
  }
  template <typename... T>
  std::string operator()(const std::variant<T...>& value) const {
    return std::visit([this](const auto& held) { return (*this)(held); }, value);
  }
  template <typename T>
  std::string operator()(const std::optional<T>& value) const {
    return value ? (*this)(*value) : "none";
  }
};

}  // namespace

std::string dims_text(const Dims& dims) { return fmt::format("[{}]", fmt::join(dims, ",")); }

std::string type_text(DType dtype, const Dims& dims) { return fmt::format("{}{}", name(dtype), dims_text(dims)); }

std::string weights_text(const HostTensor& weights) {
  std::string text = type_text(weights.dtype, weights.sizes);
  const std::int64_t count = weights.numel();
  if (weights.data == nullptr || count == 0 || count > kMaxPrintedElements || !weights.is_contiguous()) return text;
  std::vector<std::string> values;
  for (std::int64_t i = 0; i < count; ++i) {
    if (weights.dtype == DType::kFloat32) {
      values.push_back(fmt::format("{}", static_cast<const float*>(weights.data)[i]));
    } else if (is_integer(weights.dtype) || weights.dtype == DType::kBool) {
      values.push_back(fmt::format("{}", integer_at(weights, i)));
    }
  }
  return values.empty() ? text : fmt::format("{}{{{}}}", text, fmt::join(values, ","));
}

std::string layer_arguments(const Layer& layer, const TensorText& tensor) {
  std::vector<std::string> positional;
  std::vector<std::string> named;
  for_each_set_field(layer, [&](const char* field, const auto& value) {
    using T = std::decay_t<decltype(value)>;
    const std::string text = FieldText{tensor}(value);
    if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, std::vector<Tensor>>) {
      positional.push_back(text);
    } else {
      named.push_back(fmt::format("{}={}", field, text));
    }
  });
  positional.insert(positional.end(), named.begin(), named.end());
  return fmt::format("{}", fmt::join(positional, ", "));
}

}  // namespace torch2trt
