// From the records of a program to the graph's text.
#include "src/frontend/export/scalar_operators.h"
#include "src/graph/text.h"
#include "src/torch/schema.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The text of the nodes of forward(x) with parameter w.
std::string nodes_of(const std::vector<Json>& nodes, const std::string& output = "x") {
  const std::string text = to_text(import(program_of(nodes, {tensor(output)})));
  const std::size_t start = text.find(") {\n") + 4;
  return text.substr(start, text.find("\n}\n") - start);
}

std::string error_with(const std::vector<Json>& nodes) { return import_error(program_of(nodes, {tensor("x")})); }

Json names(const std::vector<std::string>& list) {
  Json result = Json::array();
  for (const std::string& name : list) result.push_back({{"name", name}});
  return {{"as_tensors", result}};
}

Json graph_argument(const std::vector<Json>& inputs, const std::vector<Json>& nodes, const std::vector<Json>& outputs,
                    int dtype = 7) {
  Json graph{{"inputs", inputs}, {"outputs", outputs}, {"nodes", nodes}, {"tensor_values", Json::object()}};
  for (const Json& value : inputs)
    graph["tensor_values"][value["as_tensor"]["name"].get<std::string>()] = tensor_meta({2, 3});
  for (const Json& inner : nodes) {
    for (const Json& value : inner["outputs"])
      graph["tensor_values"][value["as_tensor"]["name"].get<std::string>()] = tensor_meta({2, 3}, dtype);
  }
  return {{"as_graph", {{"name", "graph_0"}, {"graph", graph}}}};
}

TEST(ExportGraph, ASmallProgram) {
  EXPECT_EQ(to_text(import(program())), R"(graph forward(
  %x : float32[2,3] "x",
) parameters(
  %p_w : float32[2,3] parameter "w",
) {
  %add : float32[2,3] = aten::add.Tensor(self=%x, other=%p_w, alpha=1)  # scope "a.b" source "model.py:7"
  return (%add)
}
structure inputs (*) outputs (*)
)");
}

TEST(ExportGraph, ArgumentsByForm) {
  const std::vector<std::pair<Json, std::string>> cases{
      {{{"as_none", true}}, "None"},
      {{{"as_int", -3}}, "-3"},
      {{{"as_ints", {1, 2}}}, "[1, 2]"},
      {{{"as_float", 0.5}}, "0.5"},
      {{{"as_float", 2}}, "2.0"},
      {{{"as_float", "-Infinity"}}, "-inf"},
      {{{"as_float", "NaN"}}, "nan"},
      {{{"as_floats", {1.5, "Infinity"}}}, "[1.5, inf]"},
      {{{"as_bool", false}}, "False"},
      {{{"as_bools", {true}}}, "[True]"},
      {{{"as_string", "a\"b"}}, "\"a\\\"b\""},
      {{{"as_strings", {"a"}}}, "[\"a\"]"},
      {{{"as_operator", "torch.ops.aten.add"}}, "\"torch.ops.aten.add\""},
      {tensor("x"), "%x"},
      {names({"x", "p_w"}), "[%x, %p_w]"},
      {{{"as_nested_tensors", {{{{"name", "x"}}}, Json::array()}}}, "[[%x], []]"},
      {{{"as_optional_tensor", {{"as_none", true}}}}, "None"},
      {{{"as_optional_tensor", tensor("x")}}, "%x"},
      {{{"as_optional_tensors", {tensor("x"), {{"as_none", true}}}}}, "[%x, None]"},
      {{{"as_sym_int", {{"as_int", 4}}}}, "4"},
      {{{"as_sym_ints", {{{"as_int", 4}}, {{"as_name", "x"}}}}}, "[4, %x]"},
      {{{"as_sym_float", {{"as_float", 4}}}}, "4.0"},
      {{{"as_sym_bool", {{"as_bool", true}}}}, "True"},
      {{{"as_scalar_type", 13}}, "torch.bfloat16"},
      {{{"as_layout", 7}}, "layout(\"strided\")"},
      {{{"as_memory_format", 2}}, "memory_format(\"channels_last\")"},
      {{{"as_device", {{"type", "cuda"}, {"index", 1}}}}, "device(\"cpu\")"},
      {{{"as_int_lists", {{1}, {2, 3}}}}, "[[1], [2, 3]]"},
      {{{"as_float_lists", {{0.5}}}}, "[[0.5]]"},
  };
  for (const auto& [argument, expected] : cases) {
    EXPECT_THAT(nodes_of({node("torch.ops.mine.op.default", {input("q", argument)}, {tensor("y")})}),
                HasSubstr("%y : float32[2,3] = mine::op(q=" + expected + ")"))
        << argument;
  }
}

