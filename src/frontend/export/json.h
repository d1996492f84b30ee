// Tolerant access to the records of a .pt2 archive: fields may be absent or null; wrong types and missing required
// fields throw Error(kInvalidModel) naming the field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace torch2trt::pt2 {

using Json = nlohmann::json;

[[noreturn]] void malformed(const std::string& message);

// `what` names the text in errors. Nesting is limited before anything recursive sees it.
Json parse_json(std::string_view text, std::string_view what);

const Json* find_field(const Json& record, const char* name);  // nullptr where absent or null
const Json& field(const Json& record, const char* name);
const Json& array_field(const Json& record, const char* name);
const Json& object_field(const Json& record, const char* name);
std::int64_t integer(const Json& value, std::string_view what);
double number(const Json& value, std::string_view what);  // "Infinity", "-Infinity" and "NaN" are texts
bool boolean(const Json& value, std::string_view what);
const std::string& text(const Json& value, std::string_view what);
const std::string& text_field(const Json& record, const char* name);

// A union record has one field: its name says what the value is.
struct Union {
  std::string_view tag;
  const Json& value;
};
Union union_of(const Json& record, std::string_view what);

}  // namespace torch2trt::pt2
