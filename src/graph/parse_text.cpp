#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "src/graph/text.h"

namespace torch2trt {
namespace {

// Nesting of lists, structures and blocks; deeper text is an attack on the stack, not a program.
constexpr int kMaxDepth = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Recursive descent straight over the characters.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Graph parse() {
    keyword("graph");
    graph_.name = word_or_string("the graph's name");
    comma_list('(', ')', [&] {
      const ValueId id = definition();
      graph_.inputs.push_back({id, string("the input's name")});
    });
    if (accept_word("parameters")) comma_list('(', ')', [&] { parameter(); });
    if (accept_word("symbols")) comma_list('(', ')', [&] { symbol(); });
    expect('{');
    nodes(graph_.body);
    expect('}');
    structures();
    skip_space();
    if (position_ != text_.size()) fail("expected the end of the text");
    return std::move(graph_);
  }

 private:
  struct Nested {
    explicit Nested(Parser& parser) : parser(parser) {
      if (++parser.depth_ > kMaxDepth) parser.fail(fmt::format("nested deeper than {}", kMaxDepth));
    }
    ~Nested() { --parser.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    Parser& parser;
  };

  [[noreturn]] void fail(const std::string& what) { fail_at(position_, what); }
  [[noreturn]] void fail_at(std::size_t position, const std::string& what) {
    std::size_t line = 1;
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < position && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        line_start = i + 1;
      }
    }
    throw Error(ErrorCategory::kInvalidModel,
                fmt::format("graph text, line {}, column {}: {}", line, position - line_start + 1, what));
  }

