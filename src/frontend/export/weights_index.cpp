#include "src/frontend/export/weights_index.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <limits>

#include "src/files/mapped_file.h"
#include "src/frontend/export/enumerations.h"
#include "src/frontend/export/tensor_meta.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

constexpr const char* kWeights = "data/weights/";
constexpr const char* kConstants = "data/constants/";

Json read_index(const ZipArchive& archive, const std::string& folder, const std::string& name) {
  const std::string member = folder + name;
  if (!archive.contains(member)) return Json::object();
  return parse_json(archive.text(member), fmt::format("the member \"{}\"", member));
}

// Bytes from the first element of the storage to the end of the last element that the tensor reaches.
// nullopt where that does not fit 63 bits or a number is negative.
std::optional<std::int64_t> reach(const HostTensor& tensor, std::int64_t offset) {
  if (offset < 0) return std::nullopt;
  std::int64_t last = offset;
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    std::int64_t span = 0;
    if (tensor.sizes[i] < 0 || tensor.strides[i] < 0) return std::nullopt;
    if (__builtin_mul_overflow(elements, tensor.sizes[i], &elements)) return std::nullopt;
    if (tensor.sizes[i] == 0) continue;
    if (__builtin_mul_overflow(tensor.sizes[i] - 1, tensor.strides[i], &span)) return std::nullopt;
    if (__builtin_add_overflow(last, span, &last)) return std::nullopt;
  }
  const auto item = static_cast<std::int64_t>(size_of(tensor.dtype));
  std::int64_t bytes = 0;
  // The whole tensor's bytes too: whoever makes an expanded one contiguous counts on that.
  if (__builtin_mul_overflow(elements, item, &bytes)) return std::nullopt;
  if (elements == 0) return 0;
  if (__builtin_add_overflow(last, 1, &last) || __builtin_mul_overflow(last, item, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

WeightsIndex::WeightsIndex(const ZipArchive& archive, std::string folder, const std::string& model,
                           std::shared_ptr<const void> owner, bool verify)
    : archive_(archive), folder_(std::move(folder)), owner_(std::move(owner)), verify_(verify) {
  for (const char* data : {kWeights, kConstants}) {
    if (archive.contains(folder_ + data + model + ".pt")) {
      throw Error(ErrorCategory::kInvalidModel,
                  fmt::format("\"{}{}{}.pt\" holds the weights as a pickle, which is never read here (torch 2.8 and "
                              "older write that): load and save the program with torch 2.9 or newer",
                              folder_, data, model));
    }
  }
  weights_ = read_index(archive, folder_, fmt::format("{}{}_weights_config.json", kWeights, model));
  constants_ = read_index(archive, folder_, fmt::format("{}{}_constants_config.json", kConstants, model));
}

std::optional<HostTensor> WeightsIndex::find(const std::string& name, Parameter::Kind kind) const {
  const auto look = [&](const Json& index, const char* data_folder) -> std::optional<HostTensor> {
    const Json* config = find_field(index, "config");
    const Json* entry = config == nullptr ? nullptr : find_field(*config, name.c_str());
    if (entry == nullptr) return std::nullopt;
    return tensor_of(name, *entry, data_folder);
  };
  // Buffers are in either, as they are persistent or not.
  if (kind == Parameter::Kind::kConstant) {
    if (auto tensor = look(constants_, kConstants)) return tensor;
    return look(weights_, kWeights);
  }
  if (auto tensor = look(weights_, kWeights)) return tensor;
  return look(constants_, kConstants);
}

void WeightsIndex::verify(const std::string& name, const ZipMember& member) const {
  if (!verify_ || !verified_.insert(name).second) return;
  ZipArchive::check(name, member);
  // Whoever copies or builds with the weight reads it again; until then it need not take memory.
  forget_pages(owner_, member.bytes.data(), member.bytes.size());
}

HostTensor WeightsIndex::tensor_of(const std::string& name, const Json& entry, const std::string& data_folder) const {
  const Json* pickled = find_field(entry, "use_pickle");
  if (pickled != nullptr && boolean(*pickled, "use_pickle")) {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        fmt::format("the weight \"{}\" is pickled (a tensor subclass or custom object), and pickles are never read "
                    "here; make it a plain tensor before the export",
                    name));
  }
  const std::string what = fmt::format("the weight \"{}\"", name);
  const Json& meta = object_field(entry, "tensor_meta");
  HostTensor tensor{.dtype = supported_dtype_from_code(integer(field(meta, "dtype"), "the element type"), what)};
  tensor.sizes = static_sizes(meta, "sizes");
  tensor.strides = static_sizes(meta, "strides");
  if (tensor.sizes.size() != tensor.strides.size()) {
    malformed(fmt::format("{} has {} sizes, but {} strides", what, tensor.sizes.size(), tensor.strides.size()));
  }
  if (layout_from_code(integer(field(meta, "layout"), "the layout")).name != "strided") {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("{} is not a dense tensor; densify it before the export", what));
  }
  const Size offset = size_of_record(field(meta, "storage_offset"));
  const std::string member_name = folder_ + data_folder + text_field(entry, "path_name");
  const ZipMember* member = archive_.find(member_name);
  if (member == nullptr) malformed(fmt::format("{} is missing: the archive has no member \"{}\"", what, member_name));
  const std::optional<std::int64_t> wanted = reach(tensor, offset.symbol.empty() ? offset.value : -1);
  if (!wanted) {
    malformed(fmt::format("{} has impossible sizes [{}], strides [{}] or offset {}", what,
                          fmt::join(tensor.sizes, ", "), fmt::join(tensor.strides, ", "), offset.value));
  }
  if (static_cast<std::uint64_t>(*wanted) > member->bytes.size()) {
    malformed(fmt::format("{} of sizes [{}], strides [{}] and offset {} needs {} bytes, but \"{}\" has {}", what,
                          fmt::join(tensor.sizes, ", "), fmt::join(tensor.strides, ", "), offset.value, *wanted,
                          member_name, member->bytes.size()));
  }
  verify(member_name, *member);
  if (*wanted == 0) return tensor;
  const std::size_t item = size_of(tensor.dtype);
  tensor.data = member->bytes.data() + static_cast<std::size_t>(offset.value) * item;
  tensor.owner = owner_;
  // torch aligns members to 64 bytes; another writer may not.
  if (reinterpret_cast<std::uintptr_t>(member->bytes.data()) % item != 0) {
    const std::size_t size = member->bytes.size();
    std::shared_ptr<std::max_align_t[]> copy(new std::max_align_t[size / sizeof(std::max_align_t) + 1]);
    std::memcpy(copy.get(), member->bytes.data(), size);
    tensor.data = reinterpret_cast<const char*>(copy.get()) + static_cast<std::size_t>(offset.value) * item;
    tensor.owner = copy;
  }
  return tensor;
}

}  // namespace torch2trt::pt2
