#include "python/src/user_handlers.h"

#include <fmt/format.h>

#include "src/backend/python/operands.h"

namespace torch2trt {
namespace {

std::string name_of(const py::handle& handler) {
  return py::str(py::getattr(handler, "__qualname__", py::repr(handler))).cast<std::string>();
}

bool reads_value(const Argument& argument) {
  bool found = false;
  for_each_value(argument, [&](ValueId) { found = true; });
  return found;
}

// The node's own attributes: its names, where it comes from, and the arguments the program fixed.
py::dict attributes_of(const Node& node, const Graph& graph) {
  py::dict attributes;
  attributes["kind"] = node.qualified();
  py::list names;
  for (ValueId id : node.outputs) names.append(graph.value(id).name);
  attributes["name"] = names.empty() ? py::object(py::str("")) : py::object(names[0]);
  attributes["output_names"] = names;
  attributes["scope"] = node.scope;
  attributes["source"] = node.source;
  py::dict constants;
  for (const NamedArgument& argument : node.arguments) {
    if (!reads_value(argument.value))
      constants[py::str(argument.name)] = to_python(constant_operand(argument.value), nullptr);
  }
  attributes["constants"] = constants;
  return attributes;
}

std::vector<Operand> results_from(const py::object& returned, const std::string& handler, const Node& node,
                                  PythonNetwork* network) {
  const auto wrong = [&](const std::string& what) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("the handler {} returned {}", handler, what),
                node.location());
  };
  if (!py::isinstance<py::list>(returned) && !py::isinstance<py::tuple>(returned)) {
    wrong(fmt::format("{}; a list with one entry per output is needed",
                      py::str(py::type::of(returned).attr("__name__")).cast<std::string>()));
  }
  const auto count = py::len(returned);
  if (count != node.outputs.size()) {
    wrong(fmt::format("{} output{} where the node has {}", count, count == 1 ? "" : "s", node.outputs.size()));
  }
  std::vector<Operand> outputs;
  for (const py::handle& item : returned) {
    try {
      outputs.push_back(from_python(item, network));
    } catch (const Error& error) {
      const std::string text = fmt::format("the handler {} returned, as output {}, what cannot be used: {}", handler,
                                           outputs.size(), error.message());
      throw Error(error.category(), text, node.location());
    }
  }
  return outputs;
}

class Handling {
 public:
  Handling(PythonNetwork* network, const Node& node) : network_(network) {
    if (network_ != nullptr) network_->enter_handler(node.location());
  }
  ~Handling() {
    if (network_ != nullptr) network_->leave_handler();
  }
  Handling(const Handling&) = delete;
  Handling& operator=(const Handling&) = delete;

 private:
  PythonNetwork* network_;
};

}  // namespace

Operand constant_operand(const Argument& argument) {
  return std::visit(
      [](const auto& value) -> Operand {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, ValueId>) {
          throw Error(ErrorCategory::kInternal, "constant_operand of a value");
        } else if constexpr (std::is_same_v<T, Argument::List>) {
          Operand::List list;
          for (const Argument& item : value) list.push_back(constant_operand(item));
          return list;
        } else {
          return value;
        }
      },
      argument.data);
}

void Callbacks::set(RunOptions& options) {
  options.network = network_;
  if (!lookup_.is_none()) {
    options.user_handlers = [this](const Node& node) -> const UserHandler* {
      const py::object handler = lookup_(node.kind, node.overload);
      if (handler.is_none()) return nullptr;
      current_ = user_handler(handler, graph_, network_);
      return &current_;
    };
  }
  if (!log_.is_none()) {
    options.log = [this](Severity severity, const std::string& text) {
      static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
      log_(kNames[static_cast<int>(severity)], text);
    };
  }
}

UserHandler user_handler(py::object handler, const Graph& graph, PythonNetwork* network) {
  return [handler = std::move(handler), &graph, network](const Node& node, const std::vector<NamedOperand>& operands) {
    py::list inputs;
    for (const NamedOperand& operand : operands) inputs.append(to_python_copied(operand.value, network));
    const Handling handling(network, node);
    py::object returned;
    try {
      returned = handler(inputs, attributes_of(node, graph), node.scope);
    } catch (py::error_already_set& error) {
      // add_note is Python 3.11's.
      if (py::hasattr(error.value(), "add_note")) {
        const Error place(ErrorCategory::kInternal, fmt::format("in the handler {}", name_of(handler)),
                          node.location());
        error.value().attr("add_note")(place.what());
      }
      throw;
    }
    if (network != nullptr) network->adopt_layers();
    std::vector<Operand> outputs = results_from(returned, name_of(handler), node, network);
    if (network != nullptr) network->log_errors();
    return outputs;
  };
}

}  // namespace torch2trt
