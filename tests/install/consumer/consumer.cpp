// Uses each public header of the runtime; what it prints, the test reads.
#include <torch2trt/device.h>
#include <torch2trt/dlpack.h>
#include <torch2trt/runtime.h>

#include <cstdio>

int main(int argc, char** argv) {
  static_assert(__cplusplus < 202002L, "the runtime asks for C++17");
  torch2trt::DeviceTensor tensor;
  tensor.shape = {2, 3};
  tensor.device = torch2trt::kHost;
  std::printf("%s\n", torch2trt::from_dlpack(torch2trt::to_dlpack(tensor)).shape.text().c_str());
  std::printf("gpu: \"%s\"\n", torch2trt::this_machine().gpu.c_str());
  if (argc < 2) return 0;
  try {
    torch2trt::EnginePool pool(torch2trt::Engine::load(argv[1]), {});
  } catch (const torch2trt::Error& error) {
    std::printf("%s\n", error.what());
    return torch2trt::exit_code(error.category());
  }
  return 0;
}
