#include "src/handlers/register.h"

namespace torch2trt {

void register_all(HandlerRegistry& registry) {
  register_activations(registry);
  register_attention(registry);
  register_layer_normalization(registry);
  register_resampling(registry);
  register_convolution(registry);
  register_creation(registry);
  register_indexing(registry);
  register_normalization(registry);
  register_padding(registry);
  register_pointwise(registry);
  register_pooling(registry);
  register_products(registry);
  register_rearranging(registry);
  register_reductions(registry);
  register_scatter(registry);
  register_shapes(registry);
  register_sizes(registry);
  register_sorting(registry);
  register_types(registry);
  register_windows(registry);
  register_einsum(registry);
  register_embedding_bag(registry);
  register_mathematics(registry);
  register_norms(registry);
  register_quantization(registry);
  register_random(registry);
  register_recurrent(registry);
  register_scalars(registry);
  register_facts(registry);
  register_joining(registry);
  register_distances(registry);
  register_losses(registry);
  register_quantiles(registry);
  register_antialiasing(registry);
  register_detection(registry);
  register_recurrent_cells(registry);
  register_statistics(registry);
}

}  // namespace torch2trt
