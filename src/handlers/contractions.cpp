#include "src/handlers/contractions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace torch2trt {
namespace {

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

std::int64_t position(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

[[noreturn]] void refuse(const Tensor& x, const std::string& reason) {
  throw Error(ErrorCategory::kUnsupportedOperator, reason, x.network().location());
}

// [..., n, n] as its diagonal [..., n]: every n + 1-st element of the flattened matrix.
Labelled without_diagonals(Labelled x) {
  Network& net = x.tensor.network();
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    const int label = x.labels[i];
    const auto again = std::find(x.labels.begin() + static_cast<std::ptrdiff_t>(i) + 1, x.labels.end(), label);
    if (again == x.labels.end()) continue;
    const std::int64_t size = x.tensor.dims().at(i);
    if (size < 0) refuse(x.tensor, "a diagonal needs a static size");
    const std::int64_t j = again - x.labels.begin();
    std::vector<std::int64_t> order;
    Labels labels;
    for (std::int64_t axis = 0; axis < x.tensor.rank(); ++axis) {
      if (axis == static_cast<std::int64_t>(i) || axis == j) continue;
      order.push_back(axis);
      labels.push_back(x.labels.at(static_cast<std::size_t>(axis)));
    }
    const auto rest = static_cast<std::int64_t>(order.size());
    order.insert(order.end(), {static_cast<std::int64_t>(i), j});
    const Tensor flat = net.flatten(net.permute(x.tensor, order), rest, rest + 1);
    std::vector<Dim> start(static_cast<std::size_t>(rest) + 1, Dim(0));
    std::vector<Dim> sizes = flat.shape();
    sizes.back() = Dim(size);
    Dims stride(sizes.size(), 1);
    stride.back() = size + 1;
    labels.push_back(label);
    return without_diagonals({net.slice(flat, start, sizes, stride), labels});
  }
  return x;
}

// Summed over what is neither in `other` nor in `output`.
Labelled summed(const Labelled& x, const Labels& other, const Labels& output) {
  std::vector<std::int64_t> axes;
  Labels labels;
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    if (has(other, x.labels[i]) || has(output, x.labels[i])) {
      labels.push_back(x.labels[i]);
    } else {
      axes.push_back(static_cast<std::int64_t>(i));
    }
  }
  if (axes.empty()) return x;
  return {x.tensor.network().reduce(ReduceOperation::kSum, x.tensor, axes, false), labels};
}

// Without dimensions of size 1 that stand for any size.
Labelled without_broadcast(const Labelled& x, const Labelled& other) {
  std::vector<std::int64_t> axes;
  Labels labels;
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    const std::int64_t at = position(other.labels, x.labels[i]);
    const bool shared = at < static_cast<std::int64_t>(other.labels.size());
    if (shared && x.tensor.dims().at(i) == 1 && other.tensor.dims().at(static_cast<std::size_t>(at)) != 1) {
      axes.push_back(static_cast<std::int64_t>(i));
    } else {
      labels.push_back(x.labels[i]);
    }
  }
  return axes.empty() ? x : Labelled{x.tensor.network().squeeze(x.tensor, axes), labels};
}

// Dimensions in the order of `output`, 1 where x has none.
Tensor aligned(const Labelled& x, const Labels& output) {
  std::vector<std::int64_t> order;
  std::vector<std::int64_t> missing;
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (has(x.labels, output[i])) {
      order.push_back(position(x.labels, output[i]));
    } else {
      missing.push_back(static_cast<std::int64_t>(i));
    }
  }
  Network& net = x.tensor.network();
  const Tensor ordered = net.permute(x.tensor, order);
  return missing.empty() ? ordered : net.unsqueeze(ordered, missing);
}

Tensor aligned_product(const Labelled& a, const Labelled& b, const Labels& output) {
  const auto operation = a.tensor.dtype() == DType::kBool ? ElementWiseOperation::kAnd : ElementWiseOperation::kProd;
  return a.tensor.network().elementwise(operation, aligned(a, output), aligned(b, output));
}

// How x is a matrix [batch..., outer, inner], transposed or not, or a vector [inner] with no batch.
struct Matrix {
  Labels batch;
  int outer = -1;
  bool inner_first = false;
};

