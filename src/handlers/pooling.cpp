#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

struct Window {
  std::vector<std::int64_t> size, stride, padding;
  bool ceil_mode = false;
};

Window window_of(Args& a, std::int64_t spatial) {
  Window w;
  w.size = a.integers("kernel_size", spatial);
  w.stride = a.integers("stride", spatial);
  if (w.stride.empty()) w.stride = w.size;  // "stride defaults to kernel_size"
  w.padding = a.integers("padding", spatial);
  const auto dimensions = static_cast<std::size_t>(spatial);
  a.require(w.size.size() == dimensions && w.stride.size() == dimensions && w.padding.size() == dimensions &&
                std::all_of(w.size.begin(), w.size.end(), [](std::int64_t size) { return size > 0; }) &&
                std::all_of(w.stride.begin(), w.stride.end(), [](std::int64_t stride) { return stride > 0; }),
            fmt::format("a window needs a size and a stride above 0 for each of {} dimensions", spatial));
  w.ceil_mode = a.boolean("ceil_mode");
  return w;
}

// PyTorch's output size: with ceil_mode the last window must start inside the input or its left padding.
std::int64_t output_size(std::int64_t input, std::int64_t window, std::int64_t stride, std::int64_t padding,
                         bool ceil_mode) {
  const std::int64_t span = input + 2 * padding - window;
  std::int64_t size = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (size - 1) * stride >= input + padding) --size;
  return size;
}

// Padding after the input such that TensorRT, rounding down, makes PyTorch's output size.
std::vector<std::int64_t> padding_after(const Args& a, const Tensor& x, const Window& w) {
  std::vector<std::int64_t> after = w.padding;
  if (!w.ceil_mode) return after;
  const std::size_t first = x.dims().size() - w.size.size();
  for (std::size_t i = 0; i < w.size.size(); ++i) {
    const std::int64_t input = x.dims().at(first + i);
    a.require(input >= 0, "ceil_mode needs a static size of the pooled dimensions");
    const std::int64_t size = output_size(input, w.size[i], w.stride[i], w.padding[i], true);
    after[i] = std::max((size - 1) * w.stride[i] + w.size[i] - input - w.padding[i], w.padding[i]);
  }
  return after;
}

// TensorRT pools in two or three dimensions, behind batch and channels.
struct Lifted {
  Tensor x;
  bool batched = true;
  bool one_dimensional = false;
};

Lifted lift(Network& net, Tensor x, std::int64_t spatial) {
  if (x.rank() != spatial + 1 && x.rank() != spatial + 2) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("pooling in {} dimensions takes a tensor of {} or {}, not of {}", spatial, spatial + 1,
                            spatial + 2, x.rank()));
  }
  Lifted lifted{.batched = x.rank() == spatial + 2, .one_dimensional = spatial == 1};
  if (!lifted.batched) x = net.unsqueeze(x, {0});
  if (lifted.one_dimensional) x = net.unsqueeze(x, {2});
  lifted.x = x;
  return lifted;
}

Tensor lowered(Network& net, Tensor y, const Lifted& lifted) {
  if (lifted.one_dimensional) y = net.squeeze(y, {2});
  return lifted.batched ? y : net.squeeze(y, {0});
}

Tensor pool(Network& net, PoolingType type, const Lifted& lifted, Window w, std::vector<std::int64_t> after,
            bool exclude_padding) {
  if (lifted.one_dimensional) {
    for (auto* values : {&w.size, &w.stride}) values->insert(values->begin(), 1);
    for (auto* values : {&w.padding, &after}) values->insert(values->begin(), 0);
  }
  return net.add(layer::Pooling{.input = lifted.x,
                                .type = type,
                                .window = w.size,
                                .stride = w.stride,
                                .pre_padding = w.padding,
                                .post_padding = after,
                                .average_count_excludes_padding = exclude_padding});
}

Tensor zero_padded(Network& net, const Tensor& x, const std::vector<std::int64_t>& before,
                   const std::vector<std::int64_t>& after) {
  std::vector<Dim> start(static_cast<std::size_t>(x.rank()), Dim(0));
  std::vector<Dim> size = x.shape();
  const std::size_t first = size.size() - before.size();
  for (std::size_t i = 0; i < before.size(); ++i) {
    start.at(first + i) = Dim(-before[i]);
    size.at(first + i) = net.dim_arithmetic(ElementWiseOperation::kSum, size.at(first + i), Dim(before[i] + after[i]));
  }
  return net.slice(x, start, size, Dims(size.size(), 1), SampleMode::kFill, net.scalar(0, x.dtype()));
}

Handler max_pool(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    a.require(is_floating(x.dtype()), fmt::format("TensorRT pools floating-point types only, not {}", name(x.dtype())));
    const auto dilation = a.integers("dilation", spatial);
    a.require(std::all_of(dilation.begin(), dilation.end(), [](std::int64_t d) { return d == 1; }),
              "TensorRT's pooling has no dilation");
    const Window w = window_of(a, spatial);
    const auto after = padding_after(a, x, w);
    const Lifted lifted = lift(net, x, spatial);
    return lowered(net, pool(net, PoolingType::kMax, lifted, w, after, true), lifted);
  };
}

