#include "tests/fuzz/targets.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "src/frontend/export/archive_reader.h"
#include "src/frontend/export/read.h"
#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "src/runtime/bundle.h"
#include "src/runtime/metadata.h"
#include "tests/fuzz/seeds.h"

namespace torch2trt::fuzz {
namespace {

// An Error that says the input is at fault is an answer.
template <typename Function>
void answered(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::kInternal) throw std::logic_error(error.what());
  }
}

// A copy of exactly this size, so that the address sanitizer sees every read behind its end.
std::shared_ptr<char[]> copy_of(std::string_view input) {
  std::shared_ptr<char[]> copy(new char[input.size()]);
  std::copy(input.begin(), input.end(), copy.get());
  return copy;
}

// What the printer prints parses, and prints the same.
void check_text(const Graph& graph) {
  const std::string text = to_text(graph);
  std::string again;
  try {
    again = to_text(parse_text(text));
  } catch (const Error& error) {
    throw std::logic_error(std::string(error.what()) + "\nin\n" + text);
  }
  if (again != text) throw std::logic_error("printed differently:\n" + text + "\n" + again);
}

void bundle(std::string_view input) {
  const auto copy = copy_of(input);
  answered([&] { runtime::read_bundle(copy.get(), input.size()); });
}

void metadata(std::string_view input) {
  answered([&] {
    runtime::Bundle read;
    runtime::read_metadata(input, read);
    // What was read can be written, and read again.
    const std::string text = runtime::metadata_text(read.metadata, read.inputs, read.outputs);
    runtime::Bundle again;
    runtime::read_metadata(text, again);
    if (again.inputs.size() != read.inputs.size() || again.metadata.options != read.metadata.options)
      throw std::logic_error("metadata changed:\n" + text);
  });
}

void archive(std::string_view input) {
  const auto copy = copy_of(input);
  answered([&] {
    const Graph graph = pt2::read_archive({copy.get(), input.size()}, copy, false);
    check_text(graph);
  });
}

void model(std::string_view input) {
  static const auto kWeight = std::make_shared<std::vector<float>>(6);
  answered([&] {
    const Graph graph = graph_from_export(input, [](const std::string& name, Parameter::Kind) {
      HostTensor weight;
      weight.sizes = {2, 3};
      weight.strides = {3, 1};
      weight.data = kWeight->data();
      weight.owner = kWeight;
      return name == "w" ? std::optional(weight) : std::nullopt;
    });
    check_text(graph);
  });
}

void text(std::string_view input) {
  answered([&] {
    const Graph graph = parse_text(input);
    check_text(graph);
    try {
      verify(graph);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a text may hold what is no graph
    }
  });
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> kTargets = {{"bundle", bundle, bundle_seeds},
                                               {"metadata", metadata, metadata_seeds},
                                               {"pt2", archive, archive_seeds},
                                               {"model", model, model_seeds},
                                               {"text", text, text_seeds}};
  return kTargets;
}

}  // namespace torch2trt::fuzz
