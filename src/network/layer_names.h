// The names of the enumerations of layers.h, in text: the enumerator without its k ("GeluErf"). layer_type_name() is
// declared in layers.h.
#pragma once

#include <string_view>

#include "torch2trt/layers.h"

namespace torch2trt {

std::string_view name(ActivationType value);
std::string_view name(UnaryOperation value);
std::string_view name(ElementWiseOperation value);
std::string_view name(PoolingType value);
std::string_view name(ReduceOperation value);
std::string_view name(TopKOperation value);
std::string_view name(MatrixOperation value);
std::string_view name(SampleMode value);
std::string_view name(InterpolationMode value);
std::string_view name(ResizeCoordinateTransformation value);
std::string_view name(ResizeRoundMode value);
std::string_view name(GatherMode value);
std::string_view name(ScatterMode value);
std::string_view name(FillOperation value);
std::string_view name(CumulativeOperation value);
std::string_view name(TripLimitKind value);
std::string_view name(LoopOutputKind value);

// The names of all layers, in the order of layers.h.
const std::vector<std::string_view>& layer_type_names();

}  // namespace torch2trt
