#include "src/graph/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace torch2trt {
namespace {

// Everything the format has, as the printer writes it.
constexpr std::string_view kEverything = R"ir(graph forward(
  %x : float32[s0,3,224,224] "x",
  %mask : bool[2*s0,?] "more.mask",
  %flag : bool "flag",
  %half : bfloat16[] "half",
  %"input.1/a" : tensor[...] "odd \"name\"",
  %raw "raw",
) parameters(
  %p_w : float32[64,3,7,7] parameter "conv1.weight",
  %b : int64[] buffer "bn.num_batches_tracked",
  %c.1 : float64["Max(1, s0)",0] constant "c",
) symbols(s0 in [2, 16], "u 0" in [-1, inf]) {
  %y : float32[s0,64,112,112] = aten::conv2d(input=%x, weight=%p_w, bias=None, stride=[2, 2])  # scope "conv1" source "resnet.py:197"
  %v : float32[...], %i : int64[...] = aten::max.dim(self=%y, dim=-1, keepdim=True)  # source "a.py:1"
  aten::_assert(message="line\n\ttab \\ \x01 \xff é", on=False)
  %n : list = "_operator.mul"."odd overload"(%x, [1, [], [2.5, 1e-05, 1e+100, -0.0, 1.0]], "odd name"=None)
  %t = aten::to.dtype_layout(self=%"input.1/a", dtype=torch.float16, layout=layout("strided"), device=device("cpu"), memory_format=memory_format("contiguous_format"))
  %f : float = aten::limits(a=inf, b=-inf, c=nan, d=9223372036854775807, e=-9223372036854775808)
  %q : int, %s : str, %o : object, %none : none, %tup : tuple = prim::If(cond=%flag)  # scope "branch"
    block() {
      %inner = prim::Loop()
        block(%k : int, %l) {
          return (%k)
        }
      return (%inner, [%x, 1])
    }
    block(%z : int) {
      return (%x)
    }
  return (%y, 3, None, %t, %t)
}
structure inputs ((*, [*, ()]), {'key': *, "3": {"'not plain'": *}, 'n': None, 'l': [*]}) outputs (*, *, *, *, [*])
)ir";

std::string error_of(std::string_view text) {
  try {
    parse_text(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel);
    return error.what();
  }
  return "no error";
}

TEST(GraphText, EverythingPrintsAsItWasParsed) { EXPECT_EQ(to_text(parse_text(kEverything)), kEverything); }

TEST(GraphText, ParsesToTheRightThings) {
  const Graph graph = parse_text(kEverything);
  EXPECT_EQ(graph.value(graph.inputs[1].value).type,
            (Type{Type::Kind::kTensor, DType::kBool, std::vector<Size>{{-1, "2*s0"}, {-1, ""}}}));
  EXPECT_EQ(graph.value(graph.inputs[2].value).type, (Type{Type::Kind::kBool, std::nullopt, std::nullopt}));
  EXPECT_EQ(graph.value(graph.inputs[3].value).type,
            (Type{Type::Kind::kTensor, DType::kBFloat16, std::vector<Size>{}}));
  EXPECT_EQ(graph.value(graph.inputs[4].value).type, (Type{Type::Kind::kTensor, std::nullopt, std::nullopt}));
  EXPECT_EQ(graph.value(graph.inputs[4].value).name, "input.1/a");
  EXPECT_EQ(graph.inputs[4].name, "odd \"name\"");
  EXPECT_EQ(graph.parameters[1].kind, Parameter::Kind::kBuffer);
  EXPECT_EQ(graph.parameters[0].data.sizes, (std::vector<std::int64_t>{64, 3, 7, 7}));
  EXPECT_EQ(graph.parameters[0].data.strides, (std::vector<std::int64_t>{147, 49, 7, 1}));
  EXPECT_EQ(graph.parameters[0].data.data, nullptr);
  EXPECT_EQ(graph.symbols.at("s0"), (SymbolRange{2, 16}));
  EXPECT_EQ(graph.symbols.at("u 0"), (SymbolRange{-1, std::nullopt}));
  const std::vector<Node>& nodes = graph.body.nodes;
  EXPECT_EQ(nodes[0].scope, "conv1");
  EXPECT_EQ(nodes[0].source, "resnet.py:197");
  EXPECT_EQ(*nodes[0].find("stride"), Argument(Argument::List{2, 2}));
  EXPECT_EQ(nodes[1].qualified(), "aten::max.dim");
  EXPECT_EQ(*nodes[2].find("message"), Argument("line\n\ttab \\ \x01 \xff é"));
  EXPECT_EQ(nodes[3].kind, "_operator.mul");
  EXPECT_EQ(nodes[3].overload, "odd overload");
  EXPECT_EQ(nodes[3].arguments[0], (NamedArgument{"", graph.inputs[0].value}));
  EXPECT_EQ(nodes[3].arguments[1].value,
            Argument(Argument::List{1, Argument::List{}, Argument::List{2.5, 1e-05, 1e100, -0.0, 1.0}}));
  EXPECT_EQ(*nodes[4].find("layout"), Argument(Symbolic{Symbolic::Kind::kLayout, "strided"}));
  EXPECT_EQ(*nodes[4].find("dtype"), Argument(DType::kFloat16));
  EXPECT_EQ(nodes[6].blocks.size(), 2U);
  EXPECT_EQ(nodes[6].blocks[0].nodes[0].blocks[0].inputs.size(), 2U);
  EXPECT_EQ(graph.input_structure.leaves(), 5U);
  EXPECT_EQ(graph.input_structure.children[1].keys, (std::vector<std::string>{"'key'", "3", "'n'", "'l'"}));
}

