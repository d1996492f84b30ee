// The engine file: what is written is read, and nothing else is. Run under ASan and UBSan too (`make asan`).
#include "src/runtime/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "src/runtime/metadata.h"
#include "src/runtime/sha256.h"

namespace torch2trt::runtime {
namespace {

using ::testing::HasSubstr;

EngineMetadata some_metadata() {
  EngineMetadata about;
  about.torch2trt = "0.1.0";
  about.flavour = "tensorrt";
  about.tensorrt = "10.14.1.48";
  about.gpu = "NVIDIA H100 80GB HBM3";
  about.compute_capability = "9.0";
  about.driver = "580.65.06";
  about.cuda = "13.0";
  about.hardware_compatibility = "none";
  about.model = "net \"a\"\n.pt2";
  about.options = {{"fp16", "true"}, {"memPoolSize", "workspace:4G"}};
  about.input_structure = R"({"tuple":[null,{"dict":[["'mask'",null]]}]})";
  about.output_structure = "null";
  return about;
}

EngineTensor tensor(const std::string& name, DType dtype, DType torch, const Shape& shape) {
  EngineTensor info;
  info.name = name;
  info.dtype = dtype;
  info.torch_dtype = torch;
  info.shape = shape;
  return info;
}

std::vector<EngineTensor> some_inputs() {
  std::vector<EngineTensor> inputs = {tensor("x", DType::kFloat32, DType::kFloat64, {-1, 3, 8, 8}),
                                      tensor("mask", DType::kBool, DType::kBool, {})};
  inputs[0].ranges = {{{1, 3, 8, 8}, {2, 3, 8, 8}, {4, 3, 8, 8}}};
  return inputs;
}

std::string some_bundle(const std::string& plan = "this stands for a plan") {
  return write_bundle(some_metadata(), some_inputs(), {tensor("y", DType::kInt32, DType::kInt64, {-1})}, plan.data(),
                      plan.size());
}

// The message of the Error that reading `file` throws.
std::string refusal(const std::string& file) {
  // A copy of exactly this size, so that reading beyond it is seen.
  const std::vector<char> bytes(file.begin(), file.end());
  try {
    read_bundle(bytes.data(), bytes.size());
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel);
    return error.what();
  }
  return {};
}

// A bundle with this text as its metadata, its digests right.
std::string bundle_with(const std::string& json) {
  const std::string plan = "plan";
  std::string file = some_bundle(plan).substr(0, 24);
  for (int i = 0; i < 4; ++i) file[12 + static_cast<std::size_t>(i)] = static_cast<char>(json.size() >> (8 * i));
  const Digest of_plan = sha256(plan.data(), plan.size());
  file.append(of_plan.begin(), of_plan.end());
  const Digest of_header = Sha256().update(file.data(), file.size()).update(json.data(), json.size()).finish();
  file.append(of_header.begin(), of_header.end());
  file += json;
  file.resize((file.size() + 63) / 64 * 64, '\0');
  return file + plan;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Bundle, WhatIsWrittenIsRead) {
  const std::string plan("a plan\0with any bytes", 21);
  const std::string file = some_bundle(plan);
  ASSERT_TRUE(is_bundle(file.data(), file.size()));
  const Bundle bundle = read_bundle(file.data(), file.size());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bundle.plan), bundle.plan_bytes), plan);
  EXPECT_EQ((bundle.plan - reinterpret_cast<const std::byte*>(file.data())) % 64, 0);
  const EngineMetadata expected = some_metadata();
  EXPECT_EQ(bundle.metadata.format_version, 1);
  EXPECT_EQ(bundle.metadata.torch2trt, expected.torch2trt);
  EXPECT_EQ(bundle.metadata.flavour, expected.flavour);
  EXPECT_EQ(bundle.metadata.tensorrt, expected.tensorrt);
  EXPECT_EQ(bundle.metadata.gpu, expected.gpu);
  EXPECT_EQ(bundle.metadata.compute_capability, expected.compute_capability);
  EXPECT_EQ(bundle.metadata.driver, expected.driver);
  EXPECT_EQ(bundle.metadata.cuda, expected.cuda);
  EXPECT_EQ(bundle.metadata.hardware_compatibility, expected.hardware_compatibility);
  EXPECT_FALSE(bundle.metadata.version_compatible);
  EXPECT_EQ(bundle.metadata.model, expected.model);
  EXPECT_EQ(bundle.metadata.options, expected.options);
  EXPECT_EQ(bundle.metadata.input_structure, expected.input_structure);
  EXPECT_EQ(bundle.metadata.output_structure, "");  // null, as where nothing is known
  ASSERT_EQ(bundle.inputs.size(), 2U);
  EXPECT_EQ(bundle.inputs[0].name, "x");
  EXPECT_EQ(bundle.inputs[0].dtype, DType::kFloat32);
  EXPECT_EQ(bundle.inputs[0].torch_dtype, DType::kFloat64);
  EXPECT_EQ(bundle.inputs[0].shape, Shape({-1, 3, 8, 8}));
  EXPECT_EQ(bundle.inputs[1].shape, Shape());
  ASSERT_EQ(bundle.outputs.size(), 1U);
  EXPECT_EQ(bundle.outputs[0].torch_dtype, DType::kInt64);
}

