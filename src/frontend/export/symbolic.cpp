#include "src/frontend/export/symbolic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <vector>

#include "src/frontend/export/json.h"

namespace torch2trt::pt2 {
namespace {

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxText = 1 << 16;
constexpr std::size_t kMaxTerms = 64;
constexpr std::size_t kMaxFactors = 16;
constexpr std::size_t kMaxPrinted = 4096;  // products repeat their factors' text, so it could explode

// A number, a symbol or a call; operators are calls of sympy's functions ("Add", "Mul", "Pow", "FloorDiv", "Mod").
struct Expression {
  enum class Kind : std::uint8_t { kNumber, kSymbol, kCall } kind = Kind::kNumber;
  std::int64_t number = 0;
  std::string name;  // of a symbol or function
  std::vector<Expression> arguments;
  int depth = 0;
};

Expression make_number(std::int64_t value) { return {.number = value}; }

// Throws where the expression gets too deep for what walks it recursively.
Expression make_call(std::string name, std::vector<Expression> arguments) {
  Expression call{.kind = Expression::Kind::kCall, .name = std::move(name), .arguments = std::move(arguments)};
  for (const Expression& argument : call.arguments) call.depth = std::max(call.depth, argument.depth + 1);
  if (call.depth > kMaxDepth) malformed("a size expression nests too deeply");
  return call;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (text.size() > kMaxText) malformed(fmt::format("a size expression has {} characters", text.size()));
  }

  Expression parse() {
    Expression result = sum();
    skip_space();
    if (at_ != text_.size()) fail();
    return result;
  }

 private:
  [[noreturn]] void fail() const {
    malformed(fmt::format("the size \"{}\" is no expression (at character {})", text_.substr(0, 200), at_));
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void expect(std::string_view token) {
    if (!accept(token)) fail();
  }

  // Sums and products of many become one call, not a deep one.
  Expression sum() {
    if (++depth_ > kMaxDepth) malformed("a size expression nests too deeply");
    std::vector<Expression> terms;
    terms.push_back(product());
    while (true) {
      if (accept("+")) {
        terms.push_back(product());
      } else if (accept("-")) {
        terms.push_back(make_call("Mul", {make_number(-1), product()}));
      } else {
        --depth_;
        return terms.size() == 1 ? std::move(terms[0]) : make_call("Add", std::move(terms));
      }
    }
  }

  Expression product() {
    std::vector<Expression> factors;
    factors.push_back(factor());
    const auto collect = [&factors]() {
      return factors.size() == 1 ? std::move(factors[0]) : make_call("Mul", std::move(factors));
    };
    while (true) {
      std::string_view name;
      if (accept("//")) {
        name = "FloorDiv";
      } else if (accept("/")) {
        name = "TrueDiv";
      } else if (accept("%")) {
        name = "Mod";
      } else if (accept("*")) {
        factors.push_back(factor());
        continue;
      } else {
        return collect();
      }
      Expression left = collect();
      factors.clear();
      factors.push_back(make_call(std::string(name), {std::move(left), factor()}));
    }
  }

  Expression factor() {
    if (++depth_ > kMaxDepth) malformed("a size expression nests too deeply");
    Expression result;
    if (accept("-")) {
      result = make_call("Mul", {make_number(-1), factor()});
    } else {
      result = atom();
      if (accept("**")) result = make_call("Pow", {std::move(result), factor()});
    }
    --depth_;
    return result;
  }

  Expression atom() {
    skip_space();
    if (accept("(")) {
      Expression result = sum();
      expect(")");
      return result;
    }
    if (at_ >= text_.size()) fail();
    if (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) return make_number(digits());
    std::string name = identifier();
    if (!accept("(")) return {.kind = Expression::Kind::kSymbol, .name = std::move(name)};
    if (name == "Symbol" || name == "Integer" || name == "Float") return literal(name);
    std::vector<Expression> arguments;
    if (!accept(")")) {
      do {
        const std::size_t start = at_;
        if (keyword()) continue;
        at_ = start;
        arguments.push_back(sum());
      } while (accept(","));
      expect(")");
    }
    return make_call(std::move(name), std::move(arguments));
  }

  std::int64_t digits() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) fail();
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string identifier() {
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_' || text_[at_] == '.')) {
      ++at_;
    }
    if (at_ == start) fail();
    return std::string(text_.substr(start, at_ - start));
  }

  // name=value, which only says what sympy may assume.
  bool keyword() {
    skip_space();
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    if (!accept("=")) return false;
    skip_space();
    identifier();
    return true;
  }

