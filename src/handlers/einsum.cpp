// einsum and the products it generalises: outer, inner, tensordot, kron, bilinear, dot.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "src/handlers/contractions.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

constexpr int kEllipsis = 1000;  // label of the last dimension an ellipsis stands for; those before count on

bool is_subscript(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Equation {
  std::vector<std::string> terms;  // an ellipsis is '.'
  std::optional<std::string> output;
};

// "ij, ...jk -> ...ik" without its spaces.
Equation parsed(const Args& a, std::string text) {
  std::erase(text, ' ');
  Equation equation;
  std::string term;
  bool after_arrow = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 3, "...") == 0) {
      term += '.';
      i += 2;
    } else if (text.compare(i, 2, "->") == 0) {
      equation.terms.push_back(std::exchange(term, ""));
      after_arrow = true;
      ++i;
    } else if (text[i] == ',') {
      equation.terms.push_back(std::exchange(term, ""));
    } else {
      a.require(is_subscript(text[i]), fmt::format("'{}' is no subscript of an einsum equation", text[i]));
      term += text[i];
    }
  }
  if (after_arrow) {
    equation.output = term;
  } else {
    equation.terms.push_back(term);
  }
  return equation;
}

Labels labels_of(const std::string& term, std::int64_t ellipsis) {
  Labels labels;
  for (char c : term) {
    if (c != '.') {
      labels.push_back(c);
    } else {
      for (std::int64_t i = ellipsis; i > 0; --i) labels.push_back(kEllipsis + static_cast<int>(i) - 1);
    }
  }
  return labels;
}

// Without "->": the ellipsis, then what appears once, in alphabetical order.
std::string implicit_output(const std::vector<std::string>& terms) {
  std::map<char, int> uses;  // '.' sorts before letters, capitals before small ones
  for (const std::string& term : terms) {
    for (char c : term) ++uses[c];
  }
  std::string output;
  for (const auto& [c, count] : uses) {
    if (c == '.' || count == 1) output += c;
  }
  return output;
}

Results einsum(Network&, Args& a) {
  const auto tensors = a.tensors("tensors");
  a.ignore({"path"});
  const Equation equation = parsed(a, a.string("equation"));
  a.require(equation.terms.size() == tensors.size(),
            fmt::format("the equation has {} terms for {} tensors", equation.terms.size(), tensors.size()));
  std::vector<Labelled> operands;
  std::int64_t widest = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::string& term = equation.terms[i];
    const bool open = term.find('.') != std::string::npos;
    const std::int64_t ellipsis = tensors[i].rank() - static_cast<std::int64_t>(term.size()) + (open ? 1 : 0);
    a.require(open ? ellipsis >= 0 : ellipsis == 0,
              fmt::format("term \"{}\" has {} subscripts for {} dimensions", term, term.size(), tensors[i].rank()));
    widest = std::max(widest, ellipsis);
    operands.push_back({tensors[i], labels_of(term, ellipsis)});
  }
  return contract(operands, labels_of(equation.output.value_or(implicit_output(equation.terms)), widest));
}

Labels counted(std::int64_t count, int first) {
  Labels labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back(first + static_cast<int>(i));
  return labels;
}

