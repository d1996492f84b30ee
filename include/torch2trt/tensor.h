// Tensor: a value inside a network. Dim: a size that may only be known when the engine runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "torch2trt/dtype.h"

namespace torch2trt {

class Network;
class Dim;

// A handle; copying it copies nothing. Valid as long as its network.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Network* network, std::int32_t id) : network_(network), id_(id) {}

  explicit operator bool() const { return network_ != nullptr; }
  Network& network() const { return *network_; }
  std::int32_t id() const { return id_; }

  // Sizes; -1 where only known at run time. The reference is invalid once another layer is added.
  const std::vector<std::int64_t>& dims() const;
  DType dtype() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(dims().size()); }
  const std::string& name() const;
  // Size of dimension `axis` (0 <= axis < rank).
  Dim dim(std::int64_t axis) const;
  std::vector<Dim> shape() const;
  bool is_static() const;
  bool operator==(const Tensor&) const = default;

 private:
  Network* network_ = nullptr;
  std::int32_t id_ = -1;
};

// A size: a number, the size of an axis of a tensor, or what a 0-d integer network tensor will hold. No layer exists
// for it before one needs it, so `x.view(x.size(0), -1)` costs none.
class Dim {
 public:
  Dim(std::int64_t value) : data_(value) {}                  // NOLINT(google-explicit-constructor)
  Dim(int value) : Dim(static_cast<std::int64_t>(value)) {}  // NOLINT(google-explicit-constructor)
  // Becomes a number where the axis is static.
  static Dim of(const Tensor& tensor, std::int64_t axis);
  // `scalar`: a 0-d int32 or int64 tensor.
  static Dim computed(const Tensor& scalar);

  bool is_constant() const { return std::holds_alternative<std::int64_t>(data_); }
  // -1 unless constant.
  std::int64_t value() const { return is_constant() ? std::get<std::int64_t>(data_) : -1; }
  // The tensor and axis this is the size of, if it is one.
  struct Axis {
    Tensor tensor;
    std::int64_t axis = 0;
    bool operator==(const Axis&) const = default;
  };
  const Axis* axis() const { return std::get_if<Axis>(&data_); }
  const Tensor* scalar() const { return std::get_if<Tensor>(&data_); }
  // Certainly the same size (not: certainly different).
  bool same_as(const Dim& other) const { return data_ == other.data_; }

 private:
  explicit Dim(std::variant<std::int64_t, Axis, Tensor> data) : data_(data) {}
  std::variant<std::int64_t, Axis, Tensor> data_;
};

using Dims = std::vector<std::int64_t>;

}  // namespace torch2trt
