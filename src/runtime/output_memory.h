// Memory of the outputs that a Context allocates. Asynchronous in both directions, and the stream is touched only while
// the caller is known to have it: inside of an enqueue. What is dropped later waits for the next enqueue on its stream.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {

// Thread-safe: outputs may be dropped on any thread, also when the Context is gone.
class OutputMemory : public std::enable_shared_from_this<OutputMemory> {
 public:
  OutputMemory(const CudaApi& cuda, int device) : cuda_(cuda), device_(device) {}
  ~OutputMemory() { close(); }
  OutputMemory(const OutputMemory&) = delete;
  OutputMemory& operator=(const OutputMemory&) = delete;

  // At least `bytes` for use in the order of `stream`, which must live until this returns. Throws Error(kRuntime).
  std::shared_ptr<void> allocate(std::size_t bytes, cudaStream_t stream);
  // No stream will come any more. Waits for the device if something was dropped and not yet freed; so does dropping an
  // output afterwards.
  void close() noexcept;

 private:
  struct Block {
    void* memory;
    cudaStream_t stream;  // where it was last used; to be compared, not to be used
  };

  void drop(void* memory, cudaStream_t stream) noexcept;
  void free_all(const std::vector<Block>& blocks) const noexcept;

  const CudaApi& cuda_;
  const int device_;
  std::mutex mutex_;
  std::vector<Block> dropped_;
  bool closed_ = false;
};

}  // namespace torch2trt::runtime
