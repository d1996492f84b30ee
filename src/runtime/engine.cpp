#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "src/runtime/backend.h"
#include "src/runtime/bundle.h"
#include "src/runtime/cuda_api.h"
#include "src/runtime/file.h"
#include "torch2trt/runtime.h"

namespace torch2trt {
namespace {

using runtime::BackendTensor;
using runtime::Bundle;

void write_log(const EngineOptions& options, LogLevel level, const std::string& text) {
  if (options.log) {
    options.log(level, text);
  } else if (level >= LogLevel::kWarning) {
    std::fprintf(stderr, "torch2trt: %s: %s\n", level == LogLevel::kError ? "error" : "warning", text.c_str());
  }
}

int current_device(const runtime::CudaApi& cuda) {
  int count = 0;
  const int code = cuda.get_device_count(&count);
  if (code != 0 || count == 0) {
    cuda.get_last_error();
    throw Error(ErrorCategory::kRuntime,
                fmt::format("an engine needs an NVIDIA GPU and its driver; CUDA finds none here ({})",
                            cuda.get_error_string(code)));
  }
  int device = 0;
  cuda.check(cuda.get_device(&device), "cudaGetDevice");
  return device;
}

// `found` (what TensorRT has) in the order of `wanted` (what the bundle says, which knows PyTorch's types).
void arrange(const std::vector<BackendTensor>& found, const std::vector<EngineTensor>& wanted, bool inputs,
             std::vector<EngineTensor>& infos, std::vector<int>& slots) {
  const char* what = inputs ? "input" : "output";
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < found.size(); ++slot) {
    if (found[slot].is_input != inputs) continue;
    ++count;
    if (!wanted.empty()) continue;
    infos.push_back(found[slot].info);
    infos.back().torch_dtype = infos.back().dtype;
    slots.push_back(static_cast<int>(slot));
  }
  if (wanted.empty()) return;
  for (const EngineTensor& info : wanted) {
    const auto same = std::find_if(found.begin(), found.end(), [&](const BackendTensor& tensor) {
      return tensor.is_input == inputs && tensor.info.name == info.name;
    });
    if (same == found.end() || same->info.dtype != info.dtype) {
      throw Error(ErrorCategory::kInvalidModel,
                  fmt::format("the engine file says there is an {} \"{}\" of {}; its plan has none", what, info.name,
                              name(info.dtype)));
    }
    infos.push_back(same->info);
    infos.back().torch_dtype = info.torch_dtype;
    slots.push_back(static_cast<int>(same - found.begin()));
  }
  if (count != wanted.size()) {
    throw Error(ErrorCategory::kInvalidModel,
                fmt::format("the engine file describes {} {}s; its plan has {}", wanted.size(), what, count));
  }
}

int find(const std::vector<EngineTensor>& tensors, std::string_view name, const char* what) {
  std::string known;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) return static_cast<int>(i);
    known += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", tensors[i].name);
  }
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("there is no {} \"{}\"; the engine has {}", what, name, known.empty() ? "none" : known));
}

std::shared_ptr<const Engine> open(const void* plan, std::size_t size, const Bundle& bundle,
                                   const EngineOptions& options) {
  const runtime::CudaApi& cuda = runtime::cuda();
  const int device = current_device(cuda);
  if (bundle.metadata.format_version > 0)
    check_compatible(bundle.metadata, runtime::running_tensorrt(options), runtime::running_gpu(cuda, device));
  return std::make_shared<Engine>(runtime::open_plan(plan, size, options), cuda, bundle.metadata, bundle.inputs,
                                  bundle.outputs, options, device);
}

}  // namespace

std::shared_ptr<const Engine> Engine::load(const std::string& path, const EngineOptions& options) {
  const std::vector<std::byte> bytes = runtime::read_file(path);
  return from_bytes(bytes.data(), bytes.size(), options);
}

std::shared_ptr<const Engine> Engine::from_bytes(const void* data, std::size_t size, const EngineOptions& options) {
  if (size == 0) throw Error(ErrorCategory::kInvalidModel, "the engine file is empty");
  if (runtime::is_bundle(data, size)) {
    const Bundle bundle = runtime::read_bundle(data, size);
    return open(bundle.plan, bundle.plan_bytes, bundle, options);
  }
  if (const std::string_view begin(static_cast<const char*>(data), std::min<std::size_t>(size, 4)); begin == "PK\3\4") {
    throw Error(ErrorCategory::kInvalidModel,
                "the file is a program (.pt2 or TorchScript), no engine: `torch2trt build` makes one of it");
  }
  if (!options.trusted) {
    write_log(
        options, LogLevel::kWarning,
        "this is a bare TensorRT plan. Plans are code: whoever made it can do what this process can, so load only "
        "those you trust. A bundle (torch2trt build --bundle) is checked for damage, version and GPU first");
  }
  return open(data, size, {}, options);
}

std::shared_ptr<const Engine> Engine::from_plan(const void* data, std::size_t size, EngineOptions options) {
  if (size == 0) throw Error(ErrorCategory::kInvalidArgument, "the plan is empty");
  options.trusted = true;
  return open(data, size, {}, options);
}

Engine::Engine(std::shared_ptr<runtime::PlanBackend> backend, const runtime::CudaApi& cuda, EngineMetadata metadata,
               const std::vector<EngineTensor>& inputs, const std::vector<EngineTensor>& outputs, EngineOptions options,
               int device)
    : backend_(std::move(backend)),
      cuda_(cuda),
      metadata_(std::move(metadata)),
      options_(std::move(options)),
      device_(device) {
  arrange(backend_->tensors(), inputs, true, inputs_, input_slots_);
  arrange(backend_->tensors(), outputs, false, outputs_, output_slots_);
}

Engine::~Engine() = default;

int Engine::input_index(std::string_view name) const { return find(inputs_, name, "input"); }
int Engine::output_index(std::string_view name) const { return find(outputs_, name, "output"); }
int Engine::num_profiles() const { return backend_->num_profiles(); }
std::string Engine::tensorrt_version() const { return "TensorRT " + backend_->version(); }
std::string Engine::layer_information() const { return backend_->layer_information(); }
std::size_t Engine::activation_bytes() const { return backend_->activation_bytes(); }
void Engine::log(LogLevel level, const std::string& text) const { write_log(options_, level, text); }

}  // namespace torch2trt
