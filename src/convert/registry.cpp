#include <fmt/format.h>

#include "src/handlers/register.h"
#include "torch2trt/handler.h"

namespace torch2trt {

HandlerRegistry::Registration& HandlerRegistry::Registration::never_folded() {
  never_folded_ = true;
  return *this;
}

HandlerRegistry::Registration& HandlerRegistry::Registration::note(std::string text) {
  note_ = std::move(text);
  return *this;
}

void HandlerRegistry::Registration::convert(const Handler& handler) {
  for (const std::string& key : keys_) registry_.add({key, handler, never_folded_, note_});
}

void HandlerRegistry::add(HandlerEntry entry, bool replace) {
  const std::string key = entry.key;
  if (!replace && entries_.contains(key)) {
    throw Error(ErrorCategory::kInternal, fmt::format("a second handler for \"{}\"", key));
  }
  entries_.insert_or_assign(key, std::move(entry));
}

const HandlerEntry* HandlerRegistry::find(std::string_view kind, std::string_view overload) const {
  if (!overload.empty()) {
    const auto exact = entries_.find(fmt::format("{}.{}", kind, overload));
    if (exact != entries_.end()) return &exact->second;
  }
  const auto all = entries_.find(kind);
  return all == entries_.end() ? nullptr : &all->second;
}

const HandlerRegistry& builtin_handlers() {
  static const HandlerRegistry registry = [] {
    HandlerRegistry made;
    register_all(made);
    return made;
  }();
  return registry;
}

}  // namespace torch2trt
