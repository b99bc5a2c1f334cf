// Sets the number of threads that ops use, for the scope of a test.
#pragma once

#include "tapehead/core/parallel.h"

namespace tapehead::testing {

/// Sets the number of threads, and restores it at the end of the scope.
class Threads {
 public:
  explicit Threads(int threads) : before_(num_threads()) { set_num_threads(threads); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace tapehead::testing
