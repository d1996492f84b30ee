// Inputs, outputs, structures, symbols and what the signature says of mutations.
#include <functional>

#include "src/frontend/export/read.h"
#include "src/graph/text.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Json& module_of(Json& program) { return program["graph_module"]; }
Json& call_of(Json& program) { return module_of(program)["module_call_graph"][0]["signature"]; }

std::string error_after(const std::function<void(Json&)>& change) {
  Json changed = program();
  change(changed);
  return import_error(changed);
}

// forward(x, ...) with a constant input of each form behind x.
Json with_constants() {
  Json changed = program();
  const std::vector<Json> constants{
      {{"as_int", 3}}, {{"as_none", true}}, {{"as_string", "q"}}, {{"as_bool", false}}, {{"as_float", 0.5}}};
  std::string leaf = R"({"type": null, "context": null, "children_spec": []})";
  std::string leaves = leaf;
  for (const Json& constant : constants) {
    module_of(changed)["graph"]["inputs"].push_back(constant);
    module_of(changed)["signature"]["input_specs"].push_back(
        {{"constant_input", {{"name", "c"}, {"value", constant}}}});
    leaves += ", " + leaf;
  }
  call_of(changed)["in_spec"] =
      R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "builtins.tuple", "context": "null", "children_spec": [)" +
      leaves + R"(]}, {"type": "builtins.dict", "context": "[]", "children_spec": []}]}])";
  call_of(changed)["forward_arg_names"] = {"x", "n", "none", "text", "flag", "ratio"};
  return changed;
}

TEST(ExportSignature, ConstantInputs) {
  const Graph graph = import(with_constants());
  ASSERT_EQ(graph.inputs.size(), 6U);
  EXPECT_EQ(graph.inputs[0].constant, std::nullopt);
  EXPECT_EQ(graph.inputs[1].constant, Argument(3));
  EXPECT_EQ(graph.inputs[1].name, "n");
  EXPECT_EQ(graph.inputs[2].constant, Argument(None{}));
  EXPECT_EQ(graph.inputs[3].constant, Argument("q"));
  EXPECT_EQ(graph.inputs[4].constant, Argument(false));
  EXPECT_EQ(graph.inputs[5].constant, Argument(0.5));
  EXPECT_THAT(
      to_text(graph),
      HasSubstr("  %n : int \"n\",\n  %none : none \"none\",\n  %text : str \"text\",\n  %flag : bool \"flag\",\n"
                "  %ratio : float \"ratio\",\n"));
}

TEST(ExportSignature, OutputsMayBeInputsConstantsAndRepeated) {
  Json changed = program_of(
      {}, {tensor("x"), {{"as_none", true}}, {{"as_int", 5}}, tensor("x"), tensor("p_w"), {{"as_string", "s"}}});
  EXPECT_THAT(to_text(import(changed)), HasSubstr("return (%x, None, 5, %x, %p_w, \"s\")"));
}

TEST(ExportSignature, InputsWithoutNames) {
  Json changed = program();
  call_of(changed).erase("forward_arg_names");
  EXPECT_EQ(import(changed).inputs[0].name, "x");  // the graph's own
  call_of(changed)["forward_arg_names"] = {"a", "b"};
  EXPECT_EQ(import(changed).inputs[0].name, "x");
}

