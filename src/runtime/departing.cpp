#include "src/runtime/departing.h"

#include <utility>

namespace torch2trt::runtime {
namespace {

constexpr unsigned kDisableTiming = 2;  // cudaEventDisableTiming

}  // namespace

Departing::Departing(const CudaApi& cuda) : cuda_(cuda) {
  cuda_.check(cuda_.event_create(&done_, kDisableTiming), "cudaEventCreate");
}

Departing::~Departing() { cuda_.event_destroy(done_); }

void Departing::add(std::shared_ptr<Slot> slot) {
  if (slot.use_count() == 1) added_.push_back(std::move(slot));
}

void Departing::settle(cudaStream_t stream) {
  if (added_.empty()) return;
  if (!departing_.empty()) cuda_.check(cuda_.event_synchronize(done_), "cudaEventSynchronize");
  departing_.clear();
  cuda_.check(cuda_.event_record(done_, stream), "cudaEventRecord");
  std::swap(departing_, added_);
}

}  // namespace torch2trt::runtime
