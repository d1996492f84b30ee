#include "src/convert/reduced_precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "src/convert/precision_rules.h"

namespace torch2trt {
namespace {

constexpr double kLargestHalf = 65504;
constexpr double kSmallestHalf = 0x1p-14;  // below it half has fewer digits, then none

void for_each_leaf(const Operand& operand, const std::function<void(const Operand&)>& visit) {
  if (const auto* list = operand.as<Operand::List>()) {
    for (const Operand& item : *list) for_each_leaf(item, visit);
  } else {
    visit(operand);
  }
}

void for_each_leaf(const std::vector<NamedOperand>& operands, const std::function<void(const Operand&)>& visit) {
  for (const NamedOperand& operand : operands) for_each_leaf(operand.value, visit);
}

std::string_view short_kind(std::string_view kind) { return kind.substr(kind.rfind(':') + 1); }

bool is_wide(DType dtype) { return dtype == DType::kFloat32 || dtype == DType::kFloat64; }

// The arguments in which an integer is a value to compute with, not a size or position.
bool is_value(std::string_view argument) {
  return argument == "other" || argument == "value" || argument == "min" || argument == "max" || argument == "self";
}

bool is_attention(std::string_view kind) { return kind.find("scaled_dot_product") != std::string_view::npos; }
bool is_mask(std::string_view argument) { return argument == "attn_mask" || argument == "attn_bias"; }

}  // namespace

PrecisionRewriter::PrecisionRewriter(const ReducedPrecision& wanted, Network& network)
    : type_(wanted.type), network_(network) {
  if (type_ != DType::kFloat16 && type_ != DType::kBFloat16) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("reduced precision in {} was asked for; float16 and bfloat16 are possible", name(type_)));
  }
  if (wanted.keep_float32.empty()) return;
  try {
    kept_.emplace(wanted.keep_float32);
  } catch (const std::regex_error& error) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("\"{}\", which says what stays float32, is no regular expression: {}", wanted.keep_float32,
                            error.what()));
  }
}

bool PrecisionRewriter::is_kept(const Node& node) const {
  return kept_ && std::regex_search(fmt::format("{}/{}", node.scope, short_kind(node.kind)), *kept_);
}

bool PrecisionRewriter::number_fits(double value) const {
  const double magnitude = std::abs(value);
  return type_ != DType::kFloat16 || magnitude == 0 || !std::isfinite(value) ||
         (magnitude >= kSmallestHalf && magnitude <= kLargestHalf);
}

// Elements too small for half are common among weights, and do no harm there; one too large is infinity.
bool PrecisionRewriter::fits(const HostTensor& constant) const {
  if (type_ != DType::kFloat16 || !is_wide(constant.dtype) || constant.data == nullptr) return true;
  const HostTensor values = contiguous_as(constant, DType::kFloat32);
  const auto* first = static_cast<const float*>(values.data);
  const auto count = static_cast<std::size_t>(values.numel());
  if (constant.wrapped_number || count == 1) return count == 0 || number_fits(*first);
  return std::none_of(first, first + count, [](float value) {
    return std::abs(value) > static_cast<float>(kLargestHalf) && std::isfinite(value);
  });
}

bool PrecisionRewriter::fits(const Operand& operand) const {
  bool all = true;
  for_each_leaf(operand, [&](const Operand& leaf) {
    if (const auto* host = leaf.as<HostTensor>()) all = all && fits(*host);
    if (const auto* number = leaf.as<double>()) all = all && number_fits(*number);
  });
  return all;
}

