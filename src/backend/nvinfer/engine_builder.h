// make_nvinfer_builder(): EngineBuilder over TensorRT's C++ library, opened at run time; no Python anywhere. What
// TensorRT logs goes to `log`, errors excepted while a layer is added or an engine built: those are in the Error that
// is thrown. `verbose` includes TensorRT's verbose messages.
#pragma once

#include "torch2trt/program.h"
