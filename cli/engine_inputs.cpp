#include "cli/engine_inputs.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>

#include "cli/number_check.h"
#include "cli/shapes.h"
#include "src/runtime/check.h"
#include "src/runtime/cuda_api.h"
#include "src/runtime/file.h"

namespace torch2trt::cli {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCategory::kInvalidArgument, message); }

// The values of an option by the names of the inputs; an exact name wins over a pattern.
template <typename Value>
std::map<std::string, Value> by_input(const Engine& engine, const std::vector<std::pair<std::string, Value>>& given,
                                      const char* option) {
  std::map<std::string, Value> found;
  for (const bool exact : {true, false}) {
    for (const auto& [pattern, value] : given) {
      bool used = false;
      for (const EngineTensor& input : engine.inputs()) {
        if (exact ? pattern != input.name : !matches_name(pattern, input.name)) continue;
        used = true;
        found.emplace(input.name, value);
      }
      if (used || exact) continue;
      try {
        engine.input_index(pattern);
      } catch (const Error& error) {
        refuse(fmt::format("{}: {}", option, error.message()));
      }
    }
  }
  return found;
}

Shape usual_shape(const EngineTensor& input, int profile) {
  return input.ranges.empty() ? input.shape : input.ranges.at(static_cast<std::size_t>(profile)).opt;
}

bool is_npy(const std::string& path) { return path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0; }

HostArray make_input(const EngineTensor& input, const std::string* file, const Dims* shape, std::uint64_t seed,
                     int profile) {
  const Shape wanted = shape != nullptr ? Shape(*shape) : usual_shape(input, profile);
  if (file == nullptr) {
    if (input.on_host) refuse(fmt::format("input \"{}\" holds sizes; give it by --loadInputs", input.name));
    return random_array(input.dtype, wanted, seed);
  }
  HostArray array = read_array(*file, input.dtype, wanted);
  if (shape != nullptr && array.shape != wanted) {
    refuse(fmt::format("input \"{}\": --shapes says {}, \"{}\" has {}", input.name, wanted.text(), *file,
                       array.shape.text()));
  }
  return array;
}

}  // namespace

void add_engine_options(CLI::App& command, EngineRunOptions& options) {
  command.add_option("--loadEngine", options.engine, "The engine: a bundle or a TensorRT plan")
      ->type_name("FILE")
      ->required();
  command.add_option("--shapes", options.shapes, "Shapes of dynamic inputs; default: the profile's usual ones")
      ->type_name("NAME:SIZES,...");
  command.add_option("--loadInputs", options.inputs, "Values of inputs: .npy files or raw bytes; default: random")
      ->type_name("NAME:FILE,...");
  command.add_option("--seed", options.seed, "Of random inputs")->type_name("N");
  command.add_option("--tensorrt", options.tensorrt, "libnvinfer, or the folder it is in")->type_name("PATH");
  command.add_option("--device", options.device, "The GPU")->type_name("N")->check(at_least(0));
  command.add_option("--useProfile,--useOptimizationProfile", options.profile, "The optimization profile")
      ->type_name("N")
      ->check(at_least(0));
  command.add_flag("--trusted", options.trusted, "Do not warn of bare plans, which are code");
}

std::vector<NamedFile> read_files(const EngineRunOptions& options) {
  std::vector<NamedFile> files = {{"--loadEngine", options.engine}};
  if (options.inputs.empty()) return files;
  for (auto& [name, file] : parse_named_texts(options.inputs, "--loadInputs"))
    files.push_back({"--loadInputs", std::move(file)});
  return files;
}

std::shared_ptr<const Engine> open_engine(const EngineRunOptions& options, Session& session) {
  EngineOptions engine;
  engine.tensorrt_library = options.tensorrt;
  engine.trusted = options.trusted;
  engine.verbose = session.verbose;
  engine.log = [&session](LogLevel level, const std::string& text) {
    static constexpr const char* kNames[] = {"verbose", "info", "warning", "error"};
    if (level < LogLevel::kWarning && !session.verbose) return;
    session.progress.print(fmt::format("{}: {}", kNames[static_cast<int>(level)], text));
  };
  // First, so that a wrong path is known before TensorRT is looked for.
  const std::vector<std::byte> bytes = runtime::read_file(options.engine);
  if (options.device != 0) {
    const runtime::CudaApi& cuda = runtime::cuda();
    cuda.check(cuda.set_device(options.device), "cudaSetDevice");
  }
  return Engine::from_bytes(bytes.data(), bytes.size(), engine);
}

HostArray read_array(const std::string& path, DType dtype, const Shape& shape) {
  const std::vector<std::byte> file = runtime::read_file(path);
  if (is_npy(path)) return converted(parse_npy(file, path), dtype, path);
  TensorView view;
  view.dtype = dtype;
  view.shape = shape;
  if (file.size() != view.bytes()) {
    refuse(fmt::format("\"{}\" has {} bytes; {} of shape {} takes {}", path, file.size(), torch2trt::name(dtype),
                       shape.text(), view.bytes()));
  }
  return {dtype, shape, file};
}

std::vector<HostArray> make_inputs(const Engine& engine, const EngineRunOptions& options) {
  if (options.profile >= engine.num_profiles())
    refuse(
        fmt::format("there is no optimization profile {}; the engine has {}", options.profile, engine.num_profiles()));
  std::vector<std::pair<std::string, Dims>> named_shapes;
  std::vector<std::pair<std::string, std::string>> named_files;
  if (!options.shapes.empty()) {
    for (const NamedShape& shape : parse_shapes(options.shapes, "--shapes"))
      named_shapes.emplace_back(shape.name, shape.dims);
  }
  if (!options.inputs.empty()) named_files = parse_named_texts(options.inputs, "--loadInputs");
  const auto shapes = by_input(engine, named_shapes, "--shapes");
  const auto files = by_input(engine, named_files, "--loadInputs");
  std::vector<HostArray> inputs;
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    const EngineTensor& info = engine.inputs()[i];
    const auto shape = shapes.find(info.name);
    const auto file = files.find(info.name);
    inputs.push_back(make_input(info, file == files.end() ? nullptr : &file->second,
                                shape == shapes.end() ? nullptr : &shape->second, options.seed + i, options.profile));
    TensorView view;
    view.dtype = inputs.back().dtype;
    view.shape = inputs.back().shape;
    runtime::check_input_shape(info, options.profile, view);
  }
  return inputs;
}

std::string describe_setup(const Engine& engine, const EngineRunOptions& options,
                           const std::vector<HostArray>& inputs) {
  const EngineMetadata& built = engine.metadata();
  const runtime::RunningGpu gpu = runtime::running_gpu(engine.cuda(), engine.device());
  std::string text = fmt::format("engine: {} ({})\n", options.engine,
                                 built.format_version == 0
                                     ? std::string("bare plan")
                                     : fmt::format("built from {} by torch2trt {}", built.model, built.torch2trt));
  text += fmt::format("{} on {} (compute capability {}), driver {}, CUDA {}\n", engine.tensorrt_version(), gpu.name,
                      gpu.compute_capability, gpu.driver, gpu.cuda);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const EngineTensor& info = engine.inputs()[i];
    text += fmt::format("input {}: {}{}\n", info.name, torch2trt::name(info.dtype), inputs[i].shape.text());
  }
  text += options.inputs.empty() ? fmt::format("input values: random, seed {}\n", options.seed)
                                 : fmt::format("input values: {}\n", options.inputs);
  return text;
}

}  // namespace torch2trt::cli