TEST(ExportGraph, ArgumentsFitTheSchema) {
  EXPECT_THAT(
      nodes_of({node("torch.ops.aten.leaky_relu.default",
                     {input("self", tensor("x")), input("negative_slope", {{"as_float", 2}})}, {tensor("y")}),
                node("torch.ops.aten.dropout.default",
                     {input("input", tensor("x")), input("p", {{"as_int", 0}}), input("train", {{"as_int", 0}})},
                     {tensor("z")}),
                node("torch.ops.aten.sum.dim_IntList", {input("self", tensor("x")), input("dim", {{"as_int", 1}})},
                     {tensor("s")})}),
      AllOf(HasSubstr("negative_slope=2.0"), HasSubstr("p=0.0, train=False"),
            HasSubstr("dim=[1], keepdim=False, dtype=None")));
  // Numbers for tensors and for scalars stay what they are.
  EXPECT_THAT(nodes_of({node("torch.ops.aten.add.Tensor", {input("self", tensor("x")), input("other", {{"as_int", 1}})},
                             {tensor("y")})}),
              HasSubstr("other=1, alpha=1"));
}

TEST(ExportGraph, UnknownOperatorsKeepTheirArguments) {
  EXPECT_THAT(nodes_of({node("torch.ops.mylib.fancy.out", {input("b", tensor("x")), input("", {{"as_int", 1}})},
                             {tensor("y")})}),
              HasSubstr("mylib::fancy.out(b=%x, arg1=1)"));
  EXPECT_THAT(nodes_of({node("_operator.matmul", {input("a", tensor("x")), input("b", tensor("x"))}, {tensor("y")})}),
              HasSubstr("_operator::matmul(a=%x, b=%x)"));
}

TEST(ExportGraph, ListsAreUnpacked) {
  EXPECT_EQ(
      nodes_of({node("torch.ops.aten.split.Tensor", {input("self", tensor("x")), input("split_size", {{"as_int", 1}})},
                     {names({"getitem", "getitem_1"})}, "split")},
               "getitem_1"),
      "  %split : list = aten::split.Tensor(self=%x, split_size=1, dim=0)  # scope \"a.b\" source \"model.py:7\"\n"
      "  %getitem : float32[2,3], %getitem_1 : float32[2,3] = prim::ListUnpack(list=%split)  # scope \"a.b\" source "
      "\"model.py:7\"\n"
      "  return (%getitem_1)");
}

TEST(ExportGraph, OutputsWithoutNames) {
  EXPECT_THAT(nodes_of({node("torch.ops.mine.op.default", {}, {tensor("y"), {{"as_none", true}}, {{"as_int", 3}}})}),
              HasSubstr("%y : float32[2,3], %unused : none, %unused_1 : int = mine::op()"));
  EXPECT_THAT(nodes_of({node("torch.ops.mine.op.default", {}, {})}), HasSubstr("  mine::op()  #"));
}

