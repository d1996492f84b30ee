#include "src/frontend/export/names.h"

#include <fmt/format.h>

#include "src/frontend/export/json.h"

namespace torch2trt::pt2 {

void Names::define(const std::string& name, Argument value) {
  if (!values_.emplace(name, std::move(value)).second)
    malformed(fmt::format("the value \"{}\" is defined twice", name));
}

const Argument& Names::at(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) malformed(fmt::format("the value \"{}\" is read, but not defined before", name));
  return found->second;
}

}  // namespace torch2trt::pt2
