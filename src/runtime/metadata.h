// The metadata of a bundle as JSON, read as what an unknown party wrote: sizes, depth and types are checked.
#pragma once

#include <string>
#include <string_view>

#include "src/runtime/bundle.h"

namespace torch2trt::runtime {

// Throws Error(kInvalidModel) that names the field. Fills all but the plan of `bundle`. Unknown fields are ignored: a
// later version may add some.
void read_metadata(std::string_view json, Bundle& bundle);
std::string metadata_text(const EngineMetadata& metadata, const std::vector<EngineTensor>& inputs,
                          const std::vector<EngineTensor>& outputs);

}  // namespace torch2trt::runtime
