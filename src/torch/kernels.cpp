#include "src/torch/kernels.h"

#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>
#include <ATen/core/grad_mode.h>

#include "src/torch/tensors.h"

namespace torch2trt {

HostTensor spread_kernel(const HostTensor& kernel, const std::vector<std::int64_t>& dilation,
                         const std::vector<std::int64_t>& after) {
  const at::NoGradGuard no_grad;
  const at::Tensor source = to_torch(kernel);
  std::vector<std::int64_t> sizes = kernel.sizes;
  std::vector<at::indexing::TensorIndex> places{at::indexing::Slice(), at::indexing::Slice()};
  for (std::size_t i = 0; i < dilation.size(); ++i) {
    const std::int64_t span = dilation[i] * (sizes[i + 2] - 1) + 1;
    places.emplace_back(at::indexing::Slice(0, span, dilation[i]));
    sizes[i + 2] = span + after[i];
  }
  at::Tensor spread = at::zeros(sizes, source.options());
  spread.index_put_(places, source);
  HostTensor result = from_torch(spread);
  result.origin = kernel.origin;
  return result;
}

}  // namespace torch2trt
