// Where libnvinfer is looked for and what is said of it, with the fakes of fake_nvinfer.cpp.
#include "src/tensorrt/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "src/backend/nvinfer/engine_builder.h"
#include "src/tensorrt/compat.h"
#include "src/tensorrt/cuda.h"
#include "src/tensorrt/shared_library.h"

namespace torch2trt::tensorrt {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const std::string kSoname = "libnvinfer.so." + std::to_string(kBuiltMajor);
const std::string kBuilt =
    std::to_string(kBuiltMajor) + "." + std::to_string(kBuiltMinor) + "." + std::to_string(kBuiltPatch);

class LibraryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("torch2trt_library_" + std::to_string(::getpid()) + "_" +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    for (const char* name : {"TORCH2TRT_TENSORRT_LIB", "TORCH2TRT_CUDA_LIB", "VIRTUAL_ENV", "CONDA_PREFIX"})
      ::unsetenv(name);
    set_import_path({});
  }
  void TearDown() override {
    SetUp();
    fs::remove_all(folder_);
  }

  // Fake `kind` ("right", "newer", "older", "other") as folder/soname; returns the folder.
  std::string fake(const std::string& kind, const std::string& folder, const std::string& name = kSoname) {
    const fs::path target = folder_ / folder;
    fs::create_directories(target);
    fs::copy_file(fs::path(TORCH2TRT_FAKES) / ("fake_nvinfer_" + kind + ".so"), target / name,
                  fs::copy_options::overwrite_existing);
    return target.string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST(Version, Decoded) {
  EXPECT_EQ(decode_version(8503).text(), "8.5.3");
  EXPECT_EQ(decode_version(8601).text(), "8.6.1");
  EXPECT_EQ(decode_version(100000).text(), "10.0.0");
  EXPECT_EQ(decode_version(101401).text(), "10.14.1");
  EXPECT_EQ(decode_version(110100).text(), "11.1.0");
}

TEST_F(LibraryTest, OptionComesFirst) {
  ::setenv("TORCH2TRT_TENSORRT_LIB", fake("right", "environment").c_str(), 1);
  const auto library = Library::open(fake("newer", "option"));
  EXPECT_EQ(library->file(), path("option/" + kSoname));
  EXPECT_EQ(library->version().minor, kBuiltMinor + 1) << "a later minor version will do";
}

TEST_F(LibraryTest, AFileAndAFolderWithLib) {
  fake("right", "sdk/lib");
  EXPECT_EQ(Library::open(path("sdk"))->file(), path("sdk/lib/" + kSoname));
  EXPECT_EQ(Library::open(path("sdk/lib/" + kSoname))->file(), path("sdk/lib/" + kSoname));
  for (const std::string debian : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    fake("right", debian + "/lib/" + debian);
    EXPECT_EQ(Library::open(path(debian))->file(), path(debian + "/lib/" + debian + "/" + kSoname));
  }
}

TEST_F(LibraryTest, EnvironmentBeforeWheels) {
  fake("right", "venv/lib/python3.11/site-packages/tensorrt_libs");
  ::setenv("VIRTUAL_ENV", path("venv").c_str(), 1);
  EXPECT_EQ(Library::open()->file(), path("venv/lib/python3.11/site-packages/tensorrt_libs/" + kSoname));
  ::setenv("TORCH2TRT_TENSORRT_LIB", fake("right", "environment").c_str(), 1);
  EXPECT_EQ(Library::open()->file(), path("environment/" + kSoname));
}

TEST_F(LibraryTest, WherePythonImportsFromBeforeOtherWheels) {
  fake("right", "venv/lib/python3.11/site-packages/tensorrt_libs");
  ::setenv("VIRTUAL_ENV", path("venv").c_str(), 1);
  fake("right", "imports/tensorrt_libs");
  set_import_path({path("none"), path("imports")});
  EXPECT_EQ(Library::open()->file(), path("imports/tensorrt_libs/" + kSoname));
  set_import_path({path("venv/lib/python3.11/site-packages")});
  const std::vector<std::string> folders = site_packages();
  EXPECT_EQ(folders.front(), path("venv/lib/python3.11/site-packages"));
  EXPECT_EQ(std::count(folders.begin(), folders.end(), folders.front()), 1) << "named twice";
}

TEST_F(LibraryTest, AWheelOfAnotherVersionIsPassedOver) {
  fake("older", "venv/lib/python3.10/site-packages/tensorrt_libs");
  fake("right", "venv/lib/python3.10/site-packages/tensorrt");
  ::setenv("VIRTUAL_ENV", path("venv").c_str(), 1);
  EXPECT_EQ(Library::open()->file(), path("venv/lib/python3.10/site-packages/tensorrt/" + kSoname));
}

TEST_F(LibraryTest, Order) {
  fs::create_directories(path("venv/lib/python3.11/site-packages/tensorrt_libs"));
  fs::create_directories(path("venv/lib/python3.11/site-packages/tensorrt"));
  ::setenv("VIRTUAL_ENV", path("venv").c_str(), 1);
  ::setenv("TORCH2TRT_TENSORRT_LIB", "/environment", 1);
  std::vector<std::string> places;
  for (const Place& place : tensorrt_places("/option")) {
    if (place.what != "the SDK compiled against") places.push_back(place.what + " " + place.path);
  }
  EXPECT_EQ(places, (std::vector<std::string>{"--tensorrt /option", "TORCH2TRT_TENSORRT_LIB /environment",
                                              "pip wheel " + path("venv/lib/python3.11/site-packages/tensorrt_libs"),
                                              "pip wheel " + path("venv/lib/python3.11/site-packages/tensorrt"),
                                              "loader " + kSoname}));
}

TEST_F(LibraryTest, AWrongVersionIsNamed) {
  const std::string folder = fake("older", "old");
  EXPECT_THAT(
      [&] { Library::open(folder); },
      ThrowsMessage<LibraryError>(AllOf(HasSubstr("--tensorrt: " + path("old/" + kSoname) +
                                                  ": is TensorRT 8.4.1, and this torch2trt was "
                                                  "compiled against " +
                                                  kBuilt),
                                        HasSubstr("What to do: install TensorRT " + std::to_string(kBuiltMajor) + "."),
                                        HasSubstr("TensorRT_ROOT"), Not(HasSubstr("loader: ")))))
      << "what the user names is taken or nothing is";
}

TEST_F(LibraryTest, AnotherMajorVersionInTheFolderIsNamed) {
  const std::string folder = fake("older", "old", "libnvinfer.so.7");
  EXPECT_THAT([&] { Library::open(folder); },
              ThrowsMessage<LibraryError>(HasSubstr(path("old/libnvinfer.so.7") + ": is TensorRT 8.4.1")));
}

TEST_F(LibraryTest, WhatIsNoTensorRT) {
  const std::string folder = fake("other", "other");
  EXPECT_THAT([&] { Library::open(folder); },
              ThrowsMessage<LibraryError>(HasSubstr("is no TensorRT library: it has no getInferLibVersion")));
  std::ofstream(path("text.so")) << "not a library";
  EXPECT_THAT([&] { Library::open(path("text.so")); },
              ThrowsMessage<LibraryError>(HasSubstr("--tensorrt: " + path("text.so") + ": ")));
  fs::create_directories(path("empty"));
  EXPECT_THAT([&] { Library::open(path("empty")); },
              ThrowsMessage<LibraryError>(HasSubstr("--tensorrt: " + path("empty") + " holds no " + kSoname)));
  EXPECT_THAT([&] { Library::open(path("nowhere")); },
              ThrowsMessage<LibraryError>(HasSubstr("--tensorrt: " + path("nowhere") + " does not exist")));
}

TEST_F(LibraryTest, AllPlacesAreListed) {
  fake("older", "venv/lib/python3.11/site-packages/tensorrt_libs");
  ::setenv("VIRTUAL_ENV", path("venv").c_str(), 1);
  const std::vector<Place> places = tensorrt_places({});
  try {
    Library::open();
    GTEST_SKIP() << "this machine has a TensorRT that fits";
  } catch (const LibraryError& error) {
    const std::string text = error.what();
    for (const Place& place : places) EXPECT_THAT(text, HasSubstr("\n  " + place.what + ": ")) << text;
    EXPECT_EQ(text.find("TensorRT's library is missing: " + kSoname + " of "), 0U);
  }
}

TEST_F(LibraryTest, WithoutAGpuThereIsNoBuilder) {
  const std::string folder = fake("right", "sdk");
  std::vector<std::string> logged;
  const LogSink log = [&](Severity, const std::string& text) { logged.push_back(text); };
  try {
    make_nvinfer_builder(folder, log, false);
    FAIL() << "made a builder";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
    EXPECT_EQ(std::string(error.what()),
              "TensorRT " + kBuilt + " (" + path("sdk/" + kSoname) +
                  ") makes no builder on this machine\n  TensorRT: CUDA initialization failure with error: 35\n"
                  "TensorRT needs an NVIDIA GPU that it supports, and a driver that is recent enough");
  }
  EXPECT_EQ(logged, std::vector<std::string>{"looking for a GPU"}) << "the failure is in the error, not in the log too";
}

TEST_F(LibraryTest, TheResourcesOfTensorRt8MustBeWhereTheLoaderLooks) {
  const std::string file = path("sdk/" + kSoname);
  fake("other", "sdk", "libnvinfer_builder_resource.so.8.5.3");
  EXPECT_THAT([&] { open_resources(file, 8); },
              ThrowsMessage<LibraryError>("TensorRT 8 cannot build: it looks for libnvinfer_builder_resource.so.8.5.3 "
                                          "where the loader does, and not beside " +
                                          file + "\nWhat to do: LD_LIBRARY_PATH=" + path("sdk")));
  EXPECT_NO_THROW(open_resources(file, 10)) << "it looks among what is open";
}

TEST_F(LibraryTest, WithoutResourcesNothingIsSaid) {
  fake("right", "sdk");
  fake("other", "sdk", "libnvinfer_builder_resource.txt");
  fake("other", "sdk", "libnvinfer_plugin.so.8");
  EXPECT_NO_THROW(open_resources(path("sdk/" + kSoname), 8));
  EXPECT_NO_THROW(open_resources(path("nowhere/" + kSoname), 8));
}

TEST_F(LibraryTest, AMissingLibraryIsARuntimeError) {
  try {
    make_nvinfer_builder(path("nowhere"), {}, false);
    FAIL() << "made a builder";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
    EXPECT_THAT(error.what(), HasSubstr("TensorRT's library is missing"));
  }
}

TEST_F(LibraryTest, CudaPlacesAndMessage) {
  ::setenv("TORCH2TRT_CUDA_LIB", path("cuda").c_str(), 1);
  EXPECT_EQ(cuda_places().front().path, path("cuda"));
  EXPECT_TRUE(cuda_places().front().only);
  fs::create_directories(path("cuda"));
  fs::copy_file(fs::path(TORCH2TRT_FAKES) / "fake_nvinfer_other.so", path("cuda/libcudart.so.12"));
  EXPECT_THAT([] { find_cuda(); }, ThrowsMessage<LibraryError>(
                                       AllOf(HasSubstr("The CUDA runtime is missing"),
                                             HasSubstr("libcudart.so.12: is no CUDA runtime of 11.4 or later: it has "
                                                       "no cudaGetDeviceCount"),
                                             HasSubstr("TORCH2TRT_CUDA_LIB"))));
}

}  // namespace
}  // namespace torch2trt::tensorrt
