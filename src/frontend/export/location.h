// Where in the user's program a node comes from, out of the metadata torch.export keeps.
#pragma once

#include <string>
#include <string_view>

namespace torch2trt::pt2 {

// "resnet.py:197": file (without folders, so that texts are stable) and line of the innermost frame that is the user's,
// not torch's. Empty where there is none.
std::string source_of(std::string_view stack_trace);

// "layer1.0.conv1": the innermost module's path. Empty for the root.
std::string scope_of(std::string_view nn_module_stack);

}  // namespace torch2trt::pt2
