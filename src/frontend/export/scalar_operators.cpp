#include "src/frontend/export/scalar_operators.h"

#include <array>

namespace torch2trt::pt2 {
namespace {

using Kind = Type::Kind;

struct Binary {
  std::string_view python;
  std::string_view kind;
  std::string_view same_int = "int";  // overload for two integers
};

constexpr std::array<Binary, 14> kBinary{{
    {"add", "aten::add"},
    {"sub", "aten::sub"},
    {"mul", "aten::mul"},
    {"floordiv", "aten::floordiv"},
    {"mod", "aten::remainder"},
    {"pow", "aten::pow", "int_to_int"},
    {"eq", "aten::eq"},
    {"ne", "aten::ne"},
    {"lt", "aten::lt"},
    {"le", "aten::le"},
    {"gt", "aten::gt"},
    {"ge", "aten::ge"},
    {"sym_max", "prim::max"},
    {"sym_min", "prim::min"},
}};

// On integers and booleans only.
constexpr std::array<Binary, 5> kBitwise{{
    {"and_", "aten::__and__"},
    {"or_", "aten::__or__"},
    {"xor", "aten::__xor__"},
    {"lshift", "aten::__lshift__"},
    {"rshift", "aten::__rshift__"},
}};

ScalarOperator binary(std::string_view kind, std::string_view overload) {
  return {std::string(kind), std::string(overload), {"a", "b"}};
}

std::optional<ScalarOperator> binary_operator(std::string_view name, Kind a, Kind b) {
  if (name == "truediv") {
    if (a == b && a != Kind::kBool) return binary("aten::div", a == Kind::kInt ? "int" : "float");
    return binary("aten::div", "");  // of two Scalars
  }
  for (const Binary& entry : kBitwise) {
    if (entry.python == name) {
      if (a != b || a == Kind::kFloat) return std::nullopt;
      const bool shift = name.ends_with("shift");
      if (shift && a == Kind::kBool) return std::nullopt;
      return binary(entry.kind, a == Kind::kBool ? "bool" : "int");
    }
  }
  if ((name == "eq" || name == "ne") && a == Kind::kBool && b == Kind::kBool)
    return binary("aten::" + std::string(name), "bool");
  for (const Binary& entry : kBinary) {
    if (entry.python != name) continue;
    if (a == Kind::kFloat && b == Kind::kFloat) return binary(entry.kind, "float");
    if (a == Kind::kFloat) return binary(entry.kind, "float_int");
    if (b == Kind::kFloat) return binary(entry.kind, "int_float");
    return binary(entry.kind, entry.same_int);
  }
  return std::nullopt;
}

std::optional<ScalarOperator> unary_operator(std::string_view name, Kind a) {
  const auto unary = [](std::string kind, std::string overload) {
    return ScalarOperator{std::move(kind), std::move(overload), {"a"}};
  };
  const bool real = a == Kind::kFloat;
  ScalarOperator itself;
  if (name == "pos") return itself;
  if (name == "neg") return unary("aten::neg", real ? "float" : "int");
  if (name == "sym_not" || name == "not_") return ScalarOperator{"aten::__not__", "", {"self"}};
  if (name == "sym_int" || name == "trunc") return real ? unary("aten::Int", "float") : itself;
  if (name == "sym_float") return real ? itself : unary("aten::Float", "int");
  if (name == "ceil" || name == "floor") return real ? unary("aten::" + std::string(name), "float") : itself;
  if (name == "sym_sqrt" || name == "_sym_sqrt" || name == "sqrt") return unary("aten::sqrt", real ? "float" : "int");
  return std::nullopt;
}

}  // namespace

std::optional<ScalarOperator> scalar_operator(std::string_view target, const std::vector<Type::Kind>& types) {
  const std::size_t dot = target.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view module = target.substr(0, dot);
  if (module != "_operator" && module != "operator" && module != "math" && module != "torch") return std::nullopt;
  const std::string_view name = target.substr(dot + 1);
  for (const Kind type : types) {
    if (type != Kind::kInt && type != Kind::kFloat && type != Kind::kBool) return std::nullopt;
  }
  if (types.size() == 2) return binary_operator(name, types[0], types[1]);
  if (types.size() == 1) return unary_operator(name, types[0]);
  return std::nullopt;
}

}  // namespace torch2trt::pt2
