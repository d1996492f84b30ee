// What a file may be: archives of every kind, and everything else people give.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>

#include "src/frontend/export/archive_reader.h"
#include "src/frontend/export/read.h"
#include "src/frontend/export/zip_archive.h"
#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string archive_with(const std::string& name, const std::string& bytes, const ZipOptions& options) {
  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  zip.add("m/models/model.json", program().dump());
  zip.add(name, bytes, options);
  return zip.finish();
}

// A copy of exactly this size, so that the address sanitizer sees every read behind its end.
Graph read_memory(std::string_view bytes) {
  const std::shared_ptr<char[]> copy(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return pt2::read_archive({copy.get(), bytes.size()}, copy);
}

TEST(ExportArchive, ReadsWhatTorchWrites) {
  const Graph graph = read_bytes(archive_of(program()));
  EXPECT_EQ(to_text(graph), to_text(import(program())));
  ASSERT_EQ(graph.parameters.size(), 1U);
  const auto* data = static_cast<const float*>(graph.parameters[0].data.data);
  EXPECT_EQ(std::vector<float>(data, data + 6), (std::vector<float>{0, 1, 2, 3, 4, 5}));
}

TEST(ExportArchive, WeightsOutliveTheReader) {
  HostTensor weight;
  {
    const TemporaryFile file(archive_of(program()));
    weight = read_pt2(file.path()).parameters.at(0).data;
  }  // the file is gone too
  EXPECT_EQ(static_cast<const float*>(weight.data)[5], 5.0F);
  EXPECT_NE(weight.owner, nullptr);
}

TEST(ExportArchive, ReadsZip64AndMembersWithoutDescriptors) {
  for (const bool zip64 : {false, true}) {
    ZipWriter zip;
    const ZipOptions options{.flags = 0, .zip64 = zip64, .local_extra = 11};
    zip.add("m/data/weights/weight_0", weight_bytes(), options);
    zip.add("m/data/weights/model_weights_config.json", weights_config().dump(), options);
    zip.add("m/models/model.json", program().dump(), options);
    zip.add("m/archive_format", "pt2", options);
    EXPECT_EQ(to_text(read_bytes(zip.finish(zip64))), to_text(import(program()))) << zip64;
  }
}

TEST(ExportArchive, Crc32) {
  EXPECT_EQ(pt2::crc32("123456789"), 0xcbf43926U);  // the check value of the CRC catalogue
  EXPECT_EQ(pt2::crc32(""), 0U);
  EXPECT_EQ(pt2::crc32("12345678"), 0x9ae0daafU);
  EXPECT_EQ(pt2::crc32(std::string(32, '\0')), 0x190a55adU);
  EXPECT_EQ(pt2::crc32("The quick brown fox jumps over the lazy dog"), 0x414fa339U);
}

TEST(ExportArchive, ADamagedWeightIsNotRead) {
  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  zip.add("m/models/model.json", program().dump());
  zip.add("m/data/weights/model_weights_config.json", weights_config().dump());
  std::string damaged = weight_bytes();
  damaged[9] = static_cast<char>(damaged[9] ^ 4);
  zip.add("m/data/weights/weight_0", damaged, {.crc = pt2::crc32(weight_bytes())});
  const std::string archive = zip.finish();
  EXPECT_THAT(error_of(archive), AllOf(HasSubstr("the checksum of member \"m/data/weights/weight_0\" does not match"),
                                       HasSubstr("the file is damaged")));
  EXPECT_EQ(read_pt2(TemporaryFile(archive).path(), false).parameters.size(), 1U) << "it was not to be verified";
}

TEST(ExportArchive, NamesTheFile) {
  const TemporaryFile file("something else entirely");
  try {
    read_pt2(file.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(file.path()), HasSubstr("not a zip archive"), HasSubstr("torch.export.save")));
  }
}

TEST(ExportArchive, MissingFileDirectoryAndEmptyFile) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      read_pt2(path);
    } catch (const Error& error) {
      return std::string(name(error.category())) + ": " + error.what();
    }
    return {};
  };
  EXPECT_THAT(message("/nonexistent/model.pt2"),
              AllOf(HasSubstr("Runtime"), HasSubstr("/nonexistent/model.pt2"), HasSubstr("No such file")));
  EXPECT_THAT(message(::testing::TempDir()), AllOf(HasSubstr("InvalidModel"), HasSubstr("is a directory")));
  EXPECT_THAT(message("/dev/null"), AllOf(HasSubstr("InvalidModel"), HasSubstr("not a regular file")));
  EXPECT_THAT(message(TemporaryFile("").path()), AllOf(HasSubstr("InvalidModel"), HasSubstr("is empty")));
}

