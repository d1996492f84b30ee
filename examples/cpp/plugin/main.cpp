// A CUDA kernel as a TensorRT plugin, from a program that torch.export saved to results that are compared:
//
//   python examples/cpp/plugin/export.py DIR       # model.pt2, x.npy, y.npy
//   running_max DIR [TENSORRT]                     # TENSORRT: folder of libnvinfer
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "cli/host_array.h"
#include "handler.h"
#include "running_max_plugin.h"
#include "src/tensorrt/library.h"
#include "torch2trt/device.h"
#include "torch2trt/program.h"
#include "torch2trt/runtime.h"

namespace {

using namespace torch2trt;

cli::HostArray read_array(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return cli::parse_npy({bytes, bytes + text.size()}, path);
}

SerializedEngine build(const std::string& model, const std::string& tensorrt) {
  UserRegistry handlers;
  demo::add_running_max(handlers);
  const Graph graph = load_program(model, &handlers);
  const std::unique_ptr<EngineBuilder> builder = make_nvinfer_builder(tensorrt, {}, false);
  ConvertOptions options;
  options.run.network = &builder->network();
  options.run.user_handlers = handlers.bind(options.run.network);
  return builder->build(convert(graph, options), {}, {});
}

int run(const std::string& folder, const std::string& tensorrt) {
  // Before the build, and before an engine with the plugin is loaded.
  static demo::RunningMaxCreator creator;
  const auto library = tensorrt::Library::open(tensorrt);
  if (!library->plugin_registry()->registerCreator(creator, ""))
    throw Error(ErrorCategory::kRuntime, "TensorRT does not register the plugin");
  const SerializedEngine plan = build(folder + "/model.pt2", tensorrt);
  EngineOptions options;
  options.tensorrt_library = tensorrt;
  Context context(Engine::from_plan(plan.bytes.data(), plan.bytes.size(), options));
  const Stream stream;
  const cli::HostArray x = read_array(folder + "/x.npy");
  const DeviceTensor input = to_device(x.bytes.data(), x.dtype, x.shape);
  const DeviceTensor output = context.infer({input}, stream).at(0);
  const std::vector<double> got = cli::numbers({output.dtype, output.shape, to_host(output, stream)});
  const std::vector<double> wanted = cli::numbers(read_array(folder + "/y.npy"));
  double largest = got.size() == wanted.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < wanted.size() && i < got.size(); ++i)
    largest = std::fmax(largest, std::isnan(got[i] - wanted[i]) ? INFINITY : std::abs(got[i] - wanted[i]));
  std::printf("running_max: %zu values by a plugin, largest difference %.1e\n", got.size(), largest);
  return largest < 1e-5 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: running_max DIR [TENSORRT]\n");
    return 2;
  }
  try {
    return run(argv[1], argc > 2 ? argv[2] : "");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_code(error.category());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 6;
  }
}