TEST(ExportGraph, SizesAreScalarOperators) {
  const Json size = node("torch.ops.aten.sym_size.int", {input("self", tensor("x")), input("dim", {{"as_int", 0}})},
                         {{{"as_sym_int", {{"as_name", "n"}}}}});
  const Json n{{"as_sym_int", {{"as_name", "n"}}}};
  const auto sym = [](const char* kind, const char* name) { return Json{{kind, {{"as_name", name}}}}; };
  EXPECT_THAT(
      nodes_of({size,  //
                node("_operator.mul", {input("a", n), input("b", {{"as_int", 2}})}, {sym("as_sym_int", "m")}),
                node("_operator.floordiv", {input("a", sym("as_sym_int", "m")), input("b", {{"as_int", 3}})},
                     {sym("as_sym_int", "d")}),
                node("torch.sym_float", {input("a", n)}, {sym("as_sym_float", "f")}),
                node("_operator.truediv", {input("a", n), input("b", {{"as_int", 2}})}, {sym("as_sym_float", "t")}),
                node("_operator.mul", {input("a", sym("as_sym_float", "f")), input("b", {{"as_int", 2}})},
                     {sym("as_sym_float", "g")}),
                node("math.trunc", {input("x", sym("as_sym_float", "g"))}, {sym("as_sym_int", "i")}),
                node("torch.sym_max", {input("a", n), input("b", {{"as_int", 5}})}, {sym("as_sym_int", "k")}),
                node("_operator.ge", {input("a", n), input("b", {{"as_int", 2}})}, {sym("as_sym_bool", "c")}),
                node("torch.sym_not", {input("a", sym("as_sym_bool", "c"))}, {sym("as_sym_bool", "e")}),
                node("torch.sym_sum", {input("args", {{"as_sym_ints", {{{"as_name", "n"}}, {{"as_int", 1}}}}})},
                     {sym("as_sym_int", "s")}),
                node("_operator.pos", {input("a", n)}, {sym("as_sym_int", "same")}),
                node("_operator.neg", {input("a", sym("as_sym_int", "same"))}, {sym("as_sym_int", "minus")})}),
      AllOf(HasSubstr("%n : int = aten::size.int(self=%x, dim=0)"), HasSubstr("%m : int = aten::mul.int(a=%n, b=2)"),
            HasSubstr("%d : int = aten::floordiv.int(a=%m, b=3)"), HasSubstr("%f : float = aten::Float.int(a=%n)"),
            HasSubstr("%t : float = aten::div.int(a=%n, b=2)"),
            HasSubstr("%g : float = aten::mul.float_int(a=%f, b=2)"), HasSubstr("%i : int = aten::Int.float(a=%g)"),
            HasSubstr("%k : int = prim::max.int(a=%n, b=5)"), HasSubstr("%c : bool = aten::ge.int(a=%n, b=2)"),
            HasSubstr("%e : bool = aten::__not__(self=%c)"), HasSubstr("%s : int = aten::sum.int(self=[%n, 1])"),
            HasSubstr("%minus : int = aten::neg.int(a=%n)"), Not(HasSubstr("same"))));
}

TEST(ExportGraph, EveryScalarOperatorHasASchema) {
  using Kind = Type::Kind;
  int found = 0;
  for (const char* target :
       {"_operator.add",    "_operator.sub",    "_operator.mul",     "_operator.floordiv", "_operator.mod",
        "_operator.pow",    "_operator.eq",     "_operator.ne",      "_operator.lt",       "_operator.le",
        "_operator.gt",     "_operator.ge",     "_operator.and_",    "_operator.or_",      "_operator.xor",
        "_operator.lshift", "_operator.rshift", "_operator.truediv", "torch.sym_max",      "torch.sym_min",
        "_operator.neg",    "torch.sym_not",    "torch.sym_int",     "math.trunc",         "torch.sym_float",
        "math.ceil",        "math.floor",       "torch._sym_sqrt",   "math.sqrt"}) {
    std::vector<std::vector<Kind>> inputs{{Kind::kInt}, {Kind::kFloat}, {Kind::kBool}};
    for (const Kind a : {Kind::kInt, Kind::kFloat, Kind::kBool}) {
      for (const Kind b : {Kind::kInt, Kind::kFloat, Kind::kBool}) inputs.push_back({a, b});
    }
    int forms = 0;
    for (const std::vector<Kind>& types : inputs) {
      const auto op = pt2::scalar_operator(target, types);
      if (!op) continue;
      ++forms;
      if (op->kind.empty()) continue;
      const OperatorSchema* schema = find_schema(op->kind, op->overload);
      ASSERT_NE(schema, nullptr) << target << " -> " << op->kind << "." << op->overload;
      ASSERT_EQ(schema->arguments.size(), op->argument_names.size()) << schema->text;
      for (std::size_t i = 0; i < op->argument_names.size(); ++i)
        EXPECT_EQ(schema->arguments[i].name, op->argument_names[i]) << schema->text;
    }
    EXPECT_GT(forms, 0) << target;
    found += forms;
  }
  EXPECT_GT(found, 150);
  EXPECT_EQ(pt2::scalar_operator("_operator.matmul", {Kind::kInt, Kind::kInt}), std::nullopt);
  EXPECT_EQ(pt2::scalar_operator("other.add", {Kind::kInt, Kind::kInt}), std::nullopt);
  EXPECT_EQ(pt2::scalar_operator("_operator.add", {Kind::kInt, Kind::kTensor}), std::nullopt);
}

