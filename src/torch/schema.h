// PyTorch's operator schemas, read from the dispatcher or the JIT operator registry of the libtorch in this process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt {

struct SchemaArgument {
  std::string name;
  // The schema's type as text: "Tensor", "Tensor?", "Tensor[]", "int", "SymInt[2]", "float", "bool", "Scalar", "str?",
  // "ScalarType?", "Device?", "Layout?", "MemoryFormat?", "Generator?", "Dimname[]?", ...
  std::string type;
  std::optional<Argument> default_value;
  bool writes = false;  // "Tensor(a!)": the operator changes it
  std::string alias;    // alias set before the operator, "a"; empty for none; "*" for any
};

struct SchemaReturn {
  std::string type;
  std::string alias;  // the argument's set it may be a view of, or is (with `writes`)
  bool writes = false;
};

struct OperatorSchema {
  std::string kind;      // "aten::add"
  std::string overload;  // "Tensor"
  std::vector<SchemaArgument> arguments;
  std::vector<SchemaReturn> returns;
  std::string text;  // as PyTorch prints it

  bool is_mutable() const;
  const SchemaArgument* find(std::string_view name) const;
};

// nullptr where this process knows no such operator. The pointer stays valid.
const OperatorSchema* find_schema(std::string_view kind, std::string_view overload);
// Every overload of "aten::sum", in registration order.
std::vector<const OperatorSchema*> find_schemas(std::string_view kind);

// Makes the node's arguments complete and in the schema's order: missing ones get their defaults. Leaves a node whose
// operator has no schema here as it is. Throws Error(kInvalidModel) for an argument the schema lacks, or a missing
// one without default.
void complete_arguments(Node& node);

}  // namespace torch2trt
