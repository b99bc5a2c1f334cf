#include "tapehead/data/audio.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/audio_container.h"

namespace tapehead::data {
namespace {

constexpr sf_count_t kBlockSamples = 1 << 16;

// A file in memory, for libsndfile. Its callbacks are called by C code and must not throw.
struct SoundBytes {
  std::string_view read;  // the file to read, or
  std::string written;
  bool is_written = false;
  sf_count_t at = 0;

  sf_count_t size() const {
    return static_cast<sf_count_t>(is_written ? written.size() : read.size());
  }
};

sf_count_t seek_sound(sf_count_t offset, int whence, void* user) {
  auto& file = *static_cast<SoundBytes*>(user);
  const sf_count_t start = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.at : file.size();
  sf_count_t to = 0;
  if (__builtin_add_overflow(start, offset, &to) || to < 0) return -1;
  return file.at = to;
}

sf_count_t read_sound(void* to, sf_count_t count, void* user) {
  auto& file = *static_cast<SoundBytes*>(user);
  const std::string_view all = file.is_written ? std::string_view(file.written) : file.read;
  count = std::clamp<sf_count_t>(file.size() - file.at, 0, count);
  if (count > 0) std::memcpy(to, all.data() + file.at, static_cast<size_t>(count));
  file.at += count;
  return count;
}

sf_count_t write_sound(const void* from, sf_count_t count, void* user) {
  auto& file = *static_cast<SoundBytes*>(user);
  try {
    const auto end = static_cast<size_t>(file.at + count);
    if (end > file.written.size()) file.written.resize(end);
    std::memcpy(file.written.data() + file.at, from, static_cast<size_t>(count));
  } catch (...) {
    return 0;  // libsndfile reports the failure
  }
  file.at += count;
  return count;
}

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseSound>;

SoundFile open_sound(SoundBytes& bytes, int mode, SF_INFO& info) {
  SF_VIRTUAL_IO io{.get_filelen = [](void* user) { return static_cast<SoundBytes*>(user)->size(); },
                   .seek = seek_sound,
                   .read = read_sound,
                   .write = write_sound,
                   .tell = [](void* user) { return static_cast<SoundBytes*>(user)->at; }};
  return SoundFile(sf_open_virtual(&io, mode, &info, &bytes));
}

// Checks numbers of samples per channel against the limits.
class SoundLimit {
 public:
  SoundLimit(const std::string& path, const SF_INFO& info, const AudioLimits& limits)
      : path_(path), info_(info), limits_(limits) {}

  void check(sf_count_t frames) const {
    const double seconds = static_cast<double>(frames) / info_.samplerate;
    if (seconds > limits_.seconds)
      throw AudioLimitError(
          fmt::format("{}: a recording of {:.6g} seconds; the limit is {} seconds", path_, seconds,
                      limits_.seconds));
    if (frames > limits_.samples / info_.channels)
      throw AudioLimitError(
          fmt::format("{}: {} samples in each of {} channels; the limit is {} samples in "
                      "all",
                      path_, frames, info_.channels, limits_.samples));
  }

