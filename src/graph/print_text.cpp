#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "src/graph/text.h"

namespace torch2trt {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return false;
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c)) return false;
  }
  return true;
}

// Length of the UTF-8 sequence that starts at text[0]; 0 where it is none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U) return 0;
  }
  return length;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else if (const std::size_t length = byte < 0x80 ? 0 : utf8_length(text.substr(i)); length > 0) {
      out += text.substr(i, length);
      i += length - 1;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out + '"';
}

std::string word_or_quoted(std::string_view text) { return is_word(text) ? std::string(text) : quoted(text); }

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string size_text(const Size& size) {
  if (size.value >= 0) return std::to_string(size.value);
  if (size.symbol.empty()) return "?";
  bool bare = false;
  for (char c : size.symbol) {
    if (is_letter(c)) bare = true;
    if (!is_letter(c) && !is_digit(c) && std::string_view("*+-/()").find(c) == std::string_view::npos) {
      return quoted(size.symbol);
    }
  }
  // "//" would start a comment.
  return bare && size.symbol.find("//") == std::string::npos ? size.symbol : quoted(size.symbol);
}

std::string type_text(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kUnknown: return "";
    case Type::Kind::kInt: return "int";
    case Type::Kind::kFloat: return "float";
    case Type::Kind::kBool: return "bool";
    case Type::Kind::kString: return "str";
    case Type::Kind::kNone: return "none";
    case Type::Kind::kList: return "list";
    case Type::Kind::kTuple: return "tuple";
    case Type::Kind::kObject: return "object";
    case Type::Kind::kTensor: break;
  }
  std::string text(type.dtype ? name(*type.dtype) : "tensor");
  text += '[';
  if (!type.sizes) text += "...";
  for (std::size_t i = 0; type.sizes && i < type.sizes->size(); ++i) {
    if (i > 0) text += ',';
    text += size_text((*type.sizes)[i]);
  }
  return text + ']';
}

std::string structure_text(const Structure& structure) {
  const auto children = [&](char open, char close) {
    std::string text(1, open);
    for (std::size_t i = 0; i < structure.children.size(); ++i) {
      if (i > 0) text += ", ";
      if (structure.kind == Structure::Kind::kDict) {
        const std::string key = i < structure.keys.size() ? structure.keys[i] : "";
        // 'name', the common key, as it is; any other repr quoted.
        const bool plain = key.size() > 2 && key.front() == '\'' && key.back() == '\'' &&
                           is_word(std::string_view(key).substr(1, key.size() - 2));
        text += (plain ? key : quoted(key)) + ": ";
      }
      text += structure_text(structure.children[i]);
    }
    return text + close;
  };
  switch (structure.kind) {
    case Structure::Kind::kLeaf: return "*";
    case Structure::Kind::kNone: return "None";
    case Structure::Kind::kTuple: return children('(', ')');
    case Structure::Kind::kList: return children('[', ']');
    case Structure::Kind::kDict: return children('{', '}');
  }
  return "*";
}

class Printer {
 public:
  explicit Printer(const Graph& graph) : graph_(graph) {}

  std::string graph() {
    out_ = fmt::format("graph {}(\n", word_or_quoted(graph_.name));
    for (const Input& input : graph_.inputs) {
      out_ += fmt::format("  {} {},\n", defined(input.value), quoted(input.name));
    }
    out_ += ')';
    if (!graph_.parameters.empty()) out_ += " parameters(\n";
    for (const Parameter& parameter : graph_.parameters) {
      out_ += fmt::format("  {} {} {},\n", defined(parameter.value), kind_text(parameter.kind), quoted(parameter.name));
    }
    if (!graph_.parameters.empty()) out_ += ')';
    if (!graph_.symbols.empty()) {
      std::string ranges;
      for (const auto& [symbol, range] : graph_.symbols) {
        ranges += fmt::format("{}{} in [{}, {}]", ranges.empty() ? "" : ", ", word_or_quoted(symbol), range.min,
                              range.max ? std::to_string(*range.max) : "inf");
      }
      out_ += fmt::format(" symbols({})", ranges);
    }
    out_ += " {\n";
    body(graph_.body, 1);
    out_ += fmt::format("}}\nstructure inputs {} outputs {}\n", structure_text(graph_.input_structure),
                        structure_text(graph_.output_structure));
    return std::move(out_);
  }

