// ResNet-50 added layer by layer through TensorRT's C++ API, as someone would who has only that: what our conversion is
// measured against (docs/gpu.md). Weights are random; the work is the same. Needs a GPU.
#include <NvInfer.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <deque>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

#include "src/tensorrt/compat.h"
#include "src/tensorrt/kernel_libraries.h"
#include "src/tensorrt/library.h"
#include "src/tensorrt/logger.h"

namespace torch2trt::gpu {
namespace {

using nvinfer1::DimsHW;
using nvinfer1::ITensor;
using nvinfer1::Weights;

class ResNet50 {
 public:
  explicit ResNet50(nvinfer1::INetworkDefinition& network) : network_(network) {}

  void add(std::int32_t batch) {
    ITensor* x = network_.addInput("x", nvinfer1::DataType::kFLOAT, nvinfer1::Dims4{batch, 3, 224, 224});
    x = relu(normalized(convolution(x, 3, 64, 7, 2, 3), 64));
    nvinfer1::IPoolingLayer* pool = network_.addPoolingNd(*x, nvinfer1::PoolingType::kMAX, DimsHW{3, 3});
    pool->setStrideNd(DimsHW{2, 2});
    pool->setPaddingNd(DimsHW{1, 1});
    x = pool->getOutput(0);
    std::int32_t channels = 64;
    const std::int32_t blocks[] = {3, 4, 6, 3};
    for (std::int32_t stage = 0; stage < 4; ++stage) {
      const std::int32_t width = 64 << stage;
      for (std::int32_t block = 0; block < blocks[stage]; ++block) {
        x = bottleneck(x, channels, width, block == 0 && stage > 0 ? 2 : 1);
        channels = width * 4;
      }
    }
    x = network_.addReduce(*x, nvinfer1::ReduceOperation::kAVG, 0b1100, false)->getOutput(0);
    ITensor* weight =
        network_.addConstant(nvinfer1::Dims2{1000, 2048}, random(std::int64_t{1000} * 2048, 2048))->getOutput(0);
    x = network_
            .addMatrixMultiply(*x, nvinfer1::MatrixOperation::kNONE, *weight, nvinfer1::MatrixOperation::kTRANSPOSE)
            ->getOutput(0);
    ITensor* bias = network_.addConstant(nvinfer1::Dims2{1, 1000}, random(1000, 2048))->getOutput(0);
    x = network_.addElementWise(*x, *bias, nvinfer1::ElementWiseOperation::kSUM)->getOutput(0);
    x->setName("y");
    network_.markOutput(*x);
  }

 private:
  Weights random(std::int64_t count, std::int64_t fan_in) {
    std::vector<float>& values = kept_.emplace_back(static_cast<std::size_t>(count));
    std::normal_distribution<float> distribution(0.0F, std::sqrt(2.0F / static_cast<float>(fan_in)));
    for (float& value : values) value = distribution(generator_);
    return {nvinfer1::DataType::kFLOAT, values.data(), count};
  }

  Weights filled(std::int64_t count, float value) {
    const std::vector<float>& values = kept_.emplace_back(static_cast<std::size_t>(count), value);
    return {nvinfer1::DataType::kFLOAT, values.data(), count};
  }

  ITensor* convolution(ITensor* x, std::int32_t in, std::int32_t out, std::int32_t size, std::int32_t stride,
                       std::int32_t padding) {
    const Weights kernel = random(std::int64_t{out} * in * size * size, std::int64_t{in} * size * size);
    nvinfer1::IConvolutionLayer* layer = network_.addConvolutionNd(*x, out, DimsHW{size, size}, kernel, Weights{});
    layer->setStrideNd(DimsHW{stride, stride});
    layer->setPaddingNd(DimsHW{padding, padding});
    return layer->getOutput(0);
  }

  ITensor* normalized(ITensor* x, std::int32_t channels) {
    return network_
        .addScale(*x, nvinfer1::ScaleMode::kCHANNEL, filled(channels, 0.1F), filled(channels, 0.9F),
                  filled(channels, 1.0F))
        ->getOutput(0);
  }

