#include "cli/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace torch2trt::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCategory::kInvalidArgument, message); }

struct NamedText {
  std::string name;
  std::string_view value;
};

// "name:value" with the name perhaps in quotes.
NamedText split_item(std::string_view item, std::string_view option) {
  if (item.starts_with('\'')) {
    const std::size_t end = item.find('\'', 1);
    if (end == std::string_view::npos) refuse(fmt::format("{}: the quote in {} is not closed", option, item));
    if (end + 1 >= item.size() || item[end + 1] != ':') {
      refuse(fmt::format("{}: a ':' must follow the quoted name in {}", option, item));
    }
    return {std::string(item.substr(1, end - 1)), item.substr(end + 2)};
  }
  const std::size_t colon = item.rfind(':');
  if (colon == std::string_view::npos) {
    refuse(fmt::format("{}: \"{}\" names no input; write the name before it, as in x:1x3x224x224", option, item));
  }
  return {std::string(item.substr(0, colon)), item.substr(colon + 1)};
}

std::vector<NamedText> split(std::string_view text, std::string_view option) {
  std::vector<NamedText> items;
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '\'') quoted = !quoted;
    if (i < text.size() && (text[i] != ',' || quoted)) continue;
    items.push_back(split_item(text.substr(start, i - start), option));
    start = i + 1;
    const std::string& name = items.back().name;
    if (name.empty()) refuse(fmt::format("{}: a name is empty in \"{}\"", option, text));
    if (std::count(name.begin(), name.end(), '*') > 1) {
      refuse(fmt::format("{}: the name \"{}\" has more than one '*'", option, name));
    }
    if (std::count_if(items.begin(), items.end(), [&](const NamedText& other) { return other.name == name; }) > 1) {
      refuse(fmt::format("{}: \"{}\" is given twice", option, name));
    }
  }
  return items;
}

Dims parse_dims(const NamedText& item, std::string_view option) {
  if (item.value == "scalar") return {};
  Dims dims;
  const char* at = item.value.data();
  const char* const end = at + item.value.size();
  while (true) {
    std::int64_t size = 0;
    const auto [next, failed] = std::from_chars(at, end, size);
    if (failed != std::errc() || size < 0 || (next != end && *next != 'x')) {
      refuse(fmt::format(
          "{}: \"{}\" is no shape of input \"{}\"; sizes are numbers with 'x' between them (1x3x224x224), or "
          "the word scalar. A size that varies is given by --minShapes and --maxShapes",
          option, item.value, item.name));
    }
    dims.push_back(size);
    if (next == end) return dims;
    at = next + 1;
  }
}

// The shapes of one option by the names of the inputs.
class ShapesByInput {
 public:
  ShapesByInput(const Graph& graph, const std::string& text, std::string_view option) {
    if (text.empty()) return;
    const std::vector<NamedShape> given = parse_shapes(text, option);
    for (const NamedShape& shape : given) {
      bool used = false;
      for (const Input& input : graph.inputs) {
        if (!matches_name(shape.name, input.name)) continue;
        used = true;
        // Of several patterns the first counts; an exact name counts before all.
        if (shape.name == input.name) {
          found_.insert_or_assign(input.name, shape.dims);
        } else if (std::none_of(given.begin(), given.end(),
                                [&](const NamedShape& s) { return s.name == input.name; })) {
          found_.try_emplace(input.name, shape.dims);
        }
      }
      if (used) continue;
      std::vector<std::string> names;
      for (const Input& input : graph.inputs) names.push_back(fmt::format("\"{}\"", input.name));
      refuse(fmt::format("{}: the program has no input \"{}\"; its inputs are: {}", option, shape.name,
                         fmt::join(names, ", ")));
    }
  }

  const Dims* find(const std::string& input) const {
    const auto it = found_.find(input);
    return it == found_.end() ? nullptr : &it->second;
  }

 private:
  std::map<std::string, Dims> found_;
};

// Bounds of one dimension in the program; empty where it has none.
struct Bounds {
  std::optional<std::int64_t> min, max;
};

