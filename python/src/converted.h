// Shapes and signatures of conversions as Python objects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "python/src/bindings.h"
#include "torch2trt/convert.h"

namespace torch2trt {

// {name: (min, opt, max)}, each a list of sizes.
using Shapes = std::map<std::string, std::tuple<Dims, Dims, Dims>>;

std::map<std::string, InputRange> ranges_from(const Shapes& shapes);
// (dtype's name, what stays float32: a regular expression) of core.Precision; None: no reduced precision.
std::optional<ReducedPrecision> precision_from(const py::object& precision);
// {"inputs", "outputs": [{"name", "torch_dtype", "dtype", "shape"}], "ranges": {name: (min, opt, max)}}
py::dict converted_object(const Converted& converted);

}  // namespace torch2trt
