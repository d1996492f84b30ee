#include "torch2trt/operand.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace torch2trt {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

bool any_in(const Operand& operand, bool (*test)(const Operand&)) {
  const auto* list = operand.as<Operand::List>();
  return list != nullptr && std::any_of(list->begin(), list->end(), test);
}

}  // namespace

Operand::Operand(const Dim& dim) {
  if (dim.is_constant()) {
    data = dim.value();
  } else {
    data = dim;
  }
}

Operand::Operand(const std::vector<Tensor>& tensors) : data(List(tensors.begin(), tensors.end())) {}

bool has_network_value(const Operand& operand) {
  return operand.as<Tensor>() != nullptr || operand.as<Dim>() != nullptr || operand.as<LoopList>() != nullptr ||
         any_in(operand, has_network_value);
}

bool has_unknown(const Operand& operand) { return operand.as<Unknown>() != nullptr || any_in(operand, has_unknown); }

bool has_uninitialized(const Operand& operand) {
  return operand.as<Uninitialized>() != nullptr || any_in(operand, has_uninitialized);
}

std::string describe(const Operand& operand) {
  return std::visit(Overloaded{
                        [](const None&) { return std::string("None"); },
                        [](bool value) { return std::string(value ? "True" : "False"); },
                        [](std::int64_t value) { return fmt::format("int {}", value); },
                        [](double value) { return fmt::format("float {}", value); },
                        [](const std::string& value) { return fmt::format("\"{}\"", value); },
                        [](DType value) { return fmt::format("dtype {}", name(value)); },
                        [](const Symbolic& value) { return value.name; },
                        [](const HostTensor& value) {
                          return fmt::format("constant {}[{}]", name(value.dtype), fmt::join(value.sizes, ", "));
                        },
                        [](const Tensor& value) {
                          return fmt::format("network tensor {}[{}]", name(value.dtype()),
                                             fmt::join(value.dims(), ", "));
                        },
                        [](const Dim&) { return std::string("a size known at run time"); },
                        [](const Operand::List& value) {
                          std::vector<std::string> items;
                          for (const Operand& item : value) items.push_back(describe(item));
                          return fmt::format("[{}]", fmt::join(items, ", "));
                        },
                        [](const LoopList&) { return std::string("a list whose length only the network knows"); },
                        [](const Unknown&) { return std::string("the result of an unsupported operator"); },
                        [](const Uninitialized&) { return std::string("a value that is not set yet"); },
                        [](const Object& value) { return value.type; },
                    },
                    operand.data);
}

}  // namespace torch2trt
