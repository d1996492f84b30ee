#include "src/torch/evaluate.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <fmt/format.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <optional>

#include "src/torch/tensors.h"

namespace torch2trt {
namespace {

std::shared_ptr<torch::jit::Operator> find_operator(const Node& node) {
  if (node.kind.find("::") == std::string::npos) return nullptr;
  return torch::jit::findOperatorFor(c10::OperatorName(node.kind, node.overload));
}

at::MemoryFormat memory_format(const std::string& name) {
  if (name == "channels_last") return at::MemoryFormat::ChannelsLast;
  if (name == "channels_last_3d") return at::MemoryFormat::ChannelsLast3d;
  if (name == "preserve_format") return at::MemoryFormat::Preserve;
  return at::MemoryFormat::Contiguous;
}

c10::IValue number_as_tensor(const at::Scalar& number) {
  at::Tensor tensor = at::scalar_to_tensor(number);
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);  // as PyTorch makes of a Python number: promotes weakly
  return tensor;
}

[[noreturn]] void mismatch(const Operand& operand, const c10::TypePtr& type) {
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("{} was given where the schema wants {}", describe(operand), type->str()));
}

c10::IValue to_ivalue(const Operand& operand, const c10::TypePtr& type);

c10::IValue untyped_ivalue(const Operand& operand);

c10::IValue list_to_ivalue(const Operand::List& list, const c10::TypePtr& element) {
  // `t[]`: a list of whatever its items are.
  const bool any = element->kind() == c10::TypeKind::VarType && !list.empty();
  // `SymInt[]`: of integers, which kernels that know no SymInt take as well.
  const bool sizes = element->kind() == c10::TypeKind::SymIntType;
  c10::TypePtr kind = sizes ? c10::TypePtr(c10::IntType::get()) : element;
  if (any) kind = untyped_ivalue(list[0]).type();
  c10::impl::GenericList result(kind);
  result.reserve(list.size());
  for (const Operand& item : list) result.push_back(to_ivalue(item, element));
  return result;
}

c10::IValue untyped_ivalue(const Operand& operand) {
  if (const auto* list = operand.as<Operand::List>()) {
    c10::impl::GenericList result(c10::AnyType::get());
    for (const Operand& item : *list) result.push_back(untyped_ivalue(item));
    return result;
  }
  if (const auto* tensor = operand.as<HostTensor>()) return to_torch(*tensor);
  if (const auto* b = operand.as<bool>()) return *b;
  if (const auto* i = operand.as<std::int64_t>()) return *i;
  if (const auto* d = operand.as<double>()) return *d;
  if (const auto* s = operand.as<std::string>()) return *s;
  if (operand.is_none()) return {};
  mismatch(operand, c10::AnyType::get());
}

c10::IValue to_ivalue(const Operand& operand, const c10::TypePtr& type) {
  if (const auto* object = operand.as<Object>()) return *static_cast<c10::IValue*>(object->ivalue.get());
  if (operand.is_none()) return {};
  switch (type->kind()) {
    case c10::TypeKind::OptionalType: return to_ivalue(operand, type->castRaw<c10::OptionalType>()->getElementType());
    case c10::TypeKind::TensorType:
      if (const auto* tensor = operand.as<HostTensor>()) return to_torch(*tensor);
      if (const auto* b = operand.as<bool>()) return number_as_tensor(*b);
      if (const auto* i = operand.as<std::int64_t>()) return number_as_tensor(*i);
      if (const auto* d = operand.as<double>()) return number_as_tensor(*d);
      break;
    case c10::TypeKind::ListType: {
      const c10::TypePtr element = type->castRaw<c10::ListType>()->getElementType();
      if (const auto* list = operand.as<Operand::List>()) return list_to_ivalue(*list, element);
      return list_to_ivalue({operand}, element);  // `int[2] stride=1`: one number stands for all
    }
    case c10::TypeKind::TupleType:
      if (const auto* list = operand.as<Operand::List>()) {
        const auto elements = type->castRaw<c10::TupleType>()->elements();
        std::vector<c10::IValue> values;
        for (std::size_t i = 0; i < list->size(); ++i) values.push_back(to_ivalue((*list)[i], elements.at(i)));
        return c10::ivalue::Tuple::create(std::move(values));
      }
      break;
    case c10::TypeKind::StringType:
      if (const auto* s = operand.as<std::string>()) return *s;
      break;
    case c10::TypeKind::DeviceObjType:
      if (const auto* symbolic = operand.as<Symbolic>()) return c10::Device(symbolic->name);
      break;
    case c10::TypeKind::BoolType:
      if (const auto* b = operand.as<bool>()) return *b;
      if (const auto* i = operand.as<std::int64_t>()) return *i != 0;
      if (const auto* tensor = operand.as<HostTensor>()) return to_torch(*tensor).item().toBool();
      break;
    case c10::TypeKind::FloatType:
      if (const auto* d = operand.as<double>()) return *d;
      if (const auto* i = operand.as<std::int64_t>()) return static_cast<double>(*i);
      if (const auto* b = operand.as<bool>()) return *b ? 1.0 : 0.0;
      if (const auto* tensor = operand.as<HostTensor>()) return to_torch(*tensor).item().toDouble();
      break;
    case c10::TypeKind::AnyType: return untyped_ivalue(operand);
    default:  // int, SymInt, Scalar, and the enumerations, which are integers in schemas
      if (const auto* dtype = operand.as<DType>()) return static_cast<std::int64_t>(to_torch(*dtype));
      if (const auto* symbolic = operand.as<Symbolic>()) {
        if (symbolic->kind == Symbolic::Kind::kMemoryFormat)
          return static_cast<std::int64_t>(memory_format(symbolic->name));
        if (symbolic->kind == Symbolic::Kind::kLayout) return static_cast<std::int64_t>(at::Layout::Strided);
      }
      if (const auto* i = operand.as<std::int64_t>()) return *i;
      if (const auto* b = operand.as<bool>()) return *b;
      if (const auto* d = operand.as<double>()) return *d;
      if (const auto* tensor = operand.as<HostTensor>()) return to_torch(*tensor).item();
      break;
  }
  mismatch(operand, type);
}

