#include "tests/fuzz/seeds.h"

#include "src/frontend/export/read.h"
#include "src/graph/text.h"
#include "src/runtime/bundle.h"
#include "src/runtime/metadata.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt::fuzz {
namespace {

EngineTensor engine_tensor(std::string name, DType dtype, const Shape& shape) {
  EngineTensor made;
  made.name = std::move(name);
  made.dtype = made.torch_dtype = dtype;
  made.shape = shape;
  made.ranges.push_back({shape, shape, shape});
  return made;
}

EngineMetadata about() {
  EngineMetadata about;
  about.torch2trt = "0.1.0";
  about.flavour = "tensorrt";
  about.tensorrt = "10.14.1";
  about.gpu = "NVIDIA H100";
  about.compute_capability = "9.0";
  about.options = {{"noTF32", "true"}};
  about.input_structure = R"({"tuple":[null,{"dict":[["'k'",null]]},{"constant":2.0,"name":"scale"}]})";
  about.output_structure = R"({"list":[null,{"none":true}]})";
  return about;
}

const std::vector<EngineTensor>& inputs() {
  static const std::vector<EngineTensor> kInputs = {engine_tensor("x", DType::kFloat32, {2, 3}),
                                                    engine_tensor("y.k", DType::kInt64, {})};
  return kInputs;
}

using Json = testing::Json;

std::vector<Json> programs() {
  using namespace testing;
  const Json numbers = {{"as_ints", {1, 3}}};
  return {program(),
          program_of({node("torch.ops.aten.relu.default", {input("self", tensor("x"))}, {tensor("r")}, "r"),
                      node("torch.ops.aten.reshape.default",
                           {input("self", tensor("r")), input("shape", {{"as_ints", {3, 2}}})}, {tensor("s")}, "s")},
                     {tensor("s")}),
          program_of({node("torch.ops.aten.sum.dim_IntList",
                           {input("self", tensor("x")), input("dim", numbers), input("keepdim", {{"as_bool", true}})},
                           {tensor("t")}, "t")},
                     {tensor("t")})};
}

}  // namespace

std::vector<std::string> bundle_seeds() {
  return {runtime::write_bundle(about(), inputs(), {engine_tensor("out", DType::kFloat16, {-1})}, "the plan", 8),
          runtime::write_bundle(EngineMetadata{.flavour = "tensorrt_rtx", .tensorrt = "1.7"}, {}, {}, "p", 1)};
}

std::vector<std::string> metadata_seeds() {
  return {runtime::metadata_text(about(), inputs(), {engine_tensor("out", DType::kFloat16, {-1})})};
}

std::vector<std::string> archive_seeds() {
  std::vector<std::string> seeds;
  for (const Json& program : programs()) seeds.push_back(testing::archive_of(program));
  testing::ZipWriter zip;
  const testing::ZipOptions options{.flags = 0, .zip64 = true, .local_extra = 11};
  zip.add("m/data/weights/weight_0", testing::weight_bytes(), options);
  zip.add("m/data/weights/model_weights_config.json", testing::weights_config().dump(), options);
  zip.add("m/models/model.json", testing::program().dump(), options);
  zip.add("m/archive_format", "pt2", options);
  seeds.push_back(zip.finish(true));
  return seeds;
}

std::vector<std::string> model_seeds() {
  std::vector<std::string> seeds;
  for (const Json& program : programs()) seeds.push_back(program.dump());
  return seeds;
}

std::vector<std::string> text_seeds() {
  std::vector<std::string> seeds = {R"ir(graph forward(
  %x : float32[s0,3] "x",
  %flag : bool "flag",
  %"a/b" : tensor[...] "odd \"name\"",
) parameters(
  %w : float32[3,3] parameter "conv1.weight",
) symbols(s0 in [2, 16], "u 0" in [-1, inf]) {
  %y : float32[s0,?] = aten::linear(input=%x, weight=%w, bias=None)  # scope "net" source "a.py:1"
  %v : float32[...], %i : int64[...] = aten::max.dim(self=%y, dim=-1, keepdim=True)
  aten::_assert(message="line\n\ttab \x01 \xff", on=[1, [], [2.5, 1e-05, -0.0]])
  %q = prim::If(cond=%flag)
    block() {
      return (%y)
    }
    block(%z : int) {
      return (%x)
    }
  %t = aten::to(self=%q, dtype=torch.float16, layout=layout("strided"), device=device("cpu"), n=nan, i=-inf)
  return (%t, 3, None, [%v])
}
structure inputs ((*, [*]), {'key': *}) outputs (*, *, None, [*])
)ir"};
  for (const Json& program : programs()) seeds.push_back(to_text(testing::import(program)));
  return seeds;
}

}  // namespace torch2trt::fuzz