TEST(Bundle, IsTheSameEachTime) { EXPECT_EQ(some_bundle(), some_bundle()); }

TEST(Bundle, EveryTruncationIsRefused) {
  const std::string file = some_bundle();
  for (std::size_t size = 0; size < file.size(); ++size) EXPECT_NE(refusal(file.substr(0, size)), "") << size;
  EXPECT_THAT(refusal(file.substr(0, 50)),
              HasSubstr("the engine file is damaged: it has 50 bytes, less than a header"));
  EXPECT_THAT(refusal(file.substr(0, file.size() - 1)), HasSubstr("its header announces"));
  EXPECT_THAT(refusal(file + "x"), HasSubstr("its header announces"));
}

TEST(Bundle, EveryBitFlipIsRefused) {
  const std::string file = some_bundle();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      ASSERT_NE(refusal(flipped), "") << at << " " << bit;
    }
  }
}

TEST(Bundle, SaysWhatIsDamaged) {
  const std::string file = some_bundle();
  const auto flipped = [&](std::size_t at) {
    std::string other = file;
    other[at] = static_cast<char>(other[at] ^ 1);
    return refusal(other);
  };
  EXPECT_THAT(flipped(0), HasSubstr("the engine file is damaged: it does not begin as it should"));
  EXPECT_THAT(refusal("ptrt and more"), HasSubstr("not an engine bundle: it does not begin as one"));
  EXPECT_THAT(flipped(8), HasSubstr("has format version 0; this torch2trt reads version 1"));
  EXPECT_THAT(flipped(100), HasSubstr("its metadata do not have the SHA-256 that was written with them"));
  EXPECT_THAT(flipped(file.size() - 1), HasSubstr("its plan does not have the SHA-256 that was written with it"));
  std::string huge = file;
  huge[15] = '\x7f';
  EXPECT_THAT(refusal(huge), HasSubstr("its metadata would have 21"));
  for (int i = 16; i < 24; ++i) huge[static_cast<std::size_t>(i)] = '\xff';
  huge[15] = file[15];
  EXPECT_THAT(refusal(huge), HasSubstr("a plan of 18446744073709551615"));
  EXPECT_THAT(refusal(some_bundle("")), HasSubstr("its plan is empty"));
}

