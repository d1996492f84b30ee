// A few values, the most recently used first; the least recently used goes when there are too many. Searched one by
// one: there are about eight.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace torch2trt::runtime {

template <typename Key, typename Value>
class Lru {
 public:
  // `capacity` is at least 1.
  explicit Lru(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

  // Null where there is none. Becomes the most recently used; the pointer is good until the next find, insert or clear.
  Value* find(const Key& key) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == key; });
    if (found == entries_.end()) return nullptr;
    std::rotate(entries_.begin(), found, found + 1);
    return &entries_.front().second;
  }

  // Where another insert would be one too many: the value of the least recently used, which is here no longer.
  std::optional<Value> make_room() {
    if (entries_.size() < capacity_) return std::nullopt;
    std::optional<Value> oldest(std::move(entries_.back().second));
    entries_.pop_back();
    return oldest;
  }

  // `key` must not be there.
  Value& insert(Key key, Value value) {
    make_room();
    entries_.emplace(entries_.begin(), std::move(key), std::move(value));
    return entries_.front().second;
  }

  std::size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }

 private:
  std::size_t capacity_;
  std::vector<std::pair<Key, Value>> entries_;
};

}  // namespace torch2trt::runtime
