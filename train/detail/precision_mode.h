// The modes of --precision.
#pragma once

#include <string>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/core/precision.h"

namespace tapehead::train::detail {

/// The values of --precision.
inline const std::vector<std::string> kPrecisions{"fp32", "high", "medium", "bf16"};

/// Computes in a --precision while in scope: bf16 turns autocast on in this thread; high and medium
/// set that of products of f32 matrices.
class PrecisionMode {
 public:
  explicit PrecisionMode(const std::string& precision) : autocast_(bf16, precision == "bf16") {
    set_matmul_precision(precision == "high"     ? Precision::high
                         : precision == "medium" ? Precision::medium
                                                 : Precision::highest);
  }
  ~PrecisionMode() { set_matmul_precision(before_); }
  PrecisionMode(const PrecisionMode&) = delete;
  PrecisionMode& operator=(const PrecisionMode&) = delete;

 private:
  Precision before_ = matmul_precision();
  AutocastMode autocast_;
};

}  // namespace tapehead::train::detail
