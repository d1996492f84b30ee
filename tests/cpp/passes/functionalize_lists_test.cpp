#include "src/passes/functionalize_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/passes/pass_testing.h"

namespace torch2trt {
namespace {

using ::testing::HasSubstr;

std::string functional(std::string_view nodes) {
  return nodes_after(functionalize_lists, "functionalize_lists", "graph g(%x \"x\", %n : int \"n\", %p : bool \"p\")",
                     nodes);
}

std::string error_of(std::string_view nodes) {
  return refusal_of([&] { return functional(nodes); });
}

TEST(FunctionalizeLists, AGraphWithoutWritesStaysAsItIs) {
  const std::string_view nodes =
      "  %l : list = prim::ListConstruct(\"0\"=%x)\n"
      "  %m : list = aten::add.t(a=%l, b=[%x])\n"
      "  return (%l, %m)\n";
  EXPECT_EQ(functional(nodes), nodes);
}

TEST(FunctionalizeLists, AppendAndExtendGiveNewLists) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct(\"0\"=%x)\n"
                       "%before = aten::cat(tensors=%l, dim=0)\n"
                       "%a : list = aten::append.t(self=%l, el=%x)\n"
                       "%b = aten::cat(tensors=%l, dim=0)\n"
                       "%c : list = aten::add_.t(self=%a, b=[%x, %x])\n"
                       "aten::extend.t(self=%l, other=%l)\n"
                       "%d = aten::cat(tensors=%a, dim=0)\n"
                       "return (%before, %b, %d)\n"),
            "  %l : list = prim::ListConstruct(\"0\"=%x)\n"
            "  %before = aten::cat(tensors=%l, dim=0)\n"
            "  %l_1 : list = aten::add.t(a=%l, b=[%x])\n"
            "  %b = aten::cat(tensors=%l_1, dim=0)\n"
            "  %l_1_1 : list = aten::add.t(a=%l_1, b=[%x, %x])\n"
            "  %l_1_1_1 : list = aten::add.t(a=%l_1_1, b=%l_1_1)\n"
            "  %d = aten::cat(tensors=%l_1_1_1, dim=0)\n"
            "  return (%before, %b, %d)\n");
}

TEST(FunctionalizeLists, BranchesReturnWhatTheyAppendTo) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct()\n"
                       "%y = prim::If(condition=%p)\n"
                       " block() {\n aten::append.t(self=%l, el=%x)\n return (%x)\n }\n"
                       " block() {\n return (%x)\n }\n"
                       "%z = aten::cat(tensors=%l, dim=0)\n"
                       "return (%y, %z)\n"),
            "  %l : list = prim::ListConstruct()\n"
            "  %y, %l_3 : list = prim::If(condition=%p)\n"
            "    block() {\n"
            "      %l_2 : list = aten::add.t(a=%l, b=[%x])\n"
            "      return (%x, %l_2)\n"
            "    }\n"
            "    block() {\n"
            "      return (%x, %l)\n"
            "    }\n"
            "  %z = aten::cat(tensors=%l_3, dim=0)\n"
            "  return (%y, %z)\n");
}

TEST(FunctionalizeLists, LoopsCarryWhatTheyAppendTo) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct()\n"
                       "%y = prim::Loop(max_trip_count=%n, condition=True, carried_0=%x)\n"
                       " block(%i : int, %h) {\n aten::append.t(self=%l, el=%h)\n"
                       "   prim::If(condition=%p)\n"
                       "    block() {\n aten::append.t(self=%l, el=%x)\n return ()\n }\n"
                       "    block() {\n return ()\n }\n"
                       " return (True, %h)\n }\n"
                       "%z = aten::cat(tensors=%l, dim=0)\n"
                       "return (%y, %z)\n"),
            "  %l : list = prim::ListConstruct()\n"
            "  %y, %l_3 : list = prim::Loop(max_trip_count=%n, condition=True, carried_0=%x, carried_1=%l)\n"
            "    block(%i : int, %h, %l_2 : list) {\n"
            "      %l_2_1 : list = aten::add.t(a=%l_2, b=[%h])\n"
            "      %l_2_1_3 : list = prim::If(condition=%p)\n"
            "        block() {\n"
            "          %l_2_1_2 : list = aten::add.t(a=%l_2_1, b=[%x])\n"
            "          return (%l_2_1_2)\n"
            "        }\n"
            "        block() {\n"
            "          return (%l_2_1)\n"
            "        }\n"
            "      return (True, %h, %l_2_1_3)\n"
            "    }\n"
            "  %z = aten::cat(tensors=%l_3, dim=0)\n"
            "  return (%y, %z)\n");
}

TEST(FunctionalizeLists, ACarriedListThatTheBodyReturnsStaysOneList) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct()\n"
                       "%m : list = prim::Loop(max_trip_count=%n, condition=True, carried_0=%l)\n"
                       " block(%i : int, %k : list) {\n %a : list = aten::append.t(self=%k, el=%x)\n"
                       "   %b : list = aten::add_.t(self=%l, b=[%x])\n return (True, %a)\n }\n"
                       "aten::append.t(self=%l, el=%x)\n"
                       "return (%m)\n"),
            "  %l : list = prim::ListConstruct()\n"
            "  %m : list = prim::Loop(max_trip_count=%n, condition=True, carried_0=%l)\n"
            "    block(%i : int, %k : list) {\n"
            "      %k_2 : list = aten::add.t(a=%k, b=[%x])\n"
            "      %k_2_1 : list = aten::add.t(a=%k_2, b=[%x])\n"
            "      return (True, %k_2_1)\n"
            "    }\n"
            "  %m_1 : list = aten::add.t(a=%m, b=[%x])\n"
            "  return (%m_1)\n");
}

TEST(FunctionalizeLists, AnItemIsReplaced) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct(\"0\"=%x)\n"
                       "%o : list = aten::_set_item.t(l=%l, idx=0, el=%n)\n"
                       "return (%l, %o)\n"),
            "  %l : list = prim::ListConstruct(\"0\"=%x)\n"
            "  %l_1 : list = torch2trt::with_item(list=%l, index=0, item=%n)\n"
            "  return (%l_1, %l_1)\n");
}

TEST(FunctionalizeLists, OtherWritesAreRefused) {
  EXPECT_THAT(error_of("%l : list = prim::ListConstruct(\"0\"=%x)\n%o = aten::pop.t(self=%l, idx=-1)\nreturn (%o)\n"),
              HasSubstr("of the writes to lists only append, extend and those to items are supported"));
}

TEST(FunctionalizeLists, AListOfTwoNamesIsNotWritten) {
  const std::string reason = "the list may be known by another name too";
  EXPECT_THAT(error_of("%l : list = prim::ListConstruct(\"0\"=%x)\n"
                       "%m : list = prim::If(condition=%p)\n"
                       " block() {\n return (%l)\n }\n"
                       " block() {\n %k : list = prim::ListConstruct()\n return (%k)\n }\n"
                       "aten::append.t(self=%m, el=%x)\n"
                       "return (%l)\n"),
              HasSubstr(reason));
  EXPECT_THAT(error_of("%l : list = prim::ListConstruct(\"0\"=%x)\n"
                       "%t : tuple = prim::TupleConstruct(\"0\"=%l)\n"
                       "aten::append.t(self=%l, el=%x)\n"
                       "return (%t)\n"),
              HasSubstr(reason));
}

}  // namespace
}  // namespace torch2trt