std::optional<DType> PrecisionRewriter::type_for(const Node& node, const std::vector<NamedOperand>& operands) const {
  if (is_kept(node)) return DType::kFloat32;
  const PrecisionRule rule = precision_rule(node.kind);
  if (rule == PrecisionRule::kFloat32) return DType::kFloat32;
  if (rule == PrecisionRule::kUntouched) return std::nullopt;
  bool wide = false;
  bool reduced = false;
  bool exact = false;
  for_each_leaf(operands, [&](const Operand& leaf) {
    const auto* tensor = leaf.as<Tensor>();
    if (tensor == nullptr) return;
    wide = wide || tensor->dtype() == DType::kFloat32;
    reduced = reduced || tensor->dtype() == type_;
    exact = exact || quantized_.contains(tensor->id()) ||
            (positions_.contains(tensor->id()) && multiplies_positions(node.kind));
  });
  const bool all_fit = std::all_of(operands.begin(), operands.end(), [&](const NamedOperand& operand) {
    if (is_attention(node.kind) && is_mask(operand.name)) return true;
    const auto* integer = operand.value.as<std::int64_t>();
    if (integer != nullptr && is_value(operand.name)) return number_fits(static_cast<double>(*integer));
    return fits(operand.value);
  });
  if (rule == PrecisionRule::kReduced) return exact || !all_fit ? DType::kFloat32 : type_;
  if (!wide && !reduced) return std::nullopt;
  return wide || !all_fit ? DType::kFloat32 : type_;
}

Tensor PrecisionRewriter::cast(const Tensor& x, DType type) {
  if (x.dtype() == type) return x;
  if (const auto source = sources_.find(x.id()); source != sources_.end() && source->second.dtype() == type)
    return source->second;
  const auto key = std::pair(x.id(), type);
  if (const auto known = casts_.find(key); known != casts_.end()) return known->second;
  const SourceLocation here = network_.location();
  SourceLocation named = here;
  named.node = std::string(name(type));  // or the operator's own layer would be "..._1"
  network_.set_location(named);
  const Tensor made = network_.cast(x, type);
  network_.set_location(here);
  casts_.emplace(key, made);
  sources_.emplace(made.id(), x);
  return made;
}

HostTensor PrecisionRewriter::cast(const HostTensor& constant, DType type) {
  const auto key = std::pair(constant.data, type);
  if (const auto known = constants_.find(key); known != constants_.end()) {
    const Converted& before = known->second;
    if (constant.data != nullptr && before.owner.lock() == constant.owner && before.from.dtype == constant.dtype &&
        before.from.sizes == constant.sizes && before.from.strides == constant.strides)
      return before.to;
  }
  HostTensor made = contiguous_as(constant, type);
  made.origin = constant.origin;
  made.wrapped_number = constant.wrapped_number;
  HostTensor from;
  from.dtype = constant.dtype;
  from.sizes = constant.sizes;
  from.strides = constant.strides;
  constants_.insert_or_assign(key, Converted{constant.owner, std::move(from), made});
  return made;
}

Operand PrecisionRewriter::as(const Operand& operand, DType type) {
  const auto changes = [&](DType dtype) { return type == type_ ? is_wide(dtype) : dtype == type_; };
  if (const auto* tensor = operand.as<Tensor>()) return changes(tensor->dtype()) ? cast(*tensor, type) : *tensor;
  if (const auto* host = operand.as<HostTensor>()) return changes(host->dtype) ? cast(*host, type) : *host;
  if (const auto* list = operand.as<Operand::List>()) {
    Operand::List items;
    for (const Operand& item : *list) items.push_back(as(item, type));
    return items;
  }
  if (const auto* list = operand.as<LoopList>()) {
    LoopList converted = *list;
    auto head = std::make_shared<std::vector<Operand>>();
    for (const Operand& item : *list->head) head->push_back(as(item, type));
    converted.head = std::move(head);
    if (changes(converted.items.dtype())) converted.items = cast(converted.items, type);
    return converted;
  }
  return operand;
}

