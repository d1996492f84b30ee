// An ExportedProgram record -> Graph: signature, weights, nodes, structures, symbols.
#pragma once

#include "src/frontend/export/json.h"
#include "src/frontend/export/read.h"

namespace torch2trt::pt2 {

// Throws Error as read.h says, without the file's name.
Graph read_program(const Json& program, const WeightLookup& weights);

}  // namespace torch2trt::pt2
