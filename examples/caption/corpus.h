// Images with captions: generated scenes, or files.
//
// N images, B of them in a batch, T tokens of a caption.
#pragma once

#include <tapehead/tapehead.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>

#include "tapehead/examples/caption/model.h"

namespace caption {

using Words = std::vector<std::string>;

inline std::vector<int64_t> range(int64_t from, int64_t to) {
  std::vector<int64_t> all(static_cast<size_t>(to - from));
  std::iota(all.begin(), all.end(), from);
  return all;
}

struct CorpusOptions {
  int64_t side = 0;        // of an image; 0: 64, or for images that are larger 128
  int64_t images = 0;      // number of scenes in an epoch
  int64_t tests = 1000;    // number of scenes for testing
  int64_t objects = 2;     // most objects of a scene
  int64_t min_count = 1;   // of a word in the training captions
  int64_t longest = 40;    // words of a training caption, and of one that is generated
  int64_t max_pixels = 0;  // larger images are refused
  bool strict = false;     // whether captions and images must match
  std::string lower_case;  // yes or no; empty: of photographs
  double shift = -1, scale = -1, jitter = -1;  // augmentation
};

// An image file as the model takes it: u8 [3, side, side], its middle.
inline Tensor read_square(const std::string& path, int64_t side, int64_t max_pixels) {
  const Tensor image = data::read_image(path, {.max_pixels = max_pixels});
  const int64_t shorter = std::min(image.size(1), image.size(2));
  const Tensor square = data::CenterCrop{.height = shorter, .width = shorter}(image);
  return shorter == side ? square : data::Resize{.size = {side}}(square);
}

// Images of one size, read when they are used, or in memory after load().
class Images {
 public:
  explicit Images(const Tensor& all = {}) : all_(all) {}
  Images(std::vector<std::string> paths, int64_t side, int64_t max_pixels)
      : paths_(std::move(paths)), side_(side), max_pixels_(max_pixels) {}

  // What load() needs.
  int64_t bytes() const { return std::ssize(paths_) * 3 * side_ * side_; }
  void load() {
    if (paths_.empty()) return;
    const int64_t count = std::ssize(paths_), size = 3 * side_ * side_;
    const Tensor all = zeros({count, 3, side_, side_}, u8);
    core::parallel_for(count, [&](int64_t i) {
      std::ranges::copy(one(i).contiguous().span<uint8_t>(), all.data<uint8_t>() + i * size);
    });
    all_ = all;
  }

  // f32 [B, 3, side, side] from 0 to 1.
  Tensor batch(std::span<const int64_t> which) const {
    if (all_.defined())
      return data::ConvertImageDtype{}(
          index_select(all_, 0, from_vector(std::vector<int64_t>(which.begin(), which.end()))));
    std::vector<Tensor> read;
    for (const int64_t i : which) read.push_back(one(i));
    return data::ConvertImageDtype{}(stack(read, 0));
  }

 private:
  Tensor one(int64_t i) const {
    return read_square(paths_[static_cast<size_t>(i)], side_, max_pixels_);
  }

  Tensor all_;  // u8 [N, 3, side, side]
  std::vector<std::string> paths_;
  int64_t side_ = 0, max_pixels_ = 0;
};

inline constexpr int64_t kAnyLength = std::numeric_limits<int64_t>::max();

// Images, and for each one or more captions as words.
struct Split {
  Images images;
  std::vector<std::vector<Words>> captions;
  std::vector<std::string> names;   // of the files, or empty
  std::vector<data::Scene> scenes;  // what generated images show

  int64_t size() const { return static_cast<int64_t>(captions.size()); }
};

struct Corpus {
  Split train, valid, test;  // of scenes, `train` is for the vocabulary and --split train
  int64_t side = 0;
  bool scenes = false, lower_case = false;

