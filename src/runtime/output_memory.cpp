#include "src/runtime/output_memory.h"

#include <algorithm>
#include <utility>

namespace torch2trt::runtime {
namespace {

// Where streams come and go, the blocks of those that are gone would never be freed: beyond this many the device is
// waited for.
constexpr std::size_t kMostDropped = 64;

}  // namespace

std::shared_ptr<void> OutputMemory::allocate(std::size_t bytes, cudaStream_t stream) {
  {
    const std::lock_guard lock(mutex_);
    const auto kept =
        std::partition(dropped_.begin(), dropped_.end(), [&](const Block& block) { return block.stream != stream; });
    for (auto block = kept; block != dropped_.end(); ++block) cuda_.free_async(block->memory, stream);
    dropped_.erase(kept, dropped_.end());
  }
  void* memory = nullptr;
  cuda_.check(cuda_.malloc_async(&memory, bytes, stream), "cudaMallocAsync");
  return {memory, [self = shared_from_this(), stream](void* pointer) { self->drop(pointer, stream); }};
}

void OutputMemory::drop(void* memory, cudaStream_t stream) noexcept {
  std::vector<Block> blocks;
  {
    const std::lock_guard lock(mutex_);
    dropped_.push_back({memory, stream});
    if (closed_ || dropped_.size() > kMostDropped) blocks = std::exchange(dropped_, {});
  }
  free_all(blocks);
}

void OutputMemory::close() noexcept {
  std::vector<Block> blocks;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    blocks = std::exchange(dropped_, {});
  }
  free_all(blocks);
}

// cudaFree does not wait for memory of cudaMallocAsync (CUDA Programming Guide, "Interoperability with cudaFree").
void OutputMemory::free_all(const std::vector<Block>& blocks) const noexcept {
  if (blocks.empty()) return;
  int current = -1;
  const bool moved = cuda_.get_device(&current) == 0 && current != device_;
  if (moved) cuda_.set_device(device_);
  cuda_.device_synchronize();
  for (const Block& block : blocks) cuda_.free(block.memory);
  if (moved) cuda_.set_device(current);
}

}  // namespace torch2trt::runtime
