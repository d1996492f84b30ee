#include "src/frontend/export/read.h"

#include <fmt/format.h>

#include <memory>

#include "src/files/mapped_file.h"
#include "src/frontend/export/archive_reader.h"
#include "src/frontend/export/json.h"
#include "src/frontend/export/program_reader.h"
#include "torch2trt/error.h"

namespace torch2trt {
namespace {

// The message with what was read in front.
template <typename Read>
Graph naming(const std::string& what, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    Error named(error.category(), fmt::format("{} cannot be read: {}", what, error.message()), error.location());
    named.set_unsupported(error.unsupported());
    throw named;
  }
}

}  // namespace

Graph read_pt2(const std::string& path, bool verify_weights) {
  return naming(fmt::format("\"{}\"", path), [&] {
    const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
    return pt2::read_archive(file->bytes(), file, verify_weights);
  });
}

Graph graph_from_export(std::string_view model_json, const WeightLookup& weights) {
  return naming("the exported program",
                [&] { return pt2::read_program(pt2::parse_json(model_json, "the program's text"), weights); });
}

}  // namespace torch2trt
