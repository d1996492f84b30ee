#include "src/convert/signature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace torch2trt {
namespace {

[[noreturn]] void misfit(const std::string& text) { throw Error(ErrorCategory::kInvalidArgument, text); }

std::string printed(const std::vector<Size>& sizes) {
  std::vector<std::string> parts;
  for (const Size& size : sizes) parts.push_back(size.value >= 0 ? std::to_string(size.value) : size.symbol);
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

void check_rank(const std::string& input, const Dims& given, const std::vector<Size>& wanted) {
  if (given.size() != wanted.size()) {
    misfit(fmt::format("input \"{}\" has {} dimensions, {} in the program; the shape {} was given", input, given.size(),
                       printed(wanted), fmt::format("[{}]", fmt::join(given, ", "))));
  }
}

// torch.export assumes sizes of at least 2 where it specialised nothing on 1: a smaller lower bound may be asked for.
constexpr std::int64_t kExportDefaultMinimum = 2;

void check_dynamic(const Graph& graph, const std::string& input, std::size_t axis, const Size& size,
                   const InputRange& range) {
  const auto known = graph.symbols.find(size.symbol);
  if (known == graph.symbols.end()) return;
  const std::int64_t low = known->second.min <= kExportDefaultMinimum ? 0 : known->second.min;
  const std::int64_t min = range.min[axis];
  const std::int64_t max = range.max[axis];
  if (min < low || (known->second.max && max > *known->second.max)) {
    misfit(fmt::format(
        "input \"{}\", dimension {}: sizes {} to {} were asked for; the program was exported for {} in [{}, {}]", input,
        axis, min, max, size.symbol, known->second.min,
        known->second.max ? std::to_string(*known->second.max) : "inf"));
  }
}

InputRange given_range(const Graph& graph, const std::string& input, const InputRange& given,
                       const std::vector<Size>& wanted) {
  InputRange range = given;
  for (const Dims* dims : {&range.min, &range.opt, &range.max}) check_rank(input, *dims, wanted);
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (range.min[axis] > range.opt[axis] || range.opt[axis] > range.max[axis]) {
      misfit(fmt::format("input \"{}\", dimension {}: minimum {}, usual {} and maximum {} are not in order", input,
                         axis, range.min[axis], range.opt[axis], range.max[axis]));
    }
    if (wanted[axis].value < 0) {
      check_dynamic(graph, input, axis, wanted[axis], range);
    } else if (range.min[axis] != wanted[axis].value || range.max[axis] != wanted[axis].value) {
      misfit(
          fmt::format("input \"{}\": the program was exported for shape {}; dimension {} is {} there, {} was given. "
                      "Export it with dynamic_shapes to vary it",
                      input, printed(wanted), axis, wanted[axis].value, range.max[axis]));
    }
  }
  return range;
}

InputRange program_range(const Graph& graph, const std::string& input, const std::vector<Size>& wanted) {
  InputRange range;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    const Size& size = wanted[axis];
    if (size.value >= 0) {
      for (Dims* dims : {&range.min, &range.opt, &range.max}) dims->push_back(size.value);
      continue;
    }
    const auto known = graph.symbols.find(size.symbol);
    if (known == graph.symbols.end() || !known->second.max) {
      misfit(fmt::format(
          "input \"{}\", dimension {} ({}) has no upper bound in the program; give one (--maxShapes={}:..., or "
          "max= in torch.export.Dim)",
          input, axis, size.symbol, input));
    }
    const std::int64_t min = std::max<std::int64_t>(known->second.min, 1);
    range.min.push_back(min);
    range.opt.push_back(*known->second.max);
    range.max.push_back(*known->second.max);
  }
  return range;
}

void collect(const Structure& structure, const std::string& path, std::vector<std::string>& names) {
  if (structure.kind == Structure::Kind::kLeaf) {
    names.push_back(path.empty() ? "output" : path);
    return;
  }
  for (std::size_t i = 0; i < structure.children.size(); ++i) {
    std::string next = std::to_string(i);
    if (structure.kind == Structure::Kind::kDict) {
      next = structure.keys.at(i);
      std::erase(next, '\'');
      collect(structure.children[i], path.empty() ? next : path + "_" + next, names);
    } else {
      collect(structure.children[i], (path.empty() ? "output" : path) + "_" + next, names);
    }
  }
}

}  // namespace

std::vector<InputPlan> plan_inputs(const Graph& graph, const std::map<std::string, InputRange>& shapes) {
  std::vector<InputPlan> plans;
  std::set<std::string> used;
  for (const Input& input : graph.inputs) {
    if (input.constant) continue;  // the program was specialised to it
    const Type& type = graph.value(input.value).type;
    if (type.kind == Type::Kind::kList) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  fmt::format("input \"{}\" is a list whose length the program does not fix, and an engine takes "
                              "tensors; give the module a tuple, or read the list by constant indices",
                              input.name));
    }
    if (type.kind != Type::Kind::kTensor && type.kind != Type::Kind::kUnknown) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  fmt::format("input \"{}\" is not a tensor; only tensors can be inputs of an engine", input.name));
    }
    const auto given = shapes.find(input.name);
    if (given != shapes.end()) used.insert(input.name);
    InputPlan plan;
    plan.binding.name = input.name;
    plan.binding.torch_dtype = type.dtype.value_or(DType::kFloat32);
    plan.binding.dtype = network_dtype(plan.binding.torch_dtype).value_or(plan.binding.torch_dtype);
    if (type.sizes) {
      plan.range = given != shapes.end() ? given_range(graph, input.name, given->second, *type.sizes)
                                         : program_range(graph, input.name, *type.sizes);
    } else if (given != shapes.end()) {
      plan.range = given->second;
    } else {
      misfit(fmt::format("the program does not say what shape input \"{}\" has; give it (--shapes={}:1x3x224x224)",
                         input.name, input.name));
    }
    for (std::size_t axis = 0; axis < plan.range.max.size(); ++axis) {
      const bool fixed = plan.range.min[axis] == plan.range.max[axis];
      plan.binding.dims.push_back(fixed ? plan.range.max[axis] : -1);
      plan.dynamic = plan.dynamic || !fixed;
    }
    plans.push_back(std::move(plan));
  }
  for (const auto& [name, range] : shapes) {
    if (used.contains(name)) continue;
    std::vector<std::string> names;
    for (const Input& input : graph.inputs) names.push_back(input.name);
    misfit(fmt::format("a shape was given for \"{}\", which is no input; the inputs are: {}", name,
                       fmt::join(names, ", ")));
  }
  return plans;
}

std::vector<std::string> output_names(const Structure& structure, std::size_t count) {
  std::vector<std::string> names;
  collect(structure, "", names);
  if (names.size() != count) {
    names.clear();
    for (std::size_t i = 0; i < count; ++i) names.push_back(count == 1 ? "output" : fmt::format("output_{}", i));
  }
  std::set<std::string> seen;
  for (std::string& name : names) {
    const std::string base = name;
    for (int i = 1; !seen.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
  }
  return names;
}

}  // namespace torch2trt
