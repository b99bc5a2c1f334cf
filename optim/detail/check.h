// Checks an option.
#pragma once

#include <string_view>

namespace tapehead::optim::detail {

/// Throws ValueError `owner: what = value; it must be …` unless `ok`.
void check_option(bool ok, std::string_view owner, std::string_view what, double value,
                  std::string_view must_be);

}  // namespace tapehead::optim::detail
