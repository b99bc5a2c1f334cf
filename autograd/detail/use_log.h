// Records which tensors ops use.
#pragma once

#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Records the operands of ops while in scope.
class UseLogging {
 public:
  UseLogging() : log_{use_log} { use_log = &log_; }
  ~UseLogging() { use_log = log_.around; }
  UseLogging(const UseLogging&) = delete;

  /// Operands that track gradients.
  const std::vector<UseLog::Use>& tracked() const { return log_.tracked; }
  /// Operands that do not track gradients and were not created in scope.
  const std::vector<UseLog::Use>& others() const { return log_.others; }

 private:
  UseLog log_;
};

}  // namespace tapehead::detail
