#include "src/passes/functionalize.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/passes/pass_testing.h"

namespace torch2trt {
namespace {

using ::testing::HasSubstr;

// The nodes of a graph with inputs %x : float32[2,3], %y : float32[2,3], %i : int64[2,3], %u (nothing known) and a
// parameter %w, a buffer %b, after functionalize and the removal of what is then dead.
std::string functional(std::string_view nodes, bool sweep = true) {
  return nodes_after(functionalize, "functionalize",
                     "graph g(%x : float32[2,3] \"x\", %y : float32[2,3] \"y\", %i : int64[2,3] \"i\", %u \"u\", "
                     "%d : float32[s0,3,s1] \"d\", %p : bool \"p\") "
                     "parameters(%w : float32[2,3] parameter \"m.w\", %b : float32[3] buffer \"m.b\")",
                     nodes, sweep);
}

std::string error_of(std::string_view nodes) {
  return refusal_of([&] { return functional(nodes); });
}

TEST(Functionalize, AGraphWithoutWritesStaysAsItIs) {
  const std::string_view nodes =
      "  %v : float32[6] = aten::view(self=%x, size=[-1])\n"
      "  %q = custom::op(%v)\n"
      "  return (%v, %q)\n";
  EXPECT_EQ(functional(nodes), nodes);
}

TEST(Functionalize, InPlaceBecomesFunctional) {
  EXPECT_EQ(functional("%r = aten::relu_(self=%x)  # scope \"m\" source \"m.py:3\"\n return (%r)"),
            "  %r : float32[2,3] = aten::relu(self=%x)  # scope \"m\" source \"m.py:3\"\n"
            "  return (%r)\n");
  EXPECT_EQ(functional("%r = aten::add_.Tensor(self=%x, other=%y, alpha=2)\n"
                       "%s = aten::clamp_(self=%r, min=0, max=None)\n return (%x, %s)"),
            "  %r : float32[2,3] = aten::add.Tensor(self=%x, other=%y, alpha=2)\n"
            "  %s : float32[2,3] = aten::clamp(self=%r, min=0, max=None)\n"
            "  return (%s, %s)\n");
}

TEST(Functionalize, LaterReadersSeeTheWriteEarlierOnesDoNot) {
  EXPECT_EQ(functional("%before = aten::sigmoid(self=%x)\n%r = aten::relu_(self=%x)\n"
                       "%after = aten::sigmoid(self=%x)\nreturn (%before, %after)"),
            "  %before = aten::sigmoid(self=%x)\n"
            "  %r : float32[2,3] = aten::relu(self=%x)\n"
            "  %after = aten::sigmoid(self=%r)\n"
            "  return (%before, %after)\n");
}

TEST(Functionalize, TheFunctionalFormKeepsTheType) {
  EXPECT_EQ(functional("%r = aten::mul_.Tensor(self=%x, other=%i)\nreturn (%r)"),
            "  %r_1 : tensor[2,3] = aten::mul.Tensor(self=%x, other=%i)\n"
            "  %r : float32[2,3] = aten::to.dtype(self=%r_1, dtype=torch.float32, non_blocking=False, copy=False, "
            "memory_format=None)\n"
            "  return (%r)\n");
  EXPECT_EQ(functional("%r = aten::gt_.Scalar(self=%x, other=0)\nreturn (%r)"),
            "  %r_1 : tensor[2,3] = aten::gt.Scalar(self=%x, other=0)\n"
            "  %r : float32[2,3] = aten::to.dtype(self=%r_1, dtype=torch.float32, non_blocking=False, copy=False, "
            "memory_format=None)\n"
            "  return (%r)\n");
  EXPECT_EQ(functional("%r = aten::mul_.Tensor(self=%u, other=%x)\nreturn (%r)"),
            "  %r_1 : tensor[...] = aten::mul.Tensor(self=%u, other=%x)\n"
            "  %r = aten::type_as(self=%r_1, other=%u)\n"
            "  return (%r)\n");
  // Numbers do not promote, and index_put keeps the type by itself.
  EXPECT_EQ(functional("%r = aten::mul_.Tensor(self=%x, other=2.0)\n"
                       "%s = aten::index_put_(self=%r, indices=[%i], values=%u, accumulate=False)\nreturn (%s)"),
            "  %r : float32[2,3] = aten::mul.Tensor(self=%x, other=2.0)\n"
            "  %s : float32[2,3] = aten::index_put(self=%r, indices=[%i], values=%u, accumulate=False)\n"
            "  return (%s)\n");
}

TEST(Functionalize, FunctionalFormsWithOtherNames) {
  EXPECT_EQ(functional("%r = aten::pow_.Tensor(self=%x, exponent=%y)\nreturn (%r)"),
            "  %r : float32[2,3] = aten::pow.Tensor_Tensor(self=%x, exponent=%y)\n"
            "  return (%r)\n");
  EXPECT_EQ(functional("%r = aten::pow_.Scalar(self=%x, exponent=2)\nreturn (%r)"),
            "  %r : float32[2,3] = aten::pow.Tensor_Scalar(self=%x, exponent=2)\n"
            "  return (%r)\n")
      << "pow.Scalar has the same names, and the number is its base";
  EXPECT_EQ(functional("%r = aten::dropout_(self=%x, p=0.5, train=True)\nreturn (%r)"),
            "  %r : float32[2,3] = aten::dropout(input=%x, p=0.5, train=True)\n"
            "  return (%r)\n");
  EXPECT_EQ(functional("%r = aten::dropout_(self=%x, p=0.5, train=False)\n%s = aten::relu_(self=%r)\nreturn (%r)"),
            "  %s : float32[2,3] = aten::relu(self=%x)\n"
            "  return (%s)\n");
  EXPECT_EQ(functional("%r = aten::normal_(self=%x, mean=0.0, std=2.0, generator=None)\nreturn (%x)"),
            "  %r : float32[2,3] = aten::normal_functional(self=%x, mean=0.0, std=2.0, generator=None)\n"
            "  return (%r)\n");
}

TEST(Functionalize, ACopyIsItsSource) {
  // Same type and sizes: no node at all.
  EXPECT_EQ(functional("%c = aten::copy_(self=%x, src=%y, non_blocking=False)\nreturn (%x)"), "  return (%y)\n");
  EXPECT_EQ(functional("%c = aten::copy_(self=%x, src=%i, non_blocking=False)\nreturn (%x)"),
            "  %c : float32[2,3] = aten::to.dtype(self=%i, dtype=torch.float32, non_blocking=False, copy=False, "
            "memory_format=None)\n"
            "  return (%c)\n");
  EXPECT_EQ(functional("%c = aten::copy_(self=%x, src=%b, non_blocking=False)\nreturn (%x)"),
            "  %c : float32[2,3] = aten::expand(self=%b, size=[2, 3], implicit=False)\n"
            "  return (%c)\n");
  EXPECT_EQ(functional("%c = aten::copy_(self=%d, src=%b, non_blocking=False)\nreturn (%d)"),
            "  %c : float32[s0,3,s1] = aten::expand_as(self=%b, other=%d)\n"
            "  return (%c)\n");
  EXPECT_EQ(functional("%c = aten::copy_(self=%u, src=%b, non_blocking=False)\nreturn (%u)"),
            "  %c = aten::copy(self=%u, src=%b, non_blocking=False)\n"
            "  return (%c)\n");
  // The source stays a value of its own: what is written to it later does not show.
  EXPECT_EQ(
      functional("%c = aten::copy_(self=%x, src=%y, non_blocking=False)\n%r = aten::relu_(self=%y)\nreturn (%x, %r)"),
      "  %r : float32[2,3] = aten::relu(self=%y)\n"
      "  return (%y, %r)\n");
}

// x after a write to `view` of it.
std::string written_through(const std::string& view) {
  const std::string text = functional("%v = " + view + "\n%r = aten::relu_(self=%v)\nreturn (%x)");
  std::string last = text.substr(0, text.rfind("  return"));
  last = last.substr(last.find("%r ") + 2);
  const std::size_t start = last.find('\n') + 1;
  return last.substr(start);
}

TEST(Functionalize, AWriteThroughAViewReachesItsBase) {
  EXPECT_EQ(written_through("aten::select.int(self=%x, dim=0, index=1)"),
            "  %x_1 : float32[2,3] = aten::select_scatter(self=%x, src=%r, dim=0, index=1)\n");
  EXPECT_EQ(written_through("aten::slice.Tensor(self=%x, dim=1, start=0, end=3, step=2)"),
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=1, start=0, end=3, step=2)\n");
  EXPECT_EQ(written_through("aten::narrow(self=%x, dim=1, start=-2, length=1)"),
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=1, start=1, end=2, step=1)\n");
  EXPECT_EQ(written_through("aten::diagonal(self=%x, offset=0, dim1=0, dim2=1)"),
            "  %x_1 : float32[2,3] = aten::diagonal_scatter(self=%x, src=%r, offset=0, dim1=0, dim2=1)\n");
  EXPECT_EQ(written_through("aten::view(self=%x, size=[6])"),
            "  %x_1 : float32[2,3] = aten::reshape(self=%r, shape=[2, 3])\n");
  EXPECT_EQ(written_through("aten::flatten.using_ints(self=%x, start_dim=0, end_dim=-1)"),
            "  %x_1 : float32[2,3] = aten::reshape(self=%r, shape=[2, 3])\n");
  EXPECT_EQ(written_through("aten::permute(self=%x, dims=[-1, 0])"),
            "  %x_1 : float32[2,3] = aten::permute(self=%r, dims=[1, 0])\n");
  EXPECT_EQ(written_through("aten::transpose.int(self=%x, dim0=0, dim1=-1)"),
            "  %x_1 : float32[2,3] = aten::transpose.int(self=%r, dim0=0, dim1=-1)\n");
  EXPECT_EQ(written_through("aten::t(self=%x)"), "  %x_1 : float32[2,3] = aten::t(self=%r)\n");
  EXPECT_EQ(written_through("aten::movedim.int(self=%x, source=0, destination=1)"),
            "  %x_1 : float32[2,3] = aten::movedim.int(self=%r, source=1, destination=0)\n");
  EXPECT_EQ(written_through("aten::unsqueeze(self=%x, dim=-1)"),
            "  %x_1 : float32[2,3] = aten::squeeze.dim(self=%r, dim=-1)\n");
  EXPECT_EQ(written_through("aten::squeeze.dim(self=%x, dim=0)"),
            "  %x_1 : float32[2,3] = aten::reshape(self=%r, shape=[2, 3])\n");
  // The tensor itself: nothing to undo.
  EXPECT_EQ(written_through("aten::detach(self=%x)"), "");
  EXPECT_EQ(written_through("aten::contiguous(self=%x, memory_format=memory_format(\"contiguous_format\"))"), "");
  EXPECT_EQ(written_through("aten::dropout(input=%x, p=0.5, train=False)"), "");
  EXPECT_EQ(written_through(
                "aten::to.dtype(self=%x, dtype=torch.float32, non_blocking=False, copy=False, memory_format=None)"),
            "");
  EXPECT_EQ(written_through("aten::expand(self=%x, size=[-1, 3], implicit=False)"), "");
}

TEST(Functionalize, SizesThatAreNotKnown) {
  const auto through = [](const std::string& view, const std::string& base) {
    const std::string text = functional("%v = " + view + "\n%r = aten::relu_(self=%v)\nreturn (" + base + ")");
    const std::string last = text.substr(text.find("%r "));
    return last.substr(last.find('\n') + 1);
  };
  EXPECT_EQ(through("aten::view(self=%d, size=[-1])", "%d"),
            "  %d_size : int = aten::size.int(self=%d, dim=2)\n"
            "  %d_1 : float32[s0,3,s1] = aten::reshape(self=%r, shape=[-1, 3, %d_size])\n"
            "  return (%d_1)\n");
  EXPECT_EQ(through("aten::view(self=%u, size=[-1])", "%u"),
            "  %u_1 = aten::reshape_as(self=%r, other=%u)\n"
            "  return (%u_1)\n");
  EXPECT_EQ(through("aten::select.int(self=%d, dim=-1, index=0)", "%d"),
            "  %d_1 : float32[s0,3,s1] = aten::select_scatter(self=%d, src=%r, dim=-1, index=0)\n"
            "  return (%d_1)\n");
}

TEST(Functionalize, ViewsOfViews) {
  EXPECT_EQ(functional("%a : float32[3,2] = aten::transpose.int(self=%x, dim0=0, dim1=1)\n"
                       "%c : float32[1,2] = aten::slice.Tensor(self=%a, dim=0, start=1, end=2, step=1)\n"
                       "%e : float32[2] = aten::select.int(self=%c, dim=0, index=0)\n"
                       "%f = aten::fill_.Scalar(self=%e, value=7)\n"
                       "return (%x)"),
            "  %a : float32[3,2] = aten::transpose.int(self=%x, dim0=0, dim1=1)\n"
            "  %c : float32[1,2] = aten::slice.Tensor(self=%a, dim=0, start=1, end=2, step=1)\n"
            "  %e : float32[2] = aten::select.int(self=%c, dim=0, index=0)\n"
            "  %f : float32[2] = aten::full_like(self=%e, fill_value=7, dtype=None, layout=None, device=None, "
            "pin_memory=None, memory_format=None)\n"
            "  %c_1 : float32[1,2] = aten::select_scatter(self=%c, src=%f, dim=0, index=0)\n"
            "  %a_1 : float32[3,2] = aten::slice_scatter(self=%a, src=%c_1, dim=0, start=1, end=2, step=1)\n"
            "  %x_1 : float32[2,3] = aten::transpose.int(self=%a_1, dim0=0, dim1=1)\n"
            "  return (%x_1)\n");
}

TEST(Functionalize, WhatNobodyReadsCostsNothing) {
  EXPECT_EQ(functional("%v = aten::select.int(self=%x, dim=0, index=1)\n"
                       "%r = aten::relu_(self=%v)\n"
                       "%s = aten::mul_.Scalar(self=%v, other=2)\n"
                       "%n = aten::sym_size.int(self=%x, dim=0)\n"
                       "return (%v, %n)"),
            "  %v = aten::select.int(self=%x, dim=0, index=1)\n"
            "  %r = aten::relu(self=%v)\n"
            "  %s = aten::mul.Scalar(self=%r, other=2)\n"
            "  %n = aten::sym_size.int(self=%x, dim=0)\n"
            "  return (%s, %n)\n");
  // Even what could not be expressed.
  EXPECT_EQ(functional("%v = aten::as_strided(self=%x, size=[2], stride=[1], storage_offset=0)\n"
                       "%r = aten::relu_(self=%v)\nreturn (%r)"),
            "  %v = aten::as_strided(self=%x, size=[2], stride=[1], storage_offset=0)\n"
            "  %r = aten::relu(self=%v)\n"
            "  return (%r)\n");
}

TEST(Functionalize, StaleViewsAreRecomputedOnce) {
  EXPECT_EQ(functional("%v : float32[3] = aten::select.int(self=%x, dim=0, index=1)\n"
                       "%t : float32[6] = aten::view(self=%x, size=[-1])\n"
                       "%r = aten::relu_(self=%x)\n"
                       "%a = aten::sigmoid(self=%v)\n"
                       "%e = aten::add.Tensor(self=%v, other=%a, alpha=1)\n"
                       "return (%e, %t)"),
            "  %r : float32[2,3] = aten::relu(self=%x)\n"
            "  %v_1 : float32[3] = aten::select.int(self=%r, dim=0, index=1)\n"
            "  %a = aten::sigmoid(self=%v_1)\n"
            "  %e = aten::add.Tensor(self=%v_1, other=%a, alpha=1)\n"
            "  %t_1 : float32[6] = aten::reshape(self=%r, shape=[-1])\n"
            "  return (%e, %t_1)\n");
}

TEST(Functionalize, ListsOfViews) {
  const std::string_view unpacked = "%h, %k = prim::ListUnpack(list=%l)\n%r = aten::relu_(self=%k)\nreturn (%x, %h)";
  const auto scatter = [&](const std::string& split) {
    const std::string text = functional("%l : list = " + split + "\n" + std::string(unpacked));
    const std::size_t start = text.find("  %x_1");
    return text.substr(start, text.find('\n', start) + 1 - start);
  };
  EXPECT_EQ(scatter("aten::split.Tensor(self=%x, split_size=2, dim=1)"),
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=1, start=2, end=4, step=1)\n");
  EXPECT_EQ(scatter("aten::split_with_sizes(self=%x, split_sizes=[1, 2], dim=1)"),
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=1, start=1, end=3, step=1)\n");
  EXPECT_EQ(scatter("aten::chunk(self=%x, chunks=2, dim=-1)"),
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=-1, start=2, end=4, step=1)\n");
  EXPECT_EQ(scatter("aten::unbind.int(self=%x, dim=0)"),
            "  %x_1 : float32[2,3] = aten::select_scatter(self=%x, src=%r, dim=0, index=1)\n");
  // The other part is taken again of what is new.
  EXPECT_EQ(functional("%l : list = aten::split.Tensor(self=%x, split_size=2, dim=1)\n" + std::string(unpacked)),
            "  %l : list = aten::split.Tensor(self=%x, split_size=2, dim=1)\n"
            "  %h, %k = prim::ListUnpack(list=%l)\n"
            "  %r = aten::relu(self=%k)\n"
            "  %x_1 : float32[2,3] = aten::slice_scatter(self=%x, src=%r, dim=1, start=2, end=4, step=1)\n"
            "  %l_1 : list = aten::split.Tensor(self=%x_1, split_size=2, dim=1)\n"
            "  %h_1, %k_1 = prim::ListUnpack(list=%l_1)\n"
            "  return (%x_1, %h_1)\n");
}

TEST(Functionalize, ListsHoldTensorsNotValues) {
  EXPECT_EQ(functional("%l : list = prim::ListConstruct(%x, %y)\n"
                       "%r = aten::relu_(self=%x)\n"
                       "%c = aten::cat(tensors=%l, dim=0)\n"
                       "%h, %k = prim::ListUnpack(list=%l)\n"
                       "%s = aten::sigmoid_(self=%k)\n"
                       "return (%c, %h, %y)"),
            "  %r : float32[2,3] = aten::relu(self=%x)\n"
            "  %l_1 : list = prim::ListConstruct(%r, %y)\n"
            "  %c = aten::cat(tensors=%l_1, dim=0)\n"
            "  %s : float32[2,3] = aten::sigmoid(self=%y)\n"
            "  return (%c, %r, %s)\n");
  EXPECT_THAT(error_of("%l : list = prim::ListConstruct(%x)\n%a = aten::append.t(self=%l, el=%y)\n"
                       "%r = aten::relu_(self=%y)\n%c = aten::cat(tensors=%l, dim=0)\nreturn (%c)"),
              HasSubstr("aten::relu_ cannot be made functional: aten::cat later reads a result of "
                        "prim::ListConstruct, and whether that shares the written memory is not known"));
}

TEST(Functionalize, AShapeChangedInPlaceIsAView) {
  EXPECT_EQ(functional("%v = aten::select.int(self=%x, dim=0, index=0)\n"
                       "%t : float32[3,2] = aten::transpose_(self=%x, dim0=0, dim1=1)\n"
                       "%r = aten::relu_(self=%t)\n"
                       "return (%x, %v)"),
            "  %t : float32[3,2] = aten::transpose.int(self=%x, dim0=0, dim1=1)\n"
            "  %r : float32[3,2] = aten::relu(self=%t)\n"
            "  %x_1 : float32[2,3] = aten::transpose.int(self=%r, dim0=0, dim1=1)\n"
            "  %v_1 = aten::select.int(self=%x_1, dim=0, index=0)\n"
            "  return (%r, %v_1)\n");
}

TEST(Functionalize, WritesInsideBlocks) {
  // To what the block made, yes; what it reads of outside is brought up to date before.
  EXPECT_EQ(functional("%v = aten::select.int(self=%x, dim=0, index=0)\n"
                       "%r = aten::relu_(self=%x)\n"
                       "%c = prim::If(cond=%p)\n"
                       "  block() { %e = aten::exp(self=%v) %f = aten::neg_(self=%e) return (%e) }\n"
                       "  block() { return (%v) }\n"
                       "return (%c)"),
            "  %r : float32[2,3] = aten::relu(self=%x)\n"
            "  %v_1 = aten::select.int(self=%r, dim=0, index=0)\n"
            "  %c = prim::If(cond=%p)\n"
            "    block() {\n"
            "      %e = aten::exp(self=%v_1)\n"
            "      %f = aten::neg(self=%e)\n"
            "      return (%f)\n"
            "    }\n"
            "    block() {\n"
            "      return (%v_1)\n"
            "    }\n"
            "  return (%c)\n");
  // The result may be %x or not.
  EXPECT_THAT(error_of("%c = prim::If(cond=%p)\n  block() { return (%x) }\n  block() { return (%y) }\n"
                       "%r = aten::relu_(self=%c)\nreturn (%x)"),
              testing::StartsWith("aten::relu_ cannot be made functional: it writes through control flow, which has no "
                                  "inverse here, and an output reads the memory again"));
  EXPECT_EQ(error_of("%c = prim::If(cond=%p)\n  block() { return (%x) }\n  block() { return (%y) }\n"
                     "%r = aten::relu_(self=%x)\nreturn (%c)"),
            "aten::relu_ cannot be made functional: an output later reads a result of control flow, and whether that "
            "shares the written memory is not known\n  at aten::relu_");
}

TEST(Functionalize, BlocksReturnTheTensorsOfOutsideThatTheyWrite) {
  EXPECT_EQ(functional("%v = aten::select.int(self=%x, dim=0, index=0)\n"
                       "%c = prim::If(condition=%p)\n"
                       "  block() { %f = aten::neg_(self=%v) return (%y) }\n"
                       "  block() { %g = aten::exp(self=%v) return (%g) }\n"
                       "return (%c, %x, %v)"),
            "  %c, %x_2 : float32[2,3] = prim::If(condition=%p)\n"
            "    block() {\n"
            "      %v_1 = aten::select.int(self=%x, dim=0, index=0)\n"
            "      %f = aten::neg(self=%v_1)\n"
            "      %x_1 : float32[2,3] = aten::select_scatter(self=%x, src=%f, dim=0, index=0)\n"
            "      return (%y, %x_1)\n"
            "    }\n"
            "    block() {\n"
            "      %v_2 = aten::select.int(self=%x, dim=0, index=0)\n"
            "      %g = aten::exp(self=%v_2)\n"
            "      return (%g, %x)\n"
            "    }\n"
            "  %v_3 = aten::select.int(self=%x_2, dim=0, index=0)\n"
            "  return (%c, %x_2, %v_3)\n");
}

TEST(Functionalize, LoopsCarryTheTensorsOfOutsideThatTheyWrite) {
  EXPECT_EQ(functional("%c = prim::Loop(max_trip_count=2, condition=True, carried_0=%y)\n"
                       "  block(%n : int, %k) { %f = aten::add_.Tensor(self=%x, other=%k, alpha=1)\n"
                       "    %g = aten::exp(self=%k) return (True, %g) }\n"
                       "return (%c, %x)"),
            "  %c, %x_2 : float32[2,3] = prim::Loop(max_trip_count=2, condition=True, carried_0=%y, carried_1=%x)\n"
            "    block(%n : int, %k, %x_1 : float32[2,3]) {\n"
            "      %f_1 : tensor[2,3] = aten::add.Tensor(self=%x_1, other=%k, alpha=1)\n"
            "      %f : float32[2,3] = aten::to.dtype(self=%f_1, dtype=torch.float32, non_blocking=False, copy=False, "
            "memory_format=None)\n"
            "      %g = aten::exp(self=%k)\n"
            "      return (True, %g, %f)\n"
            "    }\n"
            "  return (%c, %x_2)\n");
  // Carried, written and returned: it stays the tensor it was.
  EXPECT_EQ(functional("%c = prim::Loop(max_trip_count=2, condition=True, carried_0=%y)\n"
                       "  block(%n : int, %k) { %f = aten::neg_(self=%k) return (True, %f) }\n"
                       "return (%c, %y)"),
            "  %c = prim::Loop(max_trip_count=2, condition=True, carried_0=%y)\n"
            "    block(%n : int, %k) {\n"
            "      %f : float32[2,3] = aten::neg(self=%k)\n"
            "      return (True, %f)\n"
            "    }\n"
            "  return (%c, %c)\n");
}

TEST(Functionalize, WritesInsideBlocksThatAreRefused) {
  const std::string refusal = "inside a block of control flow, it writes to a tensor of outside";
  // torch.cond has no way to return it; the carried tensors change places; the carried tensor is a view.
  for (const std::string_view nodes :
       {"%c = higher_order::cond(pred=%p, operands=[%x])\n"
        "  block(%a) { %f = aten::neg_(self=%a) return (%f) }\n  block(%e) { return (%e) }\n return (%c)",
        "%c, %m = prim::Loop(max_trip_count=2, condition=True, carried_0=%x, carried_1=%y)\n"
        "  block(%n : int, %k, %l) { %f = aten::neg_(self=%k) return (True, %l, %f) }\n return (%c)",
        "%v = aten::select.int(self=%x, dim=0, index=0)\n"
        "%c = prim::Loop(max_trip_count=2, condition=True, carried_0=%v)\n"
        "  block(%n : int, %k) { %f = aten::neg_(self=%k) return (True, %f) }\n return (%x)"}) {
    EXPECT_THAT(error_of(nodes), HasSubstr(refusal));
  }
}

TEST(Functionalize, StateIsRefusedByName) {
  EXPECT_EQ(
      error_of("%r = aten::add_.Tensor(self=%b, other=1, alpha=1)  # scope \"m\" source \"m.py:9\"\nreturn (%x)"),
      "aten::add_.Tensor cannot be made functional: buffer \"m.b\" is mutated in forward, and a network keeps nothing "
      "between calls; if it is a statistic of training, export the module after eval()\n"
      "  at aten::add_.Tensor in module \"m\" (m.py:9)");
  EXPECT_THAT(error_of("%v = aten::select.int(self=%w, dim=0, index=0)\n%r = aten::relu_(self=%v)\nreturn (%r)"),
              testing::StartsWith("aten::relu_ cannot be made functional: parameter \"m.w\" is mutated in forward"));
  // Training's batch norm writes though its schema does not say so.
  EXPECT_THAT(
      error_of("%z = aten::relu_(self=%x)\n%r = aten::batch_norm(input=%x, weight=None, bias=None, running_mean=%b, "
               "running_var=%b, training=True, momentum=0.1, eps=1e-05, cudnn_enabled=True)\nreturn (%r)"),
      testing::StartsWith("aten::batch_norm cannot be made functional: buffer \"m.b\" is mutated in forward"));
  // Also where nothing else in the program writes.
  EXPECT_THAT(
      error_of("%r = aten::native_batch_norm(input=%x, weight=None, bias=None, running_mean=%b, running_var=%b, "
               "training=True, momentum=0.1, eps=1e-05)\nreturn (%r)"),
      testing::StartsWith("aten::native_batch_norm cannot be made functional: buffer \"m.b\" is mutated in forward"));
}

TEST(Functionalize, AnAssignmentToAnAttributeIsRefusedByName) {
  EXPECT_EQ(error_of("  %n = aten::add.Tensor(self=%b, other=1, alpha=1)\n"
                     "  prim::SetAttr(name=\"m.total\", value=%n)\n"
                     "  return (%n)\n"),
            "prim::SetAttr cannot be made functional: it assigns to the module's attribute \"m.total\", and a network "
            "keeps nothing between calls; return the new value instead\n  at prim::SetAttr");
}

TEST(Functionalize, AllRefusalsAreOneError) {
  try {
    functional(
        "  %a = aten::add_.Tensor(self=%b, other=1, alpha=1)  # scope \"head\" source \"model.py:3\"\n"
        "  %c = aten::relu_(self=%x)\n"
        "  %e = aten::resize_(self=%y, size=[1], memory_format=None)\n"
        "  prim::SetAttr(name=\"m.total\", value=%c)\n"
        "  %f = aten::mul_.Tensor(self=%a, other=2)\n"
        "  return (%e, %f, %c)\n");
    FAIL() << "made functional";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kUnsupportedOperator);
    const std::string text = error.what();
    EXPECT_THAT(text, testing::StartsWith("4 nodes cannot be made functional:\n"
                                          "  aten::add_.Tensor: buffer \"m.b\" is mutated in forward"));
    EXPECT_THAT(text, HasSubstr("\n      at model.py:3\n      in module \"head\"\n"
                                "  aten::resize_: it writes to its argument"));
    EXPECT_THAT(text, HasSubstr("\n  prim::SetAttr: it assigns to the module's attribute \"m.total\""));
    // What writes to the result of the refused write is a write to the same buffer.
    EXPECT_THAT(text, HasSubstr("\n  aten::mul_.Tensor: buffer \"m.b\" is mutated in forward"));
    ASSERT_EQ(error.unsupported().size(), 4U);
    EXPECT_EQ(error.unsupported()[1].kind, "aten::resize_");
  }
}

TEST(Functionalize, WhatHasNoPureFormIsRefused) {
  EXPECT_EQ(
      error_of("%r = aten::resize_(self=%x, size=[9], memory_format=None)\nreturn (%x)"),
      "aten::resize_ cannot be made functional: it writes to its argument \"self\", and there is no functional form of "
      "it\n  at aten::resize_");
  EXPECT_THAT(error_of("%r = aten::relu.out(self=%x, out=%y)\nreturn (%y)"),
              HasSubstr("it writes to its argument \"out\", and there is no functional form of it"));
  EXPECT_THAT(
      error_of("%v = aten::as_strided(self=%x, size=[2], stride=[1], storage_offset=0)\n%r = aten::relu_(self=%v)\n"
               "%s = aten::exp(self=%x)  # source \"m.py:4\"\nreturn (%s)"),
      HasSubstr("aten::relu_ cannot be made functional: it writes through aten::as_strided, which has no "
                "inverse here, and aten::exp (m.py:4) reads the memory again"));
  EXPECT_THAT(
      error_of("%v = aten::expand(self=%b, size=[2, 3], implicit=False)\n%c = aten::clone(self=%x)\n"
               "%e = aten::expand(self=%c, size=[4, 2, 3], implicit=False)\n%r = aten::relu_(self=%e)\nreturn (%c)"),
      HasSubstr("it writes through aten::expand, which has no inverse here"));
  // Whether reshape copied depends on what the custom operator returned.
  EXPECT_THAT(
      error_of("%o = custom::op(%x)\n%v = aten::reshape(self=%o, shape=[6])\n%r = aten::relu_(self=%o)\nreturn (%v)"),
      HasSubstr("an output later reads a result of aten::reshape, and whether that shares the written "
                "memory is not known"));
  EXPECT_THAT(
      error_of("%o = custom::op(%x)\n%v = aten::reshape(self=%o, shape=[6])\n%r = aten::unsqueeze_(self=%o, dim=0)\n"
               "return (%v)"),
      HasSubstr("an output later reads %v, and whether that is the same tensor is not known"));
}

TEST(Functionalize, WhatOverwritesAllDoesNotReadTheOldValue) {
  EXPECT_EQ(functional("%z = aten::zero_(self=%x)\n%a = aten::add.Tensor(self=%x, other=%y)\nreturn (%a)"),
            "  %z : float32[2,3] = aten::zeros_like(self=%x, dtype=None, layout=None, device=None, pin_memory=None, "
            "memory_format=None)\n"
            "  %a = aten::add.Tensor(self=%z, other=%y)\n"
            "  return (%a)\n");
  EXPECT_EQ(functional("%z = aten::fill_.Scalar(self=%x, value=2.5)\nreturn (%x)"),
            "  %z : float32[2,3] = aten::full_like(self=%x, fill_value=2.5, dtype=None, layout=None, device=None, "
            "pin_memory=None, memory_format=None)\n"
            "  return (%z)\n");
}

TEST(Functionalize, AChunkOfADimensionKnownAtRunTimeIsWhereItsSizeSays) {
  EXPECT_EQ(functional("%c : list = aten::chunk(self=%d, chunks=2, dim=2)\n"
                       "%a, %v = prim::ListUnpack(list=%c)\n"
                       "%r = aten::relu_(self=%v)\nreturn (%d)"),
            "  %c : list = aten::chunk(self=%d, chunks=2, dim=2)\n"
            "  %a, %v = prim::ListUnpack(list=%c)\n"
            "  %r = aten::relu(self=%v)\n"
            "  %d_size : int = aten::size.int(self=%d, dim=2)\n"
            "  %d_size_1 : int = aten::add.int(a=%d_size, b=1)\n"
            "  %d_size_2 : int = aten::floordiv.int(a=%d_size_1, b=2)\n"
            "  %d_size_3 : int = aten::mul.int(a=%d_size_2, b=1)\n"
            "  %d_size_4 : int = aten::mul.int(a=%d_size_2, b=2)\n"
            "  %d_1 : float32[s0,3,s1] = aten::slice_scatter(self=%d, src=%r, dim=2, start=%d_size_3, end=%d_size_4, "
            "step=1)\n"
            "  return (%d_1)\n");
}

TEST(Functionalize, AWriteThroughPartsOfWhichThereIsNoInverseNamesTheOperator) {
  EXPECT_THAT(error_of("%c : list = aten::tensor_split.sections(self=%x, sections=2, dim=0)\n"
                       "%a, %v = prim::ListUnpack(list=%c)\n%r = aten::relu_(self=%v)\nreturn (%x)"),
              HasSubstr("it writes through aten::tensor_split.sections, which has no inverse here"));
}

// What is returned after a write to `copy` of a parameter, or why that is refused.
std::string after_writing_to(const std::string& copy) {
  return refusal_of([&] { return functional(copy + "%r = aten::relu_(self=%c)\nreturn (%r, %w)"); });
}

TEST(Functionalize, ACopyOfAParameterMayBeWritten) {
  constexpr const char* kContiguous =
      "%c = aten::contiguous(self=%v, memory_format=memory_format(\"contiguous_format\"))\n";
  for (const char* view :
       {"aten::t(self=%w)", "aten::transpose.int(self=%w, dim0=0, dim1=-1)", "aten::numpy_T(self=%w)",
        "aten::permute(self=%w, dims=[-1, 0])", "aten::select.int(self=%w, dim=1, index=2)",
        "aten::slice.Tensor(self=%w, dim=1, start=0, end=-1, step=1)",
        "aten::narrow(self=%w, dim=-1, start=1, length=2)"}) {
    const std::string text = after_writing_to(fmt::format("%v = {}\n{}", view, kContiguous));
    EXPECT_THAT(text, HasSubstr("%r = aten::relu(self=%c)\n  return (%r, %w)")) << view;
  }
  // Contiguous all the same: the parameter itself.
  for (const char* view : {"aten::select.int(self=%w, dim=0, index=1)", "aten::detach(self=%w)",
                           "aten::slice.Tensor(self=%w, dim=0, start=0, end=1, step=1)",
                           "aten::slice.Tensor(self=%w, dim=1, start=-9, end=9223372036854775807, step=1)"}) {
    EXPECT_THAT(after_writing_to(fmt::format("%v = {}\n{}", view, kContiguous)),
                HasSubstr("parameter \"m.w\" is mutated in forward"))
        << view;
  }
  EXPECT_THAT(after_writing_to(fmt::format("%v = aten::unfold(self=%w, dimension=0, size=2, step=1)\n{}", kContiguous)),
              HasSubstr("it writes to a result of aten::contiguous, and whether that is the memory of parameter "
                        "\"m.w\" or a copy of it is not known; clone() it first"));
}

TEST(Functionalize, AReshapeCopiesWhatDoesNotLieTogether) {
  // Two columns of three, and every second one, are not in one piece; all columns backwards in dimensions are.
  EXPECT_THAT(after_writing_to("%v = aten::slice.Tensor(self=%w, dim=1, start=0, end=2, step=1)\n"
                               "%c : float32[4] = aten::reshape(self=%v, shape=[-1])\n"),
              HasSubstr("return (%r, %w)"));
  EXPECT_THAT(after_writing_to("%v = aten::t(self=%w)\n%c : float32[6] = aten::reshape(self=%v, shape=[6])\n"),
              HasSubstr("return (%r, %w)"));
  EXPECT_THAT(
      after_writing_to("%v = aten::t(self=%w)\n%c : float32[3,1,2] = aten::reshape(self=%v, shape=[3, 1, 2])\n"),
      HasSubstr("is mutated in forward"));
  EXPECT_THAT(after_writing_to("%v = aten::slice.Tensor(self=%w, dim=1, start=0, end=3, step=3)\n"
                               "%c : float32[2] = aten::reshape(self=%v, shape=[2])\n"),
              HasSubstr("is mutated in forward"));
}

}  // namespace
}  // namespace torch2trt
