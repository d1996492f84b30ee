// Files that are no TorchScript programs, and programs that cannot be imported: one clear error each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Case {
  std::string file;
  std::string what;
  ErrorCategory category = ErrorCategory::kInvalidModel;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.file; }

class BadTorchScript : public ::testing::TestWithParam<Case> {};

TEST_P(BadTorchScript, IsOneClearError) {
  const std::string path = torchscript_path(GetParam().file);
  try {
    read_torchscript(path);
    FAIL() << "read " << path;
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), GetParam().category);
    EXPECT_THAT(error.what(), StartsWith("cannot read \"" + path + "\": "));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().what));
    // Neither PyTorch's backtraces nor its advice to its own developers.
    EXPECT_THAT(error.what(), Not(HasSubstr("frame #")));
    EXPECT_THAT(error.what(), Not(HasSubstr("miniz")));
    EXPECT_LT(std::string(error.what()).size(), 500U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadTorchScript,
    ::testing::Values(Case{"missing.pt", "there is no such file. Check the path.", ErrorCategory::kRuntime},
                      Case{"directory.pt", "it is a directory, not a TorchScript file. Save the module with"},
                      Case{"pipe.pt", "it is no regular file"}, Case{"empty.pt", "it is empty. Save the module with"},
                      Case{"text.pt", "it is not a TorchScript file (not a zip archive)"},
                      Case{"legacy.pt", "it is a pickle, as torch.save writes it, and torch2trt unpickles nothing"},
                      Case{"state_dict.pt", "pickled tensors or a pickled module, as torch.save writes them"},
                      Case{"exported.pt2", "it is a torch.export archive, not a TorchScript file"},
                      Case{"truncated.pt", "the archive is damaged or incomplete (PytorchStreamReader failed"},
                      Case{"bad_program.pt", "PyTorch's loader refuses it (Unknown builtin op: aten::_volution)"}));

INSTANTIATE_TEST_SUITE_P(
    Programs, BadTorchScript,
    ::testing::Values(
        Case{"NoForward.pt", "the TorchScript module NoForward has no forward()"},
        Case{"AlwaysRaises.pt", "the program always raises: only for training\n  at prim::RaiseException (make_torch"},
        Case{"IndexOutOfRange.pt", "the program always raises: index 3 of a sequence of 1\n  at aten::__getitem__"},
        Case{"MissingKey.pt", "the program always raises: a dict has no key b"},
        Case{"WrongUnpacking.pt", "the program always raises: 3 values where 2 are expected"},
        Case{"Hooked.pt", "the TorchScript module Hooked has forward hooks", ErrorCategory::kUnsupportedOperator},
        Case{"AssignsInBranch.pt", "forward() assigns the attribute \"total\" under a condition that only the input",
             ErrorCategory::kUnsupportedOperator},
        Case{"ChangesListAttribute.pt", "forward() changes the list attribute \"seen\" of the module",
             ErrorCategory::kUnsupportedOperator},
        Case{"ChangesDictAttribute.pt", "forward() changes the dict attribute \"seen\" of the module",
             ErrorCategory::kUnsupportedOperator},
        Case{"MayChangeAttribute.pt", "forward() may change the attribute \"seen\" of the module",
             ErrorCategory::kUnsupportedOperator},
        Case{"QuantizedWeight.pt", "the weight \"table\" cannot be used: tensors of type QInt8 are not supported",
             ErrorCategory::kUnsupportedOperator},
        Case{"SparseWeight.pt", "the weight \"table\" cannot be used: its layout is Sparse",
             ErrorCategory::kUnsupportedOperator}));

}  // namespace
}  // namespace torch2trt::testing
