// EngineBuilder over TensorRT's C++ library, opened at run time: no Python anywhere.
#pragma once

#include <memory>
#include <string>

#include "torch2trt/builder.h"

namespace torch2trt {

// `tensorrt`: the library's file or folder; empty: where Library::open() (src/tensorrt/library.h) looks. What TensorRT
// logs goes to `log`, errors excepted while a layer is added or an engine built: those are in the Error that is thrown.
// `verbose` includes TensorRT's verbose messages. Throws Error(kRuntime) where no library fits, or it makes no builder
// on this machine.
std::unique_ptr<EngineBuilder> make_nvinfer_builder(const std::string& tensorrt, LogSink log, bool verbose);

}  // namespace torch2trt
