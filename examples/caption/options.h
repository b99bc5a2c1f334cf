// The options of the captioning program.
#pragma once

#include <tapehead/tapehead.h>

#include "tapehead/examples/caption/corpus.h"

namespace caption {

struct Options {
  ModelOptions model;
  CorpusOptions corpus;
  std::string split = "test", channels, blocks;
  int64_t batch = 16, beam = 0, pictures = 4;
  double lr = 0, weight_decay = -1, average = -1, length_penalty = 1;
  std::vector<std::string> interactive;
};

inline void add_options(train::Cli& cli, Options& t) {
  using train::Keep;
  ModelOptions& m = t.model;
  CorpusOptions& c = t.corpus;
  cli.option("--attention", m.attention, {"soft", "hard", "transformer", "none"},
             "attention of the decoder; none: it sees the mean of the regions", Keep::fixed);
  cli.option("--encoder", m.encoder, {"resnet", "vit"},
             "encoder of the images; a vit has 8 x 8 patches", Keep::fixed);
  cli.option(
      "--side", c.side, {16, 1024},
      "side of an image in pixels (64; photographs 128); scenes 48..256, of a vit a multiple "
      "of 8",
      Keep::fixed);
  cli.option(
      "--channels", t.channels,
      "channels of each stage of a resnet (16,32,64; images 32,64,128); a vit has embeddings "
      "of the last",
      Keep::fixed);
  cli.option("--blocks", t.blocks,
             "residual blocks of each stage (1; scenes 1,1,2); a vit has as many layers as there "
             "are blocks in all",
             Keep::fixed);
  cli.option("--hidden-size", m.hidden_size, train::kSize, "size of the decoder's states",
             Keep::fixed);
  cli.option("--embed-dim", m.embed_dim, train::kSize, "size of the embeddings of an LSTM",
             Keep::fixed);
  cli.option("--stages", m.stages, train::kSize,
             "stages of the encoder, from the last, whose features make a region (2; a vit 1)",
             Keep::fixed);
  cli.option(
      "--feed", m.feed, {"context", "none"},
      "what an LSTM reads besides words (context, which is what attention sees; scenes none)",
      Keep::fixed);
  cli.option("--first-state", m.first_state, {"zero", "mean"},
             "first state of an LSTM, mean: from the mean of the regions (zero; images mean)",
             Keep::fixed);
  cli.option("--num-layers", m.num_layers, train::kSize,
             "layers of a Transformer's decoder (2; scenes 1)", Keep::fixed);
  cli.option("--num-heads", m.num_heads, train::kSize, "heads of Transformers", Keep::fixed);
  cli.option("--dropout", m.dropout, train::kPart, "dropout probability (0; images 0.25)");
  cli.option("--smoothing", m.smoothing, train::kPart,
             "label smoothing, unless attention is hard (0; images 0.05)");
  cli.option("--doubly-stochastic", m.doubly_stochastic, {0, 1000},
             "weight of the regulariser by which soft attention visits all regions (0)");
  cli.option("--entropy", m.entropy, {0, 1000}, "weight of the entropy of hard attention");
  cli.option("--images", c.images, {1, 1'000'000}, "number of generated images in an epoch",
             Keep::fixed);
  cli.option("--objects", c.objects, {1, 3}, "most objects of a generated image", Keep::fixed);
  cli.option("--tests", c.tests, {1, 1'000'000}, "number of generated images to test with");
  cli.option("--batch", t.batch, train::kSize, "images per batch", Keep::fixed);
  cli.option("--lr", t.lr, train::kPositive, "learning rate");
  cli.option("--weight-decay", t.weight_decay, {0, 1000}, "decoupled weight decay");
  cli.option("--average", t.average, {0, 0.999999},
             "decay of the average of the weights (0; images 0.998); 0: no average", Keep::fixed);
  cli.option("--shift", c.shift, {0, 0.9},
             "largest shift of a training image, as a part of its side");
  cli.option("--scale", c.scale, {0, 0.9}, "largest change of scale of a training image");
  cli.option("--jitter", c.jitter, {0, 1},
             "largest change of brightness and contrast of a training image");
  cli.option("--min-count", c.min_count, {1, 1'000'000},
             "least number of occurrences of a word of the vocabulary", Keep::fixed);
  cli.option("--longest", c.longest, train::kSize,
             "words of the longest training caption, and of the longest that is generated");
  cli.option("--lower-case", c.lower_case, {"yes", "no"},
             "whether captions of --data are read in lower case (no; photographs yes)",
             Keep::fixed);
  cli.option("--max-pixels", c.max_pixels, {1, int64_t{1} << 32}, "largest image that is read");
  cli.flag("--strict", c.strict, "captions without image and images without caption are an error");
  cli.option("--split", t.split, {"test", "valid", "train"}, "images that --eval describes",
             Keep::no);
  cli.option("--beam", t.beam, {1, 1000}, "beam width; 1: greedy search");
  cli.option("--length-penalty", t.length_penalty, {-10, 10}, "length penalty of beam search");
  cli.option("--pictures", t.pictures, {0, 1000},
             "number of images in the picture of the attention");
  cli.files("--interactive", t.interactive,
            "describe these images; -: those that standard input names");
}

// The positive numbers in a list such as 32,64; a single one counts for all `count`, if that is not
// 0.
inline std::vector<int64_t> sizes_in(const std::string& flag, const std::string& list,
                                     size_t count = 0) {
  constexpr int64_t kMost = 99'999;
  std::vector<int64_t> sizes;
  for (const std::string_view part : data::split_string(list, ',')) {
    sizes.push_back(parse_number<int64_t>(part).value_or(0));
    if (sizes.back() < 1 || sizes.back() > kMost)
      throw ValueError(fmt::format(
          "{} {}: expected numbers above 0 separated by commas, such as 32,64", flag, list));
  }
  if (count > 0 && sizes.size() == 1) sizes.resize(count, sizes[0]);
  if (sizes.empty() || (count > 0 && sizes.size() != count))
    throw ValueError(
        fmt::format("{} {}: expected a number, or one for each of --channels", flag, list));
  return sizes;
}

// Throws ValueError for a side that the images or the encoder cannot have.
inline void check_side(const Options& t, bool real) {
  const int64_t side = t.corpus.side;
  if (side == 0) return;  // the default
  if (!real && (side < 48 || side > 256))
    throw ValueError(fmt::format("--side {}: scenes have sides of 48..256 pixels", side));
  if (t.model.encoder == "vit" && side % kPatches != 0)
    throw ValueError(
        fmt::format("--side {0}: a vit divides the side into {1} patches; take a multiple of {1}",
                    side, kPatches));
}

// The defaults that differ between scenes, small images such as emoji, and photographs.
inline void set_defaults(Options& t, train::Options& o) {
  ModelOptions& m = t.model;
  const bool real = o.data.has_value(), transformer = m.attention == "transformer";
  train::set_default(m.first_state, "", real ? "mean" : "zero");
  train::set_default(m.feed, "", real ? "context" : "none");
  const bool own_stages = real || !t.channels.empty();
  train::set_default(t.channels, "", real ? "32,64,128" : "16,32,64");
  train::set_default(t.blocks, "", own_stages ? "1" : "1,1,2");
  m.channels = sizes_in("--channels", t.channels);
  m.blocks = sizes_in("--blocks", t.blocks, m.channels.size());
  check_side(t, real);
  const int64_t stages = m.encoder == "vit" ? 1 : std::ssize(m.channels);
  train::set_default(m.stages, 0, std::min<int64_t>(2, stages));
  if (m.stages > stages)
    throw ValueError(fmt::format("--stages {}: the encoder has {}", m.stages, stages));
  train::set_default(m.hidden_size, 0, transformer ? 128 : real ? 256 : 128);
  train::set_default(m.num_layers, 0, real ? 2 : 1);
  train::set_default(m.embed_dim, 0, real ? 128 : 64);
  train::set_default(m.dropout, -1.0, real ? 0.25 : 0.0);
  const bool hard = m.attention == "hard";
  train::set_default(m.smoothing, -1.0, real && !hard ? 0.05 : 0.0);
  if (hard && m.smoothing > 0)
    throw ValueError("--smoothing: hard attention learns from the likelihood of words as they are");
  train::set_default(m.doubly_stochastic, -1.0, 0.0);
  if (m.doubly_stochastic > 0 && m.attention != "soft")
    throw ValueError(fmt::format(
        "--doubly-stochastic: it is a loss of soft attention; leave it out with --attention {}",
        m.attention));
  train::set_default(t.lr, 0.0, real || transformer ? 2e-3 : 2.5e-3);
  train::set_default(t.weight_decay, -1.0, real ? 0.02 : transformer ? 0.5 : 1e-4);
  train::set_default(t.average, -1.0, real ? 0.998 : 0.0);
  train::set_default(t.corpus.shift, -1.0, real ? 0.05 : 0.0);
  train::set_default(t.corpus.scale, -1.0, real ? 0.1 : 0.0);
  train::set_default(t.corpus.jitter, -1.0, 0.0);
  train::set_default(t.corpus.images, 0, 4000);
  train::set_default(t.corpus.max_pixels, 0, int64_t{1} << 26);
  train::set_default(t.beam, 0, real ? 5 : 1);
  if (!o.epochs && !o.steps) o.epochs = real ? 90 : 8;
}

}  // namespace caption
