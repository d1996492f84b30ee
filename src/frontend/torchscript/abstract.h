// What the importer knows of a TorchScript value while it walks a program.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt::torchscript {

struct Sequence;
struct Dictionary;
struct Instance;
struct InputNode;

// A value of the graph; a constant that is not a tensor; a container or object of known structure; an argument of
// forward() that is a list or dict. Containers are shared, as in Python: a write through one name is seen by all.
using Binding = std::variant<ValueId, c10::IValue, std::shared_ptr<Sequence>, std::shared_ptr<Dictionary>,
                             std::shared_ptr<Instance>, std::shared_ptr<InputNode>>;

// A list or tuple. Once `pinned` it is a graph value like any other and `items` is stale: code that the importer does
// not walk in order (a kept If or Loop, an operator that writes to the list) may have changed it.
struct Sequence {
  bool is_tuple = false;
  std::vector<Binding> items;
  std::optional<ValueId> pinned;
  std::string attribute;  // path of the module attribute it is, if any; such a list cannot be changed
};

struct Dictionary {
  std::vector<std::pair<c10::IValue, Binding>> items;
  std::optional<ValueId> pinned;
  std::string attribute;

  Binding* find(const c10::IValue& key);
};

// A module, or an object of a scripted class. `object` is null for one that forward() creates.
struct Instance {
  c10::ClassTypePtr type;
  c10::intrusive_ptr<c10::ivalue::Object> object;
  std::string path;
  std::map<std::string, Binding> created;  // attributes of an object that forward() creates
  int kept_depth = 0;                      // kept If and Loop nodes around its creation
};

// An argument of forward(), or a part of one. Items of lists and dicts appear as the program reads them.
struct InputNode {
  Structure::Kind kind = Structure::Kind::kLeaf;
  std::string path;  // "x", "x.0", "x.key"
  ValueId leaf;
  c10::TypePtr element;
  bool sized = false;  // a list whose length the program fixes
  std::vector<c10::IValue> keys;
  std::vector<std::shared_ptr<InputNode>> children;
};

std::shared_ptr<Sequence> make_list(std::vector<Binding> items);
std::shared_ptr<Sequence> make_tuple(std::vector<Binding> items);
// Whether `value` can be a key of a Dictionary.
bool is_key(const c10::IValue& value);

}  // namespace torch2trt::torchscript