// Else TensorRT would be given it as a plan.
TEST(Bundle, WithADamagedBeginningItIsStillOne) {
  const std::string file = some_bundle();
  const auto damaged_bundle = [](const std::string& bytes) {
    return is_bundle(bytes.data(), bytes.size()) && refusal(bytes).find("the engine file is damaged") == 0;
  };
  for (std::size_t at = 0; at < 8; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      EXPECT_TRUE(damaged_bundle(flipped)) << at << " " << bit;
    }
  }
  for (std::size_t size = 1; size < 88; ++size) EXPECT_TRUE(damaged_bundle(file.substr(0, size))) << size;
  for (std::size_t cut = 1; cut < 3; ++cut) EXPECT_TRUE(damaged_bundle(changed(file, file.substr(0, cut), ""))) << cut;
  EXPECT_TRUE(damaged_bundle(std::string(7, '\0') + file));
  EXPECT_TRUE(damaged_bundle(changed(file, "\r\n", "\n")));
  EXPECT_TRUE(damaged_bundle(changed(file, "\x89", "\x09")));
  EXPECT_TRUE(damaged_bundle(changed(file, "\x89", "\xc2\x89")));
  EXPECT_TRUE(damaged_bundle(std::string(3, '\0') + file.substr(3)));
  for (const std::string& other :
       {std::string("ptrt\0\0\0\0", 8), std::string("ftrt0123"), std::string("\x89PNG\r\n\x1a\n"),
        std::string("PK\3\4...."), std::string(), std::string("T"), std::string(8, '\0')})
    EXPECT_FALSE(is_bundle(other.data(), other.size())) << other;
}

TEST(Bundle, ManyKeysAreReadSoon) {
  std::string options;
  for (int i = 0; i < 600'000; ++i) options += (i == 0 ? "" : ",") + ("\"" + std::to_string(i) + R"(":"")");
  const std::string json = metadata_text(some_metadata(), some_inputs(), {});
  const std::string file = bundle_with(changed(json, R"("options": {)", R"("options": {)" + options + ","));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read_bundle(file.data(), file.size()).metadata.options.size(), 600'002U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));  // an hour, were it quadratic
}

TEST(Bundle, RandomBytesAreRefused) {
  std::mt19937 generator(1);
  for (int i = 0; i < 2000; ++i) {
    std::string file = some_bundle().substr(0, i % 2 == 0 ? 12 : 8);
    file.resize(generator() % 400);
    for (std::size_t at = 12; at < file.size(); ++at) file[at] = static_cast<char>(generator());
    EXPECT_NE(refusal(file), "");
  }
}

// Metadata with right digests, as somebody may write who means harm.
TEST(Bundle, MalformedMetadataAreRefused) {
  const std::string json = metadata_text(some_metadata(), some_inputs(), {});
  EXPECT_EQ(refusal(bundle_with(json)), "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "malformed"},
      {"[]", "a record with \"torch2trt\" was expected, not array"},
      {"{}", "a record with \"flavour\" was expected, not null"},
      {std::string(100, '[') + std::string(100, ']'), "nest deeper than 64 levels"},
      {json.substr(0, json.size() / 2), "malformed"},
      {changed(json, R"("flavour": "tensorrt")", R"("flavour": 5)"), "\"flavour\" is number, not a text"},
      {changed(json, R"("flavour": "tensorrt")", R"("flavour": "")"), "do not say which TensorRT built the engine"},
      {changed(json, R"("version_compatible": false)", R"("version_compatible": 1)"), "not a boolean"},
      {changed(json, R"("fp16": "true")", R"("fp16": {})"), "\"fp16\" is object, not a text"},
      {changed(json, R"("options": {)", R"("options": [], "other": {)"), "\"options\" is array, not a record"},
      {changed(json, R"("outputs": [])", R"("outputs": {})"), "\"outputs\" is object, not an array"},
      {changed(json, "float32", "float31"), "\"dtype\" is \"float31\", which is no type"},
      {changed(json, "\"mask\"", "\"x\""), "the name \"x\" in \"inputs\" is empty or there twice"},
      {changed(json, "-1", "-2"), "\"shape\" has a size that is none"},
      {changed(json, "-1", "1.5"), "\"shape\" has a size that is none"},
      {changed(json, "-1", "18446744073709551615"), "\"shape\" has a size that is none"},
      {changed(json, "-1", "1,1,1,1,1,1,1,1,1"), "\"shape\" has 12 dimensions"},
  };
  for (const auto& [text, expected] : cases) EXPECT_THAT(refusal(bundle_with(text)), HasSubstr(expected)) << text;
}

TEST(Bundle, FieldsOfLaterVersionsAreIgnored) {
  const std::string json = metadata_text(some_metadata(), some_inputs(), {});
  EXPECT_EQ(refusal(bundle_with(changed(json, "\"model\"", "\"later\": [1, {}], \"model\""))), "");
}

}  // namespace
}  // namespace torch2trt::runtime