Handler avg_pool(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    a.require(is_floating(x.dtype()), fmt::format("TensorRT pools floating-point types only, not {}", name(x.dtype())));
    Window w = window_of(a, spatial);
    const bool include = a.boolean("count_include_pad");
    const auto divisor = a.has("divisor_override") ? a.optional_integer("divisor_override") : std::nullopt;
    auto after = padding_after(a, x, w);
    const auto pads = [](const std::vector<std::int64_t>& values) {
      return std::any_of(values.begin(), values.end(), [](std::int64_t pad) { return pad > 0; });
    };
    Lifted lifted = lift(net, x, spatial);
    const bool extended = after != w.padding;  // by ceil_mode
    if (divisor) {
      // The sum of each window, over explicit zeros, so that the layer's own divisor is the window's size.
      if (pads(w.padding) || pads(after)) {
        lifted = lift(net, zero_padded(net, x, w.padding, after), spatial);
        std::fill(w.padding.begin(), w.padding.end(), 0);
        std::fill(after.begin(), after.end(), 0);
      }
      double area = 1;
      for (std::int64_t size : w.size) area *= static_cast<double>(size);
      return lowered(net,
                     pool(net, PoolingType::kAverage, lifted, w, after, false) * (area / static_cast<double>(*divisor)),
                     lifted);
    }
    if (include && extended && pads(w.padding)) {
      // The declared padding counts, what ceil_mode adds beyond it does not.
      lifted = lift(net, zero_padded(net, x, w.padding, w.padding), spatial);
      for (std::size_t i = 0; i < after.size(); ++i) after[i] -= w.padding[i];
      std::fill(w.padding.begin(), w.padding.end(), 0);
      return lowered(net, pool(net, PoolingType::kAverage, lifted, w, after, true), lifted);
    }
    return lowered(net, pool(net, PoolingType::kAverage, lifted, w, after, !include || extended), lifted);
  };
}

// Row i averages the inputs from floor(i * in / out) to ceil((i + 1) * in / out): PyTorch's AdaptivePooling.
HostTensor averaging_matrix(std::int64_t in, std::int64_t out) {
  std::vector<float> matrix(static_cast<std::size_t>(in * out), 0.0F);
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t start = i * in / out;
    const std::int64_t end = ((i + 1) * in + out - 1) / out;
    for (std::int64_t j = start; j < end; ++j)
      matrix.at(static_cast<std::size_t>(i * in + j)) = 1.0F / static_cast<float>(end - start);
  }
  return host_tensor(matrix, {out, in});
}

Handler adaptive_avg_pool(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    Tensor x = a.tensor("self");
    a.require(is_floating(x.dtype()), fmt::format("TensorRT pools floating-point types only, not {}", name(x.dtype())));
    const auto wanted = a.integers("output_size", spatial);
    const std::int64_t first = x.rank() - spatial;
    a.require(first == 1 || first == 2, fmt::format("pooling in {} dimensions takes a tensor of {} or {}, not of {}",
                                                    spatial, spatial + 1, spatial + 2, x.rank()));
    std::vector<std::int64_t> to_one;
    Window even;  // where every output averages as many inputs
    bool is_even = true;
    for (std::int64_t i = 0; i < spatial; ++i) {
      const std::int64_t in = x.dims().at(static_cast<std::size_t>(first + i));
      const std::int64_t out = wanted.at(static_cast<std::size_t>(i));
      if (out == 1) to_one.push_back(first + i);
      is_even = is_even && in > 0 && out > 0 && in % out == 0;
      even.size.push_back(is_even ? in / out : 0);
    }
    if (static_cast<std::int64_t>(to_one.size()) == spatial) return net.reduce(ReduceOperation::kAvg, x, to_one, true);
    if (is_even) {
      even.stride = even.size;
      even.padding.assign(even.size.size(), 0);
      const Lifted lifted = lift(net, x, spatial);
      return lowered(net, pool(net, PoolingType::kAverage, lifted, even, even.padding, false), lifted);
    }
    if (!to_one.empty()) x = net.reduce(ReduceOperation::kAvg, x, to_one, true);
    for (std::int64_t i = 0; i < spatial; ++i) {
      const std::int64_t axis = first + i;
      const std::int64_t in = x.dims().at(static_cast<std::size_t>(axis));
      const std::int64_t out = wanted.at(static_cast<std::size_t>(i));
      if (out == 1 || in == out) continue;
      a.require(in > 0, "adaptive pooling needs a static size of the pooled dimensions");
      const std::int64_t last = x.rank() - 1;
      const Tensor matrix = net.constant(contiguous_as(averaging_matrix(in, out), x.dtype()));
      x = net.transpose(net.matmul(net.transpose(x, axis, last), matrix, false, true), axis, last);
    }
    return x;
  };
}

// With the indices of the maxima as a second output, which nothing may read.
Handler without_indices(const Handler& handler) {
  return [handler](Network& net, Args& a) -> Results {
    a.require(!a.is_output_used(1), "TensorRT's pooling has no indices");
    return std::vector<Operand>{handler(net, a).values.at(0), Unknown{}};
  };
}

