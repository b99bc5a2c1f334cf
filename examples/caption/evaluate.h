// What a captioning model says of images, what is wrong with it, and where it looks.
//
// S regions.
#pragma once

#include <fmt/ranges.h>
#include <tapehead/tapehead.h>

#include <map>
#include <set>

#include "tapehead/examples/caption/corpus.h"

namespace caption {

using Rows = std::vector<std::vector<float>>;  // weights of the S regions at each word

inline std::string joined(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }

// The best caption of each of these images.
inline std::vector<nn::Hypothesis> search(const Captioner& model, const Tensor& images,
                                          const nn::BeamOptions& beam) {
  return nn::beam_search(model.steps(images), images.size(0), beam);
}

// The best caption of each image of a split.
inline std::vector<nn::Hypothesis> describe(const Captioner& model, const Split& split,
                                            const nn::BeamOptions& beam) {
  std::vector<nn::Hypothesis> all;
  for (int64_t i = 0; i < split.size(); i += 100) {
    const std::vector<int64_t> which = range(i, std::min(i + 100, split.size()));
    std::ranges::move(search(model, split.images.batch(which), beam), std::back_inserter(all));
  }
  return all;
}

// Where the model looks at each word of the first caption of these images, if that is said.
inline std::vector<Rows> maps_of(const Captioner& model, const data::Vocab& vocab,
                                 const Split& split, std::span<const int64_t> which) {
  std::vector<Rows> maps;
  for (size_t from = 0; from < which.size(); from += 100) {
    const std::span<const int64_t> some =
        which.subspan(from, std::min<size_t>(100, which.size() - from));
    std::vector<Words> captions;
    for (const int64_t i : some) captions.push_back(split.captions[static_cast<size_t>(i)][0]);
    const Tensor ids = targets(vocab, captions);
    const nn::Decoder decoder = model.steps(split.images.batch(some));
    maps.resize(from + some.size());
    for (int64_t t = 0; t + 2 < ids.size(1); ++t) {
      const Tensor weights = decoder.next(ids.select(1, t)).attention.to(f32).contiguous();
      const auto S = static_cast<size_t>(weights.size(1));
      for (size_t i = 0; i < some.size(); ++i) {
        const float* row = weights.data<float>() + i * S;
        if (t < std::ssize(captions[i])) maps[from + i].emplace_back(row, row + S);
      }
    }
  }
  return maps;
}

// A share of cases.
struct Share {
  int64_t hits = 0, all = 0;
  void add(bool hit) {
    hits += hit;
    ++all;
  }
  double value() const {
    return all == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(all);
  }
};

// The pointing game: whether the middle of the region of the largest weight, at the word that names
// an object, lies inside of the object's box.
inline Share pointing_game(const std::vector<Rows>& maps, const std::vector<data::Scene>& scenes,
                           const std::array<int64_t, 2>& grid, int64_t side) {
  Share share;
  for (size_t i = 0; i < maps.size(); ++i)
    for (const data::SceneObject& object : scenes[i].objects) {
      const std::vector<float>& row = maps[i][static_cast<size_t>(object.word)];
      const int64_t best = std::ranges::max_element(row) - row.begin();
      const int64_t y = (2 * (best / grid[1]) + 1) * side / (2 * grid[0]),
                    x = (2 * (best % grid[1]) + 1) * side / (2 * grid[1]);
      share.add(object.left <= x && x < object.right && object.top <= y && y < object.bottom);
    }
  return share;
}

// The positions of the words that name skin tones.
inline std::vector<size_t> tones_of(const Words& words) {
  std::vector<size_t> tones;
  for (size_t i = 0; i + 2 < words.size(); ++i)
    if (words[i + 1] == "skin" && words[i + 2] == "tone") tones.push_back(i);
  return tones;
}

// The images of two people with different skin tones.
inline std::vector<int64_t> pairs_of(const Split& split) {
  std::vector<int64_t> pairs;
  for (int64_t i = 0; i < split.size(); ++i) {
    const Words& words = split.captions[static_cast<size_t>(i)][0];
    const std::vector<size_t> tones = tones_of(words);
    if (tones.size() == 2 && words[tones[0]] != words[tones[1]]) pairs.push_back(i);
  }
  return pairs;
}

// The share of the weights in the left half of the image.
inline double left_half(const std::vector<float>& row, int64_t columns) {
  double left = 0, all = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    const int64_t x = 2 * (static_cast<int64_t>(i) % columns) + 1;
    all += row[i];
    left += row[i] * (x < columns ? 1 : x == columns ? 0.5 : 0);
  }
  return left / all;
}

// Whether the weights are on the left at the first skin tone and on the right at the second.
inline Share left_right(const std::vector<Rows>& maps, const Split& split,
                        const std::vector<int64_t>& pairs, int64_t columns) {
  Share share;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const std::vector<size_t> tones = tones_of(split.captions[static_cast<size_t>(pairs[i])][0]);
    share.add(left_half(maps[i][tones[0]], columns) > 0.5 &&
              left_half(maps[i][tones[1]], columns) < 0.5);
  }
  return share;
}

