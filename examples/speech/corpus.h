// The recordings of examples/speech.cpp as features, with their transcripts.
//
// T frames, F features of each.
#pragma once

#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <map>
#include <optional>

#include "tapehead/examples/speech/frontend.h"

namespace speech {

// An utterance: log-mel features f32 [T, F], not normalised unless by speaker, and what is said.
struct Clip {
  std::string id, speaker, text;
  Tensor features;
};

struct Part {
  std::string name;
  std::vector<Clip> clips;

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const Clip& c : clips) all.push_back(c.text);
    return all;
  }
};

// Lower case; letters, digits and apostrophes of any script, and single spaces. Telephone keys
// stay.
inline std::string normalized_text(const std::string& text) {
  std::u32string kept;
  for (char32_t c : data::code_points(data::lower(text))) {
    if (c == U'\u2019') c = U'\'';
    const bool ascii_sign = c < 128 && std::isalnum(static_cast<int>(c)) == 0 && c != U'\'';
    const bool other_sign = (c >= 0x2010 && c <= 0x206f) || c == 0xab || c == 0xbb ||
                            (c >= 0xa1 && c <= 0xbf) || (c >= 0x3000 && c <= 0x303f);
    const bool space = data::is_space(c) || ascii_sign || other_sign;
    if (!space) kept.push_back(c);
    else if (!kept.empty() && kept.back() != U' ') kept.push_back(U' ');
  }
  while (!kept.empty() && kept.back() == U' ') kept.pop_back();
  return data::to_utf8(kept);
}

// Prints what is left out of a corpus, if there is anything.
inline void print_left_out(const train::Options& o, const std::string& where,
                           const std::string& what) {
  if (!what.empty() && !o.quiet)
    std::cerr << fmt::format("speech: {}: {}; left out\n", where, what);
}

// Utterances that are left out for one reason.
struct LeftOut {
  std::string one, many;  // what one and several are called
  data::Unmatched names = {};

  // Prints them, or throws with --strict.
  void report(const std::string& where, const Options& t, const train::Options& o) const {
    const std::string what = names.str(one, many);
    if (t.strict && !what.empty())
      throw FormatError(
          fmt::format("{}: {}; leave --strict out to go on without them", where, what));
    print_left_out(o, where, what);
  }
};

// Calls take(utterance, samples, features) for each recording, but for those that are too long or
// shorter than a frame, which are left out. Returns whether one was too long.
template <class Take>
bool read_recordings(const data::SpeechCorpus& corpus, const std::string& where,
                     const Frontend& front, const Options& t, const train::Options& o, Take take) {
  LeftOut too_long{fmt::format("recording longer than {} seconds", t.max_seconds),
                   fmt::format("recordings longer than {} seconds", t.max_seconds)},
      too_short{"recording shorter than a frame", "recordings shorter than a frame"};
  for (const data::Utterance& u : corpus.utterances) {
    Tensor samples;
    try {
      samples = front.read(u.path, t.max_seconds);
    } catch (const data::AudioLimitError&) {
      too_long.names.add(u.id);
      continue;
    }
    const Tensor features = front.features(samples);
    if (features.numel() == 0) too_short.names.add(u.id);
    else take(u, samples, features);
  }
  too_long.report(where, t, o);
  too_short.report(where, t, o);
  return too_long.names.count > 0;
}

// Training examples: the clips of a list, or new ones in each epoch.
struct Training {
  std::vector<Clip> clips;                       // empty if `make` is set
  std::function<Clip(uint64_t seed)> make = {};  // a random example
  int64_t made = 0;                              // examples of an epoch, if they are made

  int64_t size() const { return make ? made : std::ssize(clips); }
};

inline data::Vocab letters_of(const std::vector<std::string>& texts) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(data::characters(text));
  return data::Vocab::build(rows);
}

struct Corpus {
  Frontend frontend;
  Training train;
  Part dev;
  std::vector<Part> tests;
  data::Vocab letters = letters_of({});

  std::vector<int64_t> encode(const std::string& text) const {
    return letters.encode(data::characters(text));
  }
  std::string decode(std::span<const int64_t> ids) const {
    return fmt::format("{}", fmt::join(letters.decode(ids), ""));
  }
};

// --- telephone tones

// Generated sequences for training, a tenth as many for validation and two fifths for testing.
inline Corpus tones(const Options& t, uint64_t seed) {
  Corpus c{.frontend = Frontend(t)};
  const auto make = [front = c.frontend](uint64_t tone_seed) {
    const data::TelephoneTones made = data::telephone_tones(tone_seed, {.sample_rate = front.rate});
    return Clip{.id = fmt::format("tones-{}", tone_seed),
                .text = made.keys,
                .features = front.features(made.samples)};
  };
  const auto some = [&](uint64_t first, int64_t count) {
    std::vector<Clip> clips;
    for (int64_t i = 0; i < count; ++i)
      clips.push_back(make(fold_in(seed, first + static_cast<uint64_t>(i))));
    return clips;
  };
  c.train.clips = some(0, t.examples);
  c.dev = {"dev", some(1'000'000, t.examples / 10 + 1)};
  c.tests = {{"test", some(2'000'000, t.examples * 2 / 5 + 1)}};
  c.letters = letters_of({data::TelephoneToneOptions{}.keys});
  return c;
}

