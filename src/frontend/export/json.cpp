#include "src/frontend/export/json.h"

#include <fmt/format.h>

#include <limits>

#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

// A graph inside a graph takes ten levels; real programs stay below a hundred.
constexpr int kMaxNesting = 400;

void check_nesting(std::string_view text, std::string_view what) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) malformed(fmt::format("{} nests deeper than {} levels", what, kMaxNesting));
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

}  // namespace

void malformed(const std::string& message) { throw Error(ErrorCategory::kInvalidModel, message); }

Json parse_json(std::string_view text, std::string_view what) {
  check_nesting(text, what);
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    malformed(fmt::format("{} is not JSON: {}", what, error.what()));
  }
}

const Json* find_field(const Json& record, const char* name) {
  if (!record.is_object())
    malformed(fmt::format("a record with field \"{}\" was expected, not {}", name, record.type_name()));
  const auto found = record.find(name);
  return found == record.end() || found->is_null() ? nullptr : &*found;
}

const Json& field(const Json& record, const char* name) {
  const Json* value = find_field(record, name);
  if (value == nullptr) malformed(fmt::format("the field \"{}\" is missing", name));
  return *value;
}

const Json& array_field(const Json& record, const char* name) {
  const Json& value = field(record, name);
  if (!value.is_array()) malformed(fmt::format("the field \"{}\" is {}, not an array", name, value.type_name()));
  return value;
}

const Json& object_field(const Json& record, const char* name) {
  const Json& value = field(record, name);
  if (!value.is_object()) malformed(fmt::format("the field \"{}\" is {}, not an object", name, value.type_name()));
  return value;
}

std::int64_t integer(const Json& value, std::string_view what) {
  if (!value.is_number_integer()) malformed(fmt::format("{} is {}, not an integer", what, value.type_name()));
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    malformed(fmt::format("{} is {}, too large for 64 bits", what, value.get<std::uint64_t>()));
  }
  return value.get<std::int64_t>();
}

double number(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  malformed(fmt::format("{} is {}, not a number", what, value.type_name()));
}

bool boolean(const Json& value, std::string_view what) {
  if (!value.is_boolean()) malformed(fmt::format("{} is {}, not a boolean", what, value.type_name()));
  return value.get<bool>();
}

const std::string& text(const Json& value, std::string_view what) {
  if (!value.is_string()) malformed(fmt::format("{} is {}, not a text", what, value.type_name()));
  return value.get_ref<const std::string&>();
}

const std::string& text_field(const Json& record, const char* name) {
  return text(field(record, name), fmt::format("the field \"{}\"", name));
}

Union union_of(const Json& record, std::string_view what) {
  if (!record.is_object()) malformed(fmt::format("{} is {}, not a record", what, record.type_name()));
  if (record.size() != 1) malformed(fmt::format("{} has {} alternatives, not one", what, record.size()));
  return {record.begin().key(), record.begin().value()};
}

}  // namespace torch2trt::pt2
