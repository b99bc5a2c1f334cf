#include "tapehead/core/formats/npy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
using testing::Doubles;
using testing::values;

namespace {

// A file with this header; its length field has the size required by the version.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string out = "\x93NUMPY";
  out += {version, '\0', static_cast<char>(header.size()), '\0'};
  if (version > 1) out += {'\0', '\0'};
  return out + header + data;
}

std::string header(const std::string& descr, const std::string& shape,
                   const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes_of(std::initializer_list<T> numbers, bool swapped = false) {
  std::string out;
  for (const T x : numbers) {
    std::string one(sizeof x, '\0');
    std::memcpy(one.data(), &x, sizeof x);
    out += swapped ? std::string(one.rbegin(), one.rend()) : one;
  }
  return out;
}

std::string npy_error(const std::string& bytes) {
  return message_of<FormatError>([&] { parse_npy(bytes, "x.npy"); });
}

// a.npy with eight times 2.0f, deflated by Python's zipfile.
constexpr const char* kDeflated =
    "504b030414000000080000002100721e005e4a000000a000000005000000612e6e70799bec17ea1b10c9c850"
    "c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416"
    "a402f91a163a9a3a0ab50a14002e060606077c1800504b0102140314000000080000002100721e005e4a0000"
    "00a0000000050000000000000000000000800100000000612e6e7079504b0506000000000100010033000000"
    "6d0000000000";

// Flips and truncates bytes at random: parsing must succeed or throw FormatError.
template <class Parse>
void survives(const std::string& good, const Parse& parse) {
  const auto quiet = [&](std::string_view bytes) {
    try {
      parse(bytes);
    } catch (const FormatError&) {
    }
  };
  for (size_t cut = 0; cut < good.size(); ++cut) quiet(std::string_view(good).substr(0, cut));
  Generator generator{.seed = 5};
  const Tensor draws = empty({1500, 3}, i64);
  core::fill_integers(draws, 0, 1 << 20, generator);
  for (int64_t i = 0; i < 1500; ++i) {
    const auto draw = draws[i].to_vector<int64_t>();
    std::string bytes = good;
    bytes[static_cast<size_t>(draw[0]) % bytes.size()] = static_cast<char>(draw[1]);
    if (i % 3 == 0) bytes[static_cast<size_t>(draw[2]) % bytes.size()] = '\xff';
    quiet(bytes);
  }
}

}  // namespace

TEST_CASE("npy: every type goes out and comes back") {
  const Scratch scratch;
  const Tensor some = arange(6).reshape({2, 3});
  for (const DType dtype : {f32, f64, bf16, f16, i64, i32, i16, i8, u8, boolean})
    for (const Tensor& t : {some, some[0], some[0][1], some.slice(0, 0, 0), some.transpose(0, 1)}) {
      CAPTURE(name(dtype));
      CAPTURE(t.shape().str());
      write_npy(scratch / "x.npy", t.to(dtype));
      const Tensor back = read_npy(scratch / "x.npy");
      CHECK(back.dtype() == (dtype == bf16 ? f32 : dtype));
      CHECK(back.shape() == t.shape());
      CHECK(values(back) == values(t.to(dtype)));
    }
  // Byte for byte what numpy.save writes.
  write_npy(scratch / "x.npy", tensor({1.5, 2.0, 3.0}));
  const std::string text = header("<f4", "(3,)");
  CHECK(read_file(scratch / "x.npy") ==
        npy(text + std::string(117 - text.size(), ' ') + "\n", bytes_of({1.5f, 2.f, 3.f})));
}

