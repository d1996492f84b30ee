// The layers that move elements: shuffle, slice, gather, resize and their like.
#include <fmt/format.h>

#include "src/backend/nvinfer/layer_finish.h"
#include "src/backend/nvinfer/layer_maker.h"
#include "src/backend/nvinfer/operands.h"

namespace torch2trt {

using nvinfer::axes_mask;
using nvinfer::enumerator;
using nvinfer::to_dims;

void NvinferLayerMaker::add(const layer::Shuffle& l) {
  auto* made = net_.addShuffle(at(l.input));
  if (made == nullptr) return;
  if (!l.first_transpose.empty()) made->setFirstTranspose(nvinfer::to_permutation(l.first_transpose));
  made->setZeroIsPlaceholder(l.zero_is_placeholder);
  if (l.reshape) {
    if (const auto* dims = std::get_if<Dims>(&*l.reshape)) {
      made->setReshapeDimensions(to_dims(*dims));
    } else {
      made->setInput(1, at(std::get<Tensor>(*l.reshape)));
    }
  }
  if (!l.second_transpose.empty()) made->setSecondTranspose(nvinfer::to_permutation(l.second_transpose));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Concatenation& l) {
  const std::vector<nvinfer1::ITensor*> inputs = all(l.inputs);
  auto* made = net_.addConcatenation(inputs.data(), static_cast<std::int32_t>(inputs.size()));
  if (made == nullptr) return;
  made->setAxis(static_cast<std::int32_t>(l.axis));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Slice& l) {
  // Where a tensor says it, the numbers are only placeholders of the right length.
  const auto rank = static_cast<std::size_t>(l.input.rank());
  const auto numbers = [&](const std::variant<Dims, Tensor>& value, std::int64_t placeholder) {
    const auto* dims = std::get_if<Dims>(&value);
    return to_dims(dims != nullptr ? *dims : Dims(rank, placeholder));
  };
  auto* made = net_.addSlice(at(l.input), numbers(l.start, 0), numbers(l.size, 1), numbers(l.stride, 1));
  if (made == nullptr) return;
  made->setMode(enumerator<nvinfer1::SampleMode>(l.mode));
  std::int32_t index = 1;
  for (const auto* value : {&l.start, &l.size, &l.stride}) {
    if (const auto* tensor = std::get_if<Tensor>(value)) made->setInput(index, at(*tensor));
    ++index;
  }
  if (l.fill) made->setInput(4, at(*l.fill));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Gather& l) {
  auto* made = net_.addGatherV2(at(l.data), at(l.indices), enumerator<nvinfer1::GatherMode>(l.mode));
  if (made == nullptr) return;
  made->setGatherAxis(static_cast<std::int32_t>(l.axis));
  made->setNbElementWiseDims(static_cast<std::int32_t>(l.elementwise_dims));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Scatter& l) {
  auto* made = net_.addScatter(at(l.data), at(l.indices), at(l.updates), enumerator<nvinfer1::ScatterMode>(l.mode));
  if (made == nullptr) return;
  if (l.mode == ScatterMode::kElement) made->setAxis(static_cast<std::int32_t>(l.axis));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Shape& l) { finish(net_.addShape(at(l.input))); }

// Indices are int32, which newer versions want said.
void NvinferLayerMaker::add(const layer::TopK& l) {
  const auto* number = std::get_if<std::int64_t>(&l.k);
  const auto make = [&](auto& net) {
    const auto operation = enumerator<nvinfer1::TopKOperation>(l.operation);
    const std::int32_t k = number != nullptr ? static_cast<std::int32_t>(*number) : 1;
    const std::uint32_t axes = axes_mask({l.axis});
    if constexpr (requires { net.addTopK(at(l.input), operation, k, axes, nvinfer1::DataType::kINT32); }) {
      return net.addTopK(at(l.input), operation, k, axes, nvinfer1::DataType::kINT32);
    } else {
      return net.addTopK(at(l.input), operation, k, axes);
    }
  };
  auto* made = make(net_);
  if (made == nullptr) return;
  if (number == nullptr) made->setInput(1, at(std::get<Tensor>(l.k)));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Resize& l) {
  auto* made = net_.addResize(at(l.input));
  if (made == nullptr) return;
  if (const auto* dims = std::get_if<Dims>(&l.target)) {
    made->setOutputDimensions(to_dims(*dims));
  } else if (const auto* scales = std::get_if<std::vector<float>>(&l.target)) {
    made->setScales(scales->data(), static_cast<std::int32_t>(scales->size()));
  } else {
    made->setInput(1, at(std::get<Tensor>(l.target)));
  }
  made->setResizeMode(enumerator<nvinfer1::InterpolationMode>(l.mode));
  made->setCoordinateTransformation(enumerator<nvinfer1::ResizeCoordinateTransformation>(l.transformation));
  made->setNearestRounding(enumerator<nvinfer1::ResizeRoundMode>(l.rounding));
  made->setCubicCoeff(l.cubic_coefficient);
  made->setExcludeOutside(l.exclude_outside);
  finish(made);
}

void NvinferLayerMaker::add(const layer::GridSample& l) {
  auto* made = net_.addGridSample(at(l.input), at(l.grid));
  if (made == nullptr) return;
  made->setInterpolationMode(enumerator<nvinfer1::InterpolationMode>(l.mode));
  made->setAlignCorners(l.align_corners);
  made->setSampleMode(enumerator<nvinfer1::SampleMode>(l.sample_mode));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Fill& l) {
  const auto* dims = std::get_if<Dims>(&l.dimensions);
  // Where a tensor says them, zeros of the right rank.
  const auto rank =
      dims != nullptr ? dims->size() : static_cast<std::size_t>(std::get<Tensor>(l.dimensions).dims().at(0));
  const nvinfer1::Dims sizes = to_dims(dims != nullptr ? *dims : Dims(rank, 0));
  const auto operation = enumerator<nvinfer1::FillOperation>(l.operation);
  const auto make = [&](auto& net) {
    if constexpr (requires { net.addFill(sizes, operation, owner_.data_type(l.dtype)); }) {
      return net.addFill(sizes, operation, owner_.data_type(l.dtype));
    } else {
      auto* made = net.addFill(sizes, operation);
      if (made != nullptr) made->setOutputType(0, owner_.data_type(l.dtype));
      return made;
    }
  };
  auto* made = make(net_);
  if (made == nullptr) return;
  if (dims == nullptr) made->setInput(0, at(std::get<Tensor>(l.dimensions)));
  if (const auto* alpha = std::get_if<Tensor>(&l.alpha)) {
    made->setInput(1, at(*alpha));
  } else {
    made->setAlpha(std::get<double>(l.alpha));
  }
  if (const auto* beta = std::get_if<Tensor>(&l.beta)) {
    made->setInput(2, at(*beta));
  } else {
    made->setBeta(std::get<double>(l.beta));
  }
  finish(made);
}

void NvinferLayerMaker::add(const layer::Cumulative& l) {
  const auto add_to = [&](auto& net) {
    if constexpr (requires { net.addCumulative(at(l.input), at(l.axis), {}, l.exclusive, l.reverse); }) {
      finish(net.addCumulative(at(l.input), at(l.axis), {}, l.exclusive, l.reverse));  // kSUM is all there is
    } else {
      lacks("cumulative");
    }
  };
  add_to(net_);
}

void NvinferLayerMaker::add(const layer::NonZero& l) {
  const auto make = [&](auto& net) {
    if constexpr (requires { net.addNonZero(at(l.input), nvinfer1::DataType::kINT32); }) {
      return net.addNonZero(at(l.input), nvinfer1::DataType::kINT32);
    } else {
      return net.addNonZero(at(l.input));
    }
  };
  finish(make(net_));
}

void NvinferLayerMaker::add(const layer::NMS& l) {
  const auto make = [&](auto& net) {
    if constexpr (requires { net.addNMS(at(l.boxes), at(l.scores), at(l.limit), nvinfer1::DataType::kINT32); }) {
      return net.addNMS(at(l.boxes), at(l.scores), at(l.limit), nvinfer1::DataType::kINT32);
    } else {
      return net.addNMS(at(l.boxes), at(l.scores), at(l.limit));
    }
  };
  auto* made = make(net_);
  if (made == nullptr) return;
  made->setInput(3, at(l.overlap));
  made->setInput(4, at(l.threshold));
  finish(made);
}

void NvinferLayerMaker::add(const layer::OneHot& l) {
  finish(net_.addOneHot(at(l.indices), at(l.values), at(l.depth), static_cast<std::int32_t>(l.axis)));
}

}  // namespace torch2trt
