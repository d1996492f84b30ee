// Real files of torch.export.save (tests/make_export_fixtures.py), against what PyTorch said of them when they were
// made.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

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

std::string fixture(const std::string& name) { return std::string(TORCH2TRT_EXPORT_FIXTURES) + "/" + name; }

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Json facts(const std::string& name) { return Json::parse(contents(fixture(name + ".json"))); }

// The elements in order, whatever the strides.
std::string elements(const HostTensor& tensor) {
  const std::size_t item = size_of(tensor.dtype);
  std::string result;
  std::vector<std::int64_t> index(tensor.sizes.size(), 0);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < index.size(); ++k) offset += index[k] * tensor.strides[k];
    result.append(static_cast<const char*>(tensor.data) + offset * static_cast<std::int64_t>(item), item);
    for (std::size_t k = index.size(); k > 0; --k) {
      if (++index[k - 1] != tensor.sizes[k - 1]) break;
      index[k - 1] = 0;
    }
  }
  return result;
}

std::string error_of_file(const std::string& path) {
  try {
    read_pt2(path);
  } catch (const Error& error) {
    return std::string(name(error.category())) + ": " + error.what();
  }
  return {};
}

class ExportFile : public ::testing::TestWithParam<std::string> {};

TEST_P(ExportFile, IsWhatPyTorchSaved) {
  const Json expected = facts(GetParam());
  const auto start = std::chrono::steady_clock::now();
  const Graph graph = read_pt2(fixture(GetParam() + ".pt2"));
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  verify(graph, "the export front end");

  std::size_t bytes = 0;
  ASSERT_EQ(graph.parameters.size(), expected["weights"].size());
  for (const Parameter& parameter : graph.parameters) {
    const Json& weight = expected["weights"].at(parameter.name);
    EXPECT_EQ(parameter.data.sizes, weight["sizes"].get<std::vector<std::int64_t>>());
    if (!weight["crc"].is_null()) {
      EXPECT_EQ(pt2::crc32(elements(parameter.data)), weight["crc"].get<std::uint32_t>()) << parameter.name;
    }
    bytes += parameter.data.bytes();
  }
  EXPECT_EQ(bytes, expected["bytes"].get<std::size_t>());

  // The text printed parses to the same, and the program from memory is the same one.
  const std::string text = to_text(graph);
  EXPECT_EQ(to_text(parse_text(text)), text);
  const Graph memory =
      graph_from_export(expected["text"].get<std::string>(), [&](const std::string& name, Parameter::Kind) {
        for (const Parameter& parameter : graph.parameters) {
          if (parameter.name == name) return std::optional(parameter.data);
        }
        return std::optional<HostTensor>();
      });
  EXPECT_EQ(to_text(memory), text);
  std::printf("%s: %zu nodes, %zu bytes of weights, read in %.2f ms\n", GetParam().c_str(), graph.body.nodes.size(),
              bytes, ms);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, ExportFile,
                         ::testing::Values("nested", "regions", "strict", "dynamic", "resnet18", "resnet18_batch"),
                         [](const auto& info) { return info.param; });

TEST(ExportFiles, Nested) {
  const std::string text = to_text(read_pt2(fixture("nested.pt2")));
  EXPECT_THAT(text, AllOf(HasSubstr("%d_v_1 : float32[2,4] \"d.v.1\""), HasSubstr("%unused : none \"unused\""),
                          HasSubstr("buffer \"scratch\""), HasSubstr("constant \"constant\""),
                          HasSubstr("parameter \"b.weight\""), HasSubstr("float16[4] buffer \"low\""),
                          HasSubstr("float32[0,3] buffer \"nothing\""),
                          HasSubstr("scope \"a\" source \"make_export_fixtures.py:")));
  EXPECT_THAT(text, HasSubstr("structure inputs ((*, {'u': *, 'v': (*, *)}), {'unused': *}) outputs "
                              "{'y': *, 'list': [*, (*, *)], 'five': *, 'pair': (*, *), 'od': {'p': *}}"));
}

TEST(ExportFiles, Regions) {
  for (const char* name : {"regions.pt2", "strict.pt2"}) {
    const std::string text = to_text(read_pt2(fixture(name)));
    EXPECT_THAT(text, AllOf(HasSubstr("aten::linear"), HasSubstr("aten::mul_.Tensor"), HasSubstr("prim::ListUnpack"),
                            HasSubstr("higher_order::cond(pred=%"), HasSubstr("block("), Not(HasSubstr("wrap_with"))))
        << name;
  }
}