  // Symbol('s0', positive=True), Integer(-3), Float('0.5', precision=53): the opening parenthesis is read.
  Expression literal(const std::string& kind) {
    Expression result;
    skip_space();
    if (kind == "Integer") {
      const bool negative = accept("-");
      skip_space();
      result = make_number(negative ? -digits() : digits());
    } else {
      const std::string_view quote = accept("'") ? "'" : "\"";
      if (quote == "\"") expect("\"");
      const std::size_t end = text_.find(quote, at_);
      if (end == std::string_view::npos) fail();
      result = {.kind = Expression::Kind::kSymbol, .name = std::string(text_.substr(at_, end - at_))};
      at_ = end + 1;
    }
    while (accept(",")) {
      if (!keyword()) fail();
    }
    expect(")");
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

// Product of atoms (sorted, repeated for powers) -> coefficient. Ordered by descending degree, then alphabetical.
using Product = std::vector<std::string>;
struct ByDegree {
  bool operator()(const Product& a, const Product& b) const {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }
};
using Sum = std::map<Product, std::int64_t, ByDegree>;

// One term; nothing for the coefficient 0.
Sum term(const Product& product, std::int64_t coefficient) {
  Sum sum;
  if (coefficient != 0) sum.emplace(product, coefficient);
  return sum;
}

bool add_term(Sum& sum, const Product& product, std::int64_t coefficient) {
  std::int64_t& total = sum[product];
  if (__builtin_add_overflow(total, coefficient, &total)) return false;
  if (total == 0) sum.erase(product);
  return sum.size() <= kMaxTerms;
}

std::optional<Sum> add(Sum a, const Sum& b) {
  for (const auto& [product, coefficient] : b) {
    if (!add_term(a, product, coefficient)) return std::nullopt;
  }
  return a;
}

std::optional<Sum> multiply(const Sum& a, const Sum& b) {
  Sum result;
  for (const auto& [left, left_coefficient] : a) {
    for (const auto& [right, right_coefficient] : b) {
      Product product = left;
      product.insert(product.end(), right.begin(), right.end());
      if (product.size() > kMaxFactors) return std::nullopt;
      std::sort(product.begin(), product.end());
      std::int64_t coefficient = 0;
      if (__builtin_mul_overflow(left_coefficient, right_coefficient, &coefficient)) return std::nullopt;
      if (!add_term(result, product, coefficient)) return std::nullopt;
    }
  }
  return result;
}

std::optional<std::int64_t> constant(const Sum& sum) {
  if (sum.empty()) return 0;
  if (sum.size() == 1 && sum.begin()->first.empty()) return sum.begin()->second;
  return std::nullopt;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

// What numbers give; nullopt where the function is not known, divides by zero or overflows.
std::optional<std::int64_t> value_of_call(const std::string& name, const std::vector<std::int64_t>& values) {
  if (values.size() == 1 && (name == "ceiling" || name == "floor" || name == "Identity" || name == "TruncToInt" ||
                             name == "CeilToInt" || name == "FloorToInt" || name == "RoundToInt")) {
    return values[0];
  }
  if (name == "Max" || name == "Min") {
    if (values.empty()) return std::nullopt;
    return name == "Max" ? *std::max_element(values.begin(), values.end())
                         : *std::min_element(values.begin(), values.end());
  }
  if (name == "ModularIndexing" && values.size() == 3) {
    const auto quotient = value_of_call("FloorDiv", {values[0], values[1]});
    return quotient ? value_of_call("Mod", {*quotient, values[2]}) : std::nullopt;
  }
  if (values.size() != 2) return std::nullopt;
  const auto [a, b] = std::pair(values[0], values[1]);
  if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) return std::nullopt;
  if (name == "FloorDiv" || name == "CleanDiv") return floor_divide(a, b);
  if (name == "Mod" || name == "PythonMod") return a - floor_divide(a, b) * b;
  if (name == "TrueDiv" || name == "IntTrueDiv" || name == "Rational") {
    return a % b == 0 ? std::optional(a / b) : std::nullopt;
  }
  if (name == "CeilDiv") return floor_divide(a, b) + (a % b != 0 ? 1 : 0);
  return std::nullopt;
}

// Powers with a small whole exponent, as a product.
std::optional<std::int64_t> small_power(const Expression& call) {
  if ((call.name != "Pow" && call.name != "PowByNatural") || call.arguments.size() != 2) return std::nullopt;
  const Expression& exponent = call.arguments[1];
  if (exponent.kind != Expression::Kind::kNumber || exponent.number < 0 || exponent.number > 8) return std::nullopt;
  return exponent.number;
}

std::string print(const Product& product) {
  std::string text;
  for (std::size_t i = 0; i < product.size();) {
    std::size_t power = 1;
    while (i + power < product.size() && product[i + power] == product[i]) ++power;
    if (!text.empty()) text += '*';
    text += product[i];
    if (power > 1) text += fmt::format("**{}", power);
    i += power;
  }
  return text;
}

std::string print(const Sum& sum) {
  std::string text;
  for (const auto& [product, coefficient] : sum) {
    const bool negative = coefficient < 0;
    text += text.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
    const std::string digits = fmt::format("{}", coefficient).substr(negative ? 1 : 0);
    if (product.empty()) {
      text += digits;
    } else {
      if (digits != "1") text += digits + '*';
      text += print(product);
    }
  }
  if (text.size() > kMaxPrinted) malformed(fmt::format("a size expression takes {} characters", text.size()));
  return text.empty() ? "0" : text;
}

// A call that stays one: an atom of the sum, printed as a function or a division.
Sum opaque(const std::string& name, const std::vector<Sum>& arguments) {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> texts;
  for (const Sum& argument : arguments) {
    if (const auto value = constant(argument)) numbers.push_back(*value);
    texts.push_back(print(argument));
  }
  if (numbers.size() == arguments.size()) {
    if (const auto value = value_of_call(name, numbers)) return term({}, *value);
  }
  const bool division = (name == "FloorDiv" || name == "CleanDiv") && texts.size() == 2;
  if (division && texts[1] == "1") return arguments[0];
  if (name == "Max" || name == "Min" || name == "Add" || name == "Mul") {
    std::sort(texts.begin(), texts.end());
    texts.erase(name.starts_with('M') && name != "Mul" ? std::unique(texts.begin(), texts.end()) : texts.end(),
                texts.end());
  }
  const std::string atom = division ? fmt::format("(({})//({}))", texts[0], texts[1])
                                    : fmt::format("{}({})", name == "PythonMod" ? "Mod" : name, fmt::join(texts, ", "));
  return term({atom}, 1);
}

Sum normalize(const Expression& expression) {
  if (expression.kind == Expression::Kind::kNumber) return term({}, expression.number);
  if (expression.kind == Expression::Kind::kSymbol) return term({expression.name}, 1);
  std::vector<Sum> arguments;
  for (const Expression& argument : expression.arguments) arguments.push_back(normalize(argument));
  if (expression.name == "Identity" && arguments.size() == 1) return arguments[0];
  std::optional<Sum> result;
  if (expression.name == "Add") {
    result = Sum{};
    for (const Sum& argument : arguments) result = result ? add(*result, argument) : result;
  } else if (expression.name == "Mul") {
    result = term({}, 1);
    for (const Sum& argument : arguments) result = result ? multiply(*result, argument) : result;
  } else if (const auto power = small_power(expression)) {
    result = term({}, 1);
    for (std::int64_t i = 0; i < *power; ++i) result = result ? multiply(*result, arguments[0]) : result;
  }
  return result ? *result : opaque(expression.name, arguments);
}

std::optional<std::int64_t> evaluate(const Expression& expression, const std::map<std::string, std::int64_t>& symbols) {
  if (expression.kind == Expression::Kind::kNumber) return expression.number;
  if (expression.kind == Expression::Kind::kSymbol) {
    const auto found = symbols.find(expression.name);
    return found == symbols.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::int64_t> values;
  for (const Expression& argument : expression.arguments) {
    const auto value = evaluate(argument, symbols);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  const auto power = small_power(expression);
  if (expression.name != "Add" && expression.name != "Mul" && !power) return value_of_call(expression.name, values);
  std::int64_t result = expression.name == "Add" ? 0 : 1;
  if (power) values = std::vector<std::int64_t>(static_cast<std::size_t>(*power), values[0]);
  for (const std::int64_t value : values) {
    const bool overflow = expression.name == "Add" ? __builtin_add_overflow(result, value, &result)
                                                   : __builtin_mul_overflow(result, value, &result);
    if (overflow) return std::nullopt;
  }
  return result;
}

}  // namespace

Size parse_size(std::string_view text) {
  const Sum sum = normalize(Parser(text).parse());
  if (const auto value = constant(sum)) return {.value = *value};
  return {.value = -1, .symbol = print(sum)};
}

std::optional<std::int64_t> evaluate_size(std::string_view text, const std::map<std::string, std::int64_t>& symbols) {
  return evaluate(Parser(text).parse(), symbols);
}

}  // namespace torch2trt::pt2