  ITensor* relu(ITensor* x) { return network_.addActivation(*x, nvinfer1::ActivationType::kRELU)->getOutput(0); }

  ITensor* bottleneck(ITensor* x, std::int32_t in, std::int32_t width, std::int32_t stride) {
    const std::int32_t out = width * 4;
    ITensor* y = relu(normalized(convolution(x, in, width, 1, 1, 0), width));
    y = relu(normalized(convolution(y, width, width, 3, stride, 1), width));
    y = normalized(convolution(y, width, out, 1, 1, 0), out);
    if (in != out) x = normalized(convolution(x, in, out, 1, stride, 0), out);
    return relu(network_.addElementWise(*y, *x, nvinfer1::ElementWiseOperation::kSUM)->getOutput(0));
  }

  nvinfer1::INetworkDefinition& network_;
  std::mt19937 generator_{0};
  std::deque<std::vector<float>> kept_;  // TensorRT reads weights when it builds
};

void write(const std::string& file, const nvinfer1::IHostMemory& memory) {
  std::ofstream(file, std::ios::binary)
      .write(static_cast<const char*>(memory.data()), static_cast<std::streamsize>(memory.size()));
}

// With the other network's timing cache, layers that both have get the same kernels: what differs is the networks.
std::unique_ptr<nvinfer1::ITimingCache> read_cache(nvinfer1::IBuilderConfig& config, const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::unique_ptr<nvinfer1::ITimingCache> cache(config.createTimingCache(bytes.data(), bytes.size()));
  if (!cache || !config.setTimingCache(*cache, false)) throw std::runtime_error("not a timing cache: " + file);
  return cache;
}

struct Options {
  std::int32_t batch = 1;
  bool fp16 = false;
  bool no_tf32 = false;
  std::string tensorrt;
  std::string engine;
  std::string timing_cache;
};

int build(const Options& options) {
  const auto library = tensorrt::Library::open(options.tensorrt);
  const tensorrt::LogScope scope([](tensorrt::Level level, const std::string& text) {
    if (level >= tensorrt::Level::kWarning) fmt::print(stderr, "{}\n", text);
  });
  const std::unique_ptr<nvinfer1::IBuilder> builder(library->create_builder(tensorrt::Logger::instance()));
  if (!builder) return 1;
  const std::unique_ptr<nvinfer1::INetworkDefinition> network(builder->createNetworkV2(tensorrt::kNetworkFlags));
  ResNet50 model(*network);
  model.add(options.batch);
  const std::unique_ptr<nvinfer1::IBuilderConfig> config(builder->createBuilderConfig());
  tensorrt::use_kernels_present(*config);
  if (options.fp16) tensorrt::allow_half(*config);
  if (options.no_tf32) config->clearFlag(nvinfer1::BuilderFlag::kTF32);
  std::unique_ptr<nvinfer1::ITimingCache> cache;
  if (!options.timing_cache.empty()) cache = read_cache(*config, options.timing_cache);
  const std::unique_ptr<nvinfer1::IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
  if (!plan) return 1;
  write(options.engine, *plan);
  if (cache)
    write(options.timing_cache, *std::unique_ptr<nvinfer1::IHostMemory>(config->getTimingCache()->serialize()));
  fmt::print("{} layers\n", network->getNbLayers());
  return 0;
}

}  // namespace
}  // namespace torch2trt::gpu

int main(int argc, char** argv) {
  torch2trt::gpu::Options options;
  CLI::App app{"Builds a hand-made ResNet-50"};
  app.add_option("--batch", options.batch, "Images");
  app.add_flag("--fp16", options.fp16, "Layers may compute in float16");
  app.add_flag("--noTF32", options.no_tf32, "No TF32");
  app.add_option("--tensorrt", options.tensorrt, "libnvinfer, or the folder it is in");
  app.add_option("--timingCacheFile", options.timing_cache, "Read if it is there, and written");
  app.add_option("--saveEngine", options.engine, "The plan")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return torch2trt::gpu::build(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