TEST(ExportArchive, SaysWhatOtherFilesAre) {
  const auto archive = [](const std::vector<std::string>& names) {
    ZipWriter zip;
    for (const std::string& name : names) zip.add(name, "x");
    return zip.finish();
  };
  EXPECT_THAT(error_of("\x80\x02pickle"), AllOf(HasSubstr("Python pickle"), HasSubstr("torch.export.save")));
  EXPECT_THAT(error_of(archive({"m/data.pkl", "m/data/0"})),
              AllOf(HasSubstr("torch.save file"), HasSubstr("torch.export")));
  EXPECT_THAT(error_of(archive({"m/data.pkl", "m/constants.pkl", "m/code/a.py"})), HasSubstr("TorchScript"));
  EXPECT_THAT(error_of(archive({"m/data/aotinductor/model/a.so"})), HasSubstr("AOTInductor"));
  EXPECT_THAT(error_of(archive({"serialized_exported_program.json"})), HasSubstr("torch 2.7 or older"));
  EXPECT_THAT(error_of(archive({"holiday.jpg"})), HasSubstr("holds no program"));
  EXPECT_THAT(error_of(archive({})), HasSubstr("holds no program"));
  EXPECT_THAT(error_of(archive({"m/models/a.json", "m/models/b.json"})),
              AllOf(HasSubstr("2 programs"), HasSubstr("a, b")));
  EXPECT_THAT(error_of(archive({"m/models/model.json"})), HasSubstr("\"m/archive_format\" is missing"));
  EXPECT_THAT(error_of(archive({"m/models/model.json", "m/archive_format"})),
              HasSubstr("the format \"x\", not \"pt2\""));

  ZipWriter big;
  big.add("m/archive_format", "pt2");
  big.add("m/models/model.json", program().dump());
  big.add("m/byteorder", "big");
  EXPECT_THAT(error_of(big.finish()), HasSubstr("byte order \"big\""));
  EXPECT_THAT(error_of(archive_with("m/data/weights/model.pt", "x", {})), HasSubstr("as a pickle"));
}

TEST(ExportArchive, RefusesBadMembersByName) {
  for (const char* member : {"m/byteorder", "m/data/weights/weight_0", "m/data/weights/model_weights_config.json"}) {
    ZipWriter zip;
    zip.add("m/archive_format", "pt2");
    zip.add("m/models/model.json", program().dump());
    if (std::string(member) == "m/data/weights/weight_0")
      zip.add("m/data/weights/model_weights_config.json", weights_config().dump());
    zip.add(member, "xx", {.method = 8});
    EXPECT_THAT(error_of(zip.finish()),
                AllOf(HasSubstr(std::string("\"") + member + "\" is compressed"), HasSubstr("do not zip again")));
  }
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.flags = 9})), AllOf(HasSubstr("\"m/x\""), HasSubstr("encrypted")));
  EXPECT_THAT(error_of(archive_with("/etc/x", "data", {})), HasSubstr("\"/etc/x\" is absolute"));
  EXPECT_THAT(error_of(archive_with("C:/x", "data", {})), HasSubstr("\"C:/x\" is absolute"));
  EXPECT_THAT(error_of(archive_with("m/../../x", "data", {})), HasSubstr("\"m/../../x\" leaves the archive"));
  EXPECT_THAT(error_of(archive_with("..", "data", {})), HasSubstr("leaves the archive"));
  EXPECT_THAT(error_of(archive_with("m\\x", "data", {})), HasSubstr("holds a character"));
  EXPECT_THAT(error_of(archive_with("", "data", {})), HasSubstr("\"\" is empty"));
  EXPECT_THAT(error_of(archive_with("m/archive_format", "pt2", {})),
              HasSubstr("two members are named \"m/archive_format\""));
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.local_name = "m/y"})), HasSubstr("\"m/x\" has another name"));
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.offset = 1})), HasSubstr("\"m/x\" is not at byte 1"));
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.offset = 0xfffffff0})), HasSubstr("leaves the file"));
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.size = 0xfffffff0})),
              AllOf(HasSubstr("\"m/x\""), HasSubstr("leaves the file")));
  const ZipOptions huge{.zip64 = true, .size = 0xffffffffffffff00};
  EXPECT_THAT(error_of(archive_with("m/x", "data", huge)), AllOf(HasSubstr("\"m/x\""), HasSubstr("leaves the file")));
  const ZipOptions far{.zip64 = true, .offset = 0xffffffffffffff00};
  EXPECT_THAT(error_of(archive_with("m/x", "data", far)), AllOf(HasSubstr("\"m/x\""), HasSubstr("leaves the file")));

  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  EXPECT_THAT(error_of(zip.finish(true, 0xffffffffffffffff)), HasSubstr("claims 18446744073709551615 members"));
  EXPECT_THAT(error_of(zip.finish(false, 0)), HasSubstr("more than its members"));
  EXPECT_THAT(error_of(zip.finish(false, 2)), HasSubstr("zip directory"));

  // The second member is inside the data of the first; its header is found there.
  ZipWriter inner;
  inner.add("m/in", "data");
  ZipWriter outer;
  outer.add("m/out", inner.finish());
  outer.add("m/in", "data", {.offset = 64});
  EXPECT_THAT(error_of(outer.finish()), HasSubstr("two members overlap at byte 64"));
  EXPECT_THAT(error_of(archive_with("m/x", "data", {.size = 100})), HasSubstr("overlap"));

  ZipWriter damaged;
  damaged.add("m/archive_format", "pt2");
  damaged.add("m/models/model.json", program().dump(), {.crc = 1});
  EXPECT_THAT(error_of(damaged.finish()), HasSubstr("the checksum of member \"m/models/model.json\" does not match"));
}