TEST_CASE("npy: NumPy types that tensors do not have are widened") {
  const struct {
    const char* descr;
    std::string data;
    DType dtype;
    Doubles want;
  } cases[] = {
      {"|b1", bytes_of<char>({0, 1}), boolean, {0, 1}},
      {"|i1", bytes_of<int8_t>({-128, 127}), i8, {-128, 127}},
      {"<i2", bytes_of<int16_t>({-2, 300}), i16, {-2, 300}},
      {">i2", bytes_of<int16_t>({-2, 300}, true), i16, {-2, 300}},
      {"=i4", bytes_of<int32_t>({-70000, 1}), i32, {-70000, 1}},
      {">i8", bytes_of<int64_t>({-7, 1}, true), i64, {-7, 1}},
      {"u1", bytes_of<uint8_t>({255, 1}), u8, {255, 1}},
      {">u2", bytes_of<uint16_t>({65535, 1}, true), i32, {65535, 1}},
      {"<u4", bytes_of<uint32_t>({4294967295U, 1}), i64, {4294967295.0, 1}},
      {"<u8", bytes_of<uint64_t>({5, 1}), i64, {5, 1}},
      {"<f2", bytes_of<uint16_t>({0x3c00, 0xc400}), f16, {1, -4}},
      {">f2", bytes_of<uint16_t>({0x3c00, 0x0001}, true), f16, {1, 0x1p-24}},
      {">f4", bytes_of<float>({1.5f, -2}, true), f32, {1.5, -2}},
      {">f8", bytes_of<double>({0.1, -2}, true), f64, {0.1, -2}},
  };
  for (const auto& row : cases) {
    CAPTURE(row.descr);
    const Tensor t = parse_npy(npy(header(row.descr, "(2,)"), row.data), "x");
    CHECK(t.dtype() == row.dtype);
    CHECK(values(t) == row.want);
  }
}

TEST_CASE("npy: Fortran's order, other versions, other spellings") {
  const std::string data = bytes_of<int32_t>({1, 2, 3, 4, 5, 6});
  const Tensor turned = parse_npy(npy(header("<i4", "(2, 3)", "True"), data), "x");
  CHECK(turned.shape() == Shape{2, 3});
  CHECK(values(turned) == Doubles{1, 3, 5, 2, 4, 6});
  for (const char version : {'\1', '\2', '\3'})
    CHECK(values(parse_npy(npy(header("<i4", "(6,)"), data, version), "x"))[5] == 6);
  for (const char* spelt : {"{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"<i4\"}  \n",
                            "{'fortran_order': False, 'shape': (2L, 3L), 'descr': '<i4', }",
                            "{'descr':'i4','shape':"
                            "(3,2),'fortran_order':True}"})
    CHECK(parse_npy(npy(spelt, data), "x").numel() == 6);
}

