#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/frontend/export/pytree.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Structure::Kind;

const std::string kLeaf = R"({"type": null, "context": null, "children_spec": []})";

std::string of(const std::string& type, const std::string& context, const std::string& children) {
  return R"({"type": ")" + type + R"(", "context": ")" + context + R"(", "children_spec": [)" + children + "]}";
}
std::string spec(const std::string& tree) { return "[1, " + tree + "]"; }

Structure arguments(const std::string& positional, const std::string& keys = "[]", const std::string& keywords = "") {
  return parse_tree_spec(
      spec(of("builtins.tuple", "null",
              of("builtins.tuple", "null", positional) + ", " + of("builtins.dict", keys, keywords))),
      "input");
}

std::string error_of(const std::string& text) {
  try {
    parse_tree_spec(text, "output");
  } catch (const Error& error) {
    return std::string(name(error.category())) + ": " + error.what();
  }
  return {};
}

TEST(ExportPytree, Kinds) {
  EXPECT_EQ(parse_tree_spec(spec(kLeaf), "output"), Structure{});
  EXPECT_EQ(parse_tree_spec(spec(of("builtins.tuple", "null", "")), "output"), (Structure{.kind = Kind::kTuple}));
  EXPECT_EQ(parse_tree_spec(spec(of("builtins.list", "null", kLeaf)), "output"),
            (Structure{.kind = Kind::kList, .children = {Structure{}}}));
  const Structure pair{.kind = Kind::kDict, .keys = {"'a'", "1"}, .children = {Structure{}, Structure{}}};
  EXPECT_EQ(parse_tree_spec(spec(of("builtins.dict", R"([\"a\", 1])", kLeaf + "," + kLeaf)), "output"), pair);
  EXPECT_EQ(parse_tree_spec(spec(of("collections.OrderedDict", R"([\"a\", 1])", kLeaf + "," + kLeaf)), "output"), pair);
  EXPECT_EQ(parse_tree_spec(spec(of("collections.defaultdict",
                                    R"({\"default_factory_module\": \"builtins\", \"dict_context\": [\"a\", 1]})",
                                    kLeaf + "," + kLeaf)),
                            "output"),
            pair);
  EXPECT_EQ(parse_tree_spec(spec(of("collections.namedtuple", "m.Pair", kLeaf)), "output").kind, Kind::kTuple);
  EXPECT_EQ(parse_tree_spec(spec(of("builtins.NoneType", "null", "")), "output").kind, Kind::kNone);
}

TEST(ExportPytree, KeysAreAsReprHasThem) {
  const Structure tree = parse_tree_spec(
      spec(of("builtins.dict", R"([\"it's\", \"a\\\"'\", true, -2])", kLeaf + "," + kLeaf + "," + kLeaf + "," + kLeaf)),
      "output");
  EXPECT_THAT(tree.keys, ElementsAre("\"it's\"", "'a\"\\''", "True", "-2"));
}

TEST(ExportPytree, LeafNames) {
  const std::string nested =
      of("builtins.dict", R"([\"u\", \"v\"])", kLeaf + "," + of("builtins.list", "null", kLeaf + "," + kLeaf));
  EXPECT_THAT(leaf_names(arguments(kLeaf + "," + nested), {"x", "d"}), ElementsAre("x", "d.u", "d.v.0", "d.v.1"));
  EXPECT_THAT(leaf_names(arguments(kLeaf, R"([\"j\", \"k\"])", kLeaf + "," + kLeaf), {"x", "k", "j"}),
              ElementsAre("x", "j", "k"));
  EXPECT_THAT(leaf_names(arguments(kLeaf), {}), IsEmpty());
  EXPECT_THAT(leaf_names(Structure{}, {"x"}), IsEmpty());
}

TEST(ExportPytree, InputStructureIsNeverAmbiguous) {
  EXPECT_EQ(without_empty_keywords(arguments(kLeaf)), (Structure{.kind = Kind::kTuple, .children = {Structure{}}}));
  const Structure keywords = arguments(kLeaf, R"([\"j\"])", kLeaf);
  EXPECT_EQ(without_empty_keywords(keywords), keywords);
  // forward(pair, dictionary): looks like (arguments, keywords).
  const Structure both =
      arguments(of("builtins.tuple", "null", kLeaf) + "," + of("builtins.dict", R"([\"a\"])", kLeaf));
  EXPECT_EQ(without_empty_keywords(both), both);
  EXPECT_THROW(without_empty_keywords(Structure{}), Error);
}

TEST(ExportPytree, Refusals) {
  EXPECT_THAT(error_of(spec(of("transformers.modeling_outputs.BaseModelOutput", "null", kLeaf))),
              AllOf(HasSubstr("UnsupportedOperator"),
                    HasSubstr("the output holds a transformers.modeling_outputs.BaseModelOutput"),
                    HasSubstr("wrap the module")));
  EXPECT_THAT(error_of("[2, " + kLeaf + "]"), AllOf(HasSubstr("InvalidModel"), HasSubstr("protocol 2")));
  EXPECT_THAT(error_of("[]"), HasSubstr("is not [protocol, tree]"));
  EXPECT_THAT(error_of("nonsense"), HasSubstr("is not JSON"));
  EXPECT_THAT(error_of(spec(R"({"type": null, "context": null, "children_spec": [)" + kLeaf + "]}")),
              HasSubstr("a leaf of the output has children"));
  EXPECT_THAT(error_of(spec(of("builtins.dict", R"([\"a\"])", ""))), HasSubstr("1 keys, but 0 values"));
  EXPECT_THAT(error_of(spec(of("builtins.dict", R"([[1]])", kLeaf))), HasSubstr("a key [1]"));
  EXPECT_THAT(error_of(spec(of("builtins.dict", "3", kLeaf))), HasSubstr("no list of keys"));
  std::string deep = kLeaf;
  for (int i = 0; i < 150; ++i) deep = of("builtins.list", "null", deep);
  EXPECT_THAT(error_of(spec(deep)), HasSubstr("nests deeper than 100 levels"));
}

}  // namespace
}  // namespace torch2trt::pt2
