#include "torch2trt/dlpack.h"

#include <fmt/format.h>

#include <array>

#include "src/runtime/dlpack_abi.h"

namespace torch2trt {
namespace {

using namespace runtime;

struct TypeRow {
  DType dtype;
  std::uint8_t code, bits;
};

constexpr std::array kTypes = {
    TypeRow{DType::kFloat32, kDlFloat, 32},
    TypeRow{DType::kFloat16, kDlFloat, 16},
    TypeRow{DType::kBFloat16, kDlBfloat, 16},
    TypeRow{DType::kFloat64, kDlFloat, 64},
    TypeRow{DType::kInt64, kDlInt, 64},
    TypeRow{DType::kInt32, kDlInt, 32},
    TypeRow{DType::kInt16, kDlInt, 16},
    TypeRow{DType::kInt8, kDlInt, 8},
    TypeRow{DType::kUInt8, kDlUInt, 8},
    TypeRow{DType::kBool, kDlBool, 8},
    TypeRow{DType::kFloat8E4M3, kDlFloat8E4M3Fn, 8},
    TypeRow{DType::kFloat8E5M2, kDlFloat8E5M2, 8},
    TypeRow{DType::kComplex64, kDlComplex, 64},
    TypeRow{DType::kComplex128, kDlComplex, 128},
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCategory::kInvalidArgument, "cannot take the DLPack tensor: " + why);
}

DType dtype_of(const DLDataType& type) {
  if (type.lanes != 1) refuse(fmt::format("it has {} lanes; 1 is allowed", type.lanes));
  for (const TypeRow& row : kTypes)
    if (row.code == type.code && row.bits == type.bits) return row.dtype;
  refuse(fmt::format("its type has DLPack's code {} and {} bits, which PyTorch has not", type.code, type.bits));
}

int device_of(const DLDevice& device) {
  switch (device.device_type) {
    case kDlCuda:
    case kDlCudaManaged: return device.device_id;
    case kDlCpu:
    case kDlCudaHost: return kHost;
    default:
      refuse(
          fmt::format("it is on a device of DLPack's type {}; CUDA and host memory are allowed", device.device_type));
  }
}

void check_contiguous(const DLTensor& tensor, const Shape& shape) {
  if (tensor.strides == nullptr || shape.numel() == 0) return;
  std::int64_t expected = 1;
  for (int axis = tensor.ndim - 1; axis >= 0; --axis) {
    if (shape[axis] != 1 && tensor.strides[axis] != expected) {
      refuse(fmt::format("it is not contiguous: shape {}, strides {}. Call .contiguous() first", shape.text(),
                         Shape(tensor.strides, static_cast<std::size_t>(tensor.ndim)).text()));
    }
    expected *= shape[axis];
  }
}

void check_version(const DLManagedTensor& /*tensor*/) {}
void check_version(const DLManagedTensorVersioned& tensor) {
  if (tensor.version.major == 1) return;
  refuse(fmt::format("it has DLPack version {}.{}; 1.x is allowed", tensor.version.major, tensor.version.minor));
}

template <typename Managed>
DeviceTensor take(Managed* managed) {
  if (managed == nullptr) refuse("it is null");
  std::shared_ptr<void> owner(managed, [](void* pointer) {
    auto* tensor = static_cast<Managed*>(pointer);
    if (tensor->deleter != nullptr) tensor->deleter(tensor);
  });
  check_version(*managed);
  const DLTensor& tensor = managed->dl_tensor;
  if (tensor.ndim < 0) refuse(fmt::format("it has {} dimensions", tensor.ndim));
  DeviceTensor result;
  result.dtype = dtype_of(tensor.dtype);
  result.device = device_of(tensor.device);
  result.shape = Shape(tensor.shape, static_cast<std::size_t>(tensor.ndim));
  if (!result.shape.known()) refuse(fmt::format("it has the shape {}", result.shape.text()));
  check_contiguous(tensor, result.shape);
  if (tensor.data != nullptr) result.data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  result.owner = std::move(owner);
  return result;
}

// The struct, and what its pointers point to.
template <typename Managed>
struct Exported {
  Managed managed{};
  std::array<std::int64_t, Shape::kMaxRank> sizes{}, strides{};
  std::shared_ptr<void> owner;
};

template <typename Managed>
Managed* give(const DeviceTensor& tensor) {
  if (tensor.device == kAnyDevice) {
    throw Error(ErrorCategory::kInvalidArgument, "cannot make a DLPack tensor: it is not said where its memory is");
  }
  auto exported = std::make_unique<Exported<Managed>>();
  std::int64_t stride = 1;
  for (int axis = tensor.shape.rank() - 1; axis >= 0; --axis) {
    exported->sizes[static_cast<std::size_t>(axis)] = tensor.shape[axis];
    exported->strides[static_cast<std::size_t>(axis)] = stride;
    stride *= tensor.shape[axis];
  }
  DLTensor& out = exported->managed.dl_tensor;
  out.data = tensor.data;
  out.device = tensor.device == kHost ? DLDevice{kDlCpu, 0} : DLDevice{kDlCuda, tensor.device};
  out.ndim = tensor.shape.rank();
  for (const TypeRow& row : kTypes)
    if (row.dtype == tensor.dtype) out.dtype = {row.code, row.bits, 1};
  out.shape = exported->sizes.data();
  out.strides = exported->strides.data();
  exported->owner = tensor.owner;
  exported->managed.manager_ctx = exported.get();
  exported->managed.deleter = [](Managed* managed) { delete static_cast<Exported<Managed>*>(managed->manager_ctx); };
  return &exported.release()->managed;
}

}  // namespace

DeviceTensor from_dlpack(DLManagedTensor* tensor) { return take(tensor); }
DeviceTensor from_dlpack(DLManagedTensorVersioned* tensor) { return take(tensor); }
DLManagedTensor* to_dlpack(const DeviceTensor& tensor) { return give<DLManagedTensor>(tensor); }
DLManagedTensorVersioned* to_dlpack_versioned(const DeviceTensor& tensor) {
  DLManagedTensorVersioned* managed = give<DLManagedTensorVersioned>(tensor);
  managed->version = {1, 0};
  return managed;
}

}  // namespace torch2trt
