#include "tests/cpp/frontend/export_program.h"

#include "src/frontend/export/read.h"

namespace torch2trt::testing {
namespace {

Json spec(const std::string& children) {
  return R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [)" + children + "]}]";
}

const char* const kLeaf = R"({"type": null, "context": null, "children_spec": []})";

// Names that outputs define, graphs inside included.
void add_types(Json& graph) {
  for (Json& node : graph["nodes"]) {
    for (const Json& output : node["outputs"]) {
      if (output.contains("as_tensor"))
        graph["tensor_values"].emplace(output["as_tensor"]["name"], tensor_meta({2, 3}));
      if (output.contains("as_tensors")) {
        for (const Json& item : output["as_tensors"]) graph["tensor_values"].emplace(item["name"], tensor_meta({2, 3}));
      }
    }
  }
}

template <typename Read>
std::string message_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

Json input(std::string_view name, Json value) { return {{"name", name}, {"arg", std::move(value)}, {"kind", 1}}; }

Json tensor(std::string_view name) { return {{"as_tensor", {{"name", name}}}}; }

Json tensor_meta(const std::vector<std::int64_t>& sizes, int dtype) {
  Json result{{"dtype", dtype}, {"layout", 7}, {"requires_grad", false}, {"device", {{"type", "cuda"}, {"index", 0}}}};
  result["storage_offset"] = {{"as_int", 0}};
  result["sizes"] = Json::array();
  result["strides"] = Json::array();
  for (const std::int64_t size : sizes) result["sizes"].push_back({{"as_int", size}});
  for (const std::int64_t stride : contiguous_strides(sizes)) result["strides"].push_back({{"as_int", stride}});
  return result;
}

Json node(std::string_view target, std::vector<Json> inputs, std::vector<Json> outputs, std::string_view name) {
  return {{"target", target},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)},
          {"name", name},
          {"metadata",
           {{"stack_trace", "  File \"/home/me/model.py\", line 7, in forward\n    return x\n"},
            {"nn_module_stack", "L__self__,,Model;L__self__a_b,a.b,torch.nn.Linear"}}}};
}

Json program_of(std::vector<Json> nodes, std::vector<Json> outputs) {
  Json graph{{"inputs", {tensor("p_w"), tensor("x")}}, {"outputs", outputs}, {"nodes", std::move(nodes)}};
  graph["tensor_values"] = {{"p_w", tensor_meta({2, 3})}, {"x", tensor_meta({2, 3})}};
  add_types(graph);
  Json output_specs = Json::array();
  std::string leaves;
  for (const Json& output : outputs) {
    output_specs.push_back({{"user_output", {{"arg", output}}}});
    leaves += (leaves.empty() ? "" : ", ") + std::string(kLeaf);
  }
  const std::string in_children = R"({"type": "builtins.tuple", "context": "null", "children_spec": [)" +
                                  std::string(kLeaf) +
                                  R"(]}, {"type": "builtins.dict", "context": "[]", "children_spec": []})";
  Json signature{{"input_specs",
                  {{{"parameter", {{"arg", {{"name", "p_w"}}}, {"parameter_name", "w"}}}},
                   {{"user_input", {{"arg", tensor("x")}}}}}},
                 {"output_specs", output_specs}};
  Json call{{"fqn", ""},
            {"signature",
             {{"inputs", Json::array()},
              {"outputs", Json::array()},
              {"in_spec", spec(in_children)},
              {"out_spec", spec(leaves)},
              {"forward_arg_names", {"x"}}}}};
  return {
      {"graph_module",
       {{"graph", std::move(graph)}, {"signature", std::move(signature)}, {"module_call_graph", Json::array({call})}}},
      {"range_constraints", Json::object()},
      {"schema_version", {{"major", 8}, {"minor", 20}}},
      {"torch_version", "2.14.1"}};
}

Json program() {
  return program_of({node("torch.ops.aten.add.Tensor", {input("self", tensor("x")), input("other", tensor("p_w"))},
                          {tensor("add")}, "add")},
                    {tensor("add")});
}

Json weights_config() {
  Json meta = tensor_meta({2, 3});
  return {{"config",
           {{"w", {{"path_name", "weight_0"}, {"is_param", true}, {"use_pickle", false}, {"tensor_meta", meta}}}}}};
}

std::string weight_bytes() {
  const float values[] = {0, 1, 2, 3, 4, 5};
  return {reinterpret_cast<const char*>(values), sizeof(values)};
}

std::string archive_of(const Json& program, const Json& config, std::string_view weights) {
  ZipWriter zip;
  zip.add("m/data/weights/weight_0", weights);
  zip.add("m/data/weights/model_weights_config.json", config.dump());
  zip.add("m/data/constants/model_constants_config.json", R"({"config": {}})");
  zip.add("m/models/model.json", program.dump());
  zip.add("m/archive_format", "pt2");
  zip.add("m/archive_version", "0");
  zip.add("m/byteorder", "little");
  return zip.finish();
}

std::string archive_of(const Json& program) { return archive_of(program, weights_config(), weight_bytes()); }

Graph read_bytes(std::string_view bytes) { return read_pt2(TemporaryFile(bytes).path()); }

std::string error_of(std::string_view bytes) {
  return message_of([&] { read_bytes(bytes); });
}

Graph import(const Json& program) {
  return graph_from_export(program.dump(), [](const std::string& name, Parameter::Kind) {
    return name == "w" ? std::optional(host_tensor(std::vector<float>{0, 1, 2, 3, 4, 5}, {2, 3})) : std::nullopt;
  });
}

std::string import_error(const Json& program) {
  return message_of([&] { import(program); });
}

}  // namespace torch2trt::testing