std::vector<Bounds> bounds_of(const Graph& graph, const Input& input, std::size_t rank) {
  std::vector<Bounds> bounds(rank);
  const auto& sizes = graph.value(input.value).type.sizes;
  // A wrong rank is for convert() to refuse.
  for (std::size_t axis = 0; sizes && axis < std::min(rank, sizes->size()); ++axis) {
    const Size& size = (*sizes)[axis];
    const auto symbol = graph.symbols.find(size.symbol);
    if (size.value >= 0) {
      bounds[axis] = {size.value, size.value};
    } else if (symbol != graph.symbols.end()) {
      bounds[axis] = {std::max<std::int64_t>(symbol->second.min, 1), symbol->second.max};
    }
  }
  return bounds;
}

InputRange complete(const Graph& graph, const Input& input, const Dims* min, const Dims* opt, const Dims* max) {
  const Dims& any = max != nullptr ? *max : (opt != nullptr ? *opt : *min);
  for (const Dims* dims : {min, opt}) {
    if (dims != nullptr && dims->size() != any.size()) {
      refuse(fmt::format("input \"{}\": the shapes given for it differ in their number of dimensions ({} and {})",
                         input.name, dims->size(), any.size()));
    }
  }
  const std::vector<Bounds> bounds = bounds_of(graph, input, any.size());
  InputRange range;
  for (std::size_t axis = 0; axis < any.size(); ++axis) {
    const auto given = [axis](const Dims* dims) {
      return dims == nullptr ? std::nullopt : std::optional((*dims)[axis]);
    };
    const std::int64_t low_given = given(min).value_or(given(opt).value_or(any[axis]));
    const std::int64_t high_given = given(max).value_or(given(opt).value_or(low_given));
    const std::int64_t high = given(max) ? high_given : std::max(bounds[axis].max.value_or(high_given), high_given);
    const std::int64_t low = given(min) ? low_given : std::min(bounds[axis].min.value_or(low_given), low_given);
    range.min.push_back(low);
    range.opt.push_back(given(opt).value_or(high));
    range.max.push_back(high);
  }
  return range;
}

}  // namespace

std::vector<NamedShape> parse_shapes(std::string_view text, std::string_view option) {
  std::vector<NamedShape> shapes;
  for (const NamedText& item : split(text, option)) shapes.push_back({item.name, parse_dims(item, option)});
  return shapes;
}

std::vector<std::pair<std::string, DType>> parse_types(std::string_view text, std::string_view option) {
  std::vector<std::pair<std::string, DType>> types;
  for (const NamedText& item : split(text, option)) {
    const std::optional<DType> dtype = dtype_from_name(item.value);
    if (!dtype)
      refuse(fmt::format("{}: \"{}\" is no type; write float32, int64, bool, ... as torch does", option, item.value));
    types.emplace_back(item.name, *dtype);
  }
  return types;
}

bool matches_name(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

std::vector<std::pair<std::string, std::string>> parse_named_texts(std::string_view text, std::string_view option) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const NamedText& item : split(text, option)) texts.emplace_back(item.name, item.value);
  return texts;
}

std::map<std::string, InputRange> input_ranges(const Graph& graph, const ShapeOptions& options) {
  const ShapesByInput fixed(graph, options.shapes, "--shapes");
  const ShapesByInput min(graph, options.min, "--minShapes");
  const ShapesByInput opt(graph, options.opt, "--optShapes");
  const ShapesByInput max(graph, options.max, "--maxShapes");
  std::map<std::string, InputRange> ranges;
  for (const Input& input : graph.inputs) {
    const Dims* shape = fixed.find(input.name);
    const Dims* low = min.find(input.name);
    const Dims* usual = opt.find(input.name);
    const Dims* high = max.find(input.name);
    const bool ranged = low != nullptr || usual != nullptr || high != nullptr;
    if (shape != nullptr && ranged) {
      refuse(fmt::format(
          "input \"{}\" has one shape by --shapes and a range by --minShapes, --optShapes or --maxShapes; give "
          "one of the two",
          input.name));
    }
    if (shape != nullptr) ranges.emplace(input.name, InputRange{*shape, *shape, *shape});
    if (ranged) ranges.emplace(input.name, complete(graph, input, low, usual, high));
  }
  return ranges;
}

}  // namespace torch2trt::cli