// Words of one kind; all others are of the kind "object".
inline const std::map<std::string, std::set<std::string>> kKinds{
    {"skin tone", {"light", "medium-light", "medium", "medium-dark", "dark"}},
    {"gender", {"man", "woman", "person", "men", "women", "people", "boy", "girl", "child"}},
    {"hair", {"hair", "curly", "bald", "blond", "beard"}},
    {"size", {"small", "large"}},
    {"colour", {"red", "green", "blue", "yellow", "purple", "orange", "white", "black", "brown"}},
    {"material", {"striped", "outlined", "dotted"}},
    {"relation", {"left", "right", "above", "below"}},
    {"", {"a", "an", "and", "of", "skin", "tone", ":", ","}}};

// What is wrong with a caption: the kinds of words that differ, or their order.
inline std::string error_kind(const Words& said, const Words& wanted) {
  std::map<std::string, std::multiset<std::string>> of_kind[2];
  const Words* const sides[] = {&said, &wanted};
  for (size_t side = 0; side < 2; ++side)
    for (const std::string& word : *sides[side]) {
      const auto found =
          std::ranges::find_if(kKinds, [&](const auto& k) { return k.second.contains(word); });
      of_kind[side][found == kKinds.end() ? "object" : found->first].insert(word);
    }
  Words kinds;
  for (const char* kind :
       {"object", "gender", "skin tone", "hair", "size", "colour", "material", "relation"})
    if (of_kind[0][kind] != of_kind[1][kind]) kinds.emplace_back(kind);
  return kinds.empty() ? "order" : fmt::format("{}", fmt::join(kinds, " and "));
}

// Captions of a split, beside those that are wanted.
struct Result {
  std::vector<nn::Hypothesis> found;
  std::vector<Words> said;
  Share exact;    // equal to one of the image's captions
  Words wanted;   // one of each image's captions, as text: the one that was said, or the first
  Words verdict;  // on each: right, what is wrong with it, or of images with several captions wrong
  std::map<std::string, int64_t> errors;  // by kind, of images with one caption
  data::CaptionScores scores;
};

inline Result score(std::vector<nn::Hypothesis> found, const data::Vocab& vocab,
                    const Split& split) {
  Result result;
  std::vector<std::string> hypotheses;
  std::vector<std::vector<std::string>> references;
  for (size_t i = 0; i < found.size(); ++i) {
    const Words& said = result.said.emplace_back(vocab.decode(found[i].tokens));
    const std::vector<Words>& wanted = split.captions[i];
    const bool right = std::ranges::find(wanted, said) != wanted.end();
    const std::string wrong = wanted.size() == 1 ? error_kind(said, wanted[0]) : "wrong";
    result.exact.add(right);
    result.wanted.push_back(joined(right ? said : wanted[0]));
    result.verdict.push_back(right ? "right" : wrong);
    if (!right && wanted.size() == 1) ++result.errors[wrong];
    hypotheses.push_back(joined(said));
    references.emplace_back();
    for (const Words& words : wanted) references.back().push_back(joined(words));
  }
  result.scores = data::caption_scores(hypotheses, references);
  result.found = std::move(found);
  return result;
}

// Of each of `count` parts of a split, the image with the longest caption.
inline std::vector<int64_t> longest_captions(const Split& split, int64_t count) {
  count = std::min(count, split.size());
  std::vector<int64_t> longest;
  for (int64_t part = 0; part < count; ++part)
    longest.push_back(std::ranges::max(
        range(part * split.size() / count, (part + 1) * split.size() / count), {},
        [&](int64_t i) { return split.captions[static_cast<size_t>(i)][0].size(); }));
  return longest;
}

// Writes a picture of images f32 [N, 3, H, W] with the weights of their regions at each word.
inline void save_maps(const std::string& path, const Tensor& images,
                      std::span<const nn::Hypothesis> found, const data::Vocab& vocab,
                      const std::array<int64_t, 2>& grid) {
  const Tensor pixels = images.contiguous();
  const int64_t height = pixels.size(2), width = pixels.size(3), size = 3 * height * width;
  std::vector<std::vector<float>> weights(found.size());
  std::vector<train::CaptionAttention> rows;
  for (size_t i = 0; i < found.size(); ++i) {
    Words words = vocab.decode(found[i].tokens);
    if (words.empty()) continue;
    for (size_t t = 0; t < words.size(); ++t)
      std::ranges::copy(found[i].attention[t], std::back_inserter(weights[i]));
    const float* from = pixels.data<float>() + static_cast<int64_t>(i) * size;
    rows.push_back({.pixels = {from, static_cast<size_t>(size)},
                    .height = height,
                    .width = width,
                    .words = std::move(words),
                    .weights = weights[i],
                    .rows = grid[0],
                    .columns = grid[1]});
  }
  if (!rows.empty()) train::save_caption_attention(path, rows);
}

}  // namespace caption
