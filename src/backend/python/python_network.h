// A Network over the INetworkDefinition of a Python module (tensorrt or tensorrt_rtx): adds its layers through the
// module's own Python API, so any version that pip installs works and no headers are needed.
// Part of the extension module only. All methods need the GIL.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <string>
#include <vector>

#include "src/network/target.h"
#include "torch2trt/convert.h"
#include "torch2trt/network.h"

namespace torch2trt {

namespace py = pybind11;

// The TensorRT module an object of it belongs to. Throws Error(kInvalidArgument) for other objects.
py::module_ tensorrt_module_of(const py::handle& object);

class PythonNetwork : public Network {
 public:
  // `network`: a tensorrt.INetworkDefinition. Until close(), TensorRT's errors come here instead of going to its
  // logger, so that a refused layer is reported with TensorRT's text and the node. What no layer of ours caused goes to
  // the "torch2trt" logger and to the user's own recorder.
  // `target`: what not to use of what it has, so that tests see on this TensorRT what is done for an older one.
  explicit PythonNetwork(py::object network, Target target = {});
  ~PythonNetwork() override;
  // Gives the network its own error recorder back. Any later use but close() is an Error(kInvalidArgument).
  void close();
  void check_open() const;

  const py::object& object() const { return network_; }
  const py::module_& module() const { return trt_; }
  bool supports(std::string_view layer) const override;
  DType shape_dtype() const override { return target_.shape_dtype; }

  // The ITensor behind a tensor. A constant that no layer has read yet becomes a layer first.
  py::object itensor(const Tensor& tensor);
  // The handle of an ITensor of this network, also of one the user's own layers made. Throws Error(kInvalidArgument)
  // for one of another network, Error(kBuildFailed) where TensorRT cannot say its shape: the layer behind it is bad.
  Tensor tensor_of(const py::object& itensor);
  bool is_itensor(const py::handle& object) const;
  // Whether it is one of this network's. Reads nothing of it: an ITensor does not keep its network, and what is read of
  // one whose network is gone is not its own memory any more.
  bool owns(const py::object& itensor) const;

  // Layers the user added since the last call, or since this was made: their names are taken. Those that a handler
  // added without a name are named after its node.
  void adopt_layers();
  // Around a call of a user's handler for a node at `location`.
  void enter_handler(SourceLocation location) { handlers_.push_back(std::move(location)); }
  void leave_handler() { handlers_.pop_back(); }
  // Keeps `object` as long as the network: memory that weights may point to.
  void keep_alive(const py::object& object) { kept_.append(object); }
  // TensorRT's errors since the last call.
  std::vector<std::string> take_errors();
  // Logs the errors that no layer of ours caused.
  void log_errors();

 protected:
  std::vector<TensorInfo> add_layer(const Layer& layer, const std::string& layer_name, std::int32_t first_id) override;
  void add_input_layer(const TensorInfo& info, std::int32_t id) override;
  void mark_output_tensor(std::int32_t id, const std::string& name) override;
  void set_next_value(std::int32_t recurrence, std::int32_t next) override;

 private:
  friend class LayerMaker;

  py::object at(const Tensor& tensor) const { return tensors_.at(tensor.id()); }
  // The IIfConditional or ILoop of a number, made at the first question.
  py::object conditional(std::int32_t id) { return boundary(id, "add_if_conditional"); }
  py::object loop(std::int32_t id) { return boundary(id, "add_loop"); }
  py::object boundary(std::int32_t id, const char* method);
  void remember(std::int32_t id, py::object itensor);
  py::object data_type(DType dtype) const;
  DType dtype_of(const py::object& itensor) const;
  // trt.Weights over the tensor's memory, which is kept alive until the network dies.
  py::object weights(const HostTensor& tensor);
  [[noreturn]] void refused(const std::string& what, const std::string& layer_name);

  py::object network_;
  Target target_;
  py::module_ trt_;
  py::object itensor_type_;
  py::object previous_recorder_;
  py::object recorder_;
  py::list kept_;  // owners of the weights, emptied when the network is collected
  std::map<std::int32_t, py::object> tensors_;
  std::map<PyObject*, std::int32_t> ids_;
  std::map<std::int32_t, py::object> boundaries_;   // conditionals and loops
  std::map<std::int32_t, py::object> recurrences_;  // layers, by their output
  int known_layers_ = 0;
  std::vector<SourceLocation> handlers_;  // that run now; one may convert a module with others
  bool open_ = true;
};

}  // namespace torch2trt
