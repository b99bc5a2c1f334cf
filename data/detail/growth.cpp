#include "tapehead/data/detail/growth.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead::data::tokenizing {
namespace {

constexpr size_t kTimes = 64, kMore = 4096;

}  // namespace

size_t most_bytes(size_t size) { return kTimes * size + kMore; }

void check_growth(size_t size, size_t most, const std::string& place) {
  if (size > most)
    throw FormatError(
        fmt::format("{}: it makes the text longer than {} bytes; {} times its length and {} bytes "
                    "more are the limit",
                    place, most, kTimes, kMore));
}

}  // namespace tapehead::data::tokenizing
