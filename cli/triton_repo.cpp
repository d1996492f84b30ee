// `torch2trt triton-repo`: an engine as a model that NVIDIA's Triton Inference Server loads.
#include "cli/triton_repo.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "cli/interrupt.h"
#include "src/files/atomic_file.h"
#include "src/runtime/bundle.h"
#include "src/runtime/file.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;

// Triton's names: model_config.proto.
std::string triton_type(const EngineTensor& info) {
  switch (info.dtype) {
    case DType::kFloat32: return "TYPE_FP32";
    case DType::kFloat16: return "TYPE_FP16";
    case DType::kBFloat16: return "TYPE_BF16";
    case DType::kInt64: return "TYPE_INT64";
    case DType::kInt32: return "TYPE_INT32";
    case DType::kInt8: return "TYPE_INT8";
    case DType::kUInt8: return "TYPE_UINT8";
    case DType::kBool: return "TYPE_BOOL";
    default:
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("\"{}\" is {}, which Triton has no type for", info.name, name(info.dtype)));
  }
}

// A text in protobuf's text format.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string tensors_text(const char* what, const std::vector<EngineTensor>& tensors) {
  std::string text;
  for (const EngineTensor& info : tensors) {
    std::string dims;
    if (std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end()) {
      throw Error(
          ErrorCategory::kInvalidArgument,
          fmt::format("\"{}\" has the shape {}; Triton takes no dimension of size 0", info.name, info.shape.text()));
    }
    for (const std::int64_t size : info.shape) dims += fmt::format("{}{}", dims.empty() ? "" : ", ", size);
    // Triton has no tensors without dimensions: one of one element, taken for what it is.
    const bool scalar = info.shape.rank() == 0;
    text += fmt::format("{} [\n  {{\n    name: {}\n    data_type: {}\n    dims: [ {} ]\n{}  }}\n]\n", what,
                        quoted(info.name), triton_type(info), scalar ? "1" : dims,
                        scalar ? "    reshape: { shape: [ ] }\n" : "");
  }
  return text;
}

void write(const fs::path& path, std::string_view text) {
  AtomicFile file(path.string());
  file.write(text);
  file.commit();
}

}  // namespace

std::string triton_config(const std::string& model, const std::vector<EngineTensor>& inputs,
                          const std::vector<EngineTensor>& outputs) {
  // 0: the first dimension is one like the others, as in the engine.
  return fmt::format("name: {}\nplatform: \"tensorrt_plan\"\nmax_batch_size: 0\n{}{}", quoted(model),
                     tensors_text("input", inputs), tensors_text("output", outputs));
}

void write_triton_repo(const std::string& engine, const std::string& folder) {
  const std::vector<std::byte> bytes = runtime::read_file(engine);
  if (!runtime::is_bundle(bytes.data(), bytes.size())) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("\"{}\" is no engine bundle: only that says what inputs and outputs there are without "
                            "loading it. Build with --bundle",
                            engine));
  }
  const runtime::Bundle bundle = runtime::read_bundle(bytes.data(), bytes.size());
  if (bundle.metadata.flavour != "tensorrt") {
    throw Error(
        ErrorCategory::kInvalidArgument,
        fmt::format("\"{}\" was built with {}; Triton runs engines of TensorRT", engine, bundle.metadata.flavour));
  }
  fs::path target = fs::path(folder).lexically_normal();
  if (target.filename().empty()) target = target.parent_path();
  std::error_code failed;
  if (fs::exists(target, failed)) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("\"{}\" is there already; name a new folder: it will be the model's", folder));
  }
  const std::string config = triton_config(target.filename().string(), bundle.inputs, bundle.outputs);
  const NoKill no_kill;
  // Triton may be watching: the folder appears complete.
  const fs::path temporary = target.parent_path() / fmt::format(".{}.{}", target.filename().string(), getpid());
  const auto give_up = [&](const std::string& why) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error(ErrorCategory::kRuntime, fmt::format("cannot write \"{}\": {}", folder, why));
  };
  fs::create_directories(temporary / "1", failed);
  if (failed) give_up(failed.message());
  try {
    write(temporary / "config.pbtxt", config);
    write(temporary / "1" / "model.plan", {reinterpret_cast<const char*>(bundle.plan), bundle.plan_bytes});
  } catch (const Error& error) {
    give_up(error.message());
  }
  fs::rename(temporary, target, failed);
  if (failed) give_up(failed.message());
}

void add_triton_repo(CLI::App& app, Command& chosen) {
  struct Options {
    std::string engine, folder;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("triton-repo", "Write a model repository for NVIDIA Triton");
  command->add_option("ENGINE", options->engine, "A bundle (build --bundle)")->required();
  command->add_option("DIR", options->folder, "The model's folder in the repository; its last part is the model's name")
      ->required();
  command->callback([options, &chosen] {
    chosen = [options](Session& session) {
      write_triton_repo(options->engine, options->folder);
      session.out = fmt::format("wrote {0}/config.pbtxt and {0}/1/model.plan\n", options->folder);
      return 0;
    };
  });
}

}  // namespace torch2trt::cli
