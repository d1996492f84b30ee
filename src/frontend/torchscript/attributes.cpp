// Importer: what a module holds.
#include <fmt/format.h>

#include "src/frontend/torchscript/importer.h"
#include "src/torch/tensors.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace {

std::string join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::string key_text(const c10::IValue& key) {
  return key.isString() ? key.toStringRef() : key.isInt() ? std::to_string(key.toInt()) : "?";
}

}  // namespace

Binding Importer::attribute(const std::shared_ptr<Instance>& instance, const std::string& name) {
  if (const auto created = instance->created.find(name); created != instance->created.end()) return created->second;
  const c10::ClassType& type = *instance->type;
  if (const auto assigned = assigned_.find({instance->object.get(), name});
      instance->object && assigned != assigned_.end()) {
    return assigned->second;
  }
  const std::string path = join(instance->path, name);
  if (const auto slot = type.findAttributeSlot(name); slot && instance->object) {
    if (const auto known = attributes_.find(path); known != attributes_.end()) return known->second;
    const auto kind = type.is_parameter(*slot) ? Parameter::Kind::kParameter : Parameter::Kind::kBuffer;
    return attributes_.emplace(path, bind(instance->object->getSlot(*slot), path, kind)).first->second;
  }
  if (const auto slot = type.findConstantSlot(name))
    return bind(type.getConstant(*slot), path, Parameter::Kind::kConstant);
  throw Error(ErrorCategory::kInvalidModel,
              fmt::format("the TorchScript program reads the attribute \"{}\", which {} does not have", path,
                          type.name() ? type.name()->name() : "its object"));
}

void Importer::import_get_attribute(Frame& frame, const jit::Node* node) {
  const auto* instance = std::get_if<std::shared_ptr<Instance>>(&lookup(frame, node->input()));
  if (instance == nullptr) return import_operator(frame, node);
  frame.values[node->output()] = attribute(*instance, node->s(c10::attr::name));
}

void Importer::import_set_attribute(Frame& frame, const jit::Node* node) {
  const auto* shared = std::get_if<std::shared_ptr<Instance>>(&lookup(frame, node->input(0)));
  if (shared == nullptr) return import_operator(frame, node);
  Instance& instance = **shared;
  const std::string& name = node->s(c10::attr::name);
  const std::string path = join(instance.path, name);
  if (kept_depth_ > (instance.object ? 0 : instance.kept_depth)) {
    fail(ErrorCategory::kUnsupportedOperator, frame, node,
         fmt::format("forward() assigns the attribute \"{}\" under a condition that only the input decides. Return the "
                     "new value instead.",
                     path));
  }
  const Binding value = lookup(frame, node->input(1));
  if (!instance.object) {
    instance.created[name] = value;
    return;
  }
  Node assignment = located(frame, node, "prim::SetAttr");
  // The assignment itself has no line; what it assigns mostly does.
  if (assignment.source.empty()) assignment.source = located(frame, node->input(1)->node(), "").source;
  assignment.arguments = {{"name", path}, {"value", as_argument(frame, node, value, node->input(1)->type())}};
  add(std::move(assignment));
  assigned_[{instance.object.get(), name}] = value;
}

Binding Importer::bind(const c10::IValue& value, const std::string& path, Parameter::Kind kind) {
  if (value.isTensor()) {
    if (!value.toTensor().defined()) return c10::IValue();
    return parameter(value.toTensor(), path, kind);
  }
  const auto inner = [&](const std::string& name) { return path.empty() ? path : join(path, name); };
  if (value.isList() || value.isTuple()) {
    auto sequence = std::make_shared<Sequence>();
    sequence->is_tuple = value.isTuple();
    sequence->attribute = path;
    const auto add_item = [&](const c10::IValue& item) {
      sequence->items.push_back(bind(item, inner(std::to_string(sequence->items.size())), kind));
    };
    if (value.isTuple()) {
      for (const c10::IValue& item : value.toTupleRef().elements()) add_item(item);
    } else {
      for (const c10::IValue& item : value.toListRef()) add_item(item);
    }
    return sequence;
  }
  if (value.isGenericDict()) {
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->attribute = path;
    for (const auto& entry : value.toGenericDict()) {
      dictionary->items.emplace_back(entry.key(), bind(entry.value(), inner(key_text(entry.key())), kind));
    }
    return dictionary;
  }
  if (value.isObject()) {
    const auto object = value.toObject();
    return std::make_shared<Instance>(Instance{.type = object->type(), .object = object, .path = path});
  }
  return value;
}

ValueId Importer::parameter(const at::Tensor& tensor, const std::string& path, Parameter::Kind kind) {
  const bool anonymous = path.empty();
  if (anonymous) {
    if (const auto known = constants_.find(tensor.unsafeGetTensorImpl()); known != constants_.end())
      return known->second;
  }
  std::string name = path;
  for (int i = 0; anonymous && (name.empty() || parameter_names_.contains(name) || module_.hasattr(name)); ++i)
    name = fmt::format("constant_{}", i);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("the weight \"{}\" cannot be used: {}. Only dense tensors of PyTorch's basic types can.",
                            name, why));
  };
  if (tensor.layout() != at::kStrided) refuse(fmt::format("its layout is {}", c10::str(tensor.layout())));
  Parameter weight{.name = name, .kind = kind};
  try {
    // Detached: the module's own tensor object may get other memory while the graph lives (module.half()).
    weight.data = from_torch(tensor.unsafeGetTensorImpl()->is_wrapped_number() ? tensor : tensor.detach());
  } catch (const Error& error) {
    refuse(error.message());
  }
  Type type{.kind = Type::Kind::kTensor, .dtype = weight.data.dtype};
  type.sizes.emplace();
  for (const std::int64_t size : weight.data.sizes) type.sizes->push_back({.value = size});
  weight.value = graph_.add_value(name, std::move(type));
  weight.data.origin = graph_.value(weight.value).name;
  parameter_names_.insert(name);
  if (anonymous) constants_[tensor.unsafeGetTensorImpl()] = weight.value;
  const ValueId id = weight.value;
  graph_.parameters.push_back(std::move(weight));
  return id;
}

}  // namespace torch2trt::torchscript
