// Restricts OpenBLAS to the calling thread.
#pragma once

namespace tapehead::core {

/// Restricts OpenBLAS to the calling thread in its scope. Outside of a parallel region it would use
/// all threads, and the result's bits would depend on their number.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace tapehead::core
