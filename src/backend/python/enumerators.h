// The names of TensorRT's enumerators in its Python API.
#pragma once

#include "torch2trt/layers.h"

namespace torch2trt {

inline const char* enumerator_name(ActivationType type) {
  static constexpr const char* kNames[] = {"RELU",        "SIGMOID",          "TANH",     "LEAKY_RELU", "ELU",
                                           "SELU",        "SOFTSIGN",         "SOFTPLUS", "CLIP",       "HARD_SIGMOID",
                                           "SCALED_TANH", "THRESHOLDED_RELU", "GELU_ERF", "GELU_TANH"};
  return kNames[static_cast<int>(type)];
}

inline const char* enumerator_name(UnaryOperation operation) {
  static constexpr const char* kNames[] = {"EXP",   "LOG",  "SQRT", "RECIP", "ABS",   "NEG",   "SIN",   "COS",   "TAN",
                                           "SINH",  "COSH", "ASIN", "ACOS",  "ATAN",  "ASINH", "ACOSH", "ATANH", "CEIL",
                                           "FLOOR", "ERF",  "NOT",  "SIGN",  "ROUND", "ISINF", "ISNAN"};
  return kNames[static_cast<int>(operation)];
}

inline const char* enumerator_name(ElementWiseOperation operation) {
  static constexpr const char* kNames[] = {"SUM",       "PROD", "MAX", "MIN", "SUB",   "DIV",     "POW",
                                           "FLOOR_DIV", "AND",  "OR",  "XOR", "EQUAL", "GREATER", "LESS"};
  return kNames[static_cast<int>(operation)];
}

inline const char* enumerator_name(PoolingType type) { return type == PoolingType::kMax ? "MAX" : "AVERAGE"; }

inline const char* enumerator_name(ReduceOperation operation) {
  static constexpr const char* kNames[] = {"SUM", "PROD", "MAX", "MIN", "AVG"};
  return kNames[static_cast<int>(operation)];
}

inline const char* enumerator_name(TopKOperation operation) { return operation == TopKOperation::kMax ? "MAX" : "MIN"; }

inline const char* enumerator_name(MatrixOperation operation) {
  static constexpr const char* kNames[] = {"NONE", "TRANSPOSE", "VECTOR"};
  return kNames[static_cast<int>(operation)];
}

inline const char* enumerator_name(SampleMode mode) {
  static constexpr const char* kNames[] = {"STRICT_BOUNDS", "WRAP", "CLAMP", "FILL", "REFLECT"};
  return kNames[static_cast<int>(mode)];
}

inline const char* enumerator_name(InterpolationMode mode) {
  static constexpr const char* kNames[] = {"NEAREST", "LINEAR", "CUBIC"};
  return kNames[static_cast<int>(mode)];
}

inline const char* enumerator_name(ResizeCoordinateTransformation transformation) {
  static constexpr const char* kNames[] = {"ALIGN_CORNERS", "ASYMMETRIC", "HALF_PIXEL"};
  return kNames[static_cast<int>(transformation)];
}

inline const char* enumerator_name(ResizeRoundMode mode) {
  static constexpr const char* kNames[] = {"HALF_UP", "HALF_DOWN", "FLOOR", "CEIL"};
  return kNames[static_cast<int>(mode)];
}

inline const char* enumerator_name(GatherMode mode) {
  static constexpr const char* kNames[] = {"DEFAULT", "ELEMENT", "ND"};
  return kNames[static_cast<int>(mode)];
}

inline const char* enumerator_name(ScatterMode mode) { return mode == ScatterMode::kElement ? "ELEMENT" : "ND"; }

inline const char* enumerator_name(FillOperation operation) {
  static constexpr const char* kNames[] = {"LINSPACE", "RANDOM_UNIFORM", "RANDOM_NORMAL"};
  return kNames[static_cast<int>(operation)];
}

inline const char* enumerator_name(TripLimitKind kind) { return kind == TripLimitKind::kCount ? "COUNT" : "WHILE"; }

inline const char* enumerator_name(LoopOutputKind kind) {
  static constexpr const char* kNames[] = {"LAST_VALUE", "CONCATENATE", "REVERSE"};
  return kNames[static_cast<int>(kind)];
}

}  // namespace torch2trt
