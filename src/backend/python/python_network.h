// A Network over the INetworkDefinition of a Python module (tensorrt or tensorrt_rtx): adds its layers through the
// module's own Python API, so any version that pip installs works and no headers are needed.
// Part of the extension module only. All methods need the GIL.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "torch2trt/convert.h"
#include "torch2trt/network.h"

namespace torch2trt {

namespace py = pybind11;

// The TensorRT module an object of it belongs to. Throws Error(kInvalidArgument) for other objects.
py::module_ tensorrt_module_of(const py::handle& object);

class PythonNetwork : public Network {
 public:
  // `network`: a tensorrt.INetworkDefinition. While this lives, TensorRT's errors go to it instead of to the logger, so
  // that a refused layer is reported with TensorRT's text and the node; the rest is logged again at the end.
  explicit PythonNetwork(py::object network);
  ~PythonNetwork() override;

  const py::object& object() const { return network_; }
  const py::module_& module() const { return trt_; }
  bool supports(std::string_view layer) const override;

  // The ITensor behind a tensor. A constant that no layer has read yet becomes a layer first.
  py::object itensor(const Tensor& tensor);
  // The handle of an ITensor of this network, also of one the user's own layers made.
  Tensor tensor_of(const py::object& itensor);
  bool is_itensor(const py::handle& object) const;

  // Calls `visit` with each error TensorRT reported since the last call.
  std::vector<std::string> take_errors();

 protected:
  std::vector<TensorInfo> add_layer(const Layer& layer, const std::string& layer_name, std::int32_t first_id) override;
  void add_input_layer(const TensorInfo& info, std::int32_t id) override;
  void mark_output_tensor(std::int32_t id, const std::string& name) override;

 private:
  friend class LayerMaker;

  py::object at(const Tensor& tensor) const { return tensors_.at(tensor.id()); }
  void remember(std::int32_t id, py::object itensor);
  py::object data_type(DType dtype) const;
  DType dtype_of(const py::object& itensor) const;
  // trt.Weights over the tensor's memory, which is kept alive until the network dies.
  py::object weights(const HostTensor& tensor);
  [[noreturn]] void refused(const std::string& what, const std::string& layer_name);

  py::object network_;
  py::module_ trt_;
  py::object itensor_type_;
  py::object previous_recorder_;
  py::object recorder_;
  py::list kept_;  // owners of the weights, emptied when the network is collected
  std::map<std::int32_t, py::object> tensors_;
  std::map<PyObject*, std::int32_t> ids_;
};

}  // namespace torch2trt
