#include "src/passes/emit.h"

#include "src/torch/schema.h"

namespace torch2trt {

ValueId Emitter::operator()(std::string_view qualified, std::vector<NamedArgument> arguments, Type type,
                            std::string_view name) {
  const std::size_t dot = qualified.find('.');
  Node node{.kind = std::string(qualified.substr(0, dot)),
            .overload = dot == std::string_view::npos ? "" : std::string(qualified.substr(dot + 1)),
            .arguments = std::move(arguments),
            .scope = scope_,
            .source = source_};
  complete_arguments(node);
  node.outputs = {graph_.add_value(name, std::move(type))};
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs[0];
}

Type tensor_type(std::optional<DType> dtype, std::optional<std::vector<Size>> sizes) {
  return {Type::Kind::kTensor, dtype, std::move(sizes)};
}

std::vector<Size> static_sizes(const std::vector<std::int64_t>& sizes) {
  std::vector<Size> result;
  for (std::int64_t size : sizes) result.push_back({size, {}});
  return result;
}

ValueId cast(Emitter& emit, ValueId tensor, DType dtype) {
  const Value& value = emit.graph().value(tensor);
  if (value.type.dtype == dtype) return tensor;
  const Type type = tensor_type(dtype, value.type.sizes);
  const std::string name = value.name;  // adding a value moves the others
  return emit("aten::to.dtype", {{"self", tensor}, {"dtype", dtype}}, type, name);
}

}  // namespace torch2trt
