#include "src/frontend/export/arguments.h"

#include <fmt/format.h>

#include "src/frontend/export/enumerations.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

[[noreturn]] void unsupported(std::string_view what) {
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("an argument is {}, which torch2trt does not have", what));
}

template <typename Read>
Argument::List list_of(const Json& value, std::string_view tag, const Read& read) {
  if (!value.is_array()) malformed(fmt::format("\"{}\" is {}, not an array", tag, value.type_name()));
  Argument::List list;
  list.reserve(value.size());
  for (const Json& item : value) list.push_back(read(item));
  return list;
}

// SymIntArgument, SymFloatArgument, SymBoolArgument: a value's name or a constant.
Argument symbolic_number(const Json& record, const Names& names) {
  const Union number = union_of(record, "a symbolic number");
  if (number.tag == "as_name") return names.at(text(number.value, "as_name"));
  if (number.tag == "as_int") return integer(number.value, "as_int");
  if (number.tag == "as_float") return pt2::number(number.value, "as_float");
  if (number.tag == "as_bool") return boolean(number.value, "as_bool");
  malformed(fmt::format("a symbolic number has the unknown form \"{}\"", number.tag));
}

Argument optional_tensor(const Json& record, const Names& names) {
  const Union tensor = union_of(record, "an optional tensor");
  if (tensor.tag == "as_none") return None{};
  if (tensor.tag == "as_tensor") return names.at(text_field(tensor.value, "name"));
  malformed(fmt::format("an optional tensor has the unknown form \"{}\"", tensor.tag));
}

Argument device() { return Symbolic{Symbolic::Kind::kDevice, "cpu"}; }

}  // namespace

Argument argument_of(const Json& record, const Names& names) {
  const Union argument = union_of(record, "an argument");
  const std::string_view tag = argument.tag;
  const Json& value = argument.value;
  const auto tensor = [&](const Json& item) -> Argument { return names.at(text_field(item, "name")); };
  const auto tensors = [&](const Json& item) -> Argument { return list_of(item, tag, tensor); };
  const auto whole = [&](const Json& item) -> Argument { return integer(item, tag); };
  const auto real = [&](const Json& item) -> Argument { return number(item, tag); };
  const auto logical = [&](const Json& item) -> Argument { return boolean(item, tag); };
  const auto string = [&](const Json& item) -> Argument { return text(item, tag); };
  const auto symbolic = [&](const Json& item) { return symbolic_number(item, names); };

  if (tag == "as_none") return None{};
  if (tag == "as_tensor") return tensor(value);
  if (tag == "as_tensors") return tensors(value);
  if (tag == "as_int") return whole(value);
  if (tag == "as_ints") return list_of(value, tag, whole);
  if (tag == "as_float") return real(value);
  if (tag == "as_floats") return list_of(value, tag, real);
  if (tag == "as_bool") return logical(value);
  if (tag == "as_bools") return list_of(value, tag, logical);
  if (tag == "as_string" || tag == "as_operator") return string(value);
  if (tag == "as_strings") return list_of(value, tag, string);
  if (tag == "as_sym_int" || tag == "as_sym_float" || tag == "as_sym_bool") return symbolic(value);
  if (tag == "as_sym_ints" || tag == "as_sym_floats" || tag == "as_sym_bools") return list_of(value, tag, symbolic);
  if (tag == "as_scalar_type") return supported_dtype_from_code(integer(value, tag), "an argument");
  if (tag == "as_memory_format") return memory_format_from_code(integer(value, tag));
  if (tag == "as_layout") return layout_from_code(integer(value, tag));
  if (tag == "as_device") return device();
  if (tag == "as_optional_tensor") return optional_tensor(value, names);
  if (tag == "as_optional_tensors") {
    return list_of(value, tag, [&](const Json& item) { return optional_tensor(item, names); });
  }
  if (tag == "as_nested_tensors") return list_of(value, tag, tensors);
  if (tag == "as_int_lists") {
    return list_of(value, tag, [&](const Json& item) -> Argument { return list_of(item, tag, whole); });
  }
  if (tag == "as_float_lists") {
    return list_of(value, tag, [&](const Json& item) -> Argument { return list_of(item, tag, real); });
  }
  if (tag == "as_complex") unsupported("a complex number");
  if (tag == "as_custom_obj") unsupported("a custom object (ScriptObject)");
  if (tag == "as_string_to_argument") unsupported("a dictionary");
  if (tag == "as_graph") unsupported("a graph outside a higher-order operator");
  malformed(fmt::format("an argument has the unknown form \"{}\"", tag));
}

Argument fit_to_schema(Argument argument, std::string_view schema_type) {
  if (schema_type.ends_with('?')) schema_type.remove_suffix(1);
  if (argument.is_none()) return argument;
  if (schema_type.ends_with(']')) {
    const std::string_view item = schema_type.substr(0, schema_type.rfind('['));
    if (const auto* value = argument.as<ValueId>()) {
      // A value may be the list itself.
      return item.starts_with("Tensor") ? Argument(*value) : Argument(Argument::List{*value});
    }
    if (argument.as<Argument::List>() == nullptr) argument = Argument::List{std::move(argument)};
    for (Argument& entry : std::get<Argument::List>(argument.data)) entry = fit_to_schema(std::move(entry), item);
    return argument;
  }
  const auto* whole = argument.as<std::int64_t>();
  const auto* logical = argument.as<bool>();
  if (schema_type == "float" || schema_type == "SymFloat") {
    if (whole != nullptr) return static_cast<double>(*whole);
    if (logical != nullptr) return *logical ? 1.0 : 0.0;
  }
  if ((schema_type == "int" || schema_type == "SymInt") && logical != nullptr) return std::int64_t{*logical ? 1 : 0};
  if ((schema_type == "bool" || schema_type == "SymBool") && whole != nullptr) return *whole != 0;
  return argument;
}

}  // namespace torch2trt::pt2