// A mask says "not here" by the least float32, which is no half: the least half says it as well.
Operand PrecisionRewriter::as_mask(const Operand& mask) {
  if (type_ != DType::kFloat16) return as(mask, type_);
  if (const auto* host = mask.as<HostTensor>(); host != nullptr && !fits(*host)) {
    const HostTensor wide = contiguous_as(*host, DType::kFloat32);
    const auto* first = static_cast<const float*>(wide.data);
    std::vector<float> values(first, first + wide.numel());
    for (float& value : values)
      value = std::clamp(value, static_cast<float>(-kLargestHalf), static_cast<float>(kLargestHalf));
    return contiguous_as(host_tensor(values, wide.sizes), type_);
  }
  const auto* tensor = mask.as<Tensor>();
  if (tensor == nullptr || tensor->dtype() != DType::kFloat32) return as(mask, type_);
  const auto key = std::pair(tensor->id(), DType::kFloat32);  // a cast that would be none
  auto known = casts_.find(key);
  if (known == casts_.end()) known = casts_.emplace(key, network_.clamp(*tensor, -kLargestHalf, std::nullopt)).first;
  return cast(known->second, type_);
}

std::vector<NamedOperand> PrecisionRewriter::adapted(const Node& node, const std::vector<NamedOperand>& operands) {
  const std::optional<DType> type = type_for(node, operands);
  if (!type) return operands;
  std::vector<NamedOperand> converted;
  for (const NamedOperand& operand : operands) {
    const bool mask = *type == type_ && is_attention(node.kind) && is_mask(operand.name);
    converted.push_back({operand.name, mask ? as_mask(operand.value) : as(operand.value, *type)});
  }
  return converted;
}

void PrecisionRewriter::note(const Node& node, const std::vector<NamedOperand>& operands,
                             std::vector<Operand>& outputs) {
  bool integers = false;
  bool others = false;  // floats that are not made of integers alone
  for_each_leaf(operands, [&](const Operand& leaf) {
    const auto* tensor = leaf.as<Tensor>();
    integers = integers || leaf.as<Dim>() != nullptr;
    if (tensor == nullptr) return;
    const bool position = is_floating(tensor->dtype()) ? positions_.contains(tensor->id())
                                                       : tensor->dtype() != DType::kUInt8;  // those are pictures
    integers = integers || position;
    others = others || !position;
  });
  const bool positions = integers && !others && precision_rule(node.kind) != PrecisionRule::kReduced;
  bool reduced = false;
  bool wide = false;
  for (Operand& output : outputs) {
    if (output.as<HostTensor>() != nullptr) output = as(output, DType::kFloat32);
    for_each_leaf(output, [&](const Operand& leaf) {
      const auto* tensor = leaf.as<Tensor>();
      if (tensor == nullptr) return;
      reduced = reduced || tensor->dtype() == type_;
      wide = wide || tensor->dtype() == DType::kFloat32;
      if (positions && is_floating(tensor->dtype())) positions_.insert(tensor->id());
      if (quantizes(node.kind)) quantized_.insert(tensor->id());
    });
  }
  if (reduced) ++counts_.reduced;
  if (wide && !reduced) ++counts_.float32[std::string(short_kind(node.kind))];
}

Operand PrecisionRewriter::widened(const Operand& operand) { return as(operand, DType::kFloat32); }

std::vector<NamedOperand> PrecisionRewriter::widened(const std::vector<NamedOperand>& operands) {
  std::vector<NamedOperand> converted;
  for (const NamedOperand& operand : operands) converted.push_back({operand.name, widened(operand.value)});
  return converted;
}

Operand PrecisionRewriter::output(const Operand& operand, std::optional<DType> declared) {
  return declared == type_ ? operand : widened(operand);
}

std::string PrecisionRewriter::summary() const {
  std::string text = fmt::format("{}: {} operators compute in it", name(type_), counts_.reduced);
  std::vector<std::pair<std::string, std::size_t>> kept(counts_.float32.begin(), counts_.float32.end());
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < kept.size(); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "; float32: " : ", ", kept[i].first, kept[i].second);
  return text;
}

}  // namespace torch2trt
