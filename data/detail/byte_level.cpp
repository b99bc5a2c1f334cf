// GPT-2's alphabet of bytes: printable Latin-1 stands for itself, the rest for U+0100 and up.
#include <array>

#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/text.h"

namespace tapehead::data::tokenizing {
namespace {

bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr int kBeyond = 0x144;  // one more than the alphabet's last code point

struct Alphabet {
  std::vector<std::string> characters;
  std::array<int, kBeyond> bytes;  // by code point; -1 outside of the alphabet

  Alphabet() {
    bytes.fill(-1);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const char32_t c = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
      characters.push_back(to_utf8(std::u32string_view(&c, 1)));
      bytes[c] = byte;
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet one;
  return one;
}

}  // namespace

const std::vector<std::string>& byte_alphabet() { return alphabet().characters; }

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) out += alphabet().characters[static_cast<unsigned char>(byte)];
  return out;
}

bool from_byte_level(std::string_view text, std::string& bytes) {
  const size_t before = bytes.size();
  for (const char32_t c : code_points(text)) {
    const int byte = c < kBeyond ? alphabet().bytes[c] : -1;
    if (byte < 0) {
      bytes.resize(before);
      return false;
    }
    bytes += static_cast<char>(byte);
  }
  return true;
}

}  // namespace tapehead::data::tokenizing