TEST(ExportGraph, BranchesBecomeBlocks) {
  const Json relu = graph_argument(
      {tensor("x")}, {node("torch.ops.aten.relu.default", {input("self", tensor("x"))}, {tensor("y")})}, {tensor("y")});
  const Json neg = graph_argument(
      {tensor("x")}, {node("torch.ops.aten.neg.default", {input("self", tensor("x"))}, {tensor("y")})}, {tensor("y")});
  EXPECT_EQ(nodes_of({node("torch.ops.higher_order.cond",
                           {input("", tensor("x")), input("", relu), input("", neg), input("", names({"x"}))},
                           {tensor("y")})},
                     "y"),
            "  %y : float32[2,3] = higher_order::cond(pred=%x, operands=[%x])  # scope \"a.b\" source \"model.py:7\"\n"
            "    block(%x_1 : float32[2,3]) {\n"
            "      %y_1 : float32[2,3] = aten::relu(self=%x_1)  # scope \"a.b\" source \"model.py:7\"\n"
            "      return (%y_1)\n    }\n"
            "    block(%x_2 : float32[2,3]) {\n"
            "      %y_2 : float32[2,3] = aten::neg(self=%x_2)  # scope \"a.b\" source \"model.py:7\"\n"
            "      return (%y_2)\n    }\n"
            "  return (%y)");
  EXPECT_THAT(nodes_of({node("torch.ops.higher_order.new_thing",
                             {input("", {{"as_int", 2}}), input("", relu), input("", tensor("x"))}, {tensor("y")})}),
              HasSubstr("higher_order::new_thing(arg0=2, arg1=%x)"));
}

TEST(ExportGraph, SetGradEnabledIsInlined) {
  const Json inner =
      graph_argument({tensor("arg0"), tensor("x")},
                     {node("torch.ops.aten.mul.Tensor", {input("self", tensor("arg0")), input("other", tensor("x"))},
                           {tensor("mul")})},
                     {tensor("mul"), tensor("x")});
  const auto wrapped = [&](std::vector<Json> outputs) {
    return node("torch.ops.higher_order.wrap_with_set_grad_enabled",
                {input("", {{"as_bool", false}}), input("", inner), input("", tensor("p_w")), input("", tensor("x"))},
                std::move(outputs));
  };
  const Json use =
      node("torch.ops.aten.add.Tensor", {input("self", tensor("mul")), input("other", tensor("again"))}, {tensor("y")});
  EXPECT_EQ(
      nodes_of({wrapped({tensor("mul"), tensor("again")}), use}, "y"),
      "  %mul : float32[2,3] = aten::mul.Tensor(self=%p_w, other=%x)  # scope \"a.b\" source \"model.py:7\"\n"
      "  %y : float32[2,3] = aten::add.Tensor(self=%mul, other=%x, alpha=1)  # scope \"a.b\" source \"model.py:7\"\n"
      "  return (%y)");
  EXPECT_EQ(nodes_of({wrapped({names({"mul", "again"})}), use}, "y"),
            nodes_of({wrapped({tensor("mul"), tensor("again")}), use}, "y"));
  EXPECT_THAT(error_with({wrapped({tensor("mul")})}), HasSubstr("gives 2 outputs, but 1 are wanted"));
  const Json too_few = node("torch.ops.higher_order.wrap_with_set_grad_enabled",
                            {input("", {{"as_bool", false}}), input("", inner)}, {});
  EXPECT_THAT(error_with({too_few}), HasSubstr("takes 2 inputs, but 0 are given"));
}

TEST(ExportGraph, AutocastIsInlinedWhereItDidNothing) {
  const auto region = [](const char* device, bool enabled, int dtype) {
    const Json inner = graph_argument(
        {tensor("a")}, {node("torch.ops.aten.relu.default", {input("self", tensor("a"))}, {tensor("b")})},
        {tensor("b")}, dtype);
    return node(
        "torch.ops.higher_order.wrap_with_autocast",
        {input("", {{"as_string", device}}), input("", {{"as_scalar_type", 13}}), input("", {{"as_bool", enabled}}),
         input("", {{"as_bool", false}}), input("", inner), input("", tensor("x"))},
        {tensor("y")});
  };
  const std::string relu = "aten::relu(self=%x)";
  EXPECT_THAT(nodes_of({region("cuda", false, 13)}), HasSubstr(relu));  // disabled
  EXPECT_THAT(nodes_of({region("cpu", true, 13)}), HasSubstr(relu));    // no tensor is on the device
  EXPECT_THAT(nodes_of({region("cuda", true, 7)}), HasSubstr(relu));    // no tensor has a lower type
  const Json program = program_of({region("cuda", true, 13)}, {tensor("x")});
  try {
    import(program);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kUnsupportedOperator);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("autocast region"), HasSubstr("higher_order::wrap_with_autocast"),
                                    HasSubstr("model.py:7"), HasSubstr("run_decompositions")));
    ASSERT_EQ(error.unsupported().size(), 1U);
    EXPECT_EQ(error.unsupported()[0].kind, "higher_order::wrap_with_autocast");
  }
}

