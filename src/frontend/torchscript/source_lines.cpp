#include "src/frontend/torchscript/source_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <exception>
#include <string_view>

#include "src/frontend/own_files.h"

namespace torch2trt::torchscript {
namespace {

struct Line {
  std::string file;
  std::size_t number = 0;
};

// A trace records Python's stack as text, innermost first: "/path/resnet.py(285): forward\n...".
std::vector<Line> stack_lines(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(row.size() + 1, text.size()));
    const std::size_t close = row.find("): ");
    const std::size_t open = close == std::string_view::npos ? close : row.rfind('(', close);
    if (open == std::string_view::npos) continue;
    Line line{.file = std::string(row.substr(0, open))};
    const auto [end, failed] = std::from_chars(row.data() + open + 1, row.data() + close, line.number);
    if (failed == std::errc{} && end == row.data() + close) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Line> lines_of(torch::jit::SourceRange range) {
  // A loaded program's text is generated; the file's debug records lead to the original. They are read only now.
  try {
    if (const auto original = range.findSourceRangeThatGenerated()) range = *original;
  } catch (const std::exception&) {  // damaged records: the program is good without
  }
  if (!range.source()) return {};
  std::vector<Line> lines = stack_lines(range.text().str());
  if (!lines.empty()) return lines;
  if (const auto place = range.file_line_col()) {
    const auto& [file, number, column] = *place;
    // "code/__torch__/..." is the generated text in the archive, which no user wrote.
    if (!file.empty() && !file.starts_with("code/") && number > 0) lines.push_back({file, number});
  }
  return lines;
}

bool is_inside_torch(std::string_view file) {
  for (const std::string_view part : {"-packages/torch/", "/torch/nn/", "/torch/jit/", "/torch/functional.py"}) {
    if (file.find(part) != std::string_view::npos) return true;
  }
  return file.starts_with('<');
}

std::string text_of(const Line& line) {
  return fmt::format("{}:{}", std::string_view(line.file).substr(line.file.rfind('/') + 1), line.number);
}

}  // namespace

std::string source_line(const std::vector<torch::jit::SourceRange>& ranges) {
  std::string innermost;
  for (const torch::jit::SourceRange& range : ranges) {
    for (const Line& line : lines_of(range)) {
      if (is_of_the_package(line.file)) continue;  // what calls the module that is traced
      if (!is_inside_torch(line.file)) return text_of(line);
      if (innermost.empty()) innermost = text_of(line);
    }
  }
  return innermost;
}

}  // namespace torch2trt::torchscript
