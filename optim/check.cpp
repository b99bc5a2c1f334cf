#include "tapehead/optim/detail/check.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead::optim::detail {

void check_option(bool ok, std::string_view owner, std::string_view what, double value,
                  std::string_view must_be) {
  if (!ok) throw ValueError(fmt::format("{}: {} = {}; it must be {}", owner, what, value, must_be));
}

}  // namespace tapehead::optim::detail
