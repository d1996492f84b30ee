#include "src/frontend/torchscript/types.h"

#include <algorithm>

#include "src/torch/tensors.h"

namespace torch2trt::torchscript {
namespace {

Type tensor_type(const c10::TensorType& tensor, Recorded recorded) {
  Type type{.kind = Type::Kind::kTensor};
  if (recorded == Recorded::kNothing) return type;
  try {
    if (tensor.scalarType()) type.dtype = from_torch(*tensor.scalarType());
  } catch (const Error&) {  // quantized and the like: whoever uses the value says so
  }
  if (const auto sizes = tensor.sizes().concrete_sizes(); sizes && recorded == Recorded::kAll) {
    type.sizes.emplace();
    for (const std::int64_t size : *sizes) type.sizes->push_back({.value = size});
  }
  return type;
}

std::optional<Argument> enumerator(std::int64_t value, c10::TypeKind kind) {
  if (kind == c10::TypeKind::ScalarTypeType) {
    try {
      return Argument(from_torch(static_cast<at::ScalarType>(value)));
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  const auto named = [&](Symbolic::Kind symbolic, std::initializer_list<const char*> names) -> std::optional<Argument> {
    if (value < 0 || static_cast<std::size_t>(value) >= names.size()) return std::nullopt;
    return Argument(Symbolic{symbolic, names.begin()[value]});
  };
  if (kind == c10::TypeKind::LayoutType) return named(Symbolic::Kind::kLayout, {"strided", "sparse_coo", "sparse_csr"});
  if (kind == c10::TypeKind::MemoryFormatType) {
    return named(Symbolic::Kind::kMemoryFormat,
                 {"contiguous_format", "preserve_format", "channels_last", "channels_last_3d"});
  }
  return std::nullopt;
}

}  // namespace

Type type_of(const c10::TypePtr& type, Recorded recorded) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return tensor_type(type->expectRef<c10::TensorType>(), recorded);
    case c10::TypeKind::IntType: return {.kind = Type::Kind::kInt};
    case c10::TypeKind::FloatType: return {.kind = Type::Kind::kFloat};
    case c10::TypeKind::BoolType: return {.kind = Type::Kind::kBool};
    case c10::TypeKind::StringType: return {.kind = Type::Kind::kString};
    case c10::TypeKind::NoneType: return {.kind = Type::Kind::kNone};
    case c10::TypeKind::ListType: return {.kind = Type::Kind::kList};
    case c10::TypeKind::TupleType: return {.kind = Type::Kind::kTuple};
    case c10::TypeKind::OptionalType: return type_of(type->expectRef<c10::OptionalType>().getElementType(), recorded);
    case c10::TypeKind::NumberType:
    case c10::TypeKind::AnyType: return {};
    default: return {.kind = Type::Kind::kObject};
  }
}

std::optional<Argument> constant_argument(const c10::IValue& value, const c10::TypePtr& formal) {
  if (value.isNone()) return Argument(None{});
  if (value.isBool()) return Argument(value.toBool());
  if (value.isDouble()) return Argument(value.toDouble());
  if (value.isString()) return Argument(value.toStringRef());
  if (value.isDevice()) return Argument(Symbolic{Symbolic::Kind::kDevice, "cpu"});
  if (!value.isInt()) return std::nullopt;
  c10::TypePtr type = formal;
  while (type && type->kind() == c10::TypeKind::OptionalType) {
    type = type->expectRef<c10::OptionalType>().getElementType();
  }
  if (type) {
    if (auto named = enumerator(value.toInt(), type->kind())) return named;
  }
  return Argument(value.toInt());
}

bool is_plain(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::NumberType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::NoneType:
    case c10::TypeKind::DeviceObjType: return true;
    case c10::TypeKind::OptionalType:
    case c10::TypeKind::ListType:
    case c10::TypeKind::TupleType: {
      const auto parts = type->containedTypes();
      return std::all_of(parts.begin(), parts.end(), [](const c10::TypePtr& part) { return is_plain(part); });
    }
    default: return false;
  }
}

}  // namespace torch2trt::torchscript
