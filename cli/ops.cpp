// `torch2trt ops`: which operators have handlers, and what their schemas are.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "src/graph/text.h"
#include "src/handlers/argument_uses.h"
#include "src/torch/schema.h"
#include "torch2trt/handler.h"

namespace torch2trt::cli {
namespace {

using Json = nlohmann::ordered_json;

struct OpsOptions {
  std::string name;
  bool json = false;
};

struct OperatorName {
  std::string kind;
  std::optional<std::string> overload;
};

// "aten::sum", "aten::sum.dim_IntList", "sum", "aten.sum.default", "torch.ops.aten.sum.dim_IntList".
OperatorName parse_name(std::string text) {
  constexpr std::string_view kTorchOps = "torch.ops.";
  if (text.starts_with(kTorchOps)) text.erase(0, kTorchOps.size());
  if (text.find("::") == std::string::npos) {
    const bool dotted = text.starts_with("aten.") || std::count(text.begin(), text.end(), '.') > 1;
    if (dotted) {
      text.replace(text.find('.'), 1, "::");
    } else {
      text.insert(0, "aten::");
    }
  }
  const std::size_t dot = text.find('.', text.find("::"));
  if (dot == std::string::npos) return {text, std::nullopt};
  std::string overload = text.substr(dot + 1);
  if (overload == "default") overload.clear();
  return {text.substr(0, dot), overload};
}

std::string qualified(const std::string& kind, const std::string& overload) {
  return overload.empty() ? kind : fmt::format("{}.{}", kind, overload);
}

// As the graph text prints constants: what `inspect` shows.
std::string text_of(const Argument& value) {
  Graph graph;
  Node node{.kind = "x::x", .arguments = {{"v", value}}};
  const std::string text = to_text(graph, node);
  const std::size_t start = text.find("v=") + 2;
  return text.substr(start, text.rfind(')') - start);
}

std::string list_text() {
  const auto& entries = builtin_handlers().entries();
  std::string out;
  for (const auto& [key, entry] : entries) {
    out += key;
    if (entry.never_folded) out += "  (never computed at conversion)";
    if (!entry.note.empty()) out += fmt::format("  {}", entry.note);
    out += '\n';
  }
  return out;
}

Json list_json() {
  Json list = Json::array();
  for (const auto& [key, entry] : builtin_handlers().entries()) {
    list.push_back({{"key", key}, {"never_computed", entry.never_folded}, {"note", entry.note}});
  }
  return list;
}

// An entry for all overloads does not mean those that write to an argument: their functional forms are what the graph
// holds once it is pure.
const HandlerEntry* handler_of(const OperatorSchema& schema) {
  const HandlerEntry* entry = builtin_handlers().find(schema.kind, schema.overload);
  const bool for_this_overload = entry != nullptr && entry->key == qualified(schema.kind, schema.overload);
  return schema.is_mutable() && !for_this_overload ? nullptr : entry;
}

// What the handler does with an argument: "read", "ignored" (it has no meaning in a network), "default only" (other
// values are refused); "" where that is not known.
std::string use_text(const HandlerEntry* entry, const OperatorSchema& schema, const SchemaArgument& argument) {
  if (entry == nullptr) return "";
  const auto use = observed_use(qualified(schema.kind, schema.overload), argument.name);
  return use ? std::string(to_text(*use)) : "";
}

std::string overload_text(const OperatorSchema& schema) {
  const HandlerEntry* entry = handler_of(schema);
  std::string out = fmt::format("{}\n  schema:  {}\n", qualified(schema.kind, schema.overload), schema.text);
  if (entry == nullptr) {
    out += schema.is_mutable() ? "  handler: none; it writes to an argument, and is converted as its functional form\n"
                               : "  handler: none; computed at conversion where all inputs are constants\n";
  } else {
    out += fmt::format("  handler: {}{}\n", entry->key, entry->never_folded ? " (never computed at conversion)" : "");
    if (!entry->note.empty()) out += fmt::format("  note:    {}\n", entry->note);
  }
  for (const SchemaArgument& argument : schema.arguments) {
    const std::string value =
        argument.default_value ? fmt::format("default {}", text_of(*argument.default_value)) : "required";
    const std::string use = use_text(entry, schema, argument);
    out += use.empty() ? fmt::format("    {:<20} {:<14} {}\n", argument.name, argument.type, value)
                       : fmt::format("    {:<20} {:<14} {:<20} {}\n", argument.name, argument.type, value, use);
  }
  return out;
}

Json overload_json(const OperatorSchema& schema) {
  const HandlerEntry* entry = handler_of(schema);
  Json json = {{"name", qualified(schema.kind, schema.overload)},
               {"schema", schema.text},
               {"handled", entry != nullptr},
               {"handler", entry == nullptr ? Json() : Json(entry->key)},
               {"never_computed", entry != nullptr && entry->never_folded},
               {"note", entry == nullptr ? "" : entry->note},
               {"arguments", Json::array()}};
  for (const SchemaArgument& argument : schema.arguments) {
    Json row = {{"name", argument.name}, {"type", argument.type}, {"required", !argument.default_value.has_value()}};
    if (argument.default_value) row["default"] = text_of(*argument.default_value);
    const std::string use = use_text(entry, schema, argument);
    row["use"] = use.empty() ? Json() : Json(use);
    json["arguments"].push_back(row);
  }
  return json;
}

[[noreturn]] void refuse_unknown(const OperatorName& name) {
  const std::string base = name.kind.substr(name.kind.rfind(':') + 1);
  std::vector<std::string> alike;
  for (const auto& [key, entry] : builtin_handlers().entries()) {
    if (!base.empty() && key.find(base) != std::string::npos) alike.push_back(key);
  }
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("there is no operator \"{}\"{}; `torch2trt ops` lists those with handlers",
                          qualified(name.kind, name.overload.value_or("")),
                          alike.empty() ? "" : fmt::format(" (there are: {})", fmt::join(alike, ", "))));
}

int ops(const OpsOptions& options, Session& session) {
  if (options.name.empty()) {
    session.out = options.json ? list_json().dump(2) + "\n" : list_text();
    return 0;
  }
  const OperatorName wanted = parse_name(options.name);
  std::vector<const OperatorSchema*> schemas = find_schemas(wanted.kind);
  if (wanted.overload) {
    std::erase_if(schemas, [&](const OperatorSchema* schema) { return schema->overload != *wanted.overload; });
  }
  const HandlerEntry* entry = builtin_handlers().find(wanted.kind, wanted.overload.value_or(""));
  if (schemas.empty() && entry == nullptr) refuse_unknown(wanted);
  if (options.json) {
    Json list = Json::array();
    for (const OperatorSchema* schema : schemas) list.push_back(overload_json(*schema));
    if (schemas.empty()) {
      list.push_back({{"name", options.name},
                      {"schema", nullptr},
                      {"handled", true},
                      {"handler", entry->key},
                      {"note", entry->note}});
    }
    session.out = list.dump(2) + "\n";
    return 0;
  }
  for (const OperatorSchema* schema : schemas) session.out += overload_text(*schema);
  if (schemas.empty()) {
    session.out += fmt::format("{}\n  schema:  none in this process\n  handler: {}\n", entry->key, entry->key);
    if (!entry->note.empty()) session.out += fmt::format("  note:    {}\n", entry->note);
  }
  session.out +=
      "read: handled. ignored: means nothing in a network. default only: other values are refused. Nothing there: no "
      "test converts this overload. A value that a handler cannot take makes the node unsupported; `check` says so for "
      "a program.\n";
  return 0;
}

}  // namespace

void add_ops(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<OpsOptions>();
  CLI::App* command = app.add_subcommand("ops", "List the operators with handlers, or describe one. Needs no TensorRT");
  command->add_option("NAME", options->name, "An operator: aten::sum, or one overload of it, aten::sum.dim_IntList");
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, &chosen] { chosen = [options](Session& session) { return ops(*options, session); }; });
}

}  // namespace torch2trt::cli
