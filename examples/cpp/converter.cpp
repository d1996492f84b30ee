// A converter over torch2trt's C++ core: a .pt2 file becomes a network as text, or an engine.
//
//   converter model.pt2                 # the network; needs neither TensorRT nor a GPU
//   converter model.pt2 model.plan      # the engine, by the TensorRT that is found
//
// Builds inside the tree, and outside of it with find_package(torch2trt COMPONENTS core).
#include <torch2trt/program.h>

#include <cstdio>
#include <fstream>

namespace {

using namespace torch2trt;

Converted convert_into(Network& network, const Graph& graph) {
  ConvertOptions options;
  options.run.network = &network;
  options.run.log = [](Severity severity, const std::string& text) {
    if (severity >= Severity::kWarning) std::fprintf(stderr, "%s\n", text.c_str());
  };
  return convert(graph, options);
}

void print(const char* what, const std::vector<Binding>& tensors) {
  for (const Binding& tensor : tensors)
    std::printf("%s %s: %s, %zu dimensions\n", what, tensor.name.c_str(), std::string(name(tensor.dtype)).c_str(),
                tensor.dims.size());
}

void print_network(const Graph& graph) {
  const std::unique_ptr<Network> network = make_dry_network();
  const Converted converted = convert_into(*network, graph);
  std::printf("%s", network_text(*network).c_str());
  print("in", converted.signature.inputs);
  print("out", converted.signature.outputs);
}

void build(const Graph& graph, const char* path) {
#ifdef TORCH2TRT_NVINFER
  const std::unique_ptr<EngineBuilder> builder = make_nvinfer_builder("", {}, false);
  const Converted converted = convert_into(builder->network(), graph);
  const SerializedEngine engine = builder->build(converted, {}, {});
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(engine.bytes.data()), static_cast<std::streamsize>(engine.bytes.size()));
  if (!file) throw Error(ErrorCategory::kRuntime, std::string(path) + " cannot be written");
  std::printf("%s: %zu bytes by %s\n", path, engine.bytes.size(), builder->description().c_str());
#else
  throw Error(ErrorCategory::kRuntime, std::string(path) + ": torch2trt was compiled without TensorRT's headers");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: converter MODEL.pt2 [ENGINE]\n");
    return 2;
  }
  try {
    const Graph graph = load_program(argv[1]);
    if (argc == 2)
      print_network(graph);
    else
      build(graph, argv[2]);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_code(error.category());
  }
}
