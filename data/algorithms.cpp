#include "tapehead/data/algorithms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

constexpr int64_t kItem = 3;                                            // vectors per item
constexpr double kMeanRepeats = 5.5, kRepeatsStd = 2.8722813232690143;  // of 1..10

struct Range {
  int64_t from, to;
};

Range paper_lengths(Algorithm task) {
  switch (task) {
    case Algorithm::copy: return {1, 20};
    case Algorithm::repeat_copy: return {1, 10};
    case Algorithm::recall: return {2, 6};
    default: return {20, 20};
  }
}

// Options with their defaults filled in.
EpisodeOptions complete(EpisodeOptions o) {
  const Range lengths = paper_lengths(o.task);
  if (o.bits == 0) o.bits = o.task == Algorithm::recall ? 6 : 8;
  if (o.longest == 0) o.longest = std::max(lengths.to, o.shortest);
  if (o.shortest == 0) o.shortest = std::min(lengths.from, o.longest);
  const int64_t least = o.task == Algorithm::recall ? 2 : 1;
  if (o.batch < 1 || o.bits < 1)
    throw ValueError(fmt::format("episodes: batch = {} and bits = {}; they must be at least 1",
                                 o.batch, o.bits));
  if (o.shortest < least || o.shortest > o.longest)
    throw ValueError(
        fmt::format("episodes: lengths from {} to {}; they must be at least {}, and in this order",
                    o.shortest, o.longest, least));
  if (o.fewest < 1 || o.fewest > o.most)
    throw ValueError(
        fmt::format("episodes: repeats from {} to {}; they must be at least 1, and in this order",
                    o.fewest, o.most));
  return o;
}

// Writes the episodes of a batch sequentially.
struct Writer {
  const EpisodeOptions& o;
  SplitMix random;
  Episodes made{};
  float *in = nullptr, *out = nullptr;  // of this episode
  int64_t C = 0, K = 0;

  using Vector = std::vector<float>;

  void open(int64_t shown, int64_t answer) {
    C = input_channels(o), K = target_channels(o);
    made = {zeros({o.batch, shown + answer, C}), zeros({o.batch, answer, K})};
  }
  void episode(int64_t b) {
    in = made.inputs.data<float>() + b * made.inputs.size(1) * C;
    out = made.targets.data<float>() + b * made.targets.size(1) * K;
  }
  Vector draw() {
    Vector bits(static_cast<size_t>(o.bits));
    for (float& bit : bits) bit = static_cast<float>(random.below(2));
    return bits;
  }
  // Writes a step of bits, keeping the values of the other channels.
  void show(const Vector& bits) { in = std::copy(bits.begin(), bits.end(), in) + (C - o.bits); }
  // Writes a step with a value in a channel after the bits.
  void mark(int64_t number, double value = 1) {
    in[o.bits + number] = static_cast<float>(value);
    in += C;
  }
  void expect(const Vector& bits) { out = std::copy(bits.begin(), bits.end(), out) + (K - o.bits); }
};

void copy(Writer& w, int64_t length, int64_t repeats) {
  const bool repeating = w.o.task == Algorithm::repeat_copy;
  w.open(length + 1, length * repeats + (repeating ? 1 : 0));
  for (int64_t b = 0; b < w.o.batch; ++b) {
    w.episode(b);
    std::vector<Writer::Vector> shown;
    for (int64_t i = 0; i < length; ++i) w.show(shown.emplace_back(w.draw()));
    w.mark(0, repeating ? (static_cast<double>(repeats) - kMeanRepeats) / kRepeatsStd : 1);
    for (int64_t r = 0; r < repeats; ++r)
      for (const auto& bits : shown) w.expect(bits);
    if (repeating) w.out[w.o.bits] = 1;
  }
}

void recall(Writer& w, int64_t items) {
  w.open(items * (kItem + 1) + kItem + 2, kItem);
  for (int64_t b = 0; b < w.o.batch; ++b) {
    w.episode(b);
    std::vector<Writer::Vector> shown;
    for (int64_t i = 0; i < items; ++i) {
      w.mark(0);
      for (int64_t k = 0; k < kItem; ++k) w.show(shown.emplace_back(w.draw()));
    }
    const auto asked = shown.begin() + kItem * w.random.below(items - 1);
    w.mark(1);
    std::for_each(asked, asked + kItem, [&](const auto& bits) { w.show(bits); });
    w.mark(1);
    std::for_each(asked + kItem, asked + 2 * kItem, [&](const auto& bits) { w.expect(bits); });
  }
}

void sort(Writer& w, int64_t length) {
  const int64_t answer = (4 * length + 4) / 5;
  w.open(length + 1, answer);
  for (int64_t b = 0; b < w.o.batch; ++b) {
    w.episode(b);
    std::vector<std::pair<double, Writer::Vector>> shown;
    for (int64_t i = 0; i < length; ++i) {
      const double priority = 2 * w.random.uniform() - 1;
      w.in[w.o.bits] = static_cast<float>(priority);
      w.show(shown.emplace_back(priority, w.draw()).second);
    }
    w.mark(1);
    std::sort(shown.begin(), shown.end(), std::greater<>());
    for (int64_t i = 0; i < answer; ++i) w.expect(shown[static_cast<size_t>(i)].second);
  }
}

}  // namespace

Algorithm algorithm_from(std::string_view text) {
  constexpr std::pair<const char*, Algorithm> kTasks[] = {{"copy", Algorithm::copy},
                                                          {"repeat-copy", Algorithm::repeat_copy},
                                                          {"recall", Algorithm::recall},
                                                          {"sort", Algorithm::sort}};
  for (const auto& [name, task] : kTasks)
    if (text == name) return task;
  throw ValueError(
      fmt::format("task: unknown task '{}'; use one of copy, repeat-copy, recall, sort", text));
}

int64_t input_channels(const EpisodeOptions& options) {
  const bool two = options.task == Algorithm::recall || options.task == Algorithm::sort;
  return complete(options).bits + (two ? 2 : 1);
}

int64_t target_channels(const EpisodeOptions& options) {
  return complete(options).bits + (options.task == Algorithm::repeat_copy ? 1 : 0);
}

Episodes episodes(const EpisodeOptions& options, uint64_t seed, int64_t number) {
  const EpisodeOptions o = complete(options);
  Writer w{o, SplitMix(SplitMix::hash(SplitMix::hash(seed) + static_cast<uint64_t>(number)))};
  const int64_t length = o.shortest + w.random.below(o.longest - o.shortest + 1);
  const int64_t repeats = o.fewest + w.random.below(o.most - o.fewest + 1);
  if (o.task == Algorithm::recall) recall(w, length);
  else if (o.task == Algorithm::sort) sort(w, length);
  else copy(w, length, o.task == Algorithm::copy ? 1 : repeats);
  return w.made;
}

}  // namespace tapehead::data