TEST(ExportFiles, Dynamic) {
  const Graph graph = read_pt2(fixture("dynamic.pt2"));
  const std::string text = to_text(graph);
  ASSERT_FALSE(graph.symbols.empty());
  const std::string symbol = graph.value(graph.inputs[0].value).type.sizes->at(0).symbol;
  EXPECT_EQ(graph.symbols.at(symbol), (SymbolRange{.min = 2, .max = 16}));
  EXPECT_THAT(text, AllOf(HasSubstr("aten::size.int(self=%x, dim=0)"), HasSubstr("aten::mul.int(a=%"),
                          HasSubstr("aten::floordiv.int(a=%"), HasSubstr("float32[2*" + symbol + ",3,2] = aten::cat"),
                          HasSubstr("((" + symbol + ")//(2)) + 1")));
}

TEST(ExportFiles, ResNet18) {
  const Graph graph = read_pt2(fixture("resnet18.pt2"));
  EXPECT_EQ(graph.body.nodes.size(), 69U);
  EXPECT_EQ(graph.parameters.size(), 122U);
  const Node& first = graph.body.nodes[0];
  EXPECT_EQ(first.qualified(), "aten::conv2d");
  EXPECT_EQ(first.scope, "conv1");
  EXPECT_THAT(first.source, HasSubstr("resnet.py:"));
  // Reading it twice gives the same bytes.
  EXPECT_EQ(to_text(read_pt2(fixture("resnet18.pt2"))), to_text(graph));
}

TEST(ExportFiles, Refused) {
  EXPECT_THAT(error_of_file(fixture("autocast.pt2")),
              AllOf(HasSubstr("UnsupportedOperator"), HasSubstr("autocast.pt2"), HasSubstr("autocast region")));
  EXPECT_THAT(error_of_file(fixture("counter.pt2")),
              AllOf(HasSubstr("UnsupportedOperator"), HasSubstr("buffer count is mutated")));
  EXPECT_THAT(error_of_file(fixture("torchscript.pt")), AllOf(HasSubstr("InvalidModel"), HasSubstr("TorchScript")));
  EXPECT_THAT(error_of_file(fixture("pickle.pt")), AllOf(HasSubstr("InvalidModel"), HasSubstr("torch.save file")));
  EXPECT_THAT(error_of_file(fixture("old_pickle.pt")), AllOf(HasSubstr("InvalidModel"), HasSubstr("Python pickle")));
}

TEST(ExportFiles, CutOrFlippedAnywhere) {
  const std::string whole = contents(fixture("nested.pt2"));
  const std::string text = to_text(read_pt2(fixture("nested.pt2")));
  const auto read = [](std::string_view bytes) {
    const std::shared_ptr<char[]> copy(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), copy.get());
    return pt2::read_archive({copy.get(), bytes.size()}, copy);
  };
  for (std::size_t size = 0; size < whole.size(); size += 23) {
    EXPECT_THROW(read(std::string_view(whole).substr(0, size)), Error) << size;
  }
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = whole;
    for (std::size_t k = 0; k <= random() % 3; ++k) {
      // Mostly the directory at the end.
      const std::size_t at = random() % 4 == 0 ? random() % whole.size() : whole.size() - 1 - random() % 1500;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
    }
    try {
      ASSERT_EQ(to_text(read(damaged)), text) << i;
    } catch (const Error& error) {
      ASSERT_NE(error.category(), ErrorCategory::kInternal) << error.what();
    }
  }
}

// Any value of the program replaced by another: an error or a graph that obeys the rules, never a crash.
TEST(ExportFiles, ReplacedValues) {
  const Graph whole = read_pt2(fixture("regions.pt2"));
  const Json program = Json::parse(facts("regions")["text"].get<std::string>());
  std::vector<Json::json_pointer> paths;
  const Json flat = program.flatten();
  for (const auto& [path, value] : flat.items()) {
    // What holds the value too, but not the whole program.
    for (Json::json_pointer at(path); !at.empty(); at = at.parent_pointer()) {
      paths.push_back(at);
      if (paths.size() % 3 != 0) break;
    }
  }
  const std::vector<Json> values{nullptr, -1,       9223372036854775807, 18446744073709551615ULL, 1e300, true, "", "x",
                                 "s0*(",  "as_int", Json::array(),       Json::object()};
  std::mt19937 random(4);
  int errors = 0;
  constexpr int kRounds = 3000;
  for (int i = 0; i < kRounds; ++i) {
    Json changed = program;
    const Json::json_pointer& path = paths[random() % paths.size()];
    // Another value, or one of elsewhere.
    changed[path] = random() % 2 == 0 ? values[random() % values.size()] : program[paths[random() % paths.size()]];
    const std::string text = changed.dump();
    try {
      verify(graph_from_export(text, [&](const std::string& name, Parameter::Kind) {
        for (const Parameter& parameter : whole.parameters) {
          if (parameter.name == name) return std::optional(parameter.data);
        }
        return std::optional<HostTensor>();
      }));
    } catch (const Error& error) {
      ASSERT_NE(error.category(), ErrorCategory::kInternal) << path.to_string() << "\n" << error.what();
      ++errors;
    }
  }
  EXPECT_GT(errors, kRounds / 10);
}

}  // namespace
}  // namespace torch2trt::testing