TEST_CASE("npy: errors") {
  const std::string four(4, '\0');
  const std::string fine = header("<f4", "(1,)");
  CHECK(npy_error(npy(fine, four)).empty());
  const std::pair<std::string, std::string> broken[] = {
      {"", "it does not start with the magic bytes of a .npy file"},
      {"PK\3\4 and so on", "it does not start with the magic bytes of a .npy file"},
      {npy(fine, four, '\4'), "it is of version 4.0; 1.0 to 3.0 can be read"},
      {npy(fine, four).substr(0, 30), "it was cut off within its header"},
      {npy(fine, four, 2).substr(0, 9), "it was cut off within its header"},
      {std::string("\x93NUMPY\2\0\0\0\0\1 ", 13),
       "a header of 16777216 bytes; at most 65536 are allowed"},
      {npy("[1]", four), "its header is invalid at byte 0"},
      {npy("{'descr': '<f4', 'shape': (1,)}", four),
       "its header lacks one of descr, fortran_order and shape"},
      {npy("{'descr': '<f4', 'descr': '<f4'}", four), "its header has 'descr' twice"},
      {npy("{'order': 'C'}", four), "its header has a field 'order'"},
      {npy(fine + "x", four), "its header is invalid at byte 57"},
      {npy(header("<f4", "(-1,)"), four), "its header is invalid at byte 51"},
      {npy(header("<f4", "(1)"), four), "its header is invalid at byte 53"},
      {npy(header("<f4", "1"), four), "its header is invalid at byte 50"},
      {npy(header("<f4", "(1,)", "None"), four), "its header is invalid at byte 34"},
      {npy(header("<f4", "(99999999999999999999,)"), four),
       "a size of its shape is too large to address"},
      {npy(header("<f4", "(4611686018427387904, 0)"), ""), "its shape is too large to address"},
      {npy(header("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), four),
       "it has 9 dimensions; a tensor has at most 8"},
      {npy(header("<f4", "(2,)"), four), "its shape needs 8 bytes of elements, but it has 4"},
      {npy(header("<f4", "(0,)"), four), "its shape needs 0 bytes of elements, but it has 4"},
      {npy(header("|O", "(1,)"), four),
       "it holds Python objects, which only pickle can read, and pickle runs what it reads; save "
       "numbers, with allow_pickle=False"},
      {npy(header("<U4", "(1,)"), four),
       "its elements are of type '<U4'; bool, integers and floating numbers of 2, 4 and 8 bytes "
       "can be read"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", four),
       "its elements are records; save each field by itself"},
      {npy(header("<u8", "()"), bytes_of<uint64_t>({1ULL << 63})),
       "it holds 9223372036854775808, beyond the largest i64"},
  };
  for (const auto& [bytes, why] : broken)
    CHECK(npy_error(bytes) == "x.npy: not an array that can be read: " + why);
}

TEST_CASE("npy and npz: files of 900 GB are checked before memory is spent on them") {
  const Scratch scratch;
  const auto error_of = [&](const std::string& bytes, auto read) {
    const std::string path = scratch.write("x", bytes);
    std::filesystem::resize_file(path, uintmax_t{900} << 30);
    const std::string error = message_of<Error>([&] { read(path); });
    return error.starts_with(path) ? error.substr(path.size()) : error;
  };
  const auto read = [](const std::string& path) { read_npy(path); };
  CHECK(error_of("", read) ==
        ": not an array that can be read: it does not start with the magic bytes of a .npy file");
  const std::string text = header("<f4", "(3,)");
  CHECK(error_of(npy(text, ""), read) ==
        ": not an array that can be read: its shape needs 12 bytes of elements, but it has "
        "966367641533");
  CHECK(error_of("", [](const std::string& path) {
          read_npz(path);
        }).starts_with(": not an archive of arrays that can be read: "));
}

TEST_CASE("npz: arrays by name, stored and deflated") {
  const Scratch scratch;
  const std::vector<NamedTensor> tensors = {
      {"b", arange(6.0).reshape({2, 3})}, {"a/deep ü", tensor({1, 2})}, {"none", zeros({0, 4})}};
  write_npz(scratch / "x.npz", tensors);
  const auto back = read_npz(scratch / "x.npz");
  REQUIRE(back.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(back[i].first == tensors[i].first);
    CHECK(back[i].second.shape() == tensors[i].second.shape());
    CHECK(values(back[i].second) == values(tensors[i].second));
  }
  const std::string first = read_file(scratch / "x.npz");
  write_npz(scratch / "x.npz", tensors);
  CHECK(read_file(scratch / "x.npz") == first);
  write_npz(scratch / "x.npz", {});
  CHECK(read_npz(scratch / "x.npz").empty());
  const auto twice = [&] { write_npz(scratch / "y.npz", std::vector{tensors[0], tensors[0]}); };
  CHECK(message_of<ValueError>(twice) == "write_npz: 'b' is given twice");
  std::filesystem::resize_file(scratch / "x.npz", 0);
  const std::pair<std::string, std::string> bad[] = {
      {"a\xff", R"(the name "a\xff" is not UTF-8 at byte 1; nothing was written)"},
      {std::string("a\0b", 3), R"(the name "a\x00b" contains a NUL; nothing was written)"},
      {std::string(65532, 'a'), "a name of 65532 bytes; an archive holds at most 65531"}};
  for (const auto& [name, why] : bad) {
    const std::vector<NamedTensor> one{{name, 1}};
    CHECK(message_of<ValueError>([&] { write_npz(scratch / "x.npz", one); }) ==
          "write_npz: " + why);
    CHECK(read_file(scratch / "x.npz").empty());
  }
  const auto unnamed = [&] { write_npz(scratch / "y.npz", std::vector<NamedTensor>{{"", 1}}); };
  CHECK(message_of<ValueError>(unnamed) == "write_npz: an array has no name");
}

TEST_CASE("npz: errors") {
  const Scratch scratch;
  const auto refuse = [](const std::string& bytes, const NpzLimits& limits = {}) {
    const std::string error = message_of<FormatError>([&] { parse_npz(bytes, "x.npz", limits); });
    const std::string start = "x.npz: not an archive of arrays that can be read: ";
    return error.starts_with(start) ? error.substr(start.size()) : error;
  };
  write_npz(scratch / "x.npz", std::vector<NamedTensor>{{"a", ones({2})}, {"b", ones({2})}});
  const std::string good = read_file(scratch / "x.npz");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string bytes = good;
    for (size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; at += to.size())
      bytes.replace(at, from.size(), to);
    return bytes;
  };
  CHECK(refuse(good).empty());
  CHECK(refuse("no archive").find("ot a zip archive") != std::string::npos);
  CHECK(refuse(changed("b.npy", "b.txt")) ==
        "'b.txt' is not an array: its name does not end in .npy");
  CHECK(refuse(changed("b.npy", "a.npy")) == "File already exists");
  CHECK(refuse(changed("b.npy", "\xff.npy")) == R"(the name "\xff.npy" is not UTF-8 at byte 0)");
  const std::string trust = "; pass other NpzLimits for an archive that you trust";
  CHECK(refuse(good, {.arrays = 1}) == "it has 2 entries, more than 1" + trust);
  CHECK(refuse(good, {.bytes = 200}) == "it unpacks to more than 200 bytes" + trust);
  std::string other = good;
  other[other.rfind("a.npy", other.find("b.npy")) + 5 + 128] ^= 1;
  CHECK(refuse(other) == "'a.npy': CRC error");
  CHECK(message_of<FormatError>([&] {
          parse_npz(changed("<f4", "|O4"), "x.npz");
        }).find("CRC error") != std::string::npos);
  CHECK(message_of<IoError>([&] { read_npz(scratch / "z.npz"); }) ==
        (scratch / "z.npz") + ": no such file; did you mean " + (scratch / "x.npz") + "?");
}

TEST_CASE("npz: bombs are refused before they are unpacked") {
  std::string good;
  for (size_t i = 0; kDeflated[i] != '\0'; i += 2)
    good += static_cast<char>(std::stoi(std::string(kDeflated + i, 2), nullptr, 16));
  CHECK(values(parse_npz(good, "x.npz")[0].second) == Doubles(8, 2));
  const auto claiming = [&](uint32_t size) {  // sets both copies of the size
    std::string bytes = good;
    const std::string now = bytes_of<uint32_t>({160}), then = bytes_of<uint32_t>({size});
    for (size_t at = 0; (at = bytes.find(now, at)) != std::string::npos; at += 4)
      bytes.replace(at, 4, then);
    return message_of<FormatError>([&] { parse_npz(bytes, "x.npz", {.ratio = 3}); });
  };
  const std::string start = "x.npz: not an archive of arrays that can be read: ";
  CHECK(claiming(4'000'000'000) == start + "'a.npy' claims to unpack 74 bytes to 4000000000");
  CHECK(claiming(170) == start + "'a.npy' ends after 160 of 170 bytes");
  CHECK(claiming(150) == start + "'a.npy' is longer than the 150 bytes it claims");
}

TEST_CASE("npy and npz: invalid data is an error, never read past its end") {
  const Scratch scratch;
  survives(npy(header("<i2", "(2, 3)", "True"), std::string(12, 'x')),
           [](std::string_view bytes) { parse_npy(bytes, "x"); });
  write_npz(scratch / "x.npz", std::vector<NamedTensor>{{"a", ones({2})}, {"b", ones({2})}});
  survives(read_file(scratch / "x.npz"), [](std::string_view bytes) { parse_npz(bytes, "x"); });
}