 private:
  const std::string& path_;
  const SF_INFO& info_;
  const AudioLimits& limits_;
};

// The samples of all channels, interleaved. Memory grows with what the file has, whatever its
// header says.
std::vector<float> read_samples(SNDFILE* file, const SF_INFO& info, const SoundLimit& limit) {
  const sf_count_t block = std::max<sf_count_t>(1, kBlockSamples / info.channels);
  std::vector<float> samples;
  for (sf_count_t frames = 0;;) {
    samples.resize(static_cast<size_t>((frames + block) * info.channels));
    const sf_count_t got = sf_readf_float(file, samples.data() + frames * info.channels, block);
    frames += std::max<sf_count_t>(got, 0);
    limit.check(frames);
    if (got < block) {
      samples.resize(static_cast<size_t>(frames * info.channels));
      return samples;
    }
  }
}

Tensor by_channel(const std::string& path, std::vector<float> samples, int64_t channels) {
  const auto count = static_cast<int64_t>(samples.size()) / channels;
  const auto wild =
      std::find_if_not(samples.begin(), samples.end(), [](float x) { return std::isfinite(x); });
  if (wild != samples.end())
    throw FormatError(fmt::format("{}: sample {} of channel {} is {}", path,
                                  (wild - samples.begin()) / channels,
                                  (wild - samples.begin()) % channels, *wild));
  const Tensor interleaved = from_vector(std::move(samples), {count, channels});
  return channels == 1 ? core::reshape(interleaved, {1, count})
                       : core::contiguous(core::transpose(interleaved, 0, 1));
}

Audio decode_audio(const std::string& path, std::string_view bytes, const AudioLimits& limits) {
  detail::check_audio_container(path, bytes);
  SoundBytes in{.read = bytes};
  SF_INFO info{};
  const SoundFile file = open_sound(in, SFM_READ, info);
  const auto fail = [&](const std::string& why) {
    throw FormatError(fmt::format("{}: not a recording that can be read: {}", path, why));
  };
  if (!file) fail(sf_strerror(nullptr));
  if (info.samplerate < 1 || info.channels < 1)
    fail(fmt::format("{} channels, {} samples per second", info.channels, info.samplerate));
  const bool has_length = info.frames != SF_COUNT_MAX;  // FLAC from a pipe does not
  const SoundLimit limit(path, info, limits);
  if (has_length) limit.check(info.frames);
  std::vector<float> samples = read_samples(file.get(), info, limit);
  const auto frames = static_cast<sf_count_t>(samples.size()) / info.channels;
  const bool is_estimated = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
  if (has_length && !is_estimated && frames < info.frames)
    throw FormatError(
        fmt::format("{}: its header promises {} samples, but {} follow; the file is truncated",
                    path, info.frames, frames));
  if (sf_error(file.get()) != SF_ERR_NO_ERROR) fail(sf_strerror(file.get()));
  if (frames == 0) throw FormatError(fmt::format("{}: it has no samples", path));
  return {by_channel(path, std::move(samples), info.channels), info.samplerate};
}

struct Encoding {
  int container, format, bits;  // bits: of integers; 0 for floating samples
};

Encoding encoding_of(const std::string& path, const std::optional<SampleFormat>& chosen) {
  const SampleFormat format = chosen.value_or(SampleFormat::i16);
  const auto integers = [&](int container) -> Encoding {
    switch (format) {
      case SampleFormat::u8: return {container, SF_FORMAT_PCM_U8, 8};
      case SampleFormat::i16: return {container, SF_FORMAT_PCM_16, 16};
      case SampleFormat::i24: return {container, SF_FORMAT_PCM_24, 24};
      case SampleFormat::i32: return {container, SF_FORMAT_PCM_32, 32};
      case SampleFormat::f32: break;
    }
    return {container, SF_FORMAT_FLOAT, 0};
  };
  if (path.ends_with(".wav")) return integers(SF_FORMAT_WAV);
  if (path.ends_with(".flac")) {
    if (format != SampleFormat::i16 && format != SampleFormat::i24)
      throw ValueError(fmt::format("{}: a FLAC file has samples i16 or i24", path));
    return integers(SF_FORMAT_FLAC);
  }
  if (!path.ends_with(".ogg"))
    throw ValueError(
        fmt::format("{}: write_audio writes .wav, .flac and .ogg; rename the file", path));
  if (chosen)
    throw ValueError(fmt::format("{}: an Ogg file has no sample format; leave it out", path));
  return {SF_FORMAT_OGG, SF_FORMAT_VORBIS, 0};
}

// libsndfile takes the upper bits of 32. Its own conversion scales by 2^(bits - 1) - 1, so that
// samples would change whenever a file is read and written.
std::vector<int> quantised(const Tensor& samples, int bits) {
  const double scale = std::ldexp(1.0, bits - 1);
  std::vector<int> out;
  for (const float x : samples.span<const float>()) {
    const double level = std::clamp(std::nearbyint(x * scale), -scale, scale - 1);
    out.push_back(static_cast<int>(level * std::ldexp(1.0, 32 - bits)));
  }
  return out;
}

void check_written(const std::string& path, const Tensor& samples, int64_t sample_rate) {
  constexpr int64_t kMostChannels = 255, kHighestRate = 655'350;
  if (samples.dtype() != f32)
    throw DTypeError(
        fmt::format("write_audio: the samples are {}; expected f32", name(samples.dtype())));
  if (samples.dim() < 1 || samples.dim() > 2 || samples.numel() == 0 ||
      (samples.dim() == 2 && samples.size(0) > kMostChannels))
    throw ShapeError(
        fmt::format("write_audio: the samples are {}; expected [N] or [C, N] with 1 to "
                    "{} channels",
                    samples.shape().str(), kMostChannels));
  if (sample_rate < 1 || sample_rate > kHighestRate)
    throw ValueError(fmt::format("{}: a rate of {} samples per second; it must be within 1..{}",
                                 path, sample_rate, kHighestRate));
}

}  // namespace

Audio read_audio(const std::string& path, const AudioLimits& limits) {
  const std::string bytes = read_file(path, limits.bytes);
  return core::reading(path, [&] { return decode_audio(path, bytes, limits); });
}

void write_audio(const std::string& path, const Tensor& samples, int64_t sample_rate,
                 const WriteAudioOptions& options) {
  check_written(path, samples, sample_rate);
  const Encoding encoding = encoding_of(path, options.format);
  const Tensor interleaved = core::contiguous(samples.dim() == 1 ? core::unsqueeze(samples, 1)
                                                                 : core::transpose(samples, 0, 1));
  const auto all = interleaved.span<const float>();
  for (size_t i = 0; i < all.size(); ++i)
    if (!std::isfinite(all[i]))
      throw ValueError(fmt::format("{}: sample {} of channel {} is {}", path,
                                   static_cast<int64_t>(i) / interleaved.size(1),
                                   static_cast<int64_t>(i) % interleaved.size(1), all[i]));
  SoundBytes out{.is_written = true};
  SF_INFO info{.samplerate = static_cast<int>(sample_rate),
               .channels = static_cast<int>(interleaved.size(1)),
               .format = encoding.container | encoding.format};
  SoundFile file = open_sound(out, SFM_WRITE, info);
  sf_count_t written = 0;
  if (file && encoding.bits > 0) {
    const std::vector<int> levels = quantised(interleaved, encoding.bits);
    written = sf_writef_int(file.get(), levels.data(), interleaved.size(0));
  } else if (file) {
    written = sf_writef_float(file.get(), all.data(), interleaved.size(0));
  }
  if (written != interleaved.size(0) || sf_error(file.get()) != SF_ERR_NO_ERROR ||
      sf_close(file.release()) != 0)
    throw IoError(
        fmt::format("{}: libsndfile cannot write the samples: {}", path, sf_strerror(file.get())));
  write_atomic(path, out.written);
}

}  // namespace tapehead::data