// Output i of adaptive pooling takes the inputs from starts[i] to ends[i].
struct Spans {
  std::vector<std::int64_t> starts, ends;

  Spans(std::int64_t in, std::int64_t out) {
    for (std::int64_t i = 0; i < out; ++i) {
      starts.push_back(i * in / out);
      ends.push_back(((i + 1) * in + out - 1) / out);
    }
  }
  // Windows of one size, at equal distances.
  bool is_regular() const {
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (ends[i] - starts[i] != ends[0] || (i > 0 && starts[i] - starts[i - 1] != stride())) return false;
    }
    return true;
  }
  std::int64_t stride() const { return starts.size() > 1 ? std::max<std::int64_t>(starts[1], 1) : ends[0]; }
};

Tensor span_maxima(Network& net, const Tensor& x, std::int64_t axis, const Spans& spans) {
  std::vector<Tensor> maxima;
  for (std::size_t i = 0; i < spans.starts.size(); ++i) {
    std::vector<Dim> start(static_cast<std::size_t>(x.rank()), Dim(0));
    std::vector<Dim> size = x.shape();
    start.at(static_cast<std::size_t>(axis)) = Dim(spans.starts[i]);
    size.at(static_cast<std::size_t>(axis)) = Dim(spans.ends[i] - spans.starts[i]);
    const Tensor span = net.slice(x, start, size, Dims(size.size(), 1));
    maxima.push_back(spans.ends[i] - spans.starts[i] == 1 ? span
                                                          : net.reduce(ReduceOperation::kMax, span, {axis}, true));
  }
  return net.concat(maxima, axis);
}

Handler adaptive_max_pool(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    Tensor x = a.tensor("self");
    a.require(is_floating(x.dtype()), fmt::format("TensorRT pools floating-point types only, not {}", name(x.dtype())));
    const auto wanted = a.integers("output_size", spatial);
    const std::int64_t first = x.rank() - spatial;
    a.require(first == 1 || first == 2, fmt::format("pooling in {} dimensions takes a tensor of {} or {}, not of {}",
                                                    spatial, spatial + 1, spatial + 2, x.rank()));
    std::vector<std::int64_t> to_one;
    for (std::int64_t i = 0; i < spatial; ++i) {
      if (wanted.at(static_cast<std::size_t>(i)) == 1) to_one.push_back(first + i);
    }
    if (static_cast<std::int64_t>(to_one.size()) == spatial) return net.reduce(ReduceOperation::kMax, x, to_one, true);
    std::vector<Spans> spans;
    Window regular;
    for (std::int64_t i = 0; i < spatial; ++i) {
      const std::int64_t in = x.dims().at(static_cast<std::size_t>(first + i));
      const std::int64_t out = wanted.at(static_cast<std::size_t>(i));
      a.require(in > 0 && out > 0, "adaptive pooling needs static sizes, not 0, of the pooled dimensions");
      spans.emplace_back(in, out);
      regular.size.push_back(spans.back().ends[0]);
      regular.stride.push_back(spans.back().stride());
    }
    if (std::all_of(spans.begin(), spans.end(), [](const Spans& s) { return s.is_regular(); })) {
      regular.padding.assign(regular.size.size(), 0);
      const Lifted lifted = lift(net, x, spatial);
      return lowered(net, pool(net, PoolingType::kMax, lifted, regular, regular.padding, false), lifted);
    }
    for (std::int64_t i = 0; i < spatial; ++i) {
      const Spans& along = spans.at(static_cast<std::size_t>(i));
      const bool same =
          x.dims().at(static_cast<std::size_t>(first + i)) == static_cast<std::int64_t>(along.starts.size());
      if (!same) x = span_maxima(net, x, first + i, along);
    }
    return x;
  };
}

}  // namespace

void register_pooling(HandlerRegistry& r) {
  r.op("aten::max_pool1d").convert(max_pool(1));
  r.op("aten::max_pool2d").convert(max_pool(2));
  r.op("aten::max_pool3d").convert(max_pool(3));
  for (std::int64_t spatial : {1, 2, 3}) {
    r.op(fmt::format("aten::max_pool{}d_with_indices", spatial))
        .note("values only")
        .convert(without_indices(max_pool(spatial)));
    r.op(fmt::format("aten::adaptive_max_pool{}d", spatial))
        .note("values only")
        .convert(without_indices(adaptive_max_pool(spatial)));
  }
  r.op("aten::avg_pool1d").convert(avg_pool(1));
  r.op("aten::avg_pool2d").convert(avg_pool(2));
  r.op("aten::avg_pool3d").convert(avg_pool(3));
  r.op("aten::adaptive_avg_pool1d").convert(adaptive_avg_pool(1));
  r.ops({"aten::adaptive_avg_pool2d", "aten::_adaptive_avg_pool2d"}).convert(adaptive_avg_pool(2));
  r.ops({"aten::adaptive_avg_pool3d", "aten::_adaptive_avg_pool3d"}).convert(adaptive_avg_pool(3));
}

}  // namespace torch2trt
