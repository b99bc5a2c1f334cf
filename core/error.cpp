#include "tapehead/core/error.h"

namespace tapehead {

void Error::set_where(const std::string& path) {
  if (placed_ || path.empty()) return;
  message_ += " (in " + path + ")";
  placed_ = true;
}

}  // namespace tapehead
