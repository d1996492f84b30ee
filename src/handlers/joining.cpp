// Several tensors made one, and what brings them to a common rank or shape first: cat, stack and their kin.
#include <fmt/format.h>

#include <algorithm>

#include "src/convert/promotion.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

std::vector<Tensor> list_of(Args& a, std::string_view what) {
  std::vector<Tensor> tensors = a.tensors("tensors");
  a.require(!tensors.empty(), fmt::format("{} of no tensors", what));
  return tensors;
}

// In the type that PyTorch promotes them to.
std::vector<Tensor> promoted_list(Network& net, Args& a, std::string_view what) {
  std::vector<Tensor> tensors = list_of(a, what);
  Promotion promotion;
  for (const Operand& item : *a.operand("tensors").as<Operand::List>()) promotion.add(item);
  const DType type = net.held_dtype(promotion.result());
  for (Tensor& tensor : tensors) tensor = net.cast(tensor, type);
  return tensors;
}

// torch.cat skips tensors of shape [0], though they take part in promotion.
Results cat(Network& net, Args& a) {
  std::vector<Tensor> tensors = promoted_list(net, a, "cat");
  const Tensor first = tensors[0];
  std::erase_if(tensors, [](const Tensor& tensor) { return tensor.dims() == Dims{0}; });
  if (tensors.empty()) return first;
  return net.concat(tensors, a.axis("dim", tensors[0]));
}

Results stack(Network& net, Args& a) {
  std::vector<Tensor> tensors = promoted_list(net, a, "stack");
  const std::int64_t axis = normalized_axis(a.integer("dim"), tensors[0].rank() + 1);
  for (Tensor& tensor : tensors) tensor = net.unsqueeze(tensor, {axis});
  return net.concat(tensors, axis);
}

Tensor at_least(Network& net, const Tensor& x, std::int64_t rank) {
  if (x.rank() >= rank) return x;
  if (rank < 3 || x.rank() == 0) return net.expand_rank(x, rank);
  return x.rank() == 1 ? net.unsqueeze(x, {0, 2}) : net.unsqueeze(x, {2});  // atleast_3d: [1, n, 1], [n, m, 1]
}

Handler at_least(std::int64_t rank) {
  return [rank](Network& net, Args& a) -> Results {
    if (!a.has("tensors")) return at_least(net, a.tensor("self"), rank);
    std::vector<Tensor> results = a.tensors("tensors");
    for (Tensor& x : results) x = at_least(net, x, rank);
    return Operand(results);
  };
}

// vstack, dstack: along `axis`, once there are `rank` dimensions.
Handler stacked(std::string_view what, std::int64_t rank, std::int64_t axis) {
  return [=](Network& net, Args& a) -> Results {
    std::vector<Tensor> tensors = promoted_list(net, a, what);
    for (Tensor& x : tensors) x = at_least(net, x, rank);
    return net.concat(tensors, axis);
  };
}

// Along the second dimension, but vectors end to end.
Results hstack(Network& net, Args& a) {
  std::vector<Tensor> tensors = promoted_list(net, a, "hstack");
  for (Tensor& x : tensors) x = at_least(net, x, 1);
  return net.concat(tensors, tensors[0].rank() == 1 ? 0 : 1);
}

// Vectors and numbers are columns.
Results column_stack(Network& net, Args& a) {
  std::vector<Tensor> tensors = promoted_list(net, a, "column_stack");
  for (Tensor& x : tensors) {
    if (x.rank() < 2) x = net.unsqueeze(at_least(net, x, 1), {1});
  }
  return net.concat(tensors, 1);
}

Results broadcast_tensors(Network& net, Args& a) {
  std::vector<Tensor> tensors = list_of(a, "broadcast_tensors");
  std::vector<Dim> shape;
  for (const Tensor& x : tensors) shape = net.broadcast_shape(shape, x.shape());
  for (Tensor& x : tensors) x = net.broadcast_to(x, shape);
  return Operand(tensors);
}

}  // namespace

void register_joining(HandlerRegistry& r) {
  r.ops({"aten::cat", "aten::concat", "aten::concatenate"}).convert(cat);
  r.op("aten::stack").convert(stack);
  r.ops({"aten::vstack", "aten::row_stack"}).convert(stacked("vstack", 2, 0));
  r.op("aten::hstack").convert(hstack);
  r.op("aten::dstack").convert(stacked("dstack", 3, 2));
  r.op("aten::column_stack").convert(column_stack);
  r.op("aten::atleast_1d").convert(at_least(1));
  r.op("aten::atleast_2d").convert(at_least(2));
  r.op("aten::atleast_3d").convert(at_least(3));
  r.op("aten::broadcast_tensors").convert(broadcast_tensors);
}

}  // namespace torch2trt
