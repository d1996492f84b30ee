// EngineBuilder over a TensorRT Python module. Part of the extension module only. All methods need the GIL; TensorRT's
// own bindings release it while they build.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "src/backend/python/python_network.h"
#include "torch2trt/builder.h"

namespace torch2trt {

class PythonEngineBuilder : public EngineBuilder {
 public:
  // `tensorrt`: as import_tensorrt() takes it. What TensorRT logs goes to `log`, errors excepted while a layer is added
  // or an engine built: those are in the Error that is thrown. `verbose` includes TensorRT's verbose messages.
  // Throws Error(kRuntime) where there is no TensorRT, or it makes no builder on this machine.
  PythonEngineBuilder(const std::string& tensorrt, LogSink log, bool verbose = false);
  ~PythonEngineBuilder() override;

  PythonNetwork& network() override { return *network_; }
  bool strongly_typed() const override;
  SerializedEngine build(const Converted& converted, const BuildOptions& options,
                         const ProgressSink& progress) override;
  std::string description() const override;

 private:
  void log(const std::string& level, const std::string& text);
  int major_version() const;
  bool is_rtx() const;
  py::object make_network();
  // Sets `attribute`, or refuses `option` where this TensorRT has no such attribute.
  void set(const py::object& config, const char* attribute, const py::object& value, const char* option) const;
  [[noreturn]] void lacks(const std::string& option) const;
  py::object make_config(const BuildOptions& options) const;
  void add_profile(const py::object& config, const Converted& converted);
  void set_timing_cache(const py::object& config, const BuildOptions& options);
  void save_timing_cache(const py::object& config, const BuildOptions& options);
  [[noreturn]] void failed(const std::string& what);

  LogSink log_;
  std::vector<std::string> errors_;  // since the last call that may fail
  py::module_ trt_;
  py::object logger_;
  py::object sink_;
  py::object recorder_;
  py::object builder_;
  std::unique_ptr<PythonNetwork> network_;
};

}  // namespace torch2trt