  // Whether the one caption of an image is to be found exactly.
  bool exact() const {
    return std::ranges::all_of(test.captions, [](const auto& c) { return c.size() == 1; });
  }
};

inline Split scenes_of(const data::Scenes& made) {
  Split split{.images = Images(made.images), .captions = {}, .names = {}, .scenes = made.scenes};
  for (const data::Scene& scene : made.scenes)
    split.captions.push_back({data::words(scene.caption)});
  return split;
}

// Validation has scenes like those of training; testing has combinations that training has not.
inline Corpus open_scenes(const CorpusOptions& o, uint64_t seed) {
  const data::ScenesOptions seen{.side = o.side > 0 ? o.side : 64, .max_objects = o.objects};
  data::ScenesOptions unseen = seen;
  unseen.part = data::ScenePart::test;
  return {.train = scenes_of(data::scenes(seed, 1000, seen)),
          .valid = scenes_of(data::scenes(seed + 1, std::min<int64_t>(o.tests, 200), seen)),
          .test = scenes_of(data::scenes(seed + 2, o.tests, unseen)),
          .side = seen.side,
          .scenes = true};
}

// The images that have a caption of at most `longest` words; longer captions are left out, and
// counted in `too_long`.
inline Split split_of(const std::vector<data::CaptionedImage>& images, const CorpusOptions& o,
                      int64_t longest, int64_t& too_long) {
  const bool lower = o.lower_case == "yes";
  Split split;
  std::vector<std::string> paths;
  for (const data::CaptionedImage& image : images) {
    std::vector<Words> captions;
    for (const std::string& caption : image.captions) {
      Words words = data::words(lower ? data::lower(caption) : caption);
      if (std::ssize(words) > longest) ++too_long;
      else if (!words.empty()) captions.push_back(std::move(words));
    }
    if (captions.empty()) continue;
    split.captions.push_back(std::move(captions));
    split.names.push_back(std::filesystem::path(image.path).filename().string());
    paths.push_back(image.path);
  }
  split.images = Images(std::move(paths), o.side, o.max_pixels);
  return split;
}

// Reads images into memory, unless they are more than 4 GiB in all.
inline void load_images(std::initializer_list<Split*> splits) {
  constexpr int64_t kMostBytes = int64_t{4} << 30;
  int64_t bytes = 0;
  for (const Split* split : splits) bytes += split->images.bytes();
  if (bytes > kMostBytes) return;
  for (Split* split : splits) split->images.load();
}

// Fills in what depends on whether the images are photographs: their side, and whether captions are
// in lower case.
inline void complete(CorpusOptions& o, const std::string& image) {
  const Tensor first = data::read_image(image, {.max_pixels = o.max_pixels});
  const bool photographs = std::min(first.size(1), first.size(2)) > kSmallSide;
  train::set_default(o.side, 0, photographs ? 128 : 64);
  train::set_default(o.lower_case, "", photographs ? "yes" : "no");
}

inline Corpus open_corpus(const std::string& folder, CorpusOptions o) {
  const data::Captions all = data::Captions::open(folder, {.strict = o.strict});
  if (const std::string left_out = all.mismatches(); !left_out.empty())
    fmt::print("left out: {}\n", left_out);
  complete(o, all.train[0].path);
  int64_t too_long = 0;
  Corpus corpus{.train = split_of(all.train, o, o.longest, too_long),
                .valid = split_of(all.valid, o, kAnyLength, too_long),
                .test = split_of(all.test, o, kAnyLength, too_long),
                .side = o.side,
                .lower_case = o.lower_case == "yes"};
  if (corpus.train.size() == 0)
    throw ValueError(
        fmt::format("--longest {}: all captions for training are longer; allow more", o.longest));
  if (too_long > 0)
    fmt::print("left out: {} of the captions for training, those of more than {} words\n", too_long,
               o.longest);
  load_images({&corpus.train, &corpus.valid, &corpus.test});
  const bool has_valid = corpus.valid.size() > 0, has_test = corpus.test.size() > 0;
  if (!has_test)
    fmt::print("there are no images for testing: those for {} serve\n",
               has_valid ? "validation" : "training");
  if (!has_valid)
    fmt::print("there are no images for validation: those for {} serve\n",
               has_test ? "testing" : "training");
  if (!has_valid) corpus.valid = has_test ? corpus.test : corpus.train;
  if (!has_test) corpus.test = corpus.valid;
  return corpus;
}

inline data::Vocab learn_vocab(const Split& train, int64_t min_count) {
  std::vector<Words> all;
  for (const auto& captions : train.captions)
    all.insert(all.end(), captions.begin(), captions.end());
  return data::Vocab::build(all, {.min_count = min_count});
}

// Images f32 [B, 3, side, side] from 0 to 1, and i64 [B, T + 1]: bos, a caption, eos, padding.
struct CaptionBatch {
  Tensor images, target;
};

inline Tensor targets(const data::Vocab& vocab, std::span<const Words> captions) {
  data::TokenLists rows;
  for (const Words& words : captions) rows.push_back(vocab.encode(words));
  const data::TokenLists none(rows.size());
  return data::seq2seq_batch(none, rows, range(0, std::ssize(rows))).target;
}

// Batches of scenes that are never repeated.
inline data::Loader<CaptionBatch> scene_batches(const CorpusOptions& o, int64_t side,
                                                const data::Vocab& vocab, int64_t batch,
                                                uint64_t seed) {
  const auto collate = [=](std::span<const int64_t> which, const data::LoaderPosition& at) {
    const uint64_t own = data::example_seeds(which.first(1), at, o.images, seed + 1000)[0];
    const Split made =
        scenes_of(data::scenes(own, std::ssize(which), {.side = side, .max_objects = o.objects}));
    std::vector<Words> captions;
    for (const auto& one : made.captions) captions.push_back(one[0]);
    return CaptionBatch{made.images.batch(range(0, std::ssize(which))), targets(vocab, captions)};
  };
  return {std::vector<int64_t>(static_cast<size_t>(o.images), 1),
          data::Loader<CaptionBatch>::CollateAt(collate),
          {.batch = batch, .drop_last = o.images >= batch, .seed = seed}};
}

// Each image with each of its captions, shifted, scaled and with changed colours.
inline data::Loader<CaptionBatch> image_batches(const CorpusOptions& o, const Split& train,
                                                const data::Vocab& vocab, int64_t batch,
                                                uint64_t seed) {
  std::vector<std::pair<int64_t, int64_t>> pairs;  // image and caption
  for (int64_t i = 0; i < train.size(); ++i)
    for (int64_t c = 0; c < std::ssize(train.captions[static_cast<size_t>(i)]); ++c)
      pairs.emplace_back(i, c);
  const auto count = static_cast<int64_t>(pairs.size());
  const auto collate = [=, &train, pairs = std::move(pairs)](std::span<const int64_t> which,
                                                             const data::LoaderPosition& at) {
    std::vector<int64_t> images;
    std::vector<Words> captions;
    for (const int64_t i : which) {
      const auto [image, caption] = pairs[static_cast<size_t>(i)];
      images.push_back(image);
      captions.push_back(train.captions[static_cast<size_t>(image)][static_cast<size_t>(caption)]);
    }
    Tensor pixels = train.images.batch(images);
    if (o.jitter > 0)
      pixels = data::ColorJitter{.brightness = o.jitter, .contrast = o.jitter}(pixels);
    if (o.shift > 0 || o.scale > 0)
      pixels = data::random_affine(pixels, {.shift = o.shift, .scale = o.scale, .fill = 1},
                                   data::example_seeds(which, at, std::ssize(pairs), seed));
    return CaptionBatch{pixels, targets(vocab, captions)};
  };
  return {std::vector<int64_t>(static_cast<size_t>(count), 1),
          data::Loader<CaptionBatch>::CollateAt(collate),
          {.batch = batch, .drop_last = count >= batch, .seed = seed}};
}

}  // namespace caption