std::optional<Matrix> as_matrix(const Labels& labels, int inner, const Labels& other, const Labels& output) {
  Matrix m;
  for (int label : labels) {
    if (label == inner) continue;
    if (has(other, label)) {
      if (!has(output, label) || m.outer != -1) return std::nullopt;
      m.batch.push_back(label);
    } else {
      if (m.outer != -1) return std::nullopt;
      m.outer = label;
    }
  }
  const std::size_t own = m.outer == -1 ? 1 : 2;
  if (m.outer == -1 && !m.batch.empty()) return std::nullopt;
  const auto at = static_cast<std::size_t>(position(labels, inner));
  if (at < labels.size() - own) return std::nullopt;
  m.inner_first = own == 2 && at == labels.size() - 2;
  return m;
}

std::optional<Tensor> matrix_product(const Labelled& a, const Labelled& b, int inner, const Labels& output) {
  const auto left = as_matrix(a.labels, inner, b.labels, output);
  const auto right = as_matrix(b.labels, inner, a.labels, output);
  if (!left || !right || left->batch != right->batch) return std::nullopt;
  Labels made = left->batch;
  if (left->outer != -1) made.push_back(left->outer);
  if (right->outer != -1) made.push_back(right->outer);
  if (made != output) return std::nullopt;
  return a.tensor.network().matmul(a.tensor, b.tensor, left->inner_first, !right->inner_first && right->outer != -1);
}

Tensor einsum(const Labelled& a, const Labelled& b, const Labels& output) {
  std::map<int, char> letters;
  const auto text = [&](const Labels& labels) {
    std::string term;
    for (int label : labels) {
      const auto [letter, fresh] = letters.try_emplace(label, static_cast<char>('a' + letters.size()));
      term += letter->second;
    }
    return term;
  };
  std::string equation = text(a.labels) + ",";
  equation += text(b.labels);
  equation += "->" + text(output);
  return a.tensor.network().add(layer::Einsum{{a.tensor, b.tensor}, equation});
}

Tensor contract_pair(const Labelled& first, const Labelled& second, const Labels& output) {
  const Labelled wide_a = without_broadcast(first, second);
  const Labelled wide_b = without_broadcast(second, first);
  const Labelled a = summed(wide_a, wide_b.labels, output);
  const Labelled b = summed(wide_b, wide_a.labels, output);
  Labels inner;
  for (int label : a.labels) {
    if (has(b.labels, label) && !has(output, label)) inner.push_back(label);
  }
  if (inner.empty()) return aligned_product(a, b, output);
  if (!is_floating(a.tensor.dtype())) {  // TensorRT's products are of floats
    Labels all = output;
    all.insert(all.end(), inner.begin(), inner.end());
    return summed({aligned_product(a, b, all), all}, {}, output).tensor;
  }
  if (inner.size() == 1) {
    if (const auto product = matrix_product(a, b, inner[0], output)) return *product;
    if (const auto product = matrix_product(b, a, inner[0], output)) return *product;
  }
  return einsum(a, b, output);
}

}  // namespace

Tensor contract(const std::vector<Labelled>& operands, const Labels& output) {
  Labelled result = without_diagonals(operands.at(0));
  for (std::size_t i = 1; i < operands.size(); ++i) {
    const Labelled next = without_diagonals(operands[i]);
    if (next.tensor.dtype() != result.tensor.dtype()) {
      refuse(next.tensor, fmt::format("the operands are {} and {}; PyTorch multiplies equal types only",
                                      name(result.tensor.dtype()), name(next.tensor.dtype())));
    }
    Labels kept = output;
    if (i + 1 < operands.size()) {
      kept.clear();
      for (const Labels* labels : std::initializer_list<const Labels*>{&result.labels, &next.labels}) {
        for (int label : *labels) {
          const bool later = std::any_of(operands.begin() + static_cast<std::ptrdiff_t>(i) + 1, operands.end(),
                                         [&](const Labelled& o) { return has(o.labels, label); });
          if ((later || has(output, label)) && !has(kept, label)) kept.push_back(label);
        }
      }
    }
    result = {contract_pair(result, next, kept), kept};
  }
  return aligned(summed(result, {}, output), output);
}

}  // namespace torch2trt