TEST(GraphText, FloatsAreShortestAndExact) {
  Graph graph;
  Argument::List numbers;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const double number = std::bit_cast<double>(random());
    if (number == number) numbers.emplace_back(number);
  }
  numbers.emplace_back(0.1);
  numbers.emplace_back(std::numeric_limits<double>::denorm_min());
  graph.body.nodes.push_back({.kind = "aten::f", .arguments = {{"x", numbers}}});
  const Graph again = parse_text(to_text(graph));
  EXPECT_EQ(*again.body.nodes[0].find("x"), Argument(numbers));
  EXPECT_THAT(to_text(graph), testing::HasSubstr(", 0.1, 5e-324])"));
}

TEST(GraphText, SectionsMayBeLeftOutAndCommentsStand) {
  EXPECT_EQ(to_text(parse_text("graph g(%x \"x\") { // nothing\n return (%x) }")),
            "graph g(\n  %x \"x\",\n) {\n  return (%x)\n}\nstructure inputs (*) outputs *\n");
  EXPECT_EQ(to_text(parse_text("graph \"\"() { return () }")),
            "graph \"\"(\n) {\n  return ()\n}\nstructure inputs () outputs ()\n");
  EXPECT_EQ(to_text(Graph()), "graph forward(\n) {\n  return ()\n}\nstructure inputs * outputs *\n");
}

TEST(GraphText, AMalformedGraphStillPrints) {
  Graph graph;
  graph.body.nodes.push_back({.kind = "aten::relu", .arguments = {{"self", ValueId{7}}}, .outputs = {ValueId{}}});
  EXPECT_EQ(to_text(graph, graph.body.nodes[0]), "%<no value -1> = aten::relu(self=%<no value 7>)");
}

