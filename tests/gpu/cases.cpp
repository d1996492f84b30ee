#include "tests/gpu/cases.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "torch2trt/error.h"

namespace torch2trt::gpu {
namespace {

using Json = nlohmann::json;

std::vector<std::byte> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCategory::kRuntime, fmt::format("cannot read \"{}\"", path));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

NamedArray array_of(const Json& entry, const std::vector<std::byte>& data) {
  const auto dtype = dtype_from_name(entry.at("dtype").get<std::string>());
  const auto offset = entry.at("offset").get<std::size_t>();
  const auto size = entry.at("bytes").get<std::size_t>();
  if (!dtype || offset > data.size() || size > data.size() - offset)
    throw Error(ErrorCategory::kInvalidModel, "rows.json points outside of rows.bin: " + entry.dump());
  NamedArray named{entry.at("name").get<std::string>(), {}};
  named.array.dtype = *dtype;
  named.array.shape = Shape(entry.at("shape").get<std::vector<std::int64_t>>());
  if (size != static_cast<std::size_t>(named.array.shape.numel()) * size_of(*dtype))
    throw Error(ErrorCategory::kInvalidModel, "rows.json has a shape of other bytes than it says: " + entry.dump());
  named.array.bytes.assign(data.begin() + static_cast<std::ptrdiff_t>(offset),
                           data.begin() + static_cast<std::ptrdiff_t>(offset + size));
  return named;
}

Case case_of(const Json& entry, const std::string& folder, const std::vector<std::byte>& data) {
  Case made;
  made.name = entry.at("name").get<std::string>();
  made.model = folder + "/" + entry.at("model").get<std::string>();
  made.random = entry.at("random").get<bool>();
  made.layers = entry.at("layers").get<std::vector<std::string>>();
  for (const auto& [name, range] : entry.at("shapes").items())
    made.shapes[name] = {range.at(0).get<Dims>(), range.at(1).get<Dims>(), range.at(2).get<Dims>()};
  for (const Json& run : entry.at("runs")) {
    Run& added = made.runs.emplace_back();
    for (const Json& input : run.at("inputs")) added.inputs.push_back(array_of(input, data));
    for (const Json& output : run.at("outputs")) {
      ExpectedOutput& expected = added.outputs.emplace_back();
      expected.expected = array_of(output.at("expected"), data);
      if (output.contains("executor")) expected.executor.push_back(array_of(output.at("executor"), data));
      expected.tolerance = output.at("rtol").get<double>();
    }
  }
  return made;
}

}  // namespace

std::vector<Case> read_cases(const std::string& folder) {
  const std::vector<std::byte> data = contents(folder + "/rows.bin");
  const std::vector<std::byte> index = contents(folder + "/rows.json");
  const auto* text = reinterpret_cast<const char*>(index.data());
  std::vector<Case> cases;
  try {
    for (const Json& entry : Json::parse(text, text + index.size())) cases.push_back(case_of(entry, folder, data));
  } catch (const Json::exception& error) {
    throw Error(ErrorCategory::kInvalidModel, fmt::format("\"{}/rows.json\" is malformed: {}", folder, error.what()));
  }
  return cases;
}

}  // namespace torch2trt::gpu
