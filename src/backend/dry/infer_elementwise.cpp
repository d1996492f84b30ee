// Layers that compute each element of the output from the elements at its place.
#include <fmt/format.h>

#include "src/backend/dry/inference.h"
#include "src/network/layer_names.h"

namespace torch2trt::dry {
namespace {

// TensorRT lets int8 into every activation and unary layer, but builds only these; without a scale the others have no
// meaning.
Types types_of(ActivationType type) {
  switch (type) {
    case ActivationType::kRelu: return kNumbers;
    case ActivationType::kLeakyRelu:
    case ActivationType::kSoftsign:
    case ActivationType::kClip:
    case ActivationType::kHardSigmoid:
    case ActivationType::kThresholdedRelu: return kFloats | kInt8;
    default: return kFloats;
  }
}

Types types_of(UnaryOperation operation) {
  switch (operation) {
    case UnaryOperation::kNot: return kBool;
    case UnaryOperation::kAbs:
    case UnaryOperation::kNeg:
    case UnaryOperation::kSign: return kNumbers;
    case UnaryOperation::kRecip:
    case UnaryOperation::kErf: return kFloats | kInt8;
    default: return kFloats;
  }
}

Types types_of(ElementWiseOperation operation) {
  switch (operation) {
    case ElementWiseOperation::kAnd:
    case ElementWiseOperation::kOr:
    case ElementWiseOperation::kXor: return kBool;
    case ElementWiseOperation::kEqual: return kNumbers | kBool | Types{DType::kUInt8};
    case ElementWiseOperation::kPow: return kFloats | kIndices;  // int8 does not build
    default: return kNumbers;
  }
}

bool is_comparison(ElementWiseOperation operation) {
  return operation == ElementWiseOperation::kEqual || operation == ElementWiseOperation::kGreater ||
         operation == ElementWiseOperation::kLess;
}

}  // namespace

Outputs infer(const layer::Constant& l, const Inputs& in) {
  in.require_type(l.weights.dtype, kMovable, "a constant");  // uint8 constants are refused
  in.require(l.weights.rank() <= kMaxRank, fmt::format("a tensor has at most {} dimensions", kMaxRank));
  return {{l.weights.dtype, to_extents(l.weights.sizes), std::nullopt}};
}

Outputs infer(const layer::Identity& l, const Inputs& in) { return {{in[l.input].dtype, in[l.input].extents, {}}}; }

Outputs infer(const layer::Cast& l, const Inputs& in) {
  in.require_type(l.to, kMovable | Types{DType::kUInt8}, "the type cast to");
  return {{l.to, in[l.input].extents, std::nullopt}};
}

Outputs infer(const layer::Activation& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, types_of(l.type), fmt::format("the input of {}", name(l.type)));
  return {{x.dtype, x.extents, std::nullopt}};
}

Outputs infer(const layer::Unary& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, types_of(l.operation), fmt::format("the input of {}", name(l.operation)));
  const bool test = l.operation == UnaryOperation::kIsInf || l.operation == UnaryOperation::kIsNan;
  return {{test ? DType::kBool : x.dtype, x.extents, std::nullopt}};
}

Outputs infer(const layer::ElementWise& l, const Inputs& in) {
  const Facts& a = in[l.a];
  const Facts& b = in[l.b];
  in.require_equal_types(a.dtype, b.dtype, "a", "b");
  in.require_type(a.dtype, types_of(l.operation), fmt::format("the input of {}", name(l.operation)));
  const DType dtype = is_comparison(l.operation) ? DType::kBool : a.dtype;
  return {{dtype, in.broadcast(a.extents, b.extents, "a", "b"), std::nullopt}};
}

Outputs infer(const layer::Select& l, const Inputs& in) {
  const Facts& condition = in[l.condition];
  const Facts& yes = in[l.then_input];
  const Facts& no = in[l.else_input];
  in.require_type(condition.dtype, kBool, "condition");
  in.require_equal_types(yes.dtype, no.dtype, "then_input", "else_input");
  in.require_type(yes.dtype, kMovable, "then_input");
  const Extents both = in.broadcast(yes.extents, no.extents, "then_input", "else_input");
  return {{yes.dtype, in.broadcast(condition.extents, both, "condition", "the inputs"), std::nullopt}};
}

Outputs infer(const layer::ParametricRelu& l, const Inputs& in) {
  const Facts& x = in[l.input];
  const Facts& slope = in[l.slope];
  in.require_type(x.dtype, kFloats | kInt8, "input");
  in.require_equal_types(x.dtype, slope.dtype, "input", "slope");
  in.require(x.rank() == slope.rank(), "slope must have the rank of input");
  for (std::size_t i = 0; i < x.extents.size(); ++i) {
    in.require(!slope.extents[i].differs_from(x.extents[i]) || slope.extents[i].is(1),
               fmt::format("dimension {} of slope must be 1 or that of input", i));
  }
  return {{x.dtype, x.extents, std::nullopt}};
}

}  // namespace torch2trt::dry
