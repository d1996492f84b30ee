// What a test expects to be refused.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "torch2trt/error.h"

namespace torch2trt::testing {

// The text of the Error that `function` throws, which must be of this category.
template <typename Function>
std::string message(Function&& function, ErrorCategory category = ErrorCategory::kInvalidArgument) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    EXPECT_EQ(name(error.category()), name(category)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace torch2trt::testing
