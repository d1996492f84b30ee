#include "torch2trt/args.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "src/convert/promotion.h"
#include "src/torch/schema.h"

namespace torch2trt {
namespace {

bool equals_default(const Operand& operand, const Argument& wanted) {
  return std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Argument::List>) {
          const auto* list = operand.as<Operand::List>();
          return list != nullptr && std::equal(list->begin(), list->end(), value.begin(), value.end(), equals_default);
        } else if constexpr (std::is_same_v<T, ValueId>) {
          return false;
        } else {
          const T* held = operand.as<T>();
          return held != nullptr && *held == value;
        }
      },
      wanted.data);
}

// A number where the program has one, also as a 0-d constant tensor.
std::optional<double> as_number(const Operand& operand) {
  if (const auto* d = operand.as<double>()) return *d;
  if (const auto* i = operand.as<std::int64_t>()) return static_cast<double>(*i);
  if (const auto* b = operand.as<bool>()) return *b ? 1.0 : 0.0;
  if (const auto* tensor = operand.as<HostTensor>(); tensor != nullptr && tensor->numel() == 1) {
    if (!is_floating(tensor->dtype) && !is_complex(tensor->dtype)) return static_cast<double>(integer_at(*tensor, 0));
    if (is_floating(tensor->dtype)) return *static_cast<const double*>(contiguous_as(*tensor, DType::kFloat64).data);
  }
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const Operand& operand) {
  if (const auto* i = operand.as<std::int64_t>()) return *i;
  if (const auto* b = operand.as<bool>()) return *b ? 1 : 0;
  if (const auto* tensor = operand.as<HostTensor>();
      tensor != nullptr && tensor->numel() == 1 && !is_floating(tensor->dtype)) {
    return integer_at(*tensor, 0);
  }
  return std::nullopt;
}

std::optional<Dim> as_dim(const Operand& operand) {
  if (const auto* dim = operand.as<Dim>()) return *dim;
  if (const auto i = as_integer(operand)) return Dim(*i);
  if (const auto* tensor = operand.as<Tensor>();
      tensor != nullptr && tensor->rank() == 0 && is_integer(tensor->dtype())) {
    return Dim::computed(*tensor);
  }
  return std::nullopt;
}

}  // namespace

Args::Args(const Node& node, std::vector<NamedOperand> operands, Network& network, std::vector<bool> used_outputs,
           std::optional<std::size_t> pieces)
    : node_(node),
      operands_(std::move(operands)),
      uses_(operands_.size()),
      network_(network),
      used_outputs_(std::move(used_outputs)),
      pieces_(pieces) {}

bool Args::has(std::string_view name) const {
  return std::any_of(operands_.begin(), operands_.end(),
                     [&](const NamedOperand& operand) { return operand.name == name; });
}

const Operand& Args::get(std::string_view name) const {
  for (const NamedOperand& operand : operands_) {
    if (operand.name == name) return operand.value;
  }
  // A key without overload serves all of them, also those for Python's numbers and lists, whose arguments have other
  // names (aten::gt.float, aten::div.int).
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("no handler for this overload: what converts {} needs an argument \"{}\"", node_.kind, name),
              node_.location());
}

const Operand& Args::read(std::string_view name) {
  const Operand& operand = get(name);
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    if (operands_[i].name == name) uses_[i] = ArgumentUse::kRead;
  }
  return operand;
}

void Args::refuse(std::string_view name, const Operand& operand, std::string_view wanted) const {
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("argument \"{}\" is {}; {} is needed", name, describe(operand), wanted), node_.location());
}

const Operand& Args::operand(std::string_view name) { return read(name); }
const Operand& Args::operand_at(std::size_t index) {
  uses_.at(index) = ArgumentUse::kRead;
  return operands_[index].value;
}
bool Args::is_none(std::string_view name) { return read(name).is_none(); }
bool Args::is_constant(std::string_view name) const { return !has_network_value(get(name)); }

