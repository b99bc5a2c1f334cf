// Which tracked tensors ops take.
#pragma once

#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Logs them while in scope.
class UseLogging {
 public:
  UseLogging() : log_{use_log, {}} { use_log = &log_; }
  ~UseLogging() { use_log = log_.around; }
  UseLogging(const UseLogging&) = delete;

  const std::vector<Tensor>& used() const { return log_.tensors; }

 private:
  UseLog log_;
};

}  // namespace tapehead::detail
