// What the tests of the dry backend share: a network with inputs made on the fly, results and refusals as text.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "src/backend/dry/dry_network.h"
#include "src/network/layer_text.h"

namespace torch2trt::testing {

inline constexpr DType f32 = DType::kFloat32;
inline constexpr DType f16 = DType::kFloat16;
inline constexpr DType bf16 = DType::kBFloat16;
inline constexpr DType i64 = DType::kInt64;
inline constexpr DType i32 = DType::kInt32;
inline constexpr DType i8 = DType::kInt8;
inline constexpr DType u8 = DType::kUInt8;
inline constexpr DType b8 = DType::kBool;

class DryTest : public ::testing::Test {
 protected:
  Tensor x(const Dims& dims, DType dtype = f32) { return net.add_input("x" + std::to_string(inputs_++), dtype, dims); }
  Tensor ints(const std::vector<std::int64_t>& values) { return net.add(layer::Constant{host_tensor(values)}); }
  Tensor scalar(double value, DType dtype = i64) {
    return net.add(layer::Constant{full_host_tensor(value, dtype, {})});
  }
  static HostTensor weights(const Dims& sizes, DType dtype = f32) { return full_host_tensor(0, dtype, sizes); }

  // "float32[2,3]"; several outputs separated by a space.
  std::string result(const Layer& layer) {
    std::string text;
    for (const Tensor& output : net.add_all(layer)) {
      if (!text.empty()) text += ' ';
      text += type_text(output.dtype(), output.dims());
    }
    return text;
  }
  // The message of the Error that adding the layer throws; "accepted" if none.
  std::string refusal(const Layer& layer) {
    const std::size_t layers = net.num_layers();
    try {
      net.add_all(layer);
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kBuildFailed);
      EXPECT_EQ(net.num_layers(), layers);
      const std::string& message = error.message();
      // Every refusal begins alike; the tests compare what follows.
      const std::string start = "TensorRT would refuse layer \"";
      EXPECT_EQ(message.substr(0, start.size()), start);
      return message.substr(message.find("\", ") + 3);
    }
    return "accepted";
  }

  DryNetwork net;

 private:
  int inputs_ = 0;
};

}  // namespace torch2trt::testing
