#include "tapehead/data/idx.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::idx_test {

using namespace std::string_literals;

namespace {

const std::string kBytes = "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"s + "\x01\x02\x03\xff\0\x7f"s;

std::string refusal(const std::string& bytes) {
  const test::Scratch folder;
  const std::string path = folder.write("a.idx", bytes);
  const std::string said = testing::error_of<FormatError>([&] { data::read_idx(path); });
  return said.starts_with(path + ": ") ? said.substr(path.size() + 2) : said;
}

}  // namespace

TEST_CASE("idx: arrays of every type") {
  const test::Scratch folder;
  const Tensor bytes = data::read_idx(folder.write("a", kBytes));
  CHECK(bytes.dtype() == u8);
  CHECK(bytes.shape() == Shape{2, 3});
  CHECK(bytes.to_vector<int64_t>() == std::vector<int64_t>{1, 2, 3, 255, 0, 127});
  const Tensor words =
      data::read_idx(folder.write("b", "\0\0\x0c\x01\0\0\0\x02\xff\xff\xff\xfe\0\0\x01\x02"s));
  CHECK(words.dtype() == i32);
  CHECK(words.to_vector<int64_t>() == std::vector<int64_t>{-2, 258});
  const Tensor small = data::read_idx(folder.write("f", "\0\0\x0b\x01\0\0\0\x02\xff\xfe\x01\x02"s));
  CHECK(small.dtype() == i16);
  CHECK(small.to_vector<int64_t>() == std::vector<int64_t>{-2, 258});
  CHECK(data::read_idx(folder.write("g", "\0\0\x09\x01\0\0\0\x01\xfe"s)).item() == -2);
  const Tensor floats = data::read_idx(folder.write("c", "\0\0\x0d\x01\0\0\0\x01\xbf\xc0\0\0"s));
  CHECK(floats.to_vector<double>() == std::vector<double>{-1.5});
  const Tensor doubles =
      data::read_idx(folder.write("d", "\0\0\x0e\x01\0\0\0\x01\xbf\xf8\0\0\0\0\0\0"s));
  CHECK(doubles.to_vector<double>() == std::vector<double>{-1.5});
  CHECK(data::read_idx(folder.write("e", "\0\0\x08\x01\0\0\0\0"s)).shape() == Shape{0});
}

TEST_CASE("idx: what is not one") {
  CHECK(refusal("PNG") ==
        "it does not start with two zero bytes and a type; an IDX file is expected");
  CHECK(refusal("\0\0\x0a\x01\0\0\0\0"s) == "unknown element type 0x0a; an IDX file is expected");
  CHECK(refusal("\0\0\x08\x09\0\0\0\0"s) == "it has 9 axes, not 1 to 8; an IDX file is expected");
  CHECK(refusal("\0\0\x08\x02\0\0\0\0"s) ==
        "it ends inside the list of sizes; an IDX file is expected");
  CHECK(refusal(kBytes + "x") ==
        "its shape [2, 3] needs 6 bytes of elements, but it has 7; an IDX file is expected");
  CHECK(refusal("\0\0\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s) ==
        "its shape begins with [4294967295, 4294967295], too large for any file; an IDX file is "
        "expected");
}

TEST_CASE("idx: without elements the other sizes count all the same") {
  const std::string most = "\xff\xff\xff\xff", none(4, '\0');
  CHECK(refusal("\0\0\x08\x04"s + none + most + most + most) ==
        "its shape begins with [0, 4294967295, 4294967295], too large for any file; an IDX file is "
        "expected");
  const test::Scratch folder;
  CHECK(data::read_idx(folder.write("a", "\0\0\x08\x02"s + none + most)).shape() ==
        Shape{0, 4294967295});
}

TEST_CASE("idx: rubbish is refused or read, never more") {
  data::SplitMix random(1);
  const test::Scratch folder;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = kBytes.substr(0, static_cast<size_t>(random.below(19)));
    for (char& c : bytes)
      if (random.below(6) == 0) c = static_cast<char>(random.below(256));
    const std::string path = folder.write("a", bytes);
    int64_t elements = 0;
    try {
      elements = data::read_idx(path).numel();
    } catch (const FormatError&) {
    }
    CHECK(elements <= 18);
  }
}

}  // namespace tapehead::idx_test
