#include "tests/gpu/layer_types.h"

namespace torch2trt::gpu {
namespace {

const char* name_of(nvinfer1::LayerType type) {
  using Type = nvinfer1::LayerType;
  switch (type) {
    case Type::kCONVOLUTION: return "CONVOLUTION";
    case Type::kACTIVATION: return "ACTIVATION";
    case Type::kPOOLING: return "POOLING";
    case Type::kSCALE: return "SCALE";
    case Type::kSOFTMAX: return "SOFTMAX";
    case Type::kDECONVOLUTION: return "DECONVOLUTION";
    case Type::kCONCATENATION: return "CONCATENATION";
    case Type::kELEMENTWISE: return "ELEMENTWISE";
    case Type::kUNARY: return "UNARY";
    case Type::kSHUFFLE: return "SHUFFLE";
    case Type::kREDUCE: return "REDUCE";
    case Type::kTOPK: return "TOPK";
    case Type::kGATHER: return "GATHER";
    case Type::kMATRIX_MULTIPLY: return "MATRIX_MULTIPLY";
    case Type::kCONSTANT: return "CONSTANT";
    case Type::kIDENTITY: return "IDENTITY";
    case Type::kSLICE: return "SLICE";
    case Type::kSHAPE: return "SHAPE";
    case Type::kPARAMETRIC_RELU: return "PARAMETRIC_RELU";
    case Type::kRESIZE: return "RESIZE";
    case Type::kTRIP_LIMIT: return "TRIP_LIMIT";
    case Type::kRECURRENCE: return "RECURRENCE";
    case Type::kITERATOR: return "ITERATOR";
    case Type::kLOOP_OUTPUT: return "LOOP_OUTPUT";
    case Type::kSELECT: return "SELECT";
    case Type::kFILL: return "FILL";
    case Type::kQUANTIZE: return "QUANTIZE";
    case Type::kDEQUANTIZE: return "DEQUANTIZE";
    case Type::kCONDITION: return "CONDITION";
    case Type::kCONDITIONAL_INPUT: return "CONDITIONAL_INPUT";
    case Type::kCONDITIONAL_OUTPUT: return "CONDITIONAL_OUTPUT";
    case Type::kSCATTER: return "SCATTER";
    case Type::kEINSUM: return "EINSUM";
    case Type::kONE_HOT: return "ONE_HOT";
    case Type::kNON_ZERO: return "NON_ZERO";
    case Type::kNMS: return "NMS";
    case Type::kGRID_SAMPLE: return "GRID_SAMPLE";
    default: return "?";
  }
}

}  // namespace

std::vector<std::string> layer_types(nvinfer1::INetworkDefinition& network) {
  std::vector<std::string> types;
  for (std::int32_t i = 0; i < network.getNbLayers(); ++i) {
    const nvinfer1::ILayer& layer = *network.getLayer(i);
    const bool cast = layer.getType() == nvinfer1::LayerType::kIDENTITY &&
                      layer.getInput(0)->getType() != layer.getOutput(0)->getType();
    types.emplace_back(cast ? "CAST" : name_of(layer.getType()));
  }
  return types;
}

}  // namespace torch2trt::gpu
