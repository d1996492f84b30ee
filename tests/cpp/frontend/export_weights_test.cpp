// Weights in an archive: where they point, and what is refused.
#include <cstring>
#include <functional>
#include <limits>
#include <tuple>

#include "src/frontend/export/read.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// An archive whose weight "w" has these sizes, strides and offset (in elements) in a member of `bytes` bytes.
std::string archive_with_weight(const std::vector<std::int64_t>& sizes, const std::vector<std::int64_t>& strides,
                                std::int64_t offset, std::size_t bytes, int dtype = 7) {
  Json config = weights_config();
  Json& meta = config["config"]["w"]["tensor_meta"];
  meta = tensor_meta(sizes, dtype);
  meta["strides"] = Json::array();
  for (const std::int64_t stride : strides) meta["strides"].push_back({{"as_int", stride}});
  meta["storage_offset"] = {{"as_int", offset}};
  Json changed = program();
  changed["graph_module"]["graph"]["tensor_values"]["p_w"] = tensor_meta(sizes, dtype);
  std::string data(bytes, '\0');
  for (std::size_t i = 0; i + 4 <= bytes; i += 4) {
    const auto value = static_cast<float>(i) / 4;
    std::memcpy(data.data() + i, &value, 4);
  }
  return archive_of(changed, config, data);
}

std::string error_with_config(const std::function<void(Json&)>& change) {
  Json config = weights_config();
  change(config["config"]["w"]);
  return error_of(archive_of(program(), config, weight_bytes()));
}

TEST(ExportWeights, OffsetsAndStrides) {
  const auto weight = [](const std::string& archive) { return read_bytes(archive).parameters.at(0).data; };
  const HostTensor transposed = weight(archive_with_weight({2, 3}, {1, 2}, 0, 24));
  EXPECT_EQ(transposed.strides, (std::vector<std::int64_t>{1, 2}));
  EXPECT_FALSE(transposed.is_contiguous());
  const HostTensor slice = weight(archive_with_weight({2}, {1}, 3, 20));
  EXPECT_EQ(static_cast<const float*>(slice.data)[1], 4.0F);
  const HostTensor expanded = weight(archive_with_weight({1000000, 2}, {0, 1}, 1, 12));
  EXPECT_EQ(static_cast<const float*>(expanded.data)[1], 2.0F);
  EXPECT_EQ(expanded.strides[0], 0);
  const HostTensor scalar = weight(archive_with_weight({}, {}, 0, 4));
  EXPECT_EQ(scalar.numel(), 1);
  EXPECT_EQ(scalar.origin, "w");
  const HostTensor empty = weight(archive_with_weight({0, 3}, {3, 1}, 0, 0));
  EXPECT_EQ(empty.numel(), 0);
  EXPECT_EQ(empty.data, nullptr);
}

TEST(ExportWeights, UnalignedMembersAreCopied) {
  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  Json config = weights_config();
  config["config"]["w"]["tensor_meta"]["storage_offset"] = {{"as_int", 1}};
  config["config"]["w"]["tensor_meta"]["sizes"] = {{{"as_int", 5}}};
  config["config"]["w"]["tensor_meta"]["strides"] = {{{"as_int", 1}}};
  Json changed = program();
  changed["graph_module"]["graph"]["tensor_values"]["p_w"] = tensor_meta({5});
  zip.add("m/data/weights/weight_0", weight_bytes(), {.misalign = 1});
  zip.add("m/data/weights/model_weights_config.json", config.dump());
  zip.add("m/models/model.json", changed.dump());
  const HostTensor weight = read_bytes(zip.finish()).parameters.at(0).data;
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(weight.data) % 4, 0U);
  EXPECT_EQ(static_cast<const float*>(weight.data)[4], 5.0F);
}

TEST(ExportWeights, LeavingTheStorage) {
  EXPECT_THAT(error_of(archive_with_weight({2, 3}, {3, 1}, 0, 23)),
              AllOf(HasSubstr("\"w\""), HasSubstr("needs 24 bytes"), HasSubstr("\"m/data/weights/weight_0\" has 23")));
  EXPECT_THAT(error_of(archive_with_weight({2, 3}, {3, 1}, 1, 24)), HasSubstr("needs 28 bytes"));
  EXPECT_THAT(error_of(archive_with_weight({2, 3}, {4, 1}, 0, 24)), HasSubstr("needs 28 bytes"));
  EXPECT_THAT(error_of(archive_with_weight({4}, {1}, 0, 24, 10)), HasSubstr("needs 32 bytes"));  // complex64
}