  std::string node(const Node& node) {
    std::string text;
    for (ValueId output : node.outputs) text += (text.empty() ? "" : ", ") + defined(output);
    if (!node.outputs.empty()) text += " = ";
    text += kind(node) + "(";
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const NamedArgument& argument = node.arguments[i];
      if (i > 0) text += ", ";
      if (!argument.name.empty()) text += word_or_quoted(argument.name) + "=";
      text += value(argument.value);
    }
    text += ')';
    if (!node.scope.empty() || !node.source.empty()) text += "  #";
    if (!node.scope.empty()) text += " scope " + quoted(node.scope);
    if (!node.source.empty()) text += " source " + quoted(node.source);
    return text;
  }

 private:
  static std::string_view kind_text(Parameter::Kind kind) {
    switch (kind) {
      case Parameter::Kind::kParameter: return "parameter";
      case Parameter::Kind::kBuffer: return "buffer";
      case Parameter::Kind::kConstant: return "constant";
    }
    return "parameter";
  }

  // namespace::name bare, anything else ("_operator.mul") quoted, so that the overload's dot is the only one.
  static std::string kind(const Node& node) {
    const std::size_t colons = node.kind.find("::");
    const bool bare = colons != std::string::npos && is_word(std::string_view(node.kind).substr(0, colons)) &&
                      is_word(std::string_view(node.kind).substr(colons + 2));
    std::string text = bare ? node.kind : quoted(node.kind);
    if (!node.overload.empty()) text += "." + word_or_quoted(node.overload);
    return text;
  }

  std::string reference(ValueId id) const {
    // A malformed graph still prints: that is when one looks.
    if (id.index < 0 || static_cast<std::size_t>(id.index) >= graph_.values.size()) {
      return fmt::format("%<no value {}>", id.index);
    }
    const std::string& name = graph_.value(id).name;
    bool plain = !name.empty();
    for (char c : name) plain = plain && (is_letter(c) || is_digit(c) || c == '.');
    return "%" + (plain ? name : quoted(name));
  }

  std::string defined(ValueId id) const {
    std::string text = reference(id);
    if (id.index < 0 || static_cast<std::size_t>(id.index) >= graph_.values.size()) return text;
    const std::string type = type_text(graph_.value(id).type);
    return type.empty() ? text : text + " : " + type;
  }

  std::string list(const Argument::List& items) const {
    std::string text;
    for (const Argument& item : items) text += (text.empty() ? "" : ", ") + value(item);
    return text;
  }

  std::string value(const Argument& argument) const {
    if (argument.is_none()) return "None";
    if (const auto* flag = argument.as<bool>()) return *flag ? "True" : "False";
    if (const auto* number = argument.as<std::int64_t>()) return std::to_string(*number);
    if (const auto* number = argument.as<double>()) return float_text(*number);
    if (const auto* text = argument.as<std::string>()) return quoted(*text);
    if (const auto* dtype = argument.as<DType>()) return fmt::format("torch.{}", name(*dtype));
    if (const auto* id = argument.as<ValueId>()) return reference(*id);
    if (const auto* items = argument.as<Argument::List>()) return "[" + list(*items) + "]";
    const auto& symbolic = std::get<Symbolic>(argument.data);
    switch (symbolic.kind) {
      case Symbolic::Kind::kDevice: return "device(" + quoted(symbolic.name) + ")";
      case Symbolic::Kind::kLayout: return "layout(" + quoted(symbolic.name) + ")";
      case Symbolic::Kind::kMemoryFormat: return "memory_format(" + quoted(symbolic.name) + ")";
    }
    return "None";
  }

  void body(const Block& block, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    for (const Node& inner : block.nodes) {
      out_ += indent + node(inner) + "\n";
      for (const Block& nested : inner.blocks) {
        std::string inputs;
        for (ValueId input : nested.inputs) inputs += (inputs.empty() ? "" : ", ") + defined(input);
        out_ += fmt::format("{}  block({}) {{\n", indent, inputs);
        body(nested, depth + 2);
        out_ += indent + "  }\n";
      }
    }
    out_ += fmt::format("{}return ({})\n", indent, list(block.outputs));
  }

  const Graph& graph_;
  std::string out_;
};

}  // namespace

std::string to_text(const Graph& graph) { return Printer(graph).graph(); }
std::string to_text(const Graph& graph, const Node& node) { return Printer(graph).node(node); }

}  // namespace torch2trt
