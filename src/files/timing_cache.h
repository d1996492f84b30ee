// A timing cache in a file that several processes share. What is in it only TensorRT knows.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "torch2trt/builder.h"

namespace torch2trt {

// Gives `use` the file's bytes, none where there is no file. Where it returns false (a damaged file, or one of another
// TensorRT or GPU), warns and gives it none.
void read_timing_cache(const std::string& file, const std::function<bool(std::string_view)>& use, const LogSink& log);

// Gives `merge` what another process may have written meanwhile, then puts what `serialize` returns in the file's
// place. Throws Error(kRuntime).
void write_timing_cache(const std::string& file, const std::function<void(std::string_view)>& merge,
                        const std::function<SerializedEngine()>& serialize);

}  // namespace torch2trt