TEST(ExportArchive, TruncatedAnywhere) {
  const std::string whole = archive_of(program());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      read_memory(std::string_view(whole).substr(0, size));
      FAIL() << "accepted when cut to " << size << " bytes";
    } catch (const Error& error) {
      ASSERT_EQ(error.category(), ErrorCategory::kInvalidModel) << error.what();
    }
  }
  const TemporaryFile file(std::string_view(whole).substr(0, whole.size() / 2));
  try {
    read_pt2(file.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(file.path()), HasSubstr("zip directory at the end of the file is missing")));
  }
}

TEST(ExportArchive, FlippedBitsGiveAnErrorOrTheSameGraph) {
  const std::string whole = archive_of(program());
  const std::string text = to_text(read_memory(whole));
  std::mt19937 random(1);
  int errors = 0;
  // Every byte once, and then several at a time.
  for (std::size_t i = 0; i < whole.size() + 3000; ++i) {
    std::string damaged = whole;
    const std::size_t flips = i < whole.size() ? 1 : 2 + random() % 4;
    for (std::size_t k = 0; k < flips; ++k) {
      const std::size_t at = i < whole.size() ? i : random() % whole.size();
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
    }
    try {
      ASSERT_EQ(to_text(read_memory(damaged)), text) << "flip " << i;
    } catch (const Error& error) {
      ASSERT_NE(error.category(), ErrorCategory::kInternal) << error.what();
      ++errors;
    }
  }
  EXPECT_GT(errors, 2000);  // the JSON members alone have as many bytes
}

// The same with valid checksums: what the JSON parts see.
TEST(ExportArchive, DamagedJsonNeverCrashes) {
  const std::string text = program().dump();
  const std::string config = weights_config().dump();
  std::mt19937 random(2);
  for (int i = 0; i < 6000; ++i) {
    std::string parts[] = {text, config};
    std::string& damaged = parts[i % 2];
    for (std::size_t k = 0; k <= random() % 3; ++k) {
      const std::size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0: damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8); break;
        case 1: damaged[at] = "0123456789-{}[],:\"e.\\"[random() % 21]; break;
        default: damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 20));
      }
    }
    ZipWriter zip;
    zip.add("m/data/weights/weight_0", weight_bytes());
    zip.add("m/data/weights/model_weights_config.json", parts[1]);
    zip.add("m/models/model.json", parts[0]);
    zip.add("m/archive_format", "pt2");
    try {
      verify(read_memory(zip.finish()));
    } catch (const Error& error) {
      ASSERT_NE(error.category(), ErrorCategory::kInternal) << error.what() << "\n" << damaged;
    }
  }
}

TEST(ExportArchive, NestingBomb) {
  const auto bomb = [](const std::string& open) {
    std::string text;
    for (int i = 0; i < 200000; ++i) text += open;
    ZipWriter zip;
    zip.add("m/archive_format", "pt2");
    zip.add("m/models/model.json", text);
    return error_of(zip.finish());
  };
  EXPECT_THAT(bomb("["), HasSubstr("\"m/models/model.json\" nests deeper than 400 levels"));
  EXPECT_THAT(bomb("{\"a\":"), HasSubstr("nests deeper"));
  Json nested = program();
  std::string spec = "[1, ";
  for (int i = 0; i < 100000; ++i) spec += R"({"type": "builtins.list", "context": "null", "children_spec": [)";
  nested["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = spec;
  EXPECT_THAT(import_error(nested), HasSubstr("the input structure nests deeper"));
}

TEST(ExportArchive, NotJson) {
  ZipWriter zip;
  zip.add("m/archive_format", "pt2");
  zip.add("m/models/model.json", "{\"graph_module\": ");
  EXPECT_THAT(error_of(zip.finish()),
              AllOf(HasSubstr("\"m/models/model.json\" is not JSON"), Not(HasSubstr("Internal"))));
}

}  // namespace
}  // namespace torch2trt::testing
