#include "cli/engine_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>

#include "src/runtime/bundle.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Leaf& leaf) {
  if (leaf.kind == Leaf::Kind::kTensor) return nullptr;
  if (leaf.kind == Leaf::Kind::kNumber) return {{"number", true}};
  Json record;
  const auto* number = std::get_if<double>(&leaf.constant.data);
  if (leaf.constant.is_none()) {
    record["none"] = true;
  } else if (number != nullptr && !std::isfinite(*number)) {
    record["float"] = fmt::format("{}", *number);  // JSON has no such numbers: it would be null
  } else {
    record["constant"] = std::visit(
        [](const auto& constant) -> Json {
          using T = std::decay_t<decltype(constant)>;
          if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) return constant;
          throw Error(ErrorCategory::kInternal, "a program was specialised to what is no number and no text");
        },
        leaf.constant.data);
  }
  if (!leaf.name.empty()) record["name"] = leaf.name;
  return record;
}

Json json_of(const Structure& structure, const Leaf*& leaf, const Leaf* end) {
  if (structure.kind == Structure::Kind::kLeaf) {
    if (leaf == end) throw Error(ErrorCategory::kInternal, "structure_text: too few leaves");
    return json_of(*leaf++);
  }
  Json children = Json::array();
  for (std::size_t i = 0; i < structure.children.size(); ++i) {
    Json child = json_of(structure.children[i], leaf, end);
    if (structure.kind == Structure::Kind::kDict) child = Json::array({structure.keys.at(i), std::move(child)});
    children.push_back(std::move(child));
  }
  switch (structure.kind) {
    case Structure::Kind::kTuple: return {{"tuple", children}};
    case Structure::Kind::kList: return {{"list", children}};
    case Structure::Kind::kDict: return {{"dict", children}};
    case Structure::Kind::kLeaf:
    case Structure::Kind::kNone: return {{"none", true}};
  }
  return nullptr;
}

std::vector<EngineTensor> tensors_of(const std::vector<Binding>& bindings,
                                     const std::map<std::string, InputRange>& ranges) {
  std::vector<EngineTensor> tensors;
  for (const Binding& binding : bindings) {
    EngineTensor tensor;
    tensor.name = binding.name;
    tensor.dtype = binding.dtype;
    tensor.torch_dtype = binding.torch_dtype;
    tensor.shape = Shape(binding.dims);
    if (const auto range = ranges.find(binding.name); range != ranges.end())
      tensor.ranges.push_back({Shape(range->second.min), Shape(range->second.opt), Shape(range->second.max)});
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace

std::pair<std::string, std::string> flavour_and_version(const std::string& description) {
  const std::size_t space = description.find(' ');
  std::string flavour = description.substr(0, space);
  std::transform(flavour.begin(), flavour.end(), flavour.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string version;
  if (space != std::string::npos) version = description.substr(space + 1, description.find(' ', space + 1) - space - 1);
  if (version.empty() || std::isdigit(static_cast<unsigned char>(version.front())) == 0)
    throw Error(ErrorCategory::kInternal, fmt::format("\"{}\" has no version", description));
  return {flavour, version};
}

std::string structure_text(const Structure& structure, const std::vector<Leaf>& leaves) {
  const Leaf* next = leaves.data();
  const Leaf* const end = next + leaves.size();
  const Json json = json_of(structure, next, end);
  if (next != end) throw Error(ErrorCategory::kInternal, "structure_text: too many leaves");
  return json.dump();
}

std::string bundle_of(const Converted& converted, const SerializedEngine& engine, const std::string& description,
                      const std::string& model, const std::map<std::string, std::string>& options) {
  const runtime::RunningGpu gpu = runtime::running_gpu();
  EngineMetadata about;
  about.torch2trt = TORCH2TRT_VERSION;
  std::tie(about.flavour, about.tensorrt) = flavour_and_version(description);
  about.gpu = gpu.name;
  about.compute_capability = gpu.compute_capability;
  about.driver = gpu.driver;
  about.cuda = gpu.cuda;
  about.hardware_compatibility = "none";
  about.model = model;
  about.options = options;
  about.input_structure = structure_text(converted.signature.input_structure, converted.signature.input_leaves);
  about.output_structure = structure_text(converted.signature.output_structure, converted.signature.output_leaves);
  return runtime::write_bundle(about, tensors_of(converted.signature.inputs, converted.ranges),
                               tensors_of(converted.signature.outputs, {}), engine.bytes.data(), engine.bytes.size());
}

}  // namespace torch2trt::cli
