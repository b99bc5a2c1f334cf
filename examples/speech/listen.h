// Transcribes files and what a microphone hears, and draws where letters were heard.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <set>

#include "tapehead/examples/speech/search.h"

namespace speech {

// Draws the letters of clips over their spectrograms.
inline void draw(const Searcher& search, const Corpus& c, std::span<const Clip> clips,
                 std::span<const Transcript> found, const std::string& path) {
  std::vector<train::SpeechAlignment> drawn;
  std::vector<std::vector<float>> weights(clips.size());
  std::vector<Tensor> spectrograms;
  for (size_t i = 0; i < clips.size(); ++i) {
    if (found[i].letters.empty()) continue;
    spectrograms.push_back(clips[i].features.contiguous());
    const Tensor& x = spectrograms.back();
    // Batches are padded: a clip's own steps come first.
    const int64_t own = std::max<int64_t>(1, search.model.encoder.encoded_length(x.size(0)));
    const auto steps = std::min(static_cast<size_t>(own), found[i].weights.at(0).size());
    train::SpeechAlignment a{.spectrogram = {x.data<float>(), static_cast<size_t>(x.numel())},
                             .frames = x.size(0),
                             .bins = x.size(1),
                             .steps = static_cast<int64_t>(steps),
                             .title = c.decode(found[i].letters)};
    for (size_t k = 0; k < found[i].letters.size(); ++k) {
      a.labels.push_back(c.decode(std::vector<int64_t>{found[i].letters[k]}));
      const auto& row = found[i].weights[k];
      weights[i].insert(weights[i].end(), row.begin(),
                        row.begin() + static_cast<std::ptrdiff_t>(steps));
    }
    a.weights = weights[i];
    drawn.push_back(std::move(a));
  }
  if (!drawn.empty())
    train::save_speech_alignment(path, drawn,
                                 {.seconds_per_frame = c.frontend.fbank.frame_shift / 1000});
}

// Prints what is said in recordings, and draws it.
inline void transcribe(const Searcher& search, const Corpus& c, const Options& t,
                       const std::string& out) {
  std::set<std::string> names;  // of pictures
  for (const std::string& path : t.transcribe) {
    const Tensor features =
        c.frontend.of_stranger(c.frontend.features(c.frontend.read(path, t.max_seconds)));
    if (features.numel() == 0)
      throw FormatError(fmt::format("{}: shorter than a frame of {} ms; nothing can be recognised",
                                    path, c.frontend.fbank.frame_length));
    const std::string stem = std::filesystem::path(path).stem().string();
    std::string name = stem;
    for (int n = 2; !names.insert(name).second; ++n) name = fmt::format("{}-{}", stem, n);
    const Clip clip{.features = features};
    const Transcript found = search.one(features);
    fmt::print("{}: {}\n", path, c.decode(found.letters));
    draw(search, c, {&clip, 1}, {&found, 1}, fmt::format("{}/alignment-{}.svg", out, name));
  }
}

// Splits frames at pauses. Frames count as speech above a level between the quietest and the
// loudest of late.
class PauseFinder {
 public:
  explicit PauseFinder(double frames_per_second)
      : rise_(0.5 / frames_per_second), pause_(static_cast<int64_t>(0.6 * frames_per_second)) {}

  // Takes a frame's loudness, in the natural logarithm of power; true if a pause ends speech there.
  bool ends_speech(double loudness) {
    quietest_ = std::min(quietest_ + rise_, loudness);
    loudest_ = std::max(loudest_, loudness);
    const bool clear = loudest_ - quietest_ > kClear;
    quiet_ = clear && loudness > quietest_ + 0.4 * (loudest_ - quietest_) ? 0 : quiet_ + 1;
    heard_ = heard_ || (clear && quiet_ == 0);
    return heard_ && quiet_ >= pause_;
  }
  // Whether there was speech since the last reset().
  bool heard() const { return heard_; }
  void reset() {
    heard_ = false;
    quiet_ = 0;
    loudest_ = quietest_;
  }

 private:
  static constexpr double kClear = 2.5;  // about 11 dB
  double rise_;
  int64_t pause_;
  double quietest_ = 1e9, loudest_ = -1e9;
  int64_t quiet_ = 0;  // frames since the last one of speech
  bool heard_ = false;
};

// Recognises samples as they arrive on standard input, a line for what is said between pauses.
class Listener {
 public:
  Listener(const Searcher& search, const Corpus& c, const Options& t)
      : search_(search),
        quick_(search),
        corpus_(c),
        stream_(c.frontend.fbank),
        per_second_(1000 / c.frontend.fbank.frame_shift),
        most_(static_cast<int64_t>(t.max_seconds * per_second_)),
        pauses_(per_second_),
        terminal_(::isatty(STDOUT_FILENO) == 1) {
    quick_.beam = 1;
    quick_.lm_weight = 0;
  }

  void run() {
    std::vector<int16_t> samples(static_cast<size_t>(corpus_.frontend.rate / 10));
    while (const size_t count = std::fread(samples.data(), 2, samples.size(), stdin)) {
      std::vector<float> scaled(samples.begin(),
                                samples.begin() + static_cast<std::ptrdiff_t>(count));
      take(stream_.push(std::span<const float>(scaled)));
    }
    if (pauses_.heard()) end_line();
  }

 private:
  void take(const Tensor& features) {
    for (int64_t i = 0; i < features.size(0); ++i) {
      frames_.push_back(features[i]);
      ++fresh_;
      if (pauses_.ends_speech(features[i].mean().item()) ||
          static_cast<int64_t>(frames_.size()) >= most_)
        end_line();
    }
    const auto half_second = static_cast<size_t>(per_second_ / 2);
    if (!pauses_.heard() && frames_.size() > 2 * half_second)
      frames_.erase(frames_.begin(), frames_.end() - static_cast<std::ptrdiff_t>(half_second));
    if (terminal_ && pauses_.heard() && fresh_ >= half_second) {
      fmt::print("\r{}\033[K", text(quick_));
      std::fflush(stdout);
      fresh_ = 0;
    }
  }

  std::string text(const Searcher& search) const {
    const Tensor features = Frontend::levelled(stack(frames_, 0));
    return corpus_.decode(search.one(corpus_.frontend.of_stranger(features)).letters);
  }

  void end_line() {
    const std::string line = text(search_);
    if (!line.empty()) fmt::print("{}{}\n", terminal_ ? "\r\033[K" : "", line);
    std::fflush(stdout);
    frames_.clear();
    fresh_ = 0;
    pauses_.reset();
  }

  const Searcher& search_;
  Searcher quick_;  // of what is still being said
  const Corpus& corpus_;
  data::FeatureStream stream_;
  double per_second_;
  int64_t most_;  // frames of a line
  PauseFinder pauses_;
  bool terminal_;
  std::vector<Tensor> frames_;
  size_t fresh_ = 0;  // frames since the last text
};

}  // namespace speech
