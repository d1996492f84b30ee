#include "src/handlers/argument_uses.h"

#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

using Uses = std::map<std::pair<std::string, std::string>, ArgumentUse, std::less<>>;

constexpr const char* kRecord =
#include "argument_uses.inc"
    ;

ArgumentUse use_of(const std::string& text) {
  for (const ArgumentUse use : {ArgumentUse::kUnread, ArgumentUse::kIgnored, ArgumentUse::kRead}) {
    if (to_text(use) == text) return use;
  }
  throw Error(ErrorCategory::kInternal, "argument_uses.tsv names a use \"" + text + "\"");
}

Uses parse() {
  Uses uses;
  std::istringstream lines(kRecord);
  std::string qualified, argument, use;
  while (std::getline(lines, qualified, '\t') && std::getline(lines, argument, '\t') && std::getline(lines, use))
    uses[{qualified, argument}] = use_of(use);
  return uses;
}

}  // namespace

std::string_view to_text(ArgumentUse use) {
  switch (use) {
    case ArgumentUse::kUnread: return "default only";
    case ArgumentUse::kIgnored: return "ignored";
    case ArgumentUse::kRead: return "read";
  }
  return "";
}

std::optional<ArgumentUse> observed_use(std::string_view qualified, std::string_view argument) {
  static const Uses uses = parse();
  const auto found = uses.find({std::string(qualified), std::string(argument)});
  return found == uses.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace torch2trt
