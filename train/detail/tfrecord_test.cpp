#include "tapehead/train/detail/tfrecord.h"

#include <doctest/doctest.h>

using namespace tapehead::train;
using namespace std::string_literals;

TEST_CASE("tfrecord: CRC-32C has the values of RFC 3720, B.4") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
}

TEST_CASE("tfrecord: the frame has the bytes that TensorFlow writes") {
  CHECK(tfrecord("abc") ==
        "\x03\x00\x00\x00\x00\x00\x00\x00\xb0\x99\x49\x0e"s
        "abc"
        "\x6e\x57\xf1\x21"s);
}
