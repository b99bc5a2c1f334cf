#include "tapehead/core/formats/safetensors.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/file_limit.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out + header + data;
}

std::string error_of(const std::string& bytes) {
  return message_of<FormatError>([&] { parse_safetensors(bytes, "x.safetensors"); });
}

}  // namespace

TEST_CASE("safetensors: every type goes out and comes back") {
  const Scratch scratch;
  std::vector<NamedTensor> tensors;
  for (const DType dtype : {f32, f64, bf16, f16, i64, i32, i16, i8, u8, boolean})
    tensors.emplace_back(std::string("t.") + name(dtype), arange(6).reshape({2, 3}).to(dtype));
  tensors.emplace_back("number", full({}, 2.5));
  tensors.emplace_back("nothing", zeros({0, 4}));
  tensors.emplace_back("turned", arange(6.0).reshape({2, 3}).transpose(0, 1));
  const std::vector<std::pair<std::string, std::string>> notes{{"format", "pt"},
                                                               {"a \"quoted\" key", "ü"}};
  write_safetensors(scratch / "all.safetensors", tensors, notes);
  const SafeTensors back = read_safetensors(scratch / "all.safetensors");
  CHECK(back.tensors.size() == tensors.size());
  CHECK(back.metadata == notes);
  for (const NamedTensor& named : tensors) {
    const auto& [name, tensor] = named;
    CAPTURE(named.first);
    const Tensor read = back.find(name);
    REQUIRE(read.defined());
    CHECK(read.dtype() == tensor.dtype());
    CHECK(read.shape() == tensor.shape());
    CHECK(read.to_vector<double>() == tensor.to_vector<double>());
  }
  CHECK(message_of<ValueError>([&] {
          write_safetensors(scratch / "twice",
                            std::vector<NamedTensor>{{"w", ones({1})}, {"w", ones({1})}});
        }) == "write_safetensors: 'w' is given twice");
}

TEST_CASE("safetensors: the published rules are enforced") {
  const std::string four(4, '\0');
  const std::string ok = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  CHECK_NOTHROW(parse_safetensors(file_of(ok, four), "x"));
  CHECK_NOTHROW(parse_safetensors(file_of("{}   ", ""), "x"));
  const std::pair<std::string, std::string> broken[] = {
      {"abc", "3 bytes are too few for a header"},
      {std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8) + "{}",
       "a header of 18446744073709551615 bytes; at most 100000000 are allowed"},
      {file_of(ok, four).substr(0, 20), "a header of 54 bytes, but only 12 follow: it was cut off"},
      {file_of(" {}", ""), "the header does not start with {"},
      {file_of("{", ""), "the header is not JSON at byte 2"},
      {file_of(R"({"w":1})", ""), "'w' is not an object"},
      {file_of(R"({"w":{"dtype":"F32","shape":[1]}})", four), "'w' has no data_offsets"},
      {file_of(
           R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           four),
       "'w' is repeated"},
      {file_of(R"({"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", four),
       "'dtype' is repeated in 'w'"},
      {file_of(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", four),
       "field 'shape' of 'w' is invalid"},
      {file_of(R"({"w":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", four),
       "field 'shape' of 'w' is invalid"},
      {file_of(R"({"w":{"dtype":{},"shape":[1],"data_offsets":[0,4]}})", four),
       "the header is nested too deeply at 'w'"},
      {file_of(R"({"w":{"dtype":"F8","shape":[1],"data_offsets":[0,4]}})", four),
       "'w' is of type 'F8'; F32, F64, BF16, F16, I64, I32, I16, I8, U8 and BOOL can be read"},
      {file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", four),
       "'w' of shape [2] takes 8 bytes, its data_offsets span 4"},
      {file_of(R"({"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}})",
               four),
       "the shape of 'w' is too large to address"},
      {file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", four),
       "data_offsets of 'w' are not a range within the 4 bytes of data"},
      {file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", four + four),
       "'w' starts at byte 4, expected 0: data has a gap or overlaps"},
      {file_of(ok, four + four), "tensors end at byte 4 of the 8 bytes of data"},
  };
  for (const auto& [bytes, why] : broken)
    CHECK(error_of(bytes) == "x.safetensors: not a valid safetensors file: " + why);
}

TEST_CASE("safetensors: sizes that do not fit an address, with zeros among them or not") {
  const std::pair<std::string, std::string> shapes[] = {
      {"[0,4611686018427387904,4611686018427387904]", "the shape of 'w' is too large to address"},
      {"[18446744073709551615]", "the shape of 'w' is too large to address"},
      {"[18446744073709551616]", "field 'shape' of 'w' is invalid"},
      {"[0,1152921504606846976]", ""}};
  for (const auto& row : shapes) {
    const auto& [shape, why] = row;
    CAPTURE(row.first);
    const std::string error = error_of(
        file_of(R"({"w":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0]}})", ""));
    CHECK(error == (why.empty() ? "" : "x.safetensors: not a valid safetensors file: " + why));
  }
}

TEST_CASE("safetensors: bytes of bool other than 0 and 1 are true") {
  const std::string header = R"({"w":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}})";
  const Tensor w = parse_safetensors(file_of(header, {"\0\1\2\xff", 4}), "x").find("w");
  for (const int64_t i : {0, 1, 2, 3})
    CHECK(static_cast<int>(reinterpret_cast<const unsigned char*>(w.raw())[i]) == (i > 0 ? 1 : 0));
}

