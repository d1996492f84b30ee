#include "src/frontend/torchscript/read.h"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "src/frontend/torchscript/importer.h"

namespace torch2trt {
namespace {

constexpr std::string_view kHowToSave =
    "Save the module with torch.jit.save(torch.jit.trace(model, inputs), path), or better with "
    "torch.export.save(torch.export.export(model, inputs), \"model.pt2\").";

[[noreturn]] void fail(const std::string& path, const std::string& what, std::string_view advice = kHowToSave,
                       ErrorCategory category = ErrorCategory::kInvalidModel) {
  throw Error(category, fmt::format("cannot read \"{}\": {}. {}", path, what, advice));
}

// PyTorch's exceptions carry a C++ backtrace and hints for its developers: the first sentence says what happened.
std::string first_sentence(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  text.erase(0, text.find_first_not_of(" \n"));
  text.resize(std::min({text.find('\n'), text.find(". "), text.size()}));
  while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == ':')) text.pop_back();
  return text;
}

void check_file(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) fail(path, "there is no such file", "Check the path.", ErrorCategory::kRuntime);
  if (std::filesystem::is_directory(status)) fail(path, "it is a directory, not a TorchScript file");
  if (!std::filesystem::is_regular_file(status)) fail(path, "it is no regular file, and it is read at random places");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "the file cannot be opened", "Check its permissions.", ErrorCategory::kRuntime);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  if (file.gcount() == 0) fail(path, "it is empty");
  const std::string_view start(magic.data(), static_cast<std::size_t>(file.gcount()));
  if (start.starts_with('\x80')) fail(path, "it is a pickle, as torch.save writes it, and torch2trt unpickles nothing");
  if (start != std::string_view("PK\x03\x04", 4)) fail(path, "it is not a TorchScript file (not a zip archive)");
}

void check_archive(const std::string& path) {
  bool program = false;
  bool exported = false;
  try {
    caffe2::serialize::PyTorchStreamReader archive(path);
    program = archive.hasRecord("constants.pkl");
    exported = archive.hasRecord("archive_format") || archive.hasRecord("serialized_exported_program.json");
  } catch (const std::exception& error) {
    fail(path, fmt::format("the archive is damaged or incomplete ({})", first_sentence(error)),
         "Save or copy it again.");
  }
  if (program) return;
  if (exported) {
    fail(path, "it is a torch.export archive, not a TorchScript file",
         "Give it the extension .pt2, or read it with read_exported_program().");
  }
  fail(path, "it holds pickled tensors or a pickled module, as torch.save writes them, and no program");
}

}  // namespace

Graph read_torchscript(const std::string& path, const std::vector<Type>& inputs) {
  check_file(path);
  check_archive(path);
  torch::jit::Module module;
  try {
    module = torch::jit::load(path, c10::Device(c10::kCPU));
  } catch (const std::exception& error) {
    fail(path, fmt::format("PyTorch's loader refuses it ({})", first_sentence(error)),
         "Save it again, with this version of PyTorch if an operator is missing.");
  }
  try {
    return graph_from_module(module, inputs);
  } catch (const Error& error) {
    Error named(error.category(), fmt::format("cannot read \"{}\": {}", path, error.message()), error.location());
    named.set_unsupported(error.unsupported());
    throw named;
  }
}

Graph graph_from_module(const torch::jit::Module& module, const std::vector<Type>& inputs) {
  torchscript::OpaqueInputs opaque;
  while (true) {
    try {
      return torchscript::Importer(module, inputs, opaque).run();
    } catch (const torchscript::NotAStructure& input) {
      opaque.insert(input.path);
    }
  }
}

}  // namespace torch2trt
