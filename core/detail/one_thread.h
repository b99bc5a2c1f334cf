// Restricts OpenBLAS to the calling thread.
#pragma once

namespace tapehead::core {

/// Restricts OpenBLAS to the calling thread in its scope. Otherwise it would use threads of its
/// own, and the result's bits would depend on their number.
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
