#include "src/convert/carried.h"

#include <fmt/format.h>

namespace torch2trt {
namespace {

// What a value is a tensor of at the border.
bool is_tensor(const Operand& operand) {
  return operand.as<Tensor>() != nullptr || operand.as<HostTensor>() != nullptr || operand.as<bool>() != nullptr ||
         operand.as<double>() != nullptr || operand.as<std::int64_t>() != nullptr || operand.as<Dim>() != nullptr;
}

bool is_integer(const Operand& operand) {
  return operand.as<std::int64_t>() != nullptr || operand.as<Dim>() != nullptr;
}

bool same_constant(const HostTensor& a, const HostTensor& b) {
  return a.data == b.data && a.dtype == b.dtype && a.sizes == b.sizes && a.strides == b.strides;
}

template <typename T>
bool equal(const Operand& a, const Operand& b) {
  const T* x = a.as<T>();
  const T* y = b.as<T>();
  return x != nullptr && y != nullptr && *x == *y;
}

[[noreturn]] void cannot_cross(const Operand& operand) {
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("{} enters or leaves a branch or loop of the network; tensors, numbers and lists of them can",
                          describe(operand)));
}

}  // namespace

bool is_same(const Operand& a, const Operand& b) {
  if (const auto* list = a.as<Operand::List>()) {
    const auto* other = b.as<Operand::List>();
    if (other == nullptr || list->size() != other->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!is_same((*list)[i], (*other)[i])) return false;
    }
    return true;
  }
  if (a.as<LoopList>() != nullptr && b.as<LoopList>() != nullptr) {
    const LoopList& x = *a.as<LoopList>();
    const LoopList& y = *b.as<LoopList>();
    return x.items == y.items && is_same(Operand(*x.head), Operand(*y.head));
  }
  if (a.as<Dim>() != nullptr && b.as<Dim>() != nullptr) return a.as<Dim>()->same_as(*b.as<Dim>());
  if (a.as<HostTensor>() != nullptr && b.as<HostTensor>() != nullptr) {
    return same_constant(*a.as<HostTensor>(), *b.as<HostTensor>());
  }
  return equal<None>(a, b) || equal<Uninitialized>(a, b) || equal<bool>(a, b) || equal<std::int64_t>(a, b) ||
         equal<double>(a, b) || equal<std::string>(a, b) || equal<DType>(a, b) || equal<Symbolic>(a, b) ||
         equal<Tensor>(a, b);
}

Operand initialized(const Operand& operand, const Operand& like, const std::function<Tensor(const Tensor&)>& tensor) {
  const auto* list = like.as<Operand::List>();
  const auto* given = operand.as<Operand::List>();
  if (list != nullptr &&
      (operand.as<Uninitialized>() != nullptr || (given != nullptr && given->size() == list->size()))) {
    Operand::List items;
    for (std::size_t i = 0; i < list->size(); ++i)
      items.push_back(initialized(given == nullptr ? operand : (*given)[i], (*list)[i], tensor));
    return items;
  }
  if (operand.as<Uninitialized>() == nullptr) return operand;
  if (like.as<Tensor>() != nullptr) return tensor(*like.as<Tensor>());
  if (like.as<Dim>() != nullptr) return std::int64_t{0};
  if (like.as<LoopList>() != nullptr) return Operand::List();
  return like;
}

Tensor zeros_like(const Tensor& like) {
  Network& net = like.network();
  const std::vector<Dim> sizes(like.dims().begin(), like.dims().end());  // -1 keeps the 1 there is
  return net.broadcast_to(net.scalar(0, like.dtype(), like.rank()), sizes);
}

std::vector<Tensor> flattened(Network& net, const Operand& operand) {
  if (const auto* tensor = operand.as<Tensor>()) return {*tensor};
  if (const auto* host = operand.as<HostTensor>()) return {net.constant(*host)};
  if (const auto* number = operand.as<bool>()) return {net.scalar(*number ? 1 : 0, DType::kBool)};
  if (const auto* number = operand.as<double>()) return {net.scalar(*number, DType::kFloat32)};
  if (const auto* number = operand.as<std::int64_t>()) return {net.dim_tensor(Dim(*number))};
  if (const auto* dim = operand.as<Dim>()) return {net.dim_tensor(*dim)};
  std::vector<Tensor> tensors;
  if (const auto* list = operand.as<Operand::List>()) {
    for (const Operand& item : *list) {
      const std::vector<Tensor> some = flattened(net, item);
      tensors.insert(tensors.end(), some.begin(), some.end());
    }
  } else if (operand.as<LoopList>() != nullptr || operand.as<Object>() != nullptr) {
    cannot_cross(operand);
  }
  return tensors;
}

void check_exchangeable(const Operand& a, const Operand& b, const std::string& what) {
  const auto* list = a.as<Operand::List>();
  const auto* other = b.as<Operand::List>();
  if (list != nullptr && other != nullptr && list->size() == other->size()) {
    for (std::size_t i = 0; i < list->size(); ++i) check_exchangeable((*list)[i], (*other)[i], what);
    return;
  }
  if (is_tensor(a) && is_tensor(b)) return;
  if (list == nullptr && other == nullptr && is_same(a, b)) return;
  throw Error(ErrorCategory::kUnsupportedOperator, fmt::format("{}{} and {}", what, describe(a), describe(b)));
}

Operand rebuilt(const Operand& a, const Operand& b, std::span<const Tensor>& tensors) {
  if (const auto* list = a.as<Operand::List>()) {
    Operand::List items;
    for (std::size_t i = 0; i < list->size(); ++i)
      items.push_back(rebuilt((*list)[i], b.as<Operand::List>()->at(i), tensors));
    return items;
  }
  if (!is_tensor(a)) return a;
  const Tensor tensor = tensors.front();
  tensors = tensors.subspan(1);
  return is_integer(a) && is_integer(b) ? Operand(Dim::computed(tensor)) : Operand(tensor);
}

}  // namespace torch2trt
