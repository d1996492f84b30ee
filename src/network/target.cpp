#include "src/network/target.h"

namespace torch2trt {

Target tensorrt_8_5() {
  return {{"Attention", "Cumulative", "Normalization", "Activation.gelu", "Unary.isinf", "Unary.isnan", "Unary.integer",
           "ElementWise.bool", "TopK.integer"},
          DType::kInt32};
}

}  // namespace torch2trt
