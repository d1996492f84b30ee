// Inputs that are right, made by the writers and helpers of the tests.
#pragma once

#include <string>
#include <vector>

namespace torch2trt::fuzz {

std::vector<std::string> bundle_seeds();
std::vector<std::string> metadata_seeds();
std::vector<std::string> archive_seeds();
std::vector<std::string> model_seeds();
std::vector<std::string> text_seeds();

}  // namespace torch2trt::fuzz