TEST_CASE("safetensors: names that could not be read back are refused, and nothing is written") {
  const Scratch scratch;
  const std::string path = scratch.write("x", "old");
  const std::string nul("a\0b", 3), w = "w";
  const struct {
    std::string name, key, value, why;
  } cases[] = {
      {"a\xff", "", "", R"(the name "a\xff" is not UTF-8 at byte 1; nothing was written)"},
      {nul, "", "", R"(the name "a\x00b" contains a NUL; nothing was written)"},
      {"__metadata__", "", "",
       "'__metadata__' cannot be the name of a tensor: it is reserved for metadata"},
      {"w", "\xc0\x80", "", R"(the key "\xc0\x80" is not UTF-8 at byte 0; nothing was written)"},
      {"w", "k", "\xed\xa0\x80",
       R"(the metadata "\xed\xa0\x80" is not UTF-8 at byte 0; nothing was written)"},
  };
  for (const auto& row : cases) {
    CAPTURE(row.why);
    const std::vector<NamedTensor> tensors{{row.name, ones({1})}};
    const std::vector<std::pair<std::string, std::string>> notes{{row.key, row.value}};
    CHECK(message_of<ValueError>([&] { write_safetensors(path, tensors, notes); }) ==
          "write_safetensors: " + row.why);
  }
  const std::vector<std::pair<std::string, std::string>> twice{{"k", "1"}, {"k", "2"}};
  CHECK(message_of<ValueError>([&] { write_safetensors(path, {}, twice); }) ==
        "write_safetensors: the metadata 'k' is given twice");
  CHECK(read_file(path) == "old");
  CHECK(scratch.count() == 1);
  CHECK(error_of(file_of(R"({"a\u0000":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                         std::string(4, '\0'))) ==
        R"(x.safetensors: not a valid safetensors file: the name "a\x00" contains a NUL)");
}

TEST_CASE("safetensors: files of 900 GB are checked before memory is spent on them") {
  const Scratch scratch;
  const std::string path = scratch.write("x", "");
  const auto error_at = [&](uintmax_t size) {
    std::filesystem::resize_file(path, size);
    return message_of<Error>([&] { read_safetensors(path); });
  };
  const std::string invalid = path + ": not a valid safetensors file: ";
  CHECK(error_at(uintmax_t{900} << 30) == invalid + "the header does not start with {");
  scratch.write("x", file_of(R"({"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", ""));
  CHECK(error_at(uintmax_t{900} << 30) ==
        invalid + "tensors end at byte 4 of the 966367641539 bytes of data");
  // A valid file larger than any memory: the error names the file.
  const uintmax_t huge = uintmax_t{1} << 42;
  const std::string header =
      fmt::format(R"({{"w":{{"dtype":"U8","shape":[{0}],"data_offsets":[0,{0}]}}}})", huge);
  scratch.write("x", file_of(header, ""));
#if !defined(__SANITIZE_ADDRESS__)  // ASan aborts instead of throwing
  std::string error;
  {
    const test::MemoryLimit limit(int64_t{64} << 30);
    error = error_at(8 + header.size() + huge);
  }
  CAPTURE(error);
  CHECK(error.starts_with("memory: 4398046511168 bytes cannot be allocated while "));
  CHECK(error.ends_with(
      "; make sizes or batches smaller, or raise the limit of the process (ulimit -v) (in " + path +
      ")"));
#endif
}

TEST_CASE("safetensors: half precision and small integers of other writers") {
  const SafeTensors file =
      parse_safetensors(file_of(R"({"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                                R"("i":{"dtype":"I16","shape":[1],"data_offsets":[4,6]},)"
                                R"("b":{"dtype":"I8","shape":[2],"data_offsets":[6,8]}})",
                                {"\0\x3c\xff\xfb\xfe\xff\x7f\x80", 8}),
                        "x");
  CHECK(file.find("w").dtype() == f16);
  CHECK(file.find("w").to_vector<float>() == std::vector<float>{1, -65504});
  CHECK(file.find("i").to_vector<int16_t>() == std::vector<int16_t>{-2});
  CHECK(file.find("b").to_vector<int8_t>() == std::vector<int8_t>{127, -128});
}

TEST_CASE("safetensors: invalid data is an error, never read past its end") {
  const std::string good =
      file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":"b"}})",
              std::string(8, 'x'));
  for (size_t cut = 0; cut < good.size(); ++cut)
    CHECK_THROWS_AS(parse_safetensors(std::string_view(good).substr(0, cut), "x"), FormatError);
  Generator generator{.seed = 5};
  const Tensor draws = empty({2000, 2}, i64);
  core::fill_integers(draws, 0, 1 << 20, generator);
  for (int64_t i = 0; i < 2000; ++i) {
    std::string bytes = good;
    bytes[static_cast<size_t>(draws[i][0].item<int64_t>()) % bytes.size()] =
        static_cast<char>(draws[i][1].item<int64_t>());
    try {
      parse_safetensors(bytes, "x");
    } catch (const FormatError&) {
    }
  }
  const std::string deep = file_of(R"({"w":)" + std::string(100000, '['), "");
  CHECK_THROWS_AS(parse_safetensors(deep, "x"), FormatError);
}
