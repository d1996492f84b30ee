#include "src/frontend/export/pytree.h"

#include <fmt/format.h>

#include "src/frontend/export/json.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

constexpr std::int64_t kProtocol = 1;
constexpr int kMaxDepth = 100;

// As Python's repr() has it.
std::string quoted(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string result(1, quote);
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else {
      if (c == quote || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + quote;
}

std::string key_repr(const Json& key, std::string_view what) {
  if (key.is_string()) return quoted(key.get_ref<const std::string&>());
  if (key.is_boolean()) return key.get<bool>() ? "True" : "False";
  if (key.is_number()) return key.dump();
  throw Error(
      ErrorCategory::kUnsupportedOperator,
      fmt::format("the {} has a dictionary with a key {}; use texts, integers or booleans as keys", what, key.dump()));
}

std::vector<std::string> keys_of(const Json& node, std::string_view what) {
  Json context = parse_json(text_field(node, "context"), fmt::format("the keys of a dictionary of the {}", what));
  // A defaultdict has its factory beside the keys.
  if (context.is_object()) context = Json(field(context, "dict_context"));
  if (context.is_string()) context = parse_json(context.get<std::string>(), "the keys of a defaultdict");
  if (!context.is_array()) malformed(fmt::format("a dictionary of the {} has no list of keys", what));
  std::vector<std::string> keys;
  for (const Json& key : context) keys.push_back(key_repr(key, what));
  return keys;
}

Structure structure_of(const Json& node, std::string_view what, int depth) {
  if (depth > kMaxDepth) malformed(fmt::format("the {} nests deeper than {} levels", what, kMaxDepth));
  const Json& children = array_field(node, "children_spec");
  const Json* type = find_field(node, "type");
  Structure result;
  if (type == nullptr) {
    if (!children.empty()) malformed(fmt::format("a leaf of the {} has children", what));
    return result;
  }
  const std::string& name = text(*type, "the type of a structure");
  const auto ends_with = [&name](std::string_view ending) { return std::string_view(name).ends_with(ending); };
  if (name == "builtins.tuple" || name == "collections.namedtuple" || name == "torch.Size") {
    result.kind = Structure::Kind::kTuple;
  } else if (name == "builtins.list" || ends_with("fx.immutable_collections.immutable_list")) {
    result.kind = Structure::Kind::kList;
  } else if (name == "builtins.dict" || name == "collections.OrderedDict" || name == "collections.defaultdict" ||
             ends_with("fx.immutable_collections.immutable_dict")) {
    result.kind = Structure::Kind::kDict;
    result.keys = keys_of(node, what);
    if (result.keys.size() != children.size()) {
      malformed(
          fmt::format("a dictionary of the {} has {} keys, but {} values", what, result.keys.size(), children.size()));
    }
  } else if (name == "builtins.NoneType") {
    result.kind = Structure::Kind::kNone;
    return result;
  } else {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        fmt::format("the {} holds a {}; only tuples, lists, dictionaries and named tuples are supported: wrap the "
                    "module in one that takes and returns these",
                    what, name));
  }
  for (const Json& child : children) result.children.push_back(structure_of(child, what, depth + 1));
  return result;
}

// The text of a key inside a name: without quotes.
std::string bare(const std::string& key) {
  return key.size() >= 2 && (key[0] == '\'' || key[0] == '"') ? key.substr(1, key.size() - 2) : key;
}

void append_leaf_names(const Structure& structure, const std::string& prefix, std::vector<std::string>& names) {
  if (structure.kind == Structure::Kind::kLeaf) names.push_back(prefix);
  for (std::size_t i = 0; i < structure.children.size(); ++i) {
    const std::string part = structure.kind == Structure::Kind::kDict ? bare(structure.keys[i]) : std::to_string(i);
    append_leaf_names(structure.children[i], prefix + "." + part, names);
  }
}

bool has_keywords(const Structure& structure) {
  return structure.children.size() == 2 && structure.children[0].kind == Structure::Kind::kTuple &&
         structure.children[1].kind == Structure::Kind::kDict;
}

}  // namespace

Structure parse_tree_spec(std::string_view text, std::string_view what) {
  const Json spec = parse_json(text, fmt::format("the {} structure", what));
  if (!spec.is_array() || spec.size() != 2) malformed(fmt::format("the {} structure is not [protocol, tree]", what));
  const std::int64_t protocol = integer(spec[0], "the protocol of a structure");
  if (protocol != kProtocol) {
    malformed(fmt::format("the {} structure has protocol {}, but {} is the one known", what, protocol, kProtocol));
  }
  return structure_of(spec[1], what, 0);
}

std::vector<std::string> leaf_names(const Structure& both, const std::vector<std::string>& argument_names) {
  std::vector<std::string> leaves;
  if (!has_keywords(both)) return leaves;
  const Structure& arguments = both.children[0];
  const Structure& keywords = both.children[1];
  if (argument_names.size() != arguments.children.size() + keywords.children.size()) return leaves;
  for (std::size_t i = 0; i < arguments.children.size(); ++i) {
    append_leaf_names(arguments.children[i], argument_names[i], leaves);
  }
  for (std::size_t i = 0; i < keywords.children.size(); ++i) {
    append_leaf_names(keywords.children[i], bare(keywords.keys[i]), leaves);
  }
  return leaves;
}

Structure without_empty_keywords(Structure both) {
  if (!has_keywords(both)) malformed("the input structure is not (arguments, keywords)");
  if (!both.children[1].children.empty() || has_keywords(both.children[0])) return both;
  Structure arguments = std::move(both.children[0]);
  return arguments;
}

}  // namespace torch2trt::pt2
