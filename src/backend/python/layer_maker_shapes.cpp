// The layers that move elements: shuffle, slice, gather, resize and their like.
#include "src/backend/python/enumerators.h"
#include "src/backend/python/layer_maker.h"

namespace torch2trt {

py::object LayerMaker::add(const layer::Shuffle& l) {
  py::object made = net_.attr("add_shuffle")(at(l.input));
  if (made.is_none()) return made;
  if (!l.first_transpose.empty()) made.attr("first_transpose") = tuple(l.first_transpose);
  made.attr("zero_is_placeholder") = l.zero_is_placeholder;
  if (l.reshape) {
    if (const auto* dims = std::get_if<Dims>(&*l.reshape)) {
      made.attr("reshape_dims") = tuple(*dims);
    } else {
      made.attr("set_input")(1, at(std::get<Tensor>(*l.reshape)));
    }
  }
  if (!l.second_transpose.empty()) made.attr("second_transpose") = tuple(l.second_transpose);
  return made;
}

py::object LayerMaker::add(const layer::Concatenation& l) {
  py::list inputs;
  for (const Tensor& input : l.inputs) inputs.append(at(input));
  py::object made = net_.attr("add_concatenation")(inputs);
  if (!made.is_none()) made.attr("axis") = l.axis;
  return made;
}

py::object LayerMaker::add(const layer::Slice& l) {
  // Where a tensor says it, the numbers are only placeholders of the right length.
  const auto rank = static_cast<std::size_t>(l.input.rank());
  const auto numbers = [&](const std::variant<Dims, Tensor>& value, std::int64_t placeholder) {
    const auto* dims = std::get_if<Dims>(&value);
    return tuple(dims != nullptr ? *dims : Dims(rank, placeholder));
  };
  py::object made = net_.attr("add_slice")(at(l.input), numbers(l.start, 0), numbers(l.size, 1), numbers(l.stride, 1));
  if (made.is_none()) return made;
  made.attr("mode") = enumerator("SampleMode", enumerator_name(l.mode));
  int index = 1;
  for (const auto* value : {&l.start, &l.size, &l.stride}) {
    if (const auto* tensor = std::get_if<Tensor>(value)) made.attr("set_input")(index, at(*tensor));
    ++index;
  }
  if (l.fill) made.attr("set_input")(4, at(*l.fill));
  return made;
}

py::object LayerMaker::add(const layer::Gather& l) {
  py::object made =
      net_.attr("add_gather_v2")(at(l.data), at(l.indices), enumerator("GatherMode", enumerator_name(l.mode)));
  if (made.is_none()) return made;
  made.attr("axis") = l.axis;
  made.attr("num_elementwise_dims") = l.elementwise_dims;
  return made;
}

py::object LayerMaker::add(const layer::Scatter& l) {
  py::object made = net_.attr("add_scatter")(at(l.data), at(l.indices), at(l.updates),
                                             enumerator("ScatterMode", enumerator_name(l.mode)));
  if (!made.is_none() && l.mode == ScatterMode::kElement) made.attr("axis") = l.axis;
  return made;
}

py::object LayerMaker::add(const layer::Shape& l) { return net_.attr("add_shape")(at(l.input)); }

py::object LayerMaker::add(const layer::TopK& l) {
  const auto* number = std::get_if<std::int64_t>(&l.k);
  py::object made = net_.attr("add_topk")(at(l.input), enumerator("TopKOperation", enumerator_name(l.operation)),
                                          number != nullptr ? *number : 1, mask({l.axis}));
  if (!made.is_none() && number == nullptr) made.attr("set_input")(1, at(std::get<Tensor>(l.k)));
  return made;
}

py::object LayerMaker::add(const layer::Resize& l) {
  py::object made = net_.attr("add_resize")(at(l.input));
  if (made.is_none()) return made;
  if (const auto* dims = std::get_if<Dims>(&l.target)) {
    made.attr("shape") = tuple(*dims);
  } else if (const auto* scales = std::get_if<std::vector<float>>(&l.target)) {
    made.attr("scales") = py::cast(*scales);
  } else {
    made.attr("set_input")(1, at(std::get<Tensor>(l.target)));
  }
  made.attr("resize_mode") = enumerator("InterpolationMode", enumerator_name(l.mode));
  made.attr("coordinate_transformation") =
      enumerator("ResizeCoordinateTransformation", enumerator_name(l.transformation));
  made.attr("nearest_rounding") = enumerator("ResizeRoundMode", enumerator_name(l.rounding));
  made.attr("cubic_coeff") = l.cubic_coefficient;
  made.attr("exclude_outside") = l.exclude_outside;
  return made;
}

py::object LayerMaker::add(const layer::GridSample& l) {
  py::object made = net_.attr("add_grid_sample")(at(l.input), at(l.grid));
  if (made.is_none()) return made;
  made.attr("interpolation_mode") = enumerator("InterpolationMode", enumerator_name(l.mode));
  made.attr("align_corners") = l.align_corners;
  made.attr("sample_mode") = enumerator("SampleMode", enumerator_name(l.sample_mode));
  return made;
}

py::object LayerMaker::add(const layer::Fill& l) {
  const auto* dims = std::get_if<Dims>(&l.dimensions);
  py::object made =
      net_.attr("add_fill")(tuple(dims != nullptr ? *dims : Dims{}),
                            enumerator("FillOperation", enumerator_name(l.operation)), owner_.data_type(l.dtype));
  if (made.is_none()) return made;
  if (dims == nullptr) made.attr("set_input")(0, at(std::get<Tensor>(l.dimensions)));
  const auto bound = [&](const std::variant<double, Tensor>& value, const char* attribute, int index) {
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      made.attr("set_input")(index, at(*tensor));
    } else {
      made.attr(attribute) = std::get<double>(value);
    }
  };
  bound(l.alpha, "alpha", 1);
  bound(l.beta, "beta", 2);
  return made;
}

py::object LayerMaker::add(const layer::Cumulative& l) {
  return net_.attr("add_cumulative")(at(l.input), at(l.axis), enumerator("CumulativeOperation", "SUM"), l.exclusive,
                                     l.reverse);
}

py::object LayerMaker::add(const layer::NonZero& l) { return net_.attr("add_non_zero")(at(l.input)); }

py::object LayerMaker::add(const layer::NMS& l) {
  py::object made = net_.attr("add_nms")(at(l.boxes), at(l.scores), at(l.limit));
  if (made.is_none()) return made;
  made.attr("set_input")(3, at(l.overlap));
  made.attr("set_input")(4, at(l.threshold));
  return made;
}

py::object LayerMaker::add(const layer::OneHot& l) {
  return net_.attr("add_one_hot")(at(l.indices), at(l.values), at(l.depth), l.axis);
}

}  // namespace torch2trt
