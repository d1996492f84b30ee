// Engine bundles as Python sees them.
#include <pybind11/stl.h>

#include <string_view>

#include "python/src/bindings.h"
#include "src/files/atomic_file.h"
#include "src/runtime/backend.h"
#include "src/runtime/bundle.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt {
namespace {

using runtime::Bundle;

Bundle read(const py::bytes& bytes) {
  const std::string_view view(bytes);
  return runtime::read_bundle(view.data(), view.size());
}

py::tuple sizes(const Shape& shape) {
  return py::tuple(py::cast(std::vector<std::int64_t>(shape.begin(), shape.end())));
}

// {"name", "dtype", "torch_dtype" (names of torch dtypes), "shape"}
py::list tensors(const std::vector<EngineTensor>& list) {
  py::list result;
  for (const EngineTensor& tensor : list) {
    py::dict entry;
    entry["name"] = tensor.name;
    entry["dtype"] = std::string(name(tensor.dtype));
    entry["torch_dtype"] = std::string(name(tensor.torch_dtype));
    entry["shape"] = sizes(tensor.shape);
    result.append(entry);
  }
  return result;
}

py::dict about(const py::bytes& bytes) {
  const Bundle bundle = read(bytes);
  py::dict result;
  result["torch2trt"] = bundle.metadata.torch2trt;
  result["flavour"] = bundle.metadata.flavour;
  result["tensorrt"] = bundle.metadata.tensorrt;
  result["gpu"] = bundle.metadata.gpu;
  result["compute_capability"] = bundle.metadata.compute_capability;
  result["model"] = bundle.metadata.model;
  result["options"] = bundle.metadata.options;
  result["inputs"] = tensors(bundle.inputs);
  result["outputs"] = tensors(bundle.outputs);
  result["input_structure"] = bundle.metadata.input_structure;
  result["output_structure"] = bundle.metadata.output_structure;
  return result;
}

// Throws IncompatibleEngine unless this machine's GPU and TensorRT `version` of `flavour` can run the engine.
void check_fits(const py::bytes& bytes, const std::string& flavour, const std::string& version) {
  runtime::check_compatible(read(bytes).metadata, {flavour, version}, runtime::running_gpu());
}

py::bytes plan(const py::bytes& bytes) {
  const Bundle bundle = read(bytes);
  return {reinterpret_cast<const char*>(bundle.plan), bundle.plan_bytes};
}

// Whole or not at all.
void write_file(const std::string& path, const py::bytes& bytes) {
  const std::string_view view(bytes);
  const py::gil_scoped_release release;
  AtomicFile file(path);
  file.write(view);
  file.sync();
  file.commit();
}

}  // namespace

void bind_bundle(py::module_& m) {
  m.def("bundle_about", &about);
  m.def("bundle_check_fits", &check_fits);
  m.def("bundle_plan", &plan);
  m.def("write_file", &write_file);
}

}  // namespace torch2trt