TEST(ExportWeights, Overflow) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  for (const auto& [sizes, strides, offset] :
       std::vector<std::tuple<std::vector<std::int64_t>, std::vector<std::int64_t>, std::int64_t>>{
           {{kHuge, 4}, {0, 0}, 0},
           {{3, 3}, {kHuge, kHuge}, 0},
           {{2}, {kHuge}, kHuge},
           {{1}, {1}, kHuge},
           {{1}, {1}, std::numeric_limits<std::int64_t>::max()},
           {{2}, {-1}, 1},
           {{2}, {1}, -1},
       }) {
    EXPECT_THAT(error_of(archive_with_weight(sizes, strides, offset, 24)),
                AllOf(HasSubstr("\"w\""), HasSubstr("impossible")));
  }
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["sizes"][0]["as_int"] = 18446744073709551615ULL; }),
              HasSubstr("too large for 64 bits"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["sizes"][0]["as_int"] = -2; }), HasSubstr("impossible"));
}

TEST(ExportWeights, Refusals) {
  EXPECT_THAT(error_with_config([](Json& w) { w["use_pickle"] = true; }), AllOf(HasSubstr("\"w\" is pickled")));
  EXPECT_THAT(error_with_config([](Json& w) { w["path_name"] = "weight_1"; }),
              AllOf(HasSubstr("\"w\" is missing"), HasSubstr("\"m/data/weights/weight_1\"")));
  EXPECT_THAT(error_with_config([](Json& w) { w["path_name"] = "../../models/model.json"; }),
              HasSubstr("\"w\" is missing"));
  EXPECT_THAT(error_with_config([](Json& w) { w["path_name"] = "/etc/passwd"; }), HasSubstr("\"w\" is missing"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"] = nullptr; }), HasSubstr("\"tensor_meta\" is missing"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["dtype"] = 99; }), HasSubstr("unknown number 99"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["dtype"] = 28; }),
              AllOf(HasSubstr("\"w\""), HasSubstr("uint16"), HasSubstr("does not have")));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["dtype"] = 6; }),
              AllOf(HasSubstr("\"w\" is float16[2, 3]"), HasSubstr("float32[2, 3]")));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["layout"] = 1; }), HasSubstr("not a dense tensor"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["layout"] = 0; }),
              HasSubstr("layout has the unknown number 0"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["strides"].erase(0); }),
              HasSubstr("2 sizes, but 1 strides"));
  EXPECT_THAT(error_with_config([](Json& w) { w["tensor_meta"]["sizes"][0] = {{"as_expr", {{"expr_str", "s0"}}}}; }),
              HasSubstr("holds the symbol s0"));
  EXPECT_THAT(error_with_config([](Json& w) { w = 3; }), HasSubstr("was expected, not number"));
  EXPECT_THAT(error_of(archive_of(program(), {{"config", Json::object()}}, weight_bytes())),
              HasSubstr("the weight \"w\" is missing"));
}

TEST(ExportWeights, ConstantsAndSharedMembers) {
  Json changed = program();
  Json& module = changed["graph_module"];
  module["graph"]["inputs"].insert(module["graph"]["inputs"].begin(), {tensor("b_n"), tensor("c_k")});
  module["graph"]["tensor_values"]["b_n"] = tensor_meta({2, 3});
  module["graph"]["tensor_values"]["c_k"] = tensor_meta({2}, 5);
  Json& specs = module["signature"]["input_specs"];
  specs.insert(specs.begin(), {{{"buffer", {{"arg", {{"name", "b_n"}}}, {"buffer_name", "n"}, {"persistent", false}}}},
                               {{"tensor_constant", {{"arg", {{"name", "c_k"}}}, {"tensor_constant_name", "k"}}}}});
  Json constants = {{"config", {{"k", weights_config()["config"]["w"]}}}};
  constants["config"]["k"]["path_name"] = "tensor_0";
  constants["config"]["k"]["tensor_meta"] = tensor_meta({2}, 5);
  Json config = weights_config();
  config["config"]["n"] = config["config"]["w"];  // tied
  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  zip.add("m/data/weights/weight_0", weight_bytes());
  const std::int64_t values[] = {7, -8};
  zip.add("m/data/constants/tensor_0", {reinterpret_cast<const char*>(values), sizeof(values)});
  zip.add("m/data/weights/model_weights_config.json", config.dump());
  zip.add("m/data/constants/model_constants_config.json", constants.dump());
  zip.add("m/models/model.json", changed.dump());
  const Graph graph = read_bytes(zip.finish());
  ASSERT_EQ(graph.parameters.size(), 3U);
  EXPECT_EQ(graph.parameters[0].kind, Parameter::Kind::kBuffer);
  EXPECT_EQ(graph.parameters[1].kind, Parameter::Kind::kConstant);
  EXPECT_EQ(static_cast<const std::int64_t*>(graph.parameters[1].data.data)[1], -8);
  EXPECT_EQ(graph.parameters[0].data.data, graph.parameters[2].data.data);
}

}  // namespace
}  // namespace torch2trt::testing
