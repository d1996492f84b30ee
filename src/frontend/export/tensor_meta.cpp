#include "src/frontend/export/tensor_meta.h"

#include <fmt/format.h>

#include "src/frontend/export/enumerations.h"
#include "src/frontend/export/symbolic.h"

namespace torch2trt::pt2 {

Size size_of_record(const Json& record) {
  const Union size = union_of(record, "a size");
  if (size.tag == "as_int") return {.value = integer(size.value, "a size")};
  if (size.tag == "as_expr") return parse_size(text_field(size.value, "expr_str"));
  malformed(fmt::format("a size has the unknown form \"{}\"", size.tag));
}

Type tensor_type(const Json& meta) {
  Type type{.kind = Type::Kind::kTensor};
  type.dtype = dtype_from_code(integer(field(meta, "dtype"), "the element type"));
  type.sizes.emplace();
  for (const Json& size : array_field(meta, "sizes")) {
    type.sizes->push_back(size_of_record(size));
    if (type.sizes->back().symbol.empty() && type.sizes->back().value < 0) {
      malformed(fmt::format("a tensor has the size {}", type.sizes->back().value));
    }
  }
  return type;
}

std::vector<std::int64_t> static_sizes(const Json& meta, const char* name) {
  std::vector<std::int64_t> result;
  for (const Json& record : array_field(meta, name)) {
    const Size size = size_of_record(record);
    if (!size.symbol.empty())
      malformed(fmt::format("the field \"{}\" of a weight holds the symbol {}", name, size.symbol));
    result.push_back(size.value);
  }
  return result;
}

}  // namespace torch2trt::pt2
