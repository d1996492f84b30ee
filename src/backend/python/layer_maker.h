// Each struct of layers.h as calls of TensorRT's Python API.
#pragma once

#include "src/backend/python/python_network.h"

namespace torch2trt {

class LayerMaker {
 public:
  explicit LayerMaker(PythonNetwork& owner) : owner_(owner), net_(owner.object()), trt_(owner.module()) {}
  // The ILayer, or None where TensorRT made none.
  py::object make(const Layer& layer) {
    return std::visit([this](const auto& l) { return add(l); }, layer);
  }

 private:
  py::object add(const layer::Constant& l);
  py::object add(const layer::Identity& l);
  py::object add(const layer::Cast& l);
  py::object add(const layer::Activation& l);
  py::object add(const layer::Unary& l);
  py::object add(const layer::ElementWise& l);
  py::object add(const layer::Convolution& l);
  py::object add(const layer::Deconvolution& l);
  py::object add(const layer::Pooling& l);
  py::object add(const layer::Shuffle& l);
  py::object add(const layer::Reduce& l);
  py::object add(const layer::SoftMax& l);
  py::object add(const layer::Concatenation& l);
  py::object add(const layer::Slice& l);
  py::object add(const layer::Gather& l);
  py::object add(const layer::Scatter& l);
  py::object add(const layer::MatrixMultiply& l);
  py::object add(const layer::Einsum& l);
  py::object add(const layer::Select& l);
  py::object add(const layer::Shape& l);
  py::object add(const layer::Scale& l);
  py::object add(const layer::Normalization& l);
  py::object add(const layer::TopK& l);
  py::object add(const layer::Resize& l);
  py::object add(const layer::GridSample& l);
  py::object add(const layer::Fill& l);
  py::object add(const layer::Cumulative& l);
  py::object add(const layer::NonZero& l);
  py::object add(const layer::NMS& l);
  py::object add(const layer::OneHot& l);
  py::object add(const layer::Attention& l);
  py::object add(const layer::ParametricRelu& l);
  py::object add(const layer::Quantize& l);
  py::object add(const layer::Dequantize& l);
  py::object add(const layer::Condition& l);
  py::object add(const layer::ConditionalInput& l);
  py::object add(const layer::ConditionalOutput& l);
  py::object add(const layer::TripLimit& l);
  py::object add(const layer::Recurrence& l);
  py::object add(const layer::Iterator& l);
  py::object add(const layer::LoopOutput& l);

  template <typename T>
  py::object convolution(const T& l, const char* method, std::int64_t maps, const Dims& window);

  py::object at(const Tensor& tensor) const { return owner_.at(tensor); }
  // A member of one of TensorRT's enumerations: enumerator("ActivationType", "RELU").
  py::object enumerator(const char* type, const char* member) const { return trt_.attr(type).attr(member); }
  static py::tuple tuple(const Dims& dims) { return py::tuple(py::cast(dims)); }
  static std::int64_t mask(const std::vector<std::int64_t>& axes);

  PythonNetwork& owner_;
  py::object net_;
  const py::module_& trt_;
};

}  // namespace torch2trt
