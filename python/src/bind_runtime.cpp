// The native runtime as Python uses it: tensors in by address, out by DLPack; memory for outputs from PyTorch.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <memory>

#include "python/src/bindings.h"
#include "src/runtime/backend.h"
#include "src/runtime/dlpack_abi.h"
#include "torch2trt/dlpack.h"
#include "torch2trt/runtime.h"

namespace torch2trt {
namespace {

// A Python object that C++ may copy and drop without the GIL.
std::shared_ptr<py::object> shared(py::object object) {
  return {new py::object(std::move(object)), [](py::object* held) {
            const py::gil_scoped_acquire gil;
            delete held;
          }};
}

RuntimeLog log_to(const py::object& log) {
  return [log = shared(log)](LogLevel level, const std::string& text) {
    static constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};
    const py::gil_scoped_acquire gil;
    (*log)(kLevels[static_cast<int>(level)], text);
  };
}

// Python has addresses and streams as numbers.
template <typename T>
T* pointer(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr)
}

// allocate(bytes) -> a torch tensor of that many bytes, on the current stream.
OutputAllocator allocate_with(const py::object& allocate) {
  return [allocate = shared(allocate)](std::size_t bytes, cudaStream_t /*stream*/) -> std::shared_ptr<void> {
    const py::gil_scoped_acquire gil;
    const std::shared_ptr<py::object> tensor = shared((*allocate)(bytes));
    return {tensor, pointer<void>(tensor->attr("data_ptr")().cast<std::uintptr_t>())};
  };
}

py::capsule dlpack_capsule(const DeviceTensor& tensor) {
  return py::capsule(to_dlpack(tensor), "dltensor", [](PyObject* capsule) {
    if (PyCapsule_IsValid(capsule, "dltensor") == 0) return;  // its consumer renamed it, and has the tensor
    auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    managed->deleter(managed);
  });
}

// An engine on the GPU that is current, with one context.
class NativeEngine {
 public:
  NativeEngine(const py::bytes& bundle, bool cuda_graph, const py::object& log, const py::object& allocate) {
    const std::string_view view(bundle);
    EngineOptions options;
    options.log = log_to(log);
    ContextOptions context_options;
    context_options.cuda_graph = context_options.stage = cuda_graph;
    context_options.allocator = allocate_with(allocate);
    const py::gil_scoped_release release;
    engine_ = Engine::from_bytes(view.data(), view.size(), options);
    context_ = std::make_unique<Context>(engine_, context_options);
    context_->share();
  }

  // TensorRT may log while it goes, on a thread that then waits for the GIL.
  ~NativeEngine() {
    const py::gil_scoped_release release;
    context_.reset();
    engine_.reset();
  }
  NativeEngine(const NativeEngine&) = delete;
  NativeEngine& operator=(const NativeEngine&) = delete;

  // inputs: (address, dtype, shape, device) each.
  using View = std::tuple<std::uintptr_t, std::string, std::vector<std::int64_t>, int>;
  void enqueue(const std::vector<View>& inputs, std::uintptr_t stream) {
    const py::gil_scoped_release release;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto& [address, dtype, shape, device] = inputs[i];
      context_->set_input(static_cast<int>(i),
                          {pointer<void>(address), dtype_from_name(dtype).value(), Shape(shape), device});
    }
    context_->enqueue(pointer<std::remove_pointer_t<cudaStream_t>>(stream));
  }

  // Whether outputs() has to wait for the stream: sizes depend on the data.
  bool sized_by_data() {
    for (std::size_t i = 0; i < engine_->outputs().size(); ++i)
      if (!context_->output_shape(static_cast<int>(i)).known()) return true;
    return false;
  }

  py::list outputs() const {
    py::list list;
    for (std::size_t i = 0; i < engine_->outputs().size(); ++i)
      list.append(dlpack_capsule(context_->output(static_cast<int>(i))));
    return list;
  }

  std::vector<bool> on_host() const {
    std::vector<bool> list;
    for (const EngineTensor& input : engine_->inputs()) list.push_back(input.on_host);
    return list;
  }
  int device() const { return engine_->device(); }

 private:
  std::shared_ptr<const Engine> engine_;
  std::unique_ptr<Context> context_;
};

// The version of the TensorRT that NativeEngine uses. Throws Error(kRuntime) where there is none.
std::string native_tensorrt() { return runtime::running_tensorrt({}).version; }

// sys.path, of what is text: a virtual environment needs not be activated for its Python to run.
void look_where_python_imports() {
  std::vector<std::string> folders;
  for (const py::handle entry : py::module_::import("sys").attr("path")) {
    if (py::isinstance<py::str>(entry) && py::len(entry) > 0) folders.push_back(py::cast<std::string>(entry));
  }
  runtime::set_import_path(std::move(folders));
}

}  // namespace

void bind_runtime(py::module_& m) {
  look_where_python_imports();
  m.def("native_tensorrt", &native_tensorrt, py::call_guard<py::gil_scoped_release>());
  py::class_<NativeEngine>(m, "NativeEngine")
      .def(py::init<const py::bytes&, bool, const py::object&, const py::object&>(), py::arg("bundle"),
           py::arg("cuda_graph"), py::arg("log"), py::arg("allocate"))
      .def("enqueue", &NativeEngine::enqueue)
      .def("outputs", &NativeEngine::outputs)
      .def_property_readonly("sized_by_data", &NativeEngine::sized_by_data)
      .def_property_readonly("on_host", &NativeEngine::on_host)
      .def_property_readonly("device", &NativeEngine::device);
}

}  // namespace torch2trt
