// What handlers do with the arguments of each overload, as the operator table saw them do it: argument_uses.tsv,
// written by `make uses` and compared by every row of tests/ops/.
#pragma once

#include <optional>
#include <string_view>

#include "torch2trt/args.h"

namespace torch2trt {

// "default only", "ignored", "read".
std::string_view to_text(ArgumentUse use);

// Nothing where no row of the table converts the overload. `qualified` is "aten::sum.dim_IntList".
std::optional<ArgumentUse> observed_use(std::string_view qualified, std::string_view argument);

}  // namespace torch2trt
