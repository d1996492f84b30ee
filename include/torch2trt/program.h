// For converters in C++: from a file to a graph that convert() takes, and the networks to convert into. With convert.h,
// handler.h and runtime.h this is all that `find_package(torch2trt COMPONENTS core)` needs; examples/cpp/converter.cpp.
#pragma once

#include <memory>
#include <string>

#include "torch2trt/builder.h"
#include "torch2trt/graph.h"
#include "torch2trt/handler.h"
#include "torch2trt/network.h"

namespace torch2trt {

// A .pt2 file of torch.export.save, passes done. `handlers`, which may be null: those whose nodes the passes leave as
// they are. Throws Error: kRuntime if the file cannot be opened, kInvalidModel if it is damaged or no such file,
// kUnsupportedOperator for programs that no graph can express.
Graph load_program(const std::string& path, const UserRegistry* handlers = nullptr);

// A network of shapes and types only. It refuses what TensorRT refuses, and needs neither TensorRT nor a GPU.
std::unique_ptr<Network> make_dry_network();
// One line a layer. Throws Error(kInvalidArgument) for a network that make_dry_network() did not make.
std::string network_text(const Network& network);

// Over TensorRT's C++ library, opened here. `tensorrt`: its file or folder; empty: where docs/native.md says. Defined
// in torch2trt::nvinfer, which is there where torch2trt was compiled with TensorRT's headers. Throws Error(kRuntime)
// where no library fits, or it makes no builder on this machine.
std::unique_ptr<EngineBuilder> make_nvinfer_builder(const std::string& tensorrt, LogSink log, bool verbose);

}  // namespace torch2trt