// --- spoken digits

// A recording of a digit.
struct Digit {
  Clip clip;
  Tensor samples;
};

// "5" or "3-7".
inline std::pair<int64_t, int64_t> join_range(const std::string& text) {
  int64_t low = 0, high = 0;
  char more = 0;
  const int read = std::sscanf(text.c_str(), "%ld-%ld%c", &low, &high, &more);
  const std::string whole = read == 1 ? fmt::format("{}", low) : fmt::format("{}-{}", low, high);
  if (read == 1) high = low;
  if ((read != 1 && read != 2) || whole != text || low < 1 || high < low || high > 100)
    throw ValueError(fmt::format("--join {}: must be a number or a range such as 3-7", text));
  return {low, high};
}

// A string of digits of one speaker, in one recording.
inline Clip joined(const std::vector<const Digit*>& digits, const Frontend& front, uint64_t seed) {
  std::vector<Tensor> samples;
  Clip clip{.id = fmt::format("string-{}", seed), .speaker = digits[0]->clip.speaker};
  for (const Digit* d : digits) {
    samples.push_back(d->samples);
    clip.text += d->clip.text;
  }
  clip.features = front.features(data::join_recordings(samples, front.rate, {}, seed).samples);
  return clip;
}

// Draws strings of digits, each of one speaker.
class StringMaker {
 public:
  StringMaker(std::vector<Digit> digits, std::pair<int64_t, int64_t> count, Frontend front)
      : digits_(std::move(digits)), count_(count), front_(std::move(front)) {
    for (const Digit& d : digits_) by_speaker_[d.clip.speaker].push_back(&d);
  }
  StringMaker(const StringMaker&) = delete;
  StringMaker& operator=(const StringMaker&) = delete;

  Clip operator()(uint64_t seed) const {
    uint64_t draws = 0;
    const auto below = [&](size_t n) { return static_cast<size_t>(fold_in(seed, draws++) % n); };
    const Digit& first = digits_[below(digits_.size())];
    const std::vector<const Digit*>& own = by_speaker_.at(first.clip.speaker);
    std::vector<const Digit*> chosen{&first};
    const auto [low, high] = count_;
    const size_t count = static_cast<size_t>(low) + below(static_cast<size_t>(high - low + 1));
    while (chosen.size() < count) chosen.push_back(own[below(own.size())]);
    return joined(chosen, front_, seed);
  }

 private:
  std::vector<Digit> digits_;
  std::pair<int64_t, int64_t> count_;
  Frontend front_;
  std::map<std::string, std::vector<const Digit*>> by_speaker_;
};

inline std::vector<Digit> read_digits(data::FsddPart part, const Frontend& front, const Options& t,
                                      const train::Options& o) {
  const data::SpeechCorpus corpus = data::fsdd(*o.data, part, {.strict = t.strict});
  // They are the same for both parts.
  if (part == data::FsddPart::train) print_left_out(o, *o.data, corpus.mismatches());
  std::vector<Digit> digits;
  read_recordings(corpus, *o.data + "/recordings", front, t, o,
                  [&](const data::Utterance& u, const Tensor& samples, const Tensor& features) {
                    digits.push_back({{u.id, u.speaker, u.text, features}, samples});
                  });
  return digits;
}

inline std::vector<Clip> clips_of(const std::vector<Digit>& digits) {
  std::vector<Clip> clips;
  clips.reserve(digits.size());
  for (const Digit& d : digits) clips.push_back(d.clip);
  return clips;
}

// The free spoken digit data set: single digits, or strings of them. Every 20th recording for
// training is for validation. Without `training`, only its tests.
inline Corpus digits(const Options& t, const train::Options& o, bool training) {
  Corpus c{.frontend = Frontend(t)};
  const auto range = t.kind == Kind::strings ? join_range(t.join) : std::pair<int64_t, int64_t>{};
  // Single digits, or strings that depend on `first`.
  const auto part = [&](const char* name, std::vector<Digit> of, uint64_t first, int64_t count) {
    if (of.empty())
      throw FormatError(
          fmt::format("{}: there are no recordings for {}; 20 for training and 1 for testing are "
                      "needed at least",
                      *o.data, name));
    if (t.kind == Kind::digits) return Part{name, clips_of(of)};
    const StringMaker make(std::move(of), range, c.frontend);
    Part strings{.name = name};
    for (int64_t i = 0; i < count; ++i)
      strings.clips.push_back(make(fold_in(o.seed, first + static_cast<uint64_t>(i))));
    return strings;
  };
  c.tests = {part("test", read_digits(data::FsddPart::test, c.frontend, t, o), 2'000'000,
                  t.examples * 2 / 5 + 1)};
  if (!training) return c;
  c.letters = letters_of({"0123456789"});
  std::vector<Digit> train, dev;
  for (Digit& d : read_digits(data::FsddPart::train, c.frontend, t, o))
    (train.size() + dev.size()) % 20 == 19 ? dev.push_back(std::move(d))
                                           : train.push_back(std::move(d));
  c.dev = part("validation", std::move(dev), 1'000'000, t.examples / 10 + 1);
  if (t.kind == Kind::digits) {
    c.train.clips = clips_of(train);
    return c;
  }
  // Shorter strings, too: what is in them is learned sooner.
  const auto make = std::make_shared<StringMaker>(
      std::move(train), std::pair<int64_t, int64_t>{1, range.second}, c.frontend);
  c.train = {.make = [make](uint64_t seed) { return (*make)(seed); }, .made = t.examples};
  return c;
}