TEST(GraphText, ErrorsNameLineAndColumn) {
  EXPECT_EQ(error_of(""), "graph text, line 1, column 1: expected 'graph', found the end");
  EXPECT_EQ(error_of("graph g(\n  %x \"x\" %y"), "graph text, line 2, column 10: expected ')', found '%'");
  EXPECT_EQ(error_of("graph g() {\n return (%x)\n}"), "graph text, line 2, column 10: %x is not defined before this");
  EXPECT_EQ(error_of("graph g(%x \"x\", %x \"y\") {}"), "graph text, line 1, column 17: %x is defined twice");
  EXPECT_EQ(error_of("graph g() { %x = aten::f(self=%x) return () }"),
            "graph text, line 1, column 31: %x is not defined before this");
  EXPECT_EQ(error_of("graph g() { relu() }"), "graph text, line 1, column 17: expected '::' after 'relu'");
  EXPECT_EQ(error_of("graph g() { aten::relu(x=maybe) }"),
            "graph text, line 1, column 26: expected a value, found 'maybe'");
  EXPECT_EQ(error_of("graph g() { aten::relu(x=99999999999999999999) }"),
            "graph text, line 1, column 26: a number does not fit 64 bits");
  EXPECT_EQ(error_of("graph g() { aten::relu(x=1.2.3) }"), "graph text, line 1, column 26: not a number");
  EXPECT_EQ(error_of("graph g() { aten::relu(x=torch.float5) }"),
            "graph text, line 1, column 32: expected a dtype after 'torch.'");
  EXPECT_EQ(error_of("graph g(%x : float5[2] \"x\")"), "graph text, line 1, column 14: unknown dtype 'float5'");
  EXPECT_EQ(error_of("graph g(%x : float32 \"x\")"),
            "graph text, line 1, column 14: unknown type 'float32' (a tensor's has sizes: float32[2,3])");
  EXPECT_EQ(error_of("graph g(%x : float32[-2] \"x\")"),
            "graph text, line 1, column 22: expected a size that is not negative");
  EXPECT_EQ(error_of("graph g(%x : float32[;] \"x\")"), "graph text, line 1, column 22: expected a size, found ';'");
  EXPECT_EQ(error_of("graph g(% \"x\")"), "graph text, line 1, column 10: expected a value's name, found ' '");
  EXPECT_EQ(error_of("graph g(%x x)"),
            "graph text, line 1, column 12: expected the input's name in double quotes, found 'x'");
  EXPECT_EQ(error_of("graph g(%x \"x\n\")"), "graph text, line 1, column 12: the string does not end on its line");
  EXPECT_EQ(error_of(R"ir(graph g(%x "\q"))ir"),
            R"ir(graph text, line 1, column 13: unknown escape in a string; there are \n \t \" \\ \xNN)ir");
  EXPECT_EQ(error_of("graph g() parameters(%x weight \"x\")"),
            "graph text, line 1, column 25: expected parameter, buffer or constant");
  EXPECT_EQ(error_of("graph g() parameters(%x : int8[2,9223372036854775807,9223372036854775807] buffer \"x\")"),
            "graph text, line 1, column 85: the sizes overflow 64 bits");
  EXPECT_EQ(error_of("graph g() symbols(s in [1, inf], s in [1, 2]) {}"),
            "graph text, line 1, column 45: symbol s has two ranges");
  EXPECT_EQ(error_of("graph g() symbols(s in [x, inf]) {}"),
            "graph text, line 1, column 25: expected the least value, found 'x'");
  EXPECT_EQ(error_of("graph g() { return () } structure inputs ? outputs *"),
            "graph text, line 1, column 42: expected a structure, found '?'");
  EXPECT_EQ(error_of("graph g() { return () } what"), "graph text, line 1, column 25: expected the end of the text");
  EXPECT_EQ(error_of("graph g(\x01"), "graph text, line 1, column 9: expected '%', found byte 0x01");
}

TEST(GraphText, DeepNestingIsRefused) {
  const std::string start = "graph g() { aten::f(x=";
  EXPECT_THAT(error_of(start + std::string(100000, '[')), testing::HasSubstr("nested deeper than 64"));
  EXPECT_THAT(error_of("graph g() { return () } structure inputs " + std::string(100000, '(')),
              testing::HasSubstr("nested deeper than 64"));
  std::string blocks = "graph g() { ";
  for (int i = 0; i < 10000; ++i) blocks += "aten::f() block() { ";
  EXPECT_THAT(error_of(blocks), testing::HasSubstr("nested deeper than 64"));
}

// Damaged text gives an Error, or a graph whose text is stable; never a crash (run under ASan too).
TEST(GraphText, SurvivesDamagedText) {
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::string_view alphabet = "%\"'()[]{},.:=#*?/\\-+0919e_as \n\x01\xff";
  int parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text(kEverything);
    for (std::size_t edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = below(text.size());
      switch (below(5)) {
        case 0: text[at] = alphabet[below(alphabet.size())]; break;
        case 1: text.erase(at, 1 + below(8)); break;
        case 2: text.insert(at, 1, alphabet[below(alphabet.size())]); break;
        case 3: text.resize(at); break;
        default: text.insert(at, text.substr(below(text.size()), below(60))); break;
      }
    }
    try {
      const std::string printed = to_text(parse_text(text));
      EXPECT_EQ(to_text(parse_text(printed)), printed);
      ++parsed;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel) << error.what();
    }
  }
  EXPECT_GT(parsed, 500);  // the damage must not all be fatal, or nothing past the header is tested
  EXPECT_LT(parsed, 19000);
}

}  // namespace
}  // namespace torch2trt
