// A Network of which only shapes and types exist. Needs no TensorRT and no GPU: `check` converts to it, tests read it
// as text. It refuses the layers that TensorRT refuses, in its own words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/network/target.h"
#include "torch2trt/network.h"

namespace torch2trt {

class DryNetwork : public Network {
 public:
  explicit DryNetwork(Target target = {});
  ~DryNetwork() override;

  bool supports(std::string_view layer) const override;
  DType shape_dtype() const override { return target_.shape_dtype; }

  // Stands for a layer of a handler's own, which only the real network can hold: its outputs are what the handler says.
  struct Foreign {
    Dims dims;
    DType dtype = DType::kFloat32;
  };
  std::vector<Tensor> add_foreign(const std::string& kind, const std::vector<Tensor>& inputs,
                                  const std::vector<Foreign>& outputs);

  // One line a layer, in the order they were added, between the inputs and the outputs:
  //   input %x : float32[-1,3,224,224]
  //   %conv1_output_0 : float32[-1,64,112,112] = Convolution(%x, kernel=float32[64,3,7,7], stride=[2,2], ...)  # conv1
  //   output %y : float32[-1,1000]
  // A layer without outputs has none before it; a recurrence is followed by "  next %r is %x". The same calls give the
  // same text.
  std::string to_text() const;

 protected:
  // Throws Error(kBuildFailed) where TensorRT would refuse the layer, or the target has none of its kind.
  std::vector<TensorInfo> add_layer(const Layer& layer, const std::string& layer_name, std::int32_t first_id) override;
  // Throws Error(kBuildFailed) for more than 8 dimensions or a type that cannot be an input.
  void add_input_layer(const TensorInfo& info, std::int32_t id) override;
  void mark_output_tensor(std::int32_t id, const std::string& name) override;
  void set_next_value(std::int32_t recurrence, std::int32_t next) override;

 private:
  struct State;  // what is known of each tensor, and the layers
  Target target_;
  std::unique_ptr<State> state_;
};

}  // namespace torch2trt
