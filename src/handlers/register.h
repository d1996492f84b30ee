// The explicit list of operator families. No static initialisers: linkers drop unreferenced archive members.
#pragma once

#include "torch2trt/handler.h"

namespace torch2trt {

void register_all(HandlerRegistry& registry);

void register_activations(HandlerRegistry& registry);
void register_attention(HandlerRegistry& registry);
void register_layer_normalization(HandlerRegistry& registry);
void register_resampling(HandlerRegistry& registry);
void register_convolution(HandlerRegistry& registry);
void register_creation(HandlerRegistry& registry);
void register_indexing(HandlerRegistry& registry);
void register_normalization(HandlerRegistry& registry);
void register_padding(HandlerRegistry& registry);
void register_pointwise(HandlerRegistry& registry);
void register_pooling(HandlerRegistry& registry);
void register_products(HandlerRegistry& registry);
void register_rearranging(HandlerRegistry& registry);
void register_reductions(HandlerRegistry& registry);
void register_scatter(HandlerRegistry& registry);
void register_shapes(HandlerRegistry& registry);
void register_sizes(HandlerRegistry& registry);
void register_sorting(HandlerRegistry& registry);
void register_types(HandlerRegistry& registry);
void register_windows(HandlerRegistry& registry);
void register_einsum(HandlerRegistry& registry);
void register_joining(HandlerRegistry& registry);
void register_facts(HandlerRegistry& registry);
void register_quantiles(HandlerRegistry& registry);
void register_losses(HandlerRegistry& registry);
void register_antialiasing(HandlerRegistry& registry);
void register_detection(HandlerRegistry& registry);
void register_distances(HandlerRegistry& registry);
void register_embedding_bag(HandlerRegistry& registry);
void register_mathematics(HandlerRegistry& registry);
void register_norms(HandlerRegistry& registry);
void register_quantization(HandlerRegistry& registry);
void register_random(HandlerRegistry& registry);
void register_recurrent(HandlerRegistry& registry);
void register_recurrent_cells(HandlerRegistry& registry);
void register_scalars(HandlerRegistry& registry);
void register_statistics(HandlerRegistry& registry);

}  // namespace torch2trt
