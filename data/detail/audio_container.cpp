#include "tapehead/data/detail/audio_container.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "tapehead/core/error.h"

namespace tapehead::data::detail {
namespace {

uint32_t little_endian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// The size of samples that were written to a pipe: what follows.
constexpr size_t kStreamed = 0xffffffff;

// Chunks of a name, a size and as many bytes, padded to an even number. libsndfile reads what there
// is of the samples.
void check_wav(const std::string& path, std::string_view bytes) {
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const size_t size = little_endian(bytes, at + 4), left = bytes.size() - at - 8;
    if (bytes.substr(at, 4) == "data") {
      if (size > left && size != kStreamed)
        throw FormatError(fmt::format(
            "{}: its header promises {} bytes of samples, but {} follow; the file is truncated",
            path, size, left));
      return;
    }
    if (size >= left) break;
    at += 8 + size + size % 2;
  }
  throw FormatError(fmt::format("{}: a WAV file that ends before its samples", path));
}

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc >> 31) * 0x04c11db7);
    table[byte] = crc;
  }
  return table;
}

// Of a page in which the four bytes of the checksum itself count as zeros.
uint32_t ogg_checksum(std::string_view page) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = 0;
  for (size_t i = 0; i < page.size(); ++i) {
    const uint32_t byte = i >= 22 && i < 26 ? 0 : static_cast<uint8_t>(page[i]);
    crc = crc << 8 ^ kTable[crc >> 24 ^ byte];
  }
  return crc;
}

// libogg skips pages that are damaged.
void check_ogg(const std::string& path, std::string_view bytes) {
  constexpr size_t kPageHeader = 27;
  bool ended = false;
  for (size_t at = 0, page = 0; at < bytes.size(); ++page) {
    const std::string_view rest = bytes.substr(at);
    const auto fail = [&](const char* what) {
      throw FormatError(fmt::format("{}: Ogg page {} at byte {} {}", path, page, at, what));
    };
    if (rest.size() < kPageHeader) fail("is truncated");
    if (!rest.starts_with("OggS")) fail("does not start with OggS");
    const size_t segments = static_cast<uint8_t>(rest[26]);
    size_t size = kPageHeader + segments;
    for (size_t i = 0; i < segments && kPageHeader + i < rest.size(); ++i)
      size += static_cast<uint8_t>(rest[kPageHeader + i]);
    if (size > rest.size()) fail("is truncated");
    if (ogg_checksum(rest.substr(0, size)) != little_endian(rest, 22))
      fail("is damaged: its checksum differs");
    ended = (static_cast<uint8_t>(rest[5]) & 4) != 0;
    at += size;
  }
  if (!ended)
    throw FormatError(
        fmt::format("{}: its last Ogg page does not end the stream; the file is truncated", path));
}

bool is_mp3(std::string_view bytes) {
  return bytes.size() > 2 && static_cast<uint8_t>(bytes[0]) == 0xff &&
         (static_cast<uint8_t>(bytes[1]) & 0xe0) == 0xe0;
}

}  // namespace

void check_audio_container(const std::string& path, std::string_view bytes) {
  if (bytes.empty()) throw FormatError(fmt::format("{}: the file is empty", path));
  if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WAVE")
    return check_wav(path, bytes);
  if (bytes.starts_with("OggS")) return check_ogg(path, bytes);
  // An ID3 tag may precede MP3 and FLAC.
  if (bytes.starts_with("fLaC") || bytes.starts_with("ID3") || is_mp3(bytes)) return;
  throw FormatError(fmt::format("{}: not a WAV, FLAC, Ogg or MP3 file", path));
}

}  // namespace tapehead::data::detail
