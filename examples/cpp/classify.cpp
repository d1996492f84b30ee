// An image in, the five likeliest classes out: what a program needs that only runs engines. It links
// torch2trt::runtime, and neither libtorch nor TensorRT nor CUDA.
//
//   classify ENGINE IMAGE.ppm [LABELS.txt]
//
// The engine's input is [1, 3, H, W] in float32 (PyTorch's usual normalisation), its output [1, classes].
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "torch2trt/device.h"
#include "torch2trt/runtime.h"

namespace {

using torch2trt::Error;
using torch2trt::ErrorCategory;

struct Image {
  int width = 0, height = 0;
  std::vector<unsigned char> rgb;  // rows of pixels of three bytes
};

// One word of a PPM's header; comments begin with '#'.
int read_number(std::istream& file) {
  while (file >> std::ws && file.peek() == '#') file.ignore(1 << 20, '\n');
  int number = 0;
  file >> number;
  return number;
}

// A binary PPM (P6): what `convert photo.jpg photo.ppm` makes.
Image read_ppm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  file >> magic;
  Image image;
  image.width = read_number(file);
  image.height = read_number(file);
  const int largest = read_number(file);
  if (!file || magic != "P6" || largest != 255 || image.width <= 0 || image.height <= 0 || image.width > 1 << 15 ||
      image.height > 1 << 15) {
    throw Error(ErrorCategory::kInvalidArgument, path + " is no binary PPM image of 8 bits");
  }
  file.get();
  image.rgb.resize(std::size_t{3} * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
  file.read(reinterpret_cast<char*>(image.rgb.data()), static_cast<std::streamsize>(image.rgb.size()));
  if (!file) throw Error(ErrorCategory::kInvalidArgument, path + " ends before its last pixel");
  return image;
}

// The middle square, resized (bilinear, pixel centres at .5), normalised as torchvision's models want it, in planes.
std::vector<float> prepare(const Image& image, int height, int width) {
  constexpr std::array<float, 3> kMean = {0.485F, 0.456F, 0.406F};
  constexpr std::array<float, 3> kDeviation = {0.229F, 0.224F, 0.225F};
  const int side = std::min(image.width, image.height);
  const int left = (image.width - side) / 2;
  const int top = (image.height - side) / 2;
  // The two source pixels around output pixel i, and the share of the second.
  const auto around = [side](int i, int size) {
    const float at =
        std::max(0.0F, (static_cast<float>(i) + 0.5F) * static_cast<float>(side) / static_cast<float>(size) - 0.5F);
    const int first = std::min(static_cast<int>(at), side - 1);
    return std::array<float, 3>{static_cast<float>(first), static_cast<float>(std::min(first + 1, side - 1)),
                                at - static_cast<float>(first)};
  };
  std::vector<float> planes;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (int y = 0; y < height; ++y) {
      const auto [y0, y1, v] = around(y, height);
      for (int x = 0; x < width; ++x) {
        const auto [x0, x1, u] = around(x, width);
        const auto pixel = [&](float px, float py) {
          const int at = (top + static_cast<int>(py)) * image.width + left + static_cast<int>(px);
          return static_cast<float>(image.rgb[static_cast<std::size_t>(at) * 3 + channel]);
        };
        const float value =
            (1 - v) * ((1 - u) * pixel(x0, y0) + u * pixel(x1, y0)) + v * ((1 - u) * pixel(x0, y1) + u * pixel(x1, y1));
        planes.push_back((value / 255 - kMean[channel]) / kDeviation[channel]);
      }
    }
  }
  return planes;
}

std::vector<std::string> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  return labels;
}

void classify(const std::string& engine_path, const std::string& image_path, const std::vector<std::string>& labels) {
  const Image image = read_ppm(image_path);
  const auto engine = torch2trt::Engine::load(engine_path);
  torch2trt::Context context(engine);
  torch2trt::Shape shape = engine->inputs().at(0).shape;
  if (shape.rank() != 4) throw Error(ErrorCategory::kInvalidArgument, "the engine's input is no image");
  for (int axis = 0; axis < 4; ++axis)
    if (shape[axis] < 0) shape[axis] = axis == 0 ? 1 : engine->inputs()[0].ranges.at(0).opt[axis];

  const torch2trt::Stream stream;
  const torch2trt::DeviceTensor input = torch2trt::to_device(
      prepare(image, static_cast<int>(shape[2]), static_cast<int>(shape[3])), torch2trt::DType::kFloat32, shape);
  const std::vector<torch2trt::DeviceTensor> outputs = context.infer({input}, stream);
  const std::vector<float> scores = torch2trt::to_host_as<float>(outputs.at(0), stream);

  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min<std::size_t>(5, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = order[i];
    std::printf("%8.4f  %s\n", static_cast<double>(scores[label]),
                label < labels.size() ? labels[label].c_str() : std::to_string(label).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: classify ENGINE IMAGE.ppm [LABELS.txt]\n");
    return 2;
  }
  try {
    classify(argv[1], argv[2], argc == 4 ? read_labels(argv[3]) : std::vector<std::string>());
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "classify: %s\n", error.what());
    return torch2trt::exit_code(error.category());
  }
}