Operand from_ivalue(const c10::IValue& value) {
  if (value.isNone()) return None{};
  if (value.isTensor()) return from_torch(value.toTensor());
  if (value.isBool()) return value.toBool();
  if (value.isInt()) return value.toInt();
  if (value.isDouble()) return value.toDouble();
  if (value.isString()) return value.toStringRef();
  if (value.isDevice()) return Symbolic{Symbolic::Kind::kDevice, value.toDevice().str()};
  Operand::List list;
  if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) list.push_back(from_ivalue(item));
    return list;
  }
  if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) list.push_back(from_ivalue(item));
    return list;
  }
  return Object{std::make_shared<c10::IValue>(value), value.tagKind()};
}

// Whether the operator has a kernel below autograd's, which would be loaded and called for nothing. Those that write
// to their arguments keep it: it counts the versions of tensors.
bool has_kernel_below_autograd(const torch::jit::Operator& op) {
  if (op.schema().is_mutable()) return false;
  const auto handle = c10::Dispatcher::singleton().findSchema(op.schema().operator_name());
  return handle && handle->hasComputedKernelForDispatchKey(c10::DispatchKey::CPU);
}

}  // namespace

bool can_evaluate(const Node& node) { return find_operator(node) != nullptr; }

bool is_random(const Node& node) {
  const auto handle = c10::Dispatcher::singleton().findSchema({node.kind, node.overload});
  return handle && handle->hasTag(at::Tag::nondeterministic_seeded);
}

bool has_dynamic_sizes(const Node& node) {
  const auto handle = c10::Dispatcher::singleton().findSchema({node.kind, node.overload});
  return handle && (handle->hasTag(at::Tag::dynamic_output_shape) || handle->hasTag(at::Tag::data_dependent_output));
}

std::vector<Operand> evaluate(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto op = find_operator(node);
  if (op == nullptr) {
    throw Error(ErrorCategory::kUnsupportedOperator, "this process has no such operator", node.location());
  }
  const at::NoGradGuard no_grad;
  std::optional<at::AutoDispatchBelowADInplaceOrView> no_autograd;
  if (has_kernel_below_autograd(*op)) no_autograd.emplace();
  // PyTorch's kernel of numbers divides without asking.
  const auto* divisor =
      node.kind == "aten::remainder" && node.overload == "int" ? operands.at(1).value.as<std::int64_t>() : nullptr;
  if (divisor != nullptr && *divisor == 0) {
    throw Error(ErrorCategory::kInvalidArgument, "division by zero", node.location());
  }
  try {
    torch::jit::Stack stack;
    const auto& arguments = op->schema().arguments();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const c10::TypePtr& type = arguments[i].real_type();
      // Dtypes, layouts and memory formats are integers inside; their real types say which.
      stack.push_back(to_ivalue(operands.at(i).value, type));
    }
    op->getOperation()(stack);
    std::vector<Operand> results;
    for (const c10::IValue& value : stack) results.push_back(from_ivalue(value));
    return results;
  } catch (const c10::Error& error) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("PyTorch refused the node: {}", error.what_without_backtrace()), node.location());
  }
}

}  // namespace torch2trt
