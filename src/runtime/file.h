// Reading a whole file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace torch2trt::runtime {

// Throws Error(kRuntime) where it cannot be opened or read, or is no file.
std::vector<std::byte> read_file(const std::string& path);

}  // namespace torch2trt::runtime