// --- folders of recordings with transcripts

// The names of a part's candidates that are in the folder.
inline std::vector<std::string> parts_in(const std::string& dir,
                                         std::initializer_list<const char*> prefixes) {
  namespace fs = std::filesystem;
  if (!path_exists(dir)) throw IoError("--data " + no_such_file(dir));
  require_folder(dir);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir)) {
    const bool table = entry.path().extension() == ".tsv";
    if (!entry.is_directory() && !table) continue;
    const std::string name = (table ? entry.path().stem() : entry.path().filename()).string();
    for (const char* prefix : prefixes)
      if (name.starts_with(prefix)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

// The chosen parts; or the first one with a usual name, or all of them.
inline std::vector<std::string> parts_of(const std::string& dir, const std::string& flag,
                                         const std::string& given,
                                         std::initializer_list<const char*> prefixes, bool all) {
  if (!given.empty()) {
    const std::vector<std::string_view> names = data::split_string(given, ',');
    return {names.begin(), names.end()};
  }
  std::vector<std::string> names = parts_in(dir, prefixes);
  if (names.empty())
    throw IoError(
        fmt::format("--data {}: there is no folder or table whose name begins with {}; name one "
                    "with {}",
                    dir, fmt::join(prefixes, " or "), flag));
  if (!all) names.resize(1);
  return names;
}

// The features of a part. Utterances that are too long are left out.
inline Part read_part(const std::string& dir, const std::string& name, const Frontend& front,
                      const Options& t, const train::Options& o) {
  const bool table = path_exists(fmt::format("{}/{}.tsv", dir, name));
  const std::string where = fmt::format("{}/{}", dir, name);
  const data::SpeechCorpusOptions strict{.strict = t.strict};
  const data::SpeechCorpus corpus =
      table ? data::common_voice(dir, name, strict) : data::librispeech(where, strict);
  print_left_out(o, where, corpus.mismatches());
  Part part{.name = name};
  data::SpeakerStats speakers;
  const bool some_too_long =
      read_recordings(corpus, where, front, t, o,
                      [&](const data::Utterance& u, const Tensor&, const Tensor& features) {
                        speakers.add(u.speaker, features);
                        part.clips.push_back({u.id, u.speaker, normalized_text(u.text), features});
                      });
  if (part.clips.empty())
    throw FormatError(fmt::format("{}: no utterance is left{}", where,
                                  some_too_long ? "; raise --max-seconds" : ""));
  if (front.normalize == "speaker")
    for (Clip& c : part.clips) c.features = speakers.normalize(c.speaker, c.features);
  return part;
}

// A corpus in LibriSpeech's layout, or Common Voice's. Without `training`, only its tests.
inline Corpus folder(const Options& t, const train::Options& o, bool training) {
  Corpus c{.frontend = Frontend(t)};
  const auto read = [&](const std::string& name) {
    return read_part(*o.data, name, c.frontend, t, o);
  };
  const auto read_all = [&](const std::vector<std::string>& names) {
    Part all = read(names[0]);
    for (size_t i = 1; i < names.size(); ++i)
      for (Clip& clip : read(names[i]).clips) all.clips.push_back(std::move(clip));
    return all;
  };
  const auto tests = parts_of(*o.data, "--test", t.test, {"test"}, true);
  if (training) {
    c.train.clips = read_all(parts_of(*o.data, "--train", t.train, {"train"}, false)).clips;
    c.dev = read_all(parts_of(*o.data, "--dev", t.dev, {"dev", "valid"}, false));
    c.letters = letters_of(Part{.clips = c.train.clips}.texts());
  }
  for (const std::string& name : tests) c.tests.push_back(read(name));
  return c;
}

inline Corpus read_corpus(const Options& t, const train::Options& o, bool training) {
  return t.kind == Kind::tones    ? tones(t, o.seed)
         : t.kind == Kind::folder ? folder(t, o, training)
                                  : digits(t, o, training);
}

}  // namespace speech