TEST(ExportGraph, RefusalsNameTheNode) {
  const auto with = [](Json argument) {
    return error_with({node("torch.ops.mine.op.default", {input("q", std::move(argument))}, {tensor("y")})});
  };
  EXPECT_THAT(with({{"as_tensor", {{"name", "nobody"}}}}),
              AllOf(HasSubstr("the value \"nobody\" is read, but not defined before"), HasSubstr("mine::op"),
                    HasSubstr("a.b"), HasSubstr("model.py:7"), HasSubstr("the exported program cannot be read")));
  EXPECT_THAT(with({{"as_new", 1}}), HasSubstr("an argument has the unknown form \"as_new\""));
  EXPECT_THAT(with(Json::object()), HasSubstr("an argument has 0 alternatives"));
  EXPECT_THAT(with(3), HasSubstr("an argument is number, not a record"));
  EXPECT_THAT(with({{"as_int", "3"}}), HasSubstr("as_int is string, not an integer"));
  EXPECT_THAT(with({{"as_ints", 3}}), HasSubstr("\"as_ints\" is number, not an array"));
  EXPECT_THAT(with({{"as_float", "x"}}), HasSubstr("as_float is string, not a number"));
  EXPECT_THAT(with({{"as_bool", 1}}), HasSubstr("as_bool is number, not a boolean"));
  EXPECT_THAT(with({{"as_string", 1}}), HasSubstr("as_string is number, not a text"));
  EXPECT_THAT(with({{"as_sym_int", {{"as_x", 1}}}}), HasSubstr("a symbolic number has the unknown form"));
  EXPECT_THAT(with({{"as_optional_tensor", {{"as_x", 1}}}}), HasSubstr("an optional tensor has the unknown form"));
  EXPECT_THAT(with({{"as_scalar_type", 0}}), HasSubstr("the element type has the unknown number 0"));
  EXPECT_THAT(with({{"as_scalar_type", 28}}), HasSubstr("uint16"));
  EXPECT_THAT(with({{"as_layout", 8}}), HasSubstr("the layout has the unknown number 8"));
  EXPECT_THAT(with({{"as_memory_format", -1}}), HasSubstr("the memory format has the unknown number -1"));
  EXPECT_THAT(with({{"as_complex", {{"real", 1}, {"imag", 1}}}}),
              HasSubstr("a complex number, which torch2trt does not have"));
  EXPECT_THAT(with({{"as_custom_obj", {{"name", "o"}, {"class_fqn", "c"}}}}), HasSubstr("a custom object"));
  EXPECT_THAT(with({{"as_string_to_argument", Json::object()}}), HasSubstr("a dictionary"));
  EXPECT_THAT(with(graph_argument({}, {}, {})), HasSubstr("a graph outside a higher-order operator"));

  EXPECT_THAT(error_with({node("torch.ops.aten.relu", {}, {})}),
              HasSubstr("\"torch.ops.aten.relu\" is not torch.ops.<library>"));
  EXPECT_THAT(error_with({node("torch.ops.aten.relu.default", {}, {tensor("y")})}),
              AllOf(HasSubstr("\"self\" is missing"), HasSubstr("aten::relu")));
  EXPECT_THAT(error_with({node("torch.ops.aten.relu.default", {input("self", tensor("x")), input("q", tensor("x"))},
                               {tensor("y")})}),
              HasSubstr("unknown argument \"q\""));
  EXPECT_THAT(error_with({node("torch.ops.mine.op.default", {input("q", tensor("x")), input("q", tensor("x"))}, {})}),
              HasSubstr("\"q\" is given twice"));
  EXPECT_THAT(error_with({node("torch.ops.mine.op.default", {}, {tensor("x")})}),
              HasSubstr("the value \"x\" is defined twice"));
  EXPECT_THAT(error_with({node("torch.ops.mine.op.default", {}, {{{"as_x", 1}}})}),
              HasSubstr("an output has the unknown form \"as_x\""));
  Json no_target = node("torch.ops.mine.op.default", {}, {});
  no_target.erase("target");
  EXPECT_THAT(error_with({no_target}), HasSubstr("the field \"target\" is missing"));
}

}  // namespace
}  // namespace torch2trt::testing