Labels joined(Labels labels, const Labels& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

// Multiplied over the given pairs of dimensions.
Tensor dotted(const Tensor& x, const std::vector<std::int64_t>& x_axes, const Tensor& y,
              const std::vector<std::int64_t>& y_axes) {
  const Labels of_x = counted(x.rank(), 0);
  Labels of_y = counted(y.rank(), 100);
  for (std::size_t i = 0; i < x_axes.size(); ++i) {
    of_y.at(static_cast<std::size_t>(normalized_axis(y_axes[i], y.rank()))) =
        of_x.at(static_cast<std::size_t>(normalized_axis(x_axes[i], x.rank())));
  }
  Labels output;
  const auto shared = [&](int label, const Labels& labels) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  for (int label : of_x) {
    if (!shared(label, of_y)) output.push_back(label);
  }
  for (int label : of_y) {
    if (!shared(label, of_x)) output.push_back(label);
  }
  return contract({{x, of_x}, {y, of_y}}, output);
}

Results tensordot(Network&, Args& a) {
  const auto x_axes = a.integers("dims_self");
  const auto y_axes = a.integers("dims_other");
  a.require(x_axes.size() == y_axes.size(), "both tensors need as many dimensions");
  return dotted(a.tensor("self"), x_axes, a.tensor("other"), y_axes);
}

Handler dot(std::string_view other) {
  return [other](Network&, Args& a) -> Results { return dotted(a.tensor("self"), {0}, a.tensor(other), {0}); };
}

Results inner(Network&, Args& a) {
  const auto t = a.promoted({"self", "other"});
  if (t[0].rank() == 0 || t[1].rank() == 0) return t[0] * t[1];
  return dotted(t[0], {-1}, t[1], {-1});
}

Results outer(Network&, Args& a) {
  const auto t = a.promoted({"self", "vec2"});
  return contract({{t[0], {0}}, {t[1], {1}}}, {0, 1});
}

// Each element of self times all of other.
Results kron(Network& net, Args& a) {
  auto t = a.promoted({"self", "other"});
  const std::int64_t rank = std::max(t[0].rank(), t[1].rank());
  for (Tensor& x : t) x = net.expand_rank(x, rank);
  Labels output;
  std::vector<Dim> shape;
  for (std::int64_t i = 0; i < rank; ++i) {
    output.insert(output.end(), {static_cast<int>(i), static_cast<int>(100 + i)});
    shape.push_back(net.dim_arithmetic(ElementWiseOperation::kProd, t[0].dim(i), t[1].dim(i)));
  }
  return net.reshape(contract({{t[0], counted(rank, 0)}, {t[1], counted(rank, 100)}}, output), shape);
}

// input1[..., n] weight[o, n, m] input2[..., m] + bias[o]
Results bilinear(Network& net, Args& a) {
  const Tensor x = a.tensor("input1");
  const Tensor y = a.tensor("input2");
  const Labels batch = counted(x.rank() - 1, 0);
  const Tensor weight = a.tensor_as("weight", x.dtype());
  const Tensor product =
      contract({{x, joined(batch, {100})}, {weight, {102, 100, 101}}, {y, joined(batch, {101})}}, joined(batch, {102}));
  return a.is_none("bias") ? product
                           : net.elementwise(ElementWiseOperation::kSum, product, a.tensor_as("bias", x.dtype()));
}

Handler chain(std::string_view list) {
  return [list](Network& net, Args& a) -> Results {
    const auto tensors = a.tensors(list);
    a.require(is_floating(tensors.at(0).dtype()), "TensorRT multiplies matrices of floating-point types only");
    Tensor product = tensors[0];
    for (std::size_t i = 1; i < tensors.size(); ++i) product = net.matmul(product, tensors[i]);
    return product;
  };
}

Results vecdot(Network& net, Args& a) {
  const Tensor product = a.tensor("x") * a.tensor("y");
  return net.reduce(ReduceOperation::kSum, product, {a.axis("dim", product)}, false);
}

// a[1]b[2] - a[2]b[1], and so on around.
Results cross(Network& net, Args& a) {
  const auto t = a.promoted({"self", "other"});
  const std::int64_t rank = std::max(t[0].rank(), t[1].rank());
  const auto three = [&](std::int64_t axis) { return t[0].dims().at(static_cast<std::size_t>(axis)) == 3; };
  std::int64_t axis = 0;
  if (a.is_none("dim")) {  // of the deprecated torch.cross: the first of size 3
    while (axis < t[0].rank() - 1 && !three(axis)) ++axis;
  } else {
    axis = normalized_axis(a.integer("dim"), rank);
  }
  a.require(t[0].rank() == t[1].rank() && three(axis),
            "a cross product needs a dimension of static size 3 in both tensors");
  const Tensor next = net.constant_1d({1, 2, 0});
  const Tensor after = net.constant_1d({2, 0, 1});
  return net.gather(t[0], next, axis) * net.gather(t[1], after, axis) -
         net.gather(t[0], after, axis) * net.gather(t[1], next, axis);
}

}  // namespace

void register_einsum(HandlerRegistry& r) {
  r.op("aten::einsum").convert(einsum);
  r.op("aten::tensordot").convert(tensordot);
  r.op("aten::dot").convert(dot("tensor"));
  r.op("aten::vdot").convert(dot("other"));
  r.op("aten::inner").convert(inner);
  r.ops({"aten::outer", "aten::ger"}).convert(outer);
  r.op("aten::kron").convert(kron);
  r.op("aten::bilinear").convert(bilinear);
  r.op("aten::chain_matmul").convert(chain("matrices"));
  r.op("aten::linalg_multi_dot").convert(chain("tensors"));
  r.op("aten::linalg_vecdot").convert(vecdot);
  r.ops({"aten::cross", "aten::linalg_cross"}).convert(cross);
}

}  // namespace torch2trt
