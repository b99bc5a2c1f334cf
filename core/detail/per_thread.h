// Values that each thread of a parallel region has for itself.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace tapehead::core {

template <class T>
class PerThread {
 public:
  /// The calling thread's value, constructed from `args` when it first asks.
  template <class... Args>
  T& mine(const Args&... args) {
    const std::thread::id thread = std::this_thread::get_id();
    const std::lock_guard lock(mutex_);
    if (!first_) return first_.emplace(thread, args...).value;
    if (first_->thread == thread) return first_->value;
    for (Entry& entry : others_)
      if (entry.thread == thread) return entry.value;
    return others_.emplace_back(thread, args...).value;
  }

 private:
  struct Entry {
    std::thread::id thread;
    T value;
    template <class... Args>
    explicit Entry(std::thread::id id, const Args&... args) : thread(id), value(args...) {}
  };
  std::mutex mutex_;
  std::optional<Entry> first_;  // often the only one, which then needs no dynamic memory
  std::list<Entry> others_;
};

}  // namespace tapehead::core