TEST(ExportSignature, Symbols) {
  Json changed = program();
  const auto symbolic = [](const char* text) {
    return Json{{"as_expr", {{"expr_str", text}, {"hint", {{"as_int", 2}}}}}};
  };
  module_of(changed)["graph"]["tensor_values"]["x"]["sizes"][0] = symbolic("Symbol('s0', positive=True, integer=True)");
  module_of(changed)["graph"]["tensor_values"]["add"]["sizes"][0] =
      symbolic("Mul(Integer(2), Symbol('s0', positive=True, integer=True))");
  changed["range_constraints"] = {{"s0", {{"min_val", 2}, {"max_val", 16}}},
                                  {"s1", {{"min_val", 0}, {"max_val", nullptr}}},
                                  {"u0", {{"min_val", nullptr}, {"max_val", 3}}},
                                  {"2*s0", {{"min_val", 4}, {"max_val", 32}}}};
  const Graph graph = import(changed);
  EXPECT_THAT(to_text(graph), AllOf(HasSubstr("%x : float32[s0,3] \"x\""), HasSubstr("%add : float32[2*s0,3] = ")));
  ASSERT_EQ(graph.symbols.size(), 3U);
  EXPECT_EQ(graph.symbols.at("s0"), (SymbolRange{.min = 2, .max = 16}));
  EXPECT_EQ(graph.symbols.at("s1"), (SymbolRange{.min = 0}));
  EXPECT_EQ(graph.symbols.at("u0").max, 3);
  EXPECT_EQ(to_text(parse_text(to_text(graph))), to_text(graph));

  EXPECT_THAT(error_after([](Json& p) { p["range_constraints"] = {{"s0", {{"min_val", 5}, {"max_val", 4}}}}; }),
              HasSubstr("the symbol s0 has the empty range [5, 4]"));
  EXPECT_THAT(error_after([](Json& p) { p["range_constraints"] = {{"s0", {{"min_val", "a"}}}}; }),
              HasSubstr("min_val is string, not an integer"));
  EXPECT_THAT(error_after([](Json& p) { p["range_constraints"] = {{"s0 +", {{"min_val", 1}}}}; }),
              HasSubstr("is no expression"));
  EXPECT_THAT(error_after([](Json& p) { p["range_constraints"] = 3; }), HasSubstr("no object"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"]["tensor_values"]["x"]["sizes"][0] = {{"as_int", -1}}; }),
              HasSubstr("a tensor has the size -1"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"]["tensor_values"]["x"]["sizes"][0] = {{"as_x", 1}}; }),
              HasSubstr("a size has the unknown form \"as_x\""));
}

TEST(ExportSignature, TypesTorch2trtLacksStayOpen) {
  Json changed = program();
  module_of(changed)["graph"]["tensor_values"]["x"]["dtype"] = 28;  // uint16
  module_of(changed)["graph"]["tensor_values"].erase("add");
  EXPECT_THAT(to_text(import(changed)), AllOf(HasSubstr("%x : tensor[2,3] \"x\""), HasSubstr("%add : tensor[...] = ")));
}

// The program's outputs with one more in front, for `spec`, that is the value `value`.
std::string error_with_output(const Json& spec, const std::string& value) {
  Json changed = program();
  Json& outputs = module_of(changed)["graph"]["outputs"];
  outputs.insert(outputs.begin(), tensor(value));
  Json& specs = module_of(changed)["signature"]["output_specs"];
  specs.insert(specs.begin(), spec);
  // "w" as a buffer
  module_of(changed)["signature"]["input_specs"][0] = {
      {"buffer", {{"arg", {{"name", "p_w"}}}, {"buffer_name", "w"}, {"persistent", true}}}};
  return import_error(changed);
}

TEST(ExportSignature, MutationsAreRefusedByName) {
  const auto buffer = [](const char* value) {
    return Json{{"buffer_mutation", {{"arg", {{"name", value}}}, {"buffer_name", "w"}}}};
  };
  EXPECT_EQ(error_with_output(buffer("p_w"), "p_w"), "");  // written back unchanged
  EXPECT_THAT(error_with_output(buffer("add"), "add"),
              AllOf(HasSubstr("buffer w is mutated"), HasSubstr("model.eval()")));
  const auto input = [](const char* value) {
    return Json{{"user_input_mutation", {{"arg", {{"name", value}}}, {"user_input_name", "x"}}}};
  };
  EXPECT_EQ(error_with_output(input("x"), "x"), "");
  EXPECT_THAT(error_with_output(input("add"), "add"), HasSubstr("input x is mutated"));
  EXPECT_THAT(error_with_output({{"parameter_mutation", {{"arg", {{"name", "add"}}}, {"parameter_name", "p"}}}}, "add"),
              HasSubstr("parameter p is mutated"));
  EXPECT_THAT(error_with_output({{"loss_output", {{"arg", {{"name", "add"}}}}}}, "add"),
              HasSubstr("computes gradients"));
  EXPECT_THAT(error_with_output({{"gradient_to_parameter", {{"arg", {{"name", "add"}}}}}}, "add"),
              HasSubstr("computes gradients"));
  EXPECT_THAT(error_with_output({{"token", {{"arg", {{"name", "add"}}}}}}, "add"), HasSubstr("tokens"));
  EXPECT_THAT(error_with_output({{"something", 1}}, "add"), HasSubstr("an output has the unknown kind \"something\""));
}

TEST(ExportSignature, Versions) {
  EXPECT_THAT(error_after([](Json& p) { p["schema_version"]["major"] = 9; }),
              AllOf(HasSubstr("schema version 9"), HasSubstr("8 is the one known"), HasSubstr("torch 2.14.1")));
  EXPECT_THAT(error_after([](Json& p) {
                p["schema_version"]["major"] = 5;
                p.erase("torch_version");
              }),
              HasSubstr("torch (unknown)"));
  EXPECT_THAT(error_after([](Json& p) { p.erase("schema_version"); }), HasSubstr("\"schema_version\" is missing"));
  // Later minor versions and unknown fields are fine.
  EXPECT_EQ(error_after([](Json& p) {
              p["schema_version"]["minor"] = 99;
              p["new"] = {1};
              module_of(p)["graph"]["nodes"][0]["new"] = {{"a", 1}};
              module_of(p)["graph"]["nodes"][0].erase("metadata");
              module_of(p)["graph"]["nodes"][0].erase("name");
              p.erase("range_constraints");
            }),
            "");
}

TEST(ExportSignature, Refusals) {
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"]["inputs"].erase(0); }),
              HasSubstr("the graph has 1 inputs, but its signature 2"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"]["outputs"] = Json::array(); }),
              HasSubstr("the graph has 0 outputs, but its signature 1"));
  EXPECT_THAT(error_after([](Json& p) {
                call_of(p)["out_spec"] = R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": []}])";
              }),
              HasSubstr("1 outputs, but their structure 0 leaves"));
  EXPECT_THAT(
      error_after([](Json& p) {
        call_of(p)["in_spec"] =
            R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "builtins.tuple", "context": "null", "children_spec": []},
                  {"type": "builtins.dict", "context": "[]", "children_spec": []}]}])";
      }),
      HasSubstr("1 inputs, but their structure 0 leaves"));
  EXPECT_THAT(error_after([](Json& p) {
                call_of(p)["in_spec"] = R"([1, {"type": null, "context": null, "children_spec": []}])";
              }),
              HasSubstr("not (arguments, keywords)"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["module_call_graph"] = Json::array(); }),
              HasSubstr("module_call_graph has no root"));
  EXPECT_THAT(error_after([](Json& p) { call_of(p)["forward_arg_names"] = 3; }), HasSubstr("no array"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["signature"]["input_specs"][1] = {{"thing", 1}}; }),
              HasSubstr("an input has the unknown kind \"thing\""));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["signature"]["input_specs"][1] = {{"token", 1}}; }),
              HasSubstr("tokens"));
  EXPECT_THAT(error_after([](Json& p) {
                module_of(p)["signature"]["input_specs"][1] = {{"custom_obj", {{"custom_obj_name", "tokenizer"}}}};
              }),
              HasSubstr("the custom object \"tokenizer\""));
  EXPECT_THAT(
      error_after([](Json& p) { module_of(p)["signature"]["input_specs"][0]["parameter"]["arg"]["name"] = "x"; }),
      HasSubstr("\"w\" is not where the signature has it"));
  EXPECT_THAT(
      error_after([](Json& p) { module_of(p)["signature"]["input_specs"][0]["parameter"]["parameter_name"] = "v"; }),
      HasSubstr("the weight \"v\" is missing"));
  EXPECT_THAT(error_after([](Json& p) {
                module_of(p)["graph"]["inputs"][1] = tensor("again");
                module_of(p)["signature"]["input_specs"][1] = {
                    {"parameter", {{"arg", {{"name", "again"}}}, {"parameter_name", "w"}}}};
              }),
              HasSubstr("two weights are named \"w\""));
  EXPECT_THAT(error_after([](Json& p) { p = Json::array(); }), HasSubstr("was expected, not array"));
  EXPECT_THAT(error_after([](Json& p) { p.erase("graph_module"); }), HasSubstr("\"graph_module\" is missing"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"]["nodes"] = 3; }),
              HasSubstr("\"nodes\" is number, not an array"));
  EXPECT_THAT(error_after([](Json& p) { module_of(p)["graph"] = 3; }), HasSubstr("\"graph\" is number, not an object"));
}

}  // namespace
}  // namespace torch2trt::testing
