// NumPy's file format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "cli/host_array.h"

namespace torch2trt::cli {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct Row {
  std::string_view text;
  DType dtype;
};
constexpr std::array kTypes = {
    Row{"<f4", DType::kFloat32},  Row{"<f2", DType::kFloat16},    Row{"<f8", DType::kFloat64},
    Row{"<i8", DType::kInt64},    Row{"<i4", DType::kInt32},      Row{"<i2", DType::kInt16},
    Row{"|i1", DType::kInt8},     Row{"|u1", DType::kUInt8},      Row{"|b1", DType::kBool},
    Row{"<u2", DType::kBFloat16}, Row{"|u1", DType::kFloat8E4M3}, Row{"|u1", DType::kFloat8E5M2},
};

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorCategory::kInvalidModel, fmt::format("\"{}\" is no .npy file that can be read: {}", name, why));
}

// The text after `'key':` in the header, a Python dict.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& name) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) refuse(name, fmt::format("its header has no '{}'", key));
  std::string_view value = header.substr(at + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

Shape parse_shape(std::string_view text, const std::string& name) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) refuse(name, "its header has no shape");
  text = text.substr(1, end - 1);
  std::vector<std::int64_t> sizes;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    if (text.empty()) break;
    std::int64_t size = 0;
    const auto [next, failed] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (failed != std::errc() || size < 0) refuse(name, "its header has a size that is none");
    sizes.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(next - text.data()));
  }
  if (sizes.size() > Shape::kMaxRank) refuse(name, fmt::format("it has {} dimensions", sizes.size()));
  return Shape(sizes);
}

}  // namespace

HostArray parse_npy(const std::vector<std::byte>& file, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.size() < 10 || !text.starts_with(kMagic)) refuse(name, "it does not begin as one");
  const bool short_header = text[6] == 1;
  if (text[6] < 1 || text[6] > 3) refuse(name, fmt::format("its version is {}", int{text[6]}));
  const std::size_t begin = short_header ? 10 : 12;
  std::size_t length = 0;
  for (std::size_t i = 8; i < begin && i < text.size(); ++i)
    length |= std::size_t{static_cast<unsigned char>(text[i])} << (8 * (i - 8));
  if (text.size() < begin || length > text.size() - begin) refuse(name, "it ends inside its header");
  const std::string_view header = text.substr(begin, length);
  if (value_of(header, "fortran_order", name).starts_with("True"))
    refuse(name, "it is in Fortran order; save numpy.ascontiguousarray(x)");
  const std::string_view type = value_of(header, "descr", name);
  const auto row = std::find_if(kTypes.begin(), kTypes.end(), [&](const Row& each) {
    return each.text != "<u2" && type.size() > 4 && type.substr(1, 3) == each.text && type[0] == '\'' &&
           type[4] == '\'';
  });
  if (row == kTypes.end()) refuse(name, fmt::format("its type is {}", type.substr(0, type.find(','))));
  HostArray array{row->dtype, parse_shape(value_of(header, "shape", name), name), {}};
  TensorView view;
  view.dtype = array.dtype;
  view.shape = array.shape;
  const std::size_t bytes = text.size() - begin - length;
  if (bytes != view.bytes())
    refuse(name,
           fmt::format("its header announces {} bytes, shape {}; it has {}", view.bytes(), array.shape.text(), bytes));
  array.bytes.assign(file.end() - static_cast<std::ptrdiff_t>(bytes), file.end());
  return array;
}

std::string npy_text(const HostArray& array) {
  std::string shape;
  for (const std::int64_t size : array.shape) shape += fmt::format("{},", size);
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Row& each) { return each.dtype == array.dtype; });
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   row == kTypes.end() ? "|V1" : row->text, shape);
  // With the 10 bytes before it and its newline a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file(kMagic);
  file += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  file += header;
  file.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  return file;
}

}  // namespace torch2trt::cli
