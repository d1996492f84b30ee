// The handler of demo::running_max(Tensor x, int window) -> Tensor, which export.py defines.
#pragma once

#include "torch2trt/handler.h"

namespace demo {

void add_running_max(torch2trt::UserRegistry& handlers);

}  // namespace demo
