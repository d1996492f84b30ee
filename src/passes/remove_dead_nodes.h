#pragma once

#include "torch2trt/graph.h"

namespace torch2trt {

// Removes nodes whose outputs nobody reads and that do nothing else: their schema writes to no argument and they are
// no side effect (raising, seeding). What torch.export leaves behind goes with them: _assert_scalar,
// _assert_tensor_metadata, sym_constrain_range, chains of sym_size. A node whose operator this process does not know is
// kept, as it may do anything. Inputs and parameters stay: they belong to the signature.
void remove_dead_nodes(Graph& graph);

}  // namespace torch2trt
