// Which tensors ops take.
#pragma once

#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Logs them while in scope.
class UseLogging {
 public:
  UseLogging() : log_{use_log} { use_log = &log_; }
  ~UseLogging() { use_log = log_.around; }
  UseLogging(const UseLogging&) = delete;

  /// Tracked tensors.
  const std::vector<UseLog::Use>& tracked() const { return log_.tracked; }
  /// Tensors that are not tracked and were not made meanwhile.
  const std::vector<UseLog::Use>& others() const { return log_.others; }

 private:
  UseLog log_;
};

}  // namespace tapehead::detail
