#include "src/frontend/export/archive_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/frontend/export/json.h"
#include "src/frontend/export/program_reader.h"
#include "src/frontend/export/weights_index.h"
#include "src/frontend/export/zip_archive.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCategory::kInvalidModel, message); }

// What else people have in files of PyTorch.
void refuse_other_formats(std::string_view bytes) {
  if (bytes.starts_with("\x80\x02") || bytes.starts_with("\x80\x03") || bytes.starts_with("\x80\x04") ||
      bytes.starts_with("\x80\x05")) {
    refuse(
        "it is a Python pickle (an old torch.save file); load the module in Python and save its program with "
        "torch.export.save(torch.export.export(module, inputs), \"model.pt2\")");
  }
}

void refuse_other_archives(const ZipArchive& archive) {
  for (const auto& [name, member] : archive.members()) {
    const std::string_view leaf =
        std::string_view(name).substr(name.find('/') == std::string::npos ? 0 : name.find('/') + 1);
    if (leaf == "serialized_exported_program.json" || name == "serialized_exported_program.json") {
      refuse(
          "it was saved by torch 2.7 or older, whose weights are pickled; export and save the program with torch 2.9 "
          "or newer");
    }
    if (leaf == "constants.pkl" && archive.contains(name.substr(0, name.find('/')) + "/data.pkl")) {
      refuse(
          "it is a TorchScript file (torch.jit.save), not a .pt2 archive; read it with the TorchScript front end (name "
          "it .pt)");
    }
  }
  for (const auto& [name, member] : archive.members()) {
    if (std::string_view(name).ends_with("/data.pkl")) {
      refuse(
          "it is a torch.save file (a pickled module or state_dict), which holds no program; load it in Python and use "
          "torch.export.save(torch.export.export(module, inputs), \"model.pt2\")");
    }
    if (name.find("data/aotinductor/") != std::string::npos) {
      refuse("it is a compiled AOTInductor package without a program; save the ExportedProgram with torch.export.save");
    }
  }
  refuse(
      "it is a zip archive, but holds no program (no models/*.json); give the .pt2 file that torch.export.save wrote");
}

struct ModelName {
  std::string folder;  // "resnet18/"
  std::string name;    // "model"
};

ModelName find_model(const ZipArchive& archive) {
  constexpr std::string_view kModels = "models/";
  constexpr std::string_view kEnding = ".json";
  std::vector<ModelName> models;
  for (const auto& [name, member] : archive.members()) {
    // All members are in one folder, named after the file.
    const std::size_t slash = name.find('/');
    const std::size_t start = slash == std::string::npos || name.starts_with(kModels) ? 0 : slash + 1;
    std::string_view leaf = std::string_view(name).substr(start);
    if (!leaf.starts_with(kModels) || !leaf.ends_with(kEnding)) continue;
    leaf = leaf.substr(kModels.size(), leaf.size() - kModels.size() - kEnding.size());
    models.push_back({name.substr(0, start), std::string(leaf)});
  }
  if (models.empty()) refuse_other_archives(archive);
  if (models.size() == 1) return models[0];
  const auto main =
      std::find_if(models.begin(), models.end(), [](const ModelName& model) { return model.name == "model"; });
  if (main != models.end()) return *main;
  std::vector<std::string> names;
  for (const ModelName& model : models) names.push_back(model.name);
  refuse(fmt::format("it holds {} programs ({}), none of them named \"model\"; save one alone", models.size(),
                     fmt::join(names, ", ")));
}

void check_format(const ZipArchive& archive, const std::string& folder) {
  const std::string_view format = archive.text(folder + "archive_format");
  if (format != "pt2") refuse(fmt::format("the archive has the format \"{}\", not \"pt2\"", format.substr(0, 40)));
  if (archive.contains(folder + "byteorder")) {
    const std::string_view order = archive.text(folder + "byteorder");
    if (order != "little")
      refuse(fmt::format("the weights have the byte order \"{}\", not \"little\"", order.substr(0, 40)));
  }
}

}  // namespace

Graph read_archive(std::string_view bytes, const std::shared_ptr<const void>& owner, bool verify_weights) {
  refuse_other_formats(bytes);
  const ZipArchive archive(bytes);
  const ModelName model = find_model(archive);
  check_format(archive, model.folder);
  const WeightsIndex weights(archive, model.folder, model.name, owner, verify_weights);
  const std::string member = model.folder + "models/" + model.name + ".json";
  const Json program = parse_json(archive.text(member), fmt::format("the member \"{}\"", member));
  return read_program(program,
                      [&weights](const std::string& name, Parameter::Kind kind) { return weights.find(name, kind); });
}

}  // namespace torch2trt::pt2
