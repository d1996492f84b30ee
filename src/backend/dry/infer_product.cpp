#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

// An operand of MatrixMultiply: its leading dimensions, then rows and columns. A vector has one size only, k.
struct Operand {
  bool vector;
  Extents batch;
  Extent outer;  // of a matrix: what it leaves in the output
  Extent inner;  // summed over

  Operand(const Facts& x, MatrixOperation operation, bool left, std::string_view what, const Inputs& in)
      : vector(operation == MatrixOperation::kVector) {
    const std::size_t own = vector ? 1 : 2;
    in.require(x.extents.size() >= own,
               fmt::format("{} must have at least {} dimension{}", what, own, own == 1 ? "" : "s"));
    batch.assign(x.extents.begin(), x.extents.end() - static_cast<std::ptrdiff_t>(own));
    inner = x.extents.back();
    if (vector) return;
    outer = x.extents[x.extents.size() - 2];
    // Left [rows, k], right [k, columns]; transposed the other way round.
    const bool inner_is_last = left == (operation == MatrixOperation::kNone);
    if (!inner_is_last) std::swap(outer, inner);
  }
};

}  // namespace

Outputs infer(const layer::MatrixMultiply& l, const Inputs& in) {
  const Facts& x = in[l.a];
  const Facts& y = in[l.b];
  in.require_equal_types(x.dtype, y.dtype, "a", "b");
  in.require_type(x.dtype, kFloats, "a");  // int8 may be added, but does not build
  const Operand a(x, l.op_a, true, "a", in);
  const Operand b(y, l.op_b, false, "b", in);
  in.require(a.batch.size() == b.batch.size(), "a and b must have the same number of dimensions before the matrices");
  Extents extents = in.broadcast(a.batch, b.batch, "a", "b");
  if (a.inner.differs_from(b.inner)) {
    in.refuse(
        fmt::format("a has {} columns and b {} rows, but they must be equal", a.inner.number(), b.inner.number()));
  }
  if (!a.vector) extents.push_back(a.outer);
  if (!b.vector) extents.push_back(b.outer);
  return {{x.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::Attention& l, const Inputs& in) {
  const Facts& query = in[l.query];
  const Facts& key = in[l.key];
  const Facts& value = in[l.value];
  in.require_type(query.dtype, kFloats, "query");
  in.require_equal_types(query.dtype, key.dtype, "query", "key");
  in.require_equal_types(query.dtype, value.dtype, "query", "value");
  in.require(query.rank() == 4 && key.rank() == 4 && value.rank() == 4, "query, key and value must have rank 4");
  for (std::size_t i = 0; i < 4; ++i) {
    // Only the sequences may differ in what is known of them.
    const bool both = i == 2 || key.extents[i].is_number() == value.extents[i].is_number();
    in.require(both && !key.extents[i].differs_from(value.extents[i]), "key and value must have the same shape");
  }
  const Extents& q = query.extents;
  const Extents& k = key.extents;
  in.require(!q[0].differs_from(k[0]), "query and key must have the same batch size");
  // A dynamic head size goes with a dynamic one only.
  in.require(q[3].is_number() == k[3].is_number() && !q[3].differs_from(k[3]),
             "query and key must have the same head size");
  if (q[1].is_number() && k[1].is_number()) {
    in.require(k[1].number() > 0 && q[1].number() % k[1].number() == 0,
               "the heads of key must divide the heads of query");
  }
  if (l.mask) {
    const Facts& mask = in[*l.mask];
    in.require(!l.causal, "mask and causal exclude each other");
    in.require(mask.dtype == DType::kBool || mask.dtype == query.dtype,
               fmt::format("mask must be bool or {}, not {}", name(query.dtype), name(mask.dtype)));
    const Extents scores{q[0], q[1], q[2], k[2]};
    in.require(mask.rank() == 4, "mask must have rank 4");
    for (std::size_t i = 0; i < 4; ++i) {
      in.require(
          mask.extents[i].is(1) || !mask.extents[i].differs_from(scores[i]),
          fmt::format("dimension {} of mask must be 1 or {}", i, scores[i].is_number() ? scores[i].number() : -1));
    }
  }
  return {{query.dtype, q, std::nullopt}};
}

}  // namespace torch2trt::dry
