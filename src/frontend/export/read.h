// The export front end: a program saved by torch.export.save (a .pt2 archive) becomes a Graph, with no Python. The
// records follow torch/csrc/utils/generated_serialization_types.h (schema major version 8) and are read tolerantly:
// unknown fields are skipped. Nothing is decomposed, extracted, unpickled or copied; weights point into the mapped
// file.
//
// Kinds: "torch.ops.aten.add.Tensor" is aten::add, overload Tensor ("default" is ""). Arithmetic on sizes becomes the
// JIT's scalar operators (aten::mul.int, aten::size.int). An operator that returns a list of tensors has one list value
// and is followed by prim::ListUnpack, as in TorchScript. Higher-order operators are "higher_order::cond" etc. with
// blocks; set_grad_enabled, checkpoint and without-effect autocast regions are inlined. Devices become "cpu".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt {

// The weight of the name the module has it under ("layer1.0.conv1.weight"); nullopt where there is none.
using WeightLookup = std::function<std::optional<HostTensor>(const std::string& name, Parameter::Kind kind)>;

// Throws Error: kRuntime if the file cannot be opened, kInvalidModel if it is not a .pt2 archive, damaged or of an
// unknown version, kUnsupportedOperator for programs that no graph can express (mutated buffers, autocast regions,
// pickled weights). Every message names the file. Each weight that the program uses is compared with the archive's
// checksum, unless `verify_weights` is false: that reads the whole file (about 0.15 s for 330 MB).
Graph read_pt2(const std::string& path, bool verify_weights = true);

// The same import for the text of models/model.json made in memory from an ExportedProgram, so that both give the same
// graph. Throws Error as read_pt2 does.
Graph graph_from_export(std::string_view model_json, const WeightLookup& weights);

}  // namespace torch2trt
