#include <condition_variable>
#include <mutex>
#include <utility>

#include "torch2trt/runtime.h"

namespace torch2trt {
namespace runtime {

// Shared by the pool and its leases, so that a lease may outlive the pool.
class PoolState {
 public:
  PoolState(const std::vector<std::shared_ptr<const Engine>>& engines, const PoolOptions& options) {
    contexts_.reserve(options.size);
    for (std::size_t i = 0; i < options.size; ++i)
      contexts_.push_back(std::make_unique<Context>(engines[i % engines.size()], options.context));
    for (const auto& context : contexts_) {
      context->share();
      free_.push_back(context.get());
    }
  }

  Context* take(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) given_back_.wait(lock, [this] { return !free_.empty(); });
    if (free_.empty()) return nullptr;
    Context* context = free_.back();  // the one used last: its shapes and graphs are most likely the wanted ones
    free_.pop_back();
    return context;
  }

  void give_back(Context* context) {
    context->reset();  // not into the buffers of who had it before
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(context);
    }
    given_back_.notify_one();
  }

  std::size_t size() const { return contexts_.size(); }
  std::size_t free() const {
    const std::lock_guard lock(mutex_);
    return free_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<Context*> free_;
};

}  // namespace runtime

namespace {

std::shared_ptr<runtime::PoolState> make_state(const std::vector<std::shared_ptr<const Engine>>& engines,
                                               const PoolOptions& options) {
  if (engines.empty() || options.size == 0) {
    throw Error(ErrorCategory::kInvalidArgument, "a pool needs at least one engine and one context");
  }
  return std::make_shared<runtime::PoolState>(engines, options);
}

}  // namespace

EnginePool::EnginePool(std::shared_ptr<const Engine> engine, const PoolOptions& options)
    : state_(make_state({std::move(engine)}, options)) {}
EnginePool::EnginePool(const std::vector<std::shared_ptr<const Engine>>& engines, const PoolOptions& options)
    : state_(make_state(engines, options)) {}

EnginePool::Lease EnginePool::acquire() { return {state_, state_->take(true)}; }

std::unique_ptr<EnginePool::Lease> EnginePool::try_acquire() {
  Context* context = state_->take(false);
  return context == nullptr ? nullptr : std::unique_ptr<Lease>(new Lease(state_, context));
}

std::size_t EnginePool::size() const { return state_->size(); }
std::size_t EnginePool::free() const { return state_->free(); }

EnginePool::Lease::Lease(std::shared_ptr<runtime::PoolState> state, Context* context)
    : state_(std::move(state)), context_(context) {}

EnginePool::Lease::Lease(Lease&& other) noexcept
    : state_(std::move(other.state_)), context_(std::exchange(other.context_, nullptr)) {}

EnginePool::Lease& EnginePool::Lease::operator=(Lease&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(context_, other.context_);
  return *this;
}

EnginePool::Lease::~Lease() {
  if (context_ != nullptr) state_->give_back(context_);
}

}  // namespace torch2trt
