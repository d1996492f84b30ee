#include "src/runtime/metadata.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace torch2trt::runtime {
namespace {

using Json = nlohmann::json;  // sorted, so that many keys take no time quadratic in them
using OrderedJson = nlohmann::ordered_json;

// A nested argument takes two levels; what reads the structure may be recursive.
constexpr int kMaxDepth = 64;

[[noreturn]] void malformed(const std::string& why) {
  throw Error(ErrorCategory::kInvalidModel, "the engine file's metadata are malformed: " + why);
}

Json parse(std::string_view text) {
  try {
    return Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) malformed(fmt::format("they nest deeper than {} levels", kMaxDepth));
      return true;
    });
  } catch (const Json::exception& error) {
    malformed(error.what());
  }
}

// Null where absent.
const Json& field(const Json& record, const char* name) {
  static const Json kNull;
  if (!record.is_object())
    malformed(fmt::format("a record with \"{}\" was expected, not {}", name, record.type_name()));
  const auto found = record.find(name);
  return found == record.end() ? kNull : *found;
}

std::string text(const Json& record, const char* name) {
  const Json& value = field(record, name);
  if (value.is_null()) return {};
  if (!value.is_string()) malformed(fmt::format("\"{}\" is {}, not a text", name, value.type_name()));
  return value.get<std::string>();
}

bool boolean(const Json& record, const char* name) {
  const Json& value = field(record, name);
  if (value.is_null()) return false;
  if (!value.is_boolean()) malformed(fmt::format("\"{}\" is {}, not a boolean", name, value.type_name()));
  return value.get<bool>();
}

const Json& array(const Json& record, const char* name) {
  const Json& value = field(record, name);
  if (!value.is_array()) malformed(fmt::format("\"{}\" is {}, not an array", name, value.type_name()));
  return value;
}

DType dtype(const Json& record, const char* name) {
  const std::string type = text(record, name);
  const std::optional<DType> known = dtype_from_name(type);
  if (!known) malformed(fmt::format("\"{}\" is \"{}\", which is no type", name, type));
  return *known;
}

Shape shape(const Json& record, const char* name, std::int64_t smallest) {
  const Json& sizes = array(record, name);
  if (sizes.size() > Shape::kMaxRank) malformed(fmt::format("\"{}\" has {} dimensions", name, sizes.size()));
  std::vector<std::int64_t> values;
  for (const Json& size : sizes) {
    // Compared as what it is: a huge unsigned one would become negative.
    const bool fits =
        size.is_number_integer() && (!size.is_number_unsigned() || size.get<std::uint64_t>() <= std::uint64_t{1} << 62);
    if (!fits || size.get<std::int64_t>() < smallest) malformed(fmt::format("\"{}\" has a size that is none", name));
    values.push_back(size.get<std::int64_t>());
  }
  return Shape(values);
}

std::vector<EngineTensor> tensors(const Json& signature, const char* which) {
  std::vector<EngineTensor> list;
  std::set<std::string> names;
  for (const Json& record : array(signature, which)) {
    EngineTensor info;
    info.name = text(record, "name");
    if (info.name.empty() || !names.insert(info.name).second)
      malformed(fmt::format("the name \"{}\" in \"{}\" is empty or there twice", info.name, which));
    info.dtype = dtype(record, "dtype");
    info.torch_dtype = dtype(record, "torch_dtype");
    info.shape = shape(record, "shape", -1);
    list.push_back(std::move(info));
  }
  return list;
}

OrderedJson json_of(const std::vector<EngineTensor>& tensors) {
  OrderedJson list = OrderedJson::array();
  for (const EngineTensor& info : tensors) {
    list.push_back({{"name", info.name},
                    {"dtype", name(info.dtype)},
                    {"torch_dtype", name(info.torch_dtype)},
                    {"shape", std::vector<std::int64_t>(info.shape.begin(), info.shape.end())}});
    for (const ShapeRange& range : info.ranges) {
      const auto sizes = [](const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); };
      list.back()["profiles"].push_back(
          {{"min", sizes(range.min)}, {"opt", sizes(range.opt)}, {"max", sizes(range.max)}});
    }
  }
  return list;
}

OrderedJson structure(const std::string& text) { return text.empty() ? OrderedJson() : OrderedJson(parse(text)); }

}  // namespace

void read_metadata(std::string_view json, Bundle& bundle) {
  const Json root = parse(json);
  EngineMetadata& about = bundle.metadata;
  about.torch2trt = text(root, "torch2trt");
  about.model = text(root, "model");
  const Json& built = field(root, "built");
  about.flavour = text(built, "flavour");
  about.tensorrt = text(built, "tensorrt");
  about.gpu = text(built, "gpu");
  about.compute_capability = text(built, "compute_capability");
  about.driver = text(built, "driver");
  about.cuda = text(built, "cuda");
  about.hardware_compatibility = text(built, "hardware_compatibility");
  about.version_compatible = boolean(built, "version_compatible");
  if (about.flavour.empty() || about.tensorrt.empty()) malformed("they do not say which TensorRT built the engine");
  if (const Json& options = field(root, "options"); !options.is_null()) {
    if (!options.is_object()) malformed(fmt::format("\"options\" is {}, not a record", options.type_name()));
    for (const auto& [key, value] : options.items()) about.options[key] = text(options, key.c_str());
  }
  const Json& signature = field(root, "signature");
  bundle.inputs = tensors(signature, "inputs");
  bundle.outputs = tensors(signature, "outputs");
  const auto structure_text = [&](const char* name) {
    const Json& value = field(signature, name);
    return value.is_null() ? std::string() : value.dump();
  };
  about.input_structure = structure_text("input_structure");
  about.output_structure = structure_text("output_structure");
}

std::string metadata_text(const EngineMetadata& about, const std::vector<EngineTensor>& inputs,
                          const std::vector<EngineTensor>& outputs) {
  OrderedJson options = OrderedJson::object();
  for (const auto& [key, value] : about.options) options[key] = value;
  const OrderedJson root = {
      {"torch2trt", about.torch2trt},
      {"model", about.model},
      {"built",
       {{"flavour", about.flavour},
        {"tensorrt", about.tensorrt},
        {"gpu", about.gpu},
        {"compute_capability", about.compute_capability},
        {"driver", about.driver},
        {"cuda", about.cuda},
        {"hardware_compatibility", about.hardware_compatibility},
        {"version_compatible", about.version_compatible}}},
      {"options", options},
      {"signature",
       {{"inputs", json_of(inputs)},
        {"outputs", json_of(outputs)},
        {"input_structure", structure(about.input_structure)},
        {"output_structure", structure(about.output_structure)}}},
  };
  return root.dump(1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace torch2trt::runtime
