#include "tapehead/data/audio.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::audio_test {

using data::read_audio;
using data::SampleFormat;
using data::write_audio;
using testing::difference;
using testing::error_of;

namespace {

// Multiples of 2^-7, which every format stores exactly, from -1 to 127 / 128.
Tensor ramp(int64_t channels, int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < channels * count; ++i)
    values.push_back(static_cast<float>(i * 37 % 256 - 128) / 128);
  return from_vector(values, {channels, count});
}

std::string read_error(const std::string& path, const data::AudioLimits& limits = {}) {
  return error_of<FormatError>([&] { read_audio(path, limits); });
}

// Sets four bytes to a little-endian number.
std::string with_number(std::string bytes, size_t at, uint32_t number) {
  for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(number >> 8 * i);
  return bytes;
}

}  // namespace

TEST_CASE("audio: what is written is read, bit for bit unless it is Vorbis") {
  const test::Scratch folder;
  const struct {
    const char* file;
    std::optional<SampleFormat> format;
  } cases[] = {{"a.wav", {}},
               {"u8.wav", SampleFormat::u8},
               {"i16.wav", SampleFormat::i16},
               {"i24.wav", SampleFormat::i24},
               {"i32.wav", SampleFormat::i32},
               {"f32.wav", SampleFormat::f32},
               {"a.flac", {}},
               {"i24.flac", SampleFormat::i24}};
  for (const auto& c : cases) {
    CAPTURE(c.file);
    for (const int64_t channels : {1, 3}) {
      const Tensor samples = ramp(channels, 300);
      write_audio(folder / c.file, samples, 22'050, {.format = c.format});
      const data::Audio read = read_audio(folder / c.file);
      CHECK(read.sample_rate == 22'050);
      CHECK(read.seconds() == 300.0 / 22'050);
      CHECK(difference(read.samples, samples) == 0);
    }
  }
  std::vector<float> tone(4000);
  for (size_t i = 0; i < tone.size(); ++i) tone[i] = 0.5F * std::sin(0.1F * static_cast<float>(i));
  write_audio(folder / "a.ogg", from_vector(tone), 16'000);
  const data::Audio read = read_audio(folder / "a.ogg");
  CHECK(read.samples.shape() == Shape{1, 4000});
  CHECK(difference(read.samples, from_vector(tone, {1, 4000})) < 0.05);
}

TEST_CASE("audio: samples beyond the range are clipped by integers, kept by floats") {
  const test::Scratch folder;
  const Tensor loud = tensor({-3.0, -1.0, 1.0, 3.0});
  write_audio(folder / "a.wav", loud, 8000);
  CHECK(difference(read_audio(folder / "a.wav").samples,
                   tensor({{-1.0, -1.0, 32767.0 / 32768, 32767.0 / 32768}})) == 0);
  write_audio(folder / "b.wav", loud, 8000, {.format = SampleFormat::f32});
  CHECK(difference(read_audio(folder / "b.wav").samples, tensor({{-3.0, -1.0, 1.0, 3.0}})) == 0);
}

TEST_CASE("audio: truncated files and headers that promise more") {
  const test::Scratch folder;
  for (const char* file : {"a.wav", "a.flac", "a.ogg"}) {
    CAPTURE(file);
    write_audio(folder / file, ramp(1, 2000), 8000);
    const std::string bytes = read_file(folder / file);
    for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 40) {
      CAPTURE(size);
      const std::string path = folder.write(std::to_string(size) + file, bytes.substr(0, size));
      CHECK(read_error(path).starts_with(path + ": "));
    }
    const std::string cut =
        folder.write(std::string("last-") + file, bytes.substr(0, bytes.size() - 1));
    CHECK(read_error(cut).find("truncated") != std::string::npos);
  }
  const std::string wav = read_file(folder / "a.wav"), flac = read_file(folder / "a.flac");
  const std::string more = folder.write("more.wav", with_number(wav, 40, 0xffffff00));
  CHECK(read_error(more) == more +
                                ": its header promises 4294967040 bytes of samples, but 4000 "
                                "follow; the file is truncated");
  const std::string streamed = folder.write("pipe.wav", with_number(wav, 40, 0xffffffff));
  CHECK(difference(read_audio(streamed).samples, read_audio(folder / "a.wav").samples) == 0);
  std::string promising = flac;  // the number of samples is the last of 36 bits that end at byte 26
  promising[24] = 0x7f;
  folder.write("more.flac", promising);
  CHECK(read_error(folder / "more.flac") ==
        folder /
            "more.flac: its header promises 32720 samples, but 2000 follow; the file is truncated");
  CHECK(error_of<AudioLimitError>([&] { read_audio(folder / "more.flac", {.seconds = 3}); }) ==
        folder / "more.flac: a recording of 4.09 seconds; the limit is 3 seconds");
  std::string damaged = read_file(folder / "a.ogg");
  damaged[damaged.size() - 5] = static_cast<char>(damaged[damaged.size() - 5] ^ 1);
  folder.write("damaged.ogg", damaged);
  CHECK(read_error(folder / "damaged.ogg").ends_with("is damaged: its checksum differs"));
}

TEST_CASE("audio: what is refused") {
  const test::Scratch folder;
  const std::string path = folder / "a.wav";
  write_audio(path, ramp(2, 400), 8000);
  const std::string wav = read_file(path);
  CHECK(error_of<AudioLimitError>([&] { read_audio(path, {.seconds = 0.04}); }) ==
        path + ": a recording of 0.05 seconds; the limit is 0.04 seconds");
  CHECK(error_of<IoError>([&] { read_audio(path, {.samples = 799}); }) ==
        path + ": 400 samples in each of 2 channels; the limit is 799 samples in all");
  CHECK(read_audio(path, {.seconds = 0.05, .samples = 800}).samples.shape() == Shape{2, 400});
  CHECK(error_of<IoError>([&] { read_audio(folder / "b.wav"); }).find("no such file") !=
        std::string::npos);
  const struct {
    const char *file, *bytes, *error;
  } cases[] = {{"empty.wav", "", ": the file is empty"},
               {"text.wav", "not a recording", ": not a WAV, FLAC, Ogg or MP3 file"},
               {"id3.mp3", "ID3 and no more", ": not a recording that can be read: "}};
  for (const auto& c : cases) {
    CAPTURE(c.file);
    folder.write(c.file, c.bytes);
    CHECK(read_error(folder / c.file).starts_with((folder / c.file) + c.error));
  }
  folder.write("none.wav", with_number(wav.substr(0, 44), 40, 0));
  CHECK(read_error(folder / "none.wav") == folder / "none.wav: it has no samples");
  folder.write("stub.wav", wav.substr(0, 38));
  CHECK(read_error(folder / "stub.wav") ==
        folder / "stub.wav: a WAV file that ends before its samples");
  write_audio(folder / "nan.wav", ramp(2, 4), 8000, {.format = SampleFormat::f32});
  std::string nan = read_file(folder / "nan.wav");
  nan = with_number(nan, nan.size() - 4, 0x7fc00000);
  folder.write("nan.wav", nan);
  CHECK(read_error(folder / "nan.wav") == folder / "nan.wav: sample 3 of channel 1 is nan");
}

TEST_CASE("audio: what is not written") {
  const test::Scratch folder;
  const Tensor some = ramp(1, 4);
  const auto refused = [&](const char* file, const Tensor& samples, int64_t rate,
                           std::optional<SampleFormat> format = {}) {
    return error_of<Error>([&] { write_audio(folder / file, samples, rate, {.format = format}); });
  };
  CHECK(refused("a.wav", zeros({4}, f64), 8000) ==
        "write_audio: the samples are f64; expected f32");
  CHECK(refused("a.wav", zeros({1, 2, 3}), 8000) ==
        "write_audio: the samples are [1, 2, 3]; expected [N] or [C, N] with 1 to 255 channels");
  CHECK(refused("a.wav", some, 0) ==
        folder / "a.wav: a rate of 0 samples per second; it must be within 1..655350");
  CHECK(refused("a.mp3", some, 8000) ==
        folder / "a.mp3: write_audio writes .wav, .flac and .ogg; rename the file");
  CHECK(refused("a.ogg", some, 8000, SampleFormat::i16) ==
        folder / "a.ogg: an Ogg file has no sample format; leave it out");
  CHECK(refused("a.flac", some, 8000, SampleFormat::f32) ==
        folder / "a.flac: a FLAC file has samples i16 or i24");
  CHECK(refused("a.wav", full({2, 3}, std::numeric_limits<double>::infinity()), 8000) ==
        folder / "a.wav: sample 0 of channel 0 is inf");
  CHECK(folder.count() == 0);
}

}  // namespace tapehead::audio_test