  // Characters. `look` skips space; '\0' is the end (or a NUL byte, which nothing expects either).
  void skip_space() {
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '/' && text_.substr(position_, 2) == "//") {
        while (position_ < text_.size() && text_[position_] != '\n') ++position_;
      } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        ++position_;
      } else {
        return;
      }
    }
  }
  char here() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  char look() {
    skip_space();
    return here();
  }
  bool accept(char c) {
    if (look() != c || position_ >= text_.size()) return false;
    ++position_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("expected '{}', found {}", c, found()));
  }
  std::string found() {
    if (position_ >= text_.size()) return "the end";
    const auto byte = static_cast<unsigned char>(here());
    return byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", here()) : fmt::format("byte 0x{:02x}", byte);
  }

  // Words.
  std::string_view peek_word() {
    skip_space();
    std::size_t end = position_;
    if (!is_letter(here())) return {};
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    return text_.substr(position_, end - position_);
  }
  bool accept_word(std::string_view wanted) {
    if (peek_word() != wanted) return false;
    position_ += wanted.size();
    return true;
  }
  void keyword(std::string_view wanted) {
    if (!accept_word(wanted)) fail(fmt::format("expected '{}', found {}", wanted, found()));
  }
  std::string word(std::string_view what) {
    const std::string_view text = peek_word();
    if (text.empty()) fail(fmt::format("expected {}, found {}", what, found()));
    position_ += text.size();
    return std::string(text);
  }
  std::string word_or_string(std::string_view what) { return look() == '"' ? string(what) : word(what); }

  std::string string(std::string_view what) {
    if (look() != '"') fail(fmt::format("expected {} in double quotes, found {}", what, found()));
    const std::size_t start = position_++;
    std::string out;
    while (true) {
      if (position_ >= text_.size() || here() == '\n') fail_at(start, "the string does not end on its line");
      const char c = text_[position_++];
      if (c == '"') return out;
      out += c == '\\' ? escaped() : c;
    }
  }
  char escaped() {
    const char c = here();
    ++position_;
    if (c == 'n') return '\n';
    if (c == 't') return '\t';
    if (c == '"' || c == '\\') return c;
    unsigned byte = 0;
    if (c == 'x' && position_ + 2 <= text_.size()) {
      const char* digits = text_.data() + position_;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        position_ += 2;
        return static_cast<char>(byte);
      }
    }
    fail_at(position_ - 2, "unknown escape in a string; there are \\n \\t \\\" \\\\ \\xNN");
  }

  std::int64_t integer(std::string_view what) {
    skip_space();
    std::int64_t number = 0;
    const char* end = text_.data() + text_.size();
    const auto result = std::from_chars(text_.data() + position_, end, number);
    if (result.ec == std::errc::result_out_of_range) fail(fmt::format("{} does not fit 64 bits", what));
    if (result.ec != std::errc()) fail(fmt::format("expected {}, found {}", what, found()));
    position_ = static_cast<std::size_t>(result.ptr - text_.data());
    return number;
  }

  template <typename Item>
  void comma_list(char open, char close, Item item) {
    expect(open);
    items_until(close, item);
  }
  template <typename Item>
  void items_until(char close, Item item) {
    while (!accept(close)) {
      item();
      if (accept(',')) continue;
      expect(close);
      return;
    }
  }

  // Values.
  std::string value_name() {
    expect('%');
    if (here() == '"') return string("a value's name");
    const std::size_t start = position_;
    while (is_letter(here()) || is_digit(here()) || here() == '.') ++position_;
    if (start == position_) fail(fmt::format("expected a value's name, found {}", found()));
    return std::string(text_.substr(start, position_ - start));
  }

  struct Definition {
    std::size_t position = 0;
    std::string name;
    Type type;
  };
  Definition read_definition() {
    skip_space();
    Definition read{position_, value_name(), {}};
    if (accept(':')) read.type = type();
    return read;
  }
  ValueId define(Definition read) {
    if (defined_.contains(read.name)) fail_at(read.position, fmt::format("%{} is defined twice", read.name));
    const ValueId id = graph_.add_value(read.name, std::move(read.type));
    defined_.emplace(std::move(read.name), id);
    return id;
  }
  ValueId definition() { return define(read_definition()); }

  ValueId reference() {
    const std::size_t start = position_;
    const std::string name = value_name();
    const auto entry = defined_.find(name);
    if (entry == defined_.end()) fail_at(start, fmt::format("%{} is not defined before this", name));
    return entry->second;
  }

  Type type() {
    static const std::unordered_map<std::string_view, Type::Kind> kPlain = {
        {"int", Type::Kind::kInt},     {"float", Type::Kind::kFloat},  {"bool", Type::Kind::kBool},
        {"str", Type::Kind::kString},  {"none", Type::Kind::kNone},    {"list", Type::Kind::kList},
        {"tuple", Type::Kind::kTuple}, {"object", Type::Kind::kObject}};
    skip_space();
    const std::size_t start = position_;
    const std::string text = word("a type");
    Type type;
    if (look() != '[') {
      const auto plain = kPlain.find(text);
      if (plain == kPlain.end())
        fail_at(start, fmt::format("unknown type '{}' (a tensor's has sizes: float32[2,3])", text));
      type.kind = plain->second;
      return type;
    }
    type.kind = Type::Kind::kTensor;
    type.dtype = dtype_from_name(text);
    if (!type.dtype && text != "tensor") fail_at(start, fmt::format("unknown dtype '{}'", text));
    expect('[');
    skip_space();
    if (text_.substr(position_, 3) == "...") {
      position_ += 3;
      expect(']');
      return type;
    }
    type.sizes.emplace();
    items_until(']', [&] { type.sizes->push_back(size()); });
    return type;
  }

  Size size() {
    if (accept('?')) return {};
    if (look() == '"') return {-1, string("a size")};
    const std::size_t start = position_;
    bool symbolic = false;
    while (is_letter(here()) || is_digit(here()) ||
           (here() != '\0' && std::string_view("*+-/()").find(here()) != std::string_view::npos)) {
      symbolic = symbolic || is_letter(here());
      ++position_;
    }
    if (start == position_) fail(fmt::format("expected a size, found {}", found()));
    if (symbolic) return {-1, std::string(text_.substr(start, position_ - start))};
    const std::size_t end = position_;
    position_ = start;
    const std::int64_t value = integer("a size");
    if (value < 0 || position_ != end) fail_at(start, "expected a size that is not negative");
    return {value, {}};
  }

  // Arguments.
  Argument argument() {
    const Nested nested(*this);
    const char c = look();
    if (c == '%') return reference();
    if (c == '"') return string("a string");
    if (c == '[') {
      Argument::List items;
      comma_list('[', ']', [&] { items.push_back(argument()); });
      return items;
    }
    if (is_digit(c) || c == '-') return number();
    const std::size_t start = position_;
    const std::string text = word("a value");
    if (text == "None") return {};
    if (text == "True") return true;
    if (text == "False") return false;
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "torch") {
      expect('.');
      const auto dtype = dtype_from_name(peek_word());
      if (!dtype) fail("expected a dtype after 'torch.'");
      position_ += peek_word().size();
      return *dtype;
    }
    Symbolic symbolic;
    if (text == "device") {
      symbolic.kind = Symbolic::Kind::kDevice;
    } else if (text == "layout") {
      symbolic.kind = Symbolic::Kind::kLayout;
    } else if (text == "memory_format") {
      symbolic.kind = Symbolic::Kind::kMemoryFormat;
    } else {
      fail_at(start, fmt::format("expected a value, found '{}'", text));
    }
    expect('(');
    symbolic.name = string("a name");
    expect(')');
    return symbolic;
  }

  Argument number() {
    if (text_.substr(position_, 4) == "-inf") {
      position_ += 4;
      return -std::numeric_limits<double>::infinity();
    }
    std::size_t end = position_ + 1;
    bool floating = false;
    for (; end < text_.size(); ++end) {
      const char c = text_[end];
      const bool sign = (c == '+' || c == '-') && text_[end - 1] == 'e';
      if (c == '.' || c == 'e') floating = true;
      if (!is_digit(c) && c != '.' && c != 'e' && !sign) break;
    }
    if (!floating) return integer("a number");
    double value = 0;
    const auto result = std::from_chars(text_.data() + position_, text_.data() + end, value);
    if (result.ec != std::errc() || result.ptr != text_.data() + end) fail("not a number");
    position_ = end;
    return value;
  }

  NamedArgument named_argument() {
    skip_space();
    const std::size_t start = position_;
    // A name is a word or a string with '=' behind it; without, the argument is unnamed (higher-order operators).
    if (here() == '"' || is_letter(here())) {
      std::string name = word_or_string("an argument's name");
      if (accept('=')) return {std::move(name), argument()};
      position_ = start;
    }
    return {"", argument()};
  }

  // Sections.
  void parameter() {
    Parameter parameter;
    parameter.value = definition();
    if (accept_word("parameter")) {
      parameter.kind = Parameter::Kind::kParameter;
    } else if (accept_word("buffer")) {
      parameter.kind = Parameter::Kind::kBuffer;
    } else if (accept_word("constant")) {
      parameter.kind = Parameter::Kind::kConstant;
    } else {
      fail("expected parameter, buffer or constant");
    }
    parameter.name = string("the parameter's name");
    const Type& type = graph_.value(parameter.value).type;
    if (type.dtype) parameter.data.dtype = *type.dtype;
    if (type.sizes) {
      for (const Size& size : *type.sizes) parameter.data.sizes.push_back(size.value);
      parameter.data.strides.assign(parameter.data.sizes.size(), 1);
      // Sizes in hostile text may overflow; the strides of a tensor without data matter to nobody.
      for (std::size_t i = parameter.data.sizes.size(); i-- > 1;) {
        std::int64_t& stride = parameter.data.strides[i - 1];
        const std::int64_t extent = std::max<std::int64_t>(parameter.data.sizes[i], 1);
        if (__builtin_mul_overflow(parameter.data.strides[i], extent, &stride)) fail("the sizes overflow 64 bits");
      }
    }
    graph_.parameters.push_back(std::move(parameter));
  }

  void symbol() {
    std::string name = word_or_string("a symbol");
    SymbolRange range;
    keyword("in");
    expect('[');
    range.min = integer("the least value");
    expect(',');
    if (!accept_word("inf")) range.max = integer("the greatest value");
    expect(']');
    if (!graph_.symbols.emplace(name, range).second) fail(fmt::format("symbol {} has two ranges", name));
  }

  void nodes(Block& block) {
    const Nested nested(*this);
    while (!accept_word("return")) {
      Node node;
      // Visible only behind the node: it cannot read itself.
      std::vector<Definition> outputs;
      if (look() == '%') {
        do {
          outputs.push_back(read_definition());
        } while (accept(','));
        expect('=');
      }
      kind(node);
      comma_list('(', ')', [&] { node.arguments.push_back(named_argument()); });
      if (accept('#')) {
        if (accept_word("scope")) node.scope = string("the scope");
        if (accept_word("source")) node.source = string("the source");
      }
      while (peek_word() == "block") {
        position_ += 5;
        Block inner;
        comma_list('(', ')', [&] { inner.inputs.push_back(definition()); });
        expect('{');
        nodes(inner);
        expect('}');
        node.blocks.push_back(std::move(inner));
      }
      for (Definition& output : outputs) node.outputs.push_back(define(std::move(output)));
      block.nodes.push_back(std::move(node));
    }
    comma_list('(', ')', [&] { block.outputs.push_back(argument()); });
  }

  void kind(Node& node) {
    if (look() == '"') {
      node.kind = string("the node's kind");
    } else {
      node.kind = word("a node or 'return'");
      if (text_.substr(position_, 2) != "::") fail(fmt::format("expected '::' after '{}'", node.kind));
      position_ += 2;
      node.kind += "::" + word("the operator's name");
    }
    if (accept('.')) node.overload = word_or_string("the overload");
  }

  void structures() {
    const auto leaves = [](std::size_t count) {
      return Structure{.kind = Structure::Kind::kTuple, .children = std::vector<Structure>(count)};
    };
    if (!accept_word("structure")) {
      graph_.input_structure = leaves(graph_.inputs.size());
      graph_.output_structure = graph_.body.outputs.size() == 1 ? Structure{} : leaves(graph_.body.outputs.size());
      return;
    }
    keyword("inputs");
    graph_.input_structure = structure();
    keyword("outputs");
    graph_.output_structure = structure();
  }

  Structure structure() {
    const Nested nested(*this);
    Structure out;
    const char c = look();
    if (accept('*')) return out;
    if (accept_word("None")) {
      out.kind = Structure::Kind::kNone;
    } else if (c == '(') {
      out.kind = Structure::Kind::kTuple;
      comma_list('(', ')', [&] { out.children.push_back(structure()); });
    } else if (c == '[') {
      out.kind = Structure::Kind::kList;
      comma_list('[', ']', [&] { out.children.push_back(structure()); });
    } else if (c == '{') {
      out.kind = Structure::Kind::kDict;
      comma_list('{', '}', [&] {
        out.keys.push_back(key());
        expect(':');
        out.children.push_back(structure());
      });
    } else {
      fail(fmt::format("expected a structure, found {}", found()));
    }
    return out;
  }

  std::string key() {
    if (look() == '"') return string("a key");
    expect('\'');
    std::string text = "'" + word("a key") + "'";
    expect('\'');
    return text;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  int depth_ = 0;
  Graph graph_;
  std::unordered_map<std::string, ValueId> defined_;
};

}  // namespace

Graph parse_text(std::string_view text) { return Parser(text).parse(); }

}  // namespace torch2trt
