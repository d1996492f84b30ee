// What is written, against what is read: known before work of minutes.
#pragma once

#include <string>
#include <vector>

namespace torch2trt::cli {

// An option and the file that it names; empty where it was not given.
struct NamedFile {
  std::string option, path;
};

// Throws Error(kInvalidArgument) where an output is one of the inputs or another output, also under another name;
// Error(kRuntime) where one cannot be written.
void check_output_files(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

}  // namespace torch2trt::cli