Tensor Args::to_tensor(std::string_view name, const Operand& operand) {
  if (const auto* tensor = operand.as<Tensor>()) return *tensor;
  if (const auto* host = operand.as<HostTensor>()) return network_.constant(*host);
  if (const auto* dim = operand.as<Dim>()) return network_.dim_tensor(*dim);
  if (const auto* b = operand.as<bool>()) return network_.scalar(*b ? 1 : 0, DType::kBool);
  if (const auto* i = operand.as<std::int64_t>()) return network_.dim_tensor(Dim(*i));
  if (const auto* d = operand.as<double>()) return network_.scalar(*d, DType::kFloat32);
  refuse(name, operand, "a tensor");
}

Tensor Args::tensor(std::string_view name) { return to_tensor(name, read(name)); }

std::optional<Tensor> Args::optional_tensor(std::string_view name) {
  if (read(name).is_none()) return std::nullopt;
  return tensor(name);
}

std::vector<Tensor> Args::tensors(std::string_view name) {
  const Operand& operand = read(name);
  const auto* list = operand.as<Operand::List>();
  if (list == nullptr) refuse(name, operand, "a list of tensors");
  std::vector<Tensor> tensors;
  for (const Operand& item : *list) tensors.push_back(to_tensor(name, item));
  return tensors;
}

HostTensor Args::weights(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto* host = operand.as<HostTensor>()) return *host;
  refuse(name, operand, "a constant tensor");
}

std::optional<HostTensor> Args::optional_weights(std::string_view name) {
  if (read(name).is_none()) return std::nullopt;
  return weights(name);
}

bool Args::boolean(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto value = as_integer(operand)) return *value != 0;
  refuse(name, operand, "a constant bool");
}

std::int64_t Args::integer(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto value = as_integer(operand)) return *value;
  refuse(name, operand, "a constant integer");
}

std::optional<std::int64_t> Args::optional_integer(std::string_view name) {
  if (read(name).is_none()) return std::nullopt;
  return integer(name);
}

double Args::number(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto value = as_number(operand)) return *value;
  refuse(name, operand, "a constant number");
}

std::optional<double> Args::optional_number(std::string_view name) {
  if (read(name).is_none()) return std::nullopt;
  return number(name);
}

std::string Args::string(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto* value = operand.as<std::string>()) return *value;
  refuse(name, operand, "a string");
}

std::optional<std::string> Args::optional_string(std::string_view name) {
  if (read(name).is_none()) return std::nullopt;
  return string(name);
}

std::vector<std::int64_t> Args::integers(std::string_view name, std::int64_t count) {
  const Operand& operand = read(name);
  if (operand.is_none()) return {};
  std::vector<std::int64_t> values;
  if (const auto* list = operand.as<Operand::List>()) {
    for (const Operand& item : *list) {
      const auto value = as_integer(item);
      if (!value) refuse(name, operand, "a list of constant integers");
      values.push_back(*value);
    }
  } else if (const auto value = as_integer(operand)) {
    values.push_back(*value);
  } else {
    refuse(name, operand, "a list of constant integers");
  }
  if (count > 1 && values.size() == 1) values.resize(static_cast<std::size_t>(count), values[0]);
  return values;
}

std::vector<double> Args::numbers(std::string_view name) {
  const Operand& operand = read(name);
  std::vector<double> values;
  if (operand.is_none()) return values;
  const auto* list = operand.as<Operand::List>();
  if (list == nullptr) refuse(name, operand, "a list of constant numbers");
  for (const Operand& item : *list) {
    const auto value = as_number(item);
    if (!value) refuse(name, operand, "a list of constant numbers");
    values.push_back(*value);
  }
  return values;
}

Dim Args::dim(std::string_view name) {
  const Operand& operand = read(name);
  if (const auto value = as_dim(operand)) return *value;
  refuse(name, operand, "an integer");
}

std::vector<Dim> Args::dims(std::string_view name) {
  const Operand& operand = read(name);
  std::vector<Dim> values;
  const auto* list = operand.as<Operand::List>();
  if (list == nullptr) return {dim(name)};
  for (const Operand& item : *list) {
    const auto value = as_dim(item);
    if (!value) refuse(name, operand, "a list of integers");
    values.push_back(*value);
  }
  return values;
}

