// The framing of TensorFlow's record files:
//   u64 length | u32 masked CRC of the length | bytes | u32 masked CRC of the bytes, little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead::train {

/// CRC-32C (Castagnoli, RFC 3720).
uint32_t crc32c(std::string_view bytes);

/// One framed record.
std::string tfrecord(std::string_view bytes);

}  // namespace tapehead::train
