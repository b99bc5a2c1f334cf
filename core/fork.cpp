#include "tapehead/core/detail/fork.h"

#include <pthread.h>

#include <vector>

namespace tapehead::core {
namespace {

std::vector<std::mutex*>& held() {
  static auto* const mutexes = new std::vector<std::mutex*>;
  return *mutexes;
}

void lock_all() {
  for (std::mutex* mutex : held()) mutex->lock();
}
void unlock_all() {
  for (std::mutex* mutex : held()) mutex->unlock();
}

}  // namespace

bool hold_at_fork(std::mutex& mutex) {
  [[maybe_unused]] static const int registered = pthread_atfork(lock_all, unlock_all, unlock_all);
  held().push_back(&mutex);
  return true;
}

}  // namespace tapehead::core