std::optional<DType> Args::optional_dtype(std::string_view name) {
  const Operand& operand = read(name);
  if (operand.is_none()) return std::nullopt;
  if (const auto* dtype = operand.as<DType>()) return *dtype;
  refuse(name, operand, "a dtype");
}

std::int64_t normalized_axis(std::int64_t axis, std::int64_t rank) {
  const std::int64_t limit = std::max<std::int64_t>(rank, 1);  // a 0-d tensor takes dim 0 and -1
  if (axis < -limit || axis >= limit) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("dimension {} is out of range; allowed is {} to {}", axis, -limit, limit - 1));
  }
  return axis < 0 ? axis + limit : axis;
}

std::int64_t Args::axis(std::string_view name, const Tensor& x, std::int64_t extra) {
  return normalized_axis(integer(name), x.rank() + extra);
}

std::vector<std::int64_t> Args::axes(std::string_view name, const Tensor& x) {
  std::vector<std::int64_t> axes = integers(name);
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(x.rank()));
    std::iota(axes.begin(), axes.end(), 0);
    return axes;
  }
  for (std::int64_t& axis : axes) axis = normalized_axis(axis, x.rank());
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("argument \"{}\" names a dimension twice", name),
                node_.location());
  }
  if (x.rank() == 0) axes.clear();
  return axes;
}

Tensor Args::cast_to_optional(std::string_view name, const Tensor& x) {
  const auto dtype = optional_dtype(name);
  return dtype ? network_.cast(x, *dtype) : x;
}

DType Args::result_type(std::initializer_list<std::string_view> names) {
  const OperatorSchema* schema = find_schema(node_.kind, node_.overload);
  Promotion promotion;
  for (std::string_view name : names) {
    const SchemaArgument* argument = schema == nullptr ? nullptr : schema->find(name);
    if (argument != nullptr && (argument->type == "Scalar" || argument->type == "Scalar?")) {
      promotion.add_number(get(name));
    } else {
      promotion.add(get(name));
    }
  }
  // Lists, of an overload that has them where another has tensors.
  if (promotion.empty()) refuse(*names.begin(), get(*names.begin()), "a tensor or a number");
  return promotion.result();
}

Tensor Args::tensor_as(std::string_view name, DType dtype) {
  const Operand& operand = read(name);
  const DType held = network_.held_dtype(dtype);
  // Computed in the type PyTorch has, narrowed by the network.
  if (const auto* host = operand.as<HostTensor>())
    return network_.constant(contiguous_as(*host, network_dtype(dtype).value_or(dtype)));
  if (operand.as<Dim>() == nullptr && operand.as<Tensor>() == nullptr) {
    if (const auto value = as_number(operand)) return network_.scalar(*value, held);
  }
  return network_.cast(to_tensor(name, operand), held);
}

std::vector<Tensor> Args::promoted(std::initializer_list<std::string_view> names) {
  const DType dtype = result_type(names);
  std::vector<Tensor> tensors;
  for (std::string_view name : names) {
    if (!get(name).is_none()) tensors.push_back(tensor_as(name, dtype));
  }
  return tensors;
}

void Args::ignore(std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      if (operands_[i].name == name) uses_[i] = std::max(uses_[i], ArgumentUse::kIgnored);
    }
  }
}

void Args::require(bool condition, const std::string& reason) const {
  if (!condition) throw Error(ErrorCategory::kUnsupportedOperator, reason, node_.location());
}

void Args::check_all_read() const {
  const OperatorSchema* schema = find_schema(node_.kind, node_.overload);
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    if (uses_[i] != ArgumentUse::kUnread) continue;
    const SchemaArgument* argument = schema == nullptr ? nullptr : schema->find(operands_[i].name);
    if (argument != nullptr && argument->default_value && equals_default(operands_[i].value, *argument->default_value))
      continue;
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("argument \"{}\" = {} is not supported", operands_[i].name, describe(operands_[i].value)),
                node_.location());
  }
}

}  // namespace torch2trt
