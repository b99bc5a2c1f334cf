// Translation with an encoder-decoder with attention (Bahdanau et al. 2015; Luong et al. 2015).
//
//   translate                                trains on dates to ISO 8601, by characters
//   translate --data DIR --source de --target en         trains on DIR/train.de[.gz] and train.en
//   translate --eval out/translate --split test_2017_flickr    evaluates the model on another split
//   translate --eval out/translate --interactive
#include <tapehead/tapehead.h>

#include <algorithm>
#include <iostream>
#include <optional>

using namespace tapehead;

namespace {

struct Options {
  std::string source = "de", target = "en", split = "test_2016_flickr";
  std::string model = "rnn", cell = "gru", score = "additive";
  int64_t hidden_size = 0, embed_dim = 0, merges = 4000, positions = 128, tokens = 0, beam = 0;
  double dropout = -1, lr = 0, smoothing = -1, length_penalty = 1.0, average = -1;
  int64_t num_layers = 4, num_heads = 4, ffn_dim = 256;
  bool no_input_feeding = false, coverage = false, interactive = false;
};

// The defaults that differ between dates and real text.
void set_defaults(Options& t, train::Options& o) {
  const bool text = o.data.has_value(), transformer = t.model == "transformer";
  train::set_default(t.hidden_size, 0, text && !transformer ? 512 : 128);
  train::set_default(t.embed_dim, 0, text ? 256 : 64);
  train::set_default(t.tokens, 0, !text ? 800 : transformer ? 1500 : 1000);
  train::set_default(t.beam, 0, text ? 5 : 1);
  train::set_default(t.dropout, -1.0, !text ? 0.0 : transformer ? 0.25 : 0.4);
  train::set_default(t.smoothing, -1.0, text ? 0.1 : 0.0);
  train::set_default(t.lr, 0.0, !text ? 5e-3 : transformer ? 4e-3 : 3e-3);
  train::set_default(t.average, -1.0, text && transformer ? 0.998 : 0.0);
  if (!o.epochs && !o.steps) o.epochs = !text ? 4 : transformer ? 40 : 14;
}

data::TokenLists encode_all(const data::Bpe& bpe, const std::vector<std::string>& lines) {
  data::TokenLists ids;
  for (const std::string& line : lines) ids.push_back(bpe.encode(line));
  return ids;
}

nn::EncoderDecoder make_model(const nn::Scope& at, const data::Bpe& from, const data::Bpe& to,
                              const Options& t) {
  if (t.model == "transformer")
    return nn::Seq2SeqTransformer(at, {.source_vocab_size = from.size(),
                                       .target_vocab_size = to.size(),
                                       .transformer = {.embed_dim = t.hidden_size,
                                                       .num_heads = t.num_heads,
                                                       .ffn_dim = t.ffn_dim,
                                                       .num_layers = t.num_layers,
                                                       .dropout = t.dropout},
                                       .tied = from.to_text() == to.to_text()});
  return nn::Seq2Seq(at, {.source_vocab_size = from.size(),
                          .target_vocab_size = to.size(),
                          .embed_dim = t.embed_dim,
                          .hidden_size = t.hidden_size,
                          .cell = nn::cell_from(t.cell),
                          .score = nn::score_from(t.score),
                          .input_feeding = !t.no_input_feeding,
                          .coverage = t.coverage,
                          .dropout = t.dropout,
                          .positions = t.positions});
}

struct Translator {
  data::Bpe from, to;
  nn::Params params;
  nn::EncoderDecoder model;
  nn::BeamOptions beam;

  Translator(const data::Bpe& source_bpe, const data::Bpe& target_bpe, const Options& t,
             uint64_t seed)
      : from(source_bpe),
        to(target_bpe),
        params(seed),
        model(make_model(params / "model", from, to, t)),
        beam{.beam = t.beam,
             .length_penalty = t.length_penalty,
             .bos = data::kBos,
             .eos = data::kEos,
             .suppress = {data::kPad, data::kUnk, data::kBos}} {}

  std::vector<nn::Hypothesis> hypotheses(const std::vector<std::string>& lines) const {
    const nn::EvalGuard eval(params);
    return nn::translate_all(model, encode_all(from, lines), beam);
  }

  std::vector<std::string> translate(const std::vector<std::string>& lines) const {
    std::vector<std::string> out;
    for (const nn::Hypothesis& h : hypotheses(lines)) out.push_back(to.decode(h.tokens));
    return out;
  }

  // Draws the attention of each token of the translation.
  void draw(const std::string& line, const std::string& path) const {
    const nn::Hypothesis h = hypotheses({line})[0];
    if (h.attention.empty()) return;
    std::vector<std::string> rows, columns;
    for (const int64_t id : from.encode(line)) columns.push_back(from.token(id));
    for (const int64_t id : h.tokens) rows.push_back(to.token(id));
    columns.emplace_back("</s>");
    rows.resize(h.attention.size(), "</s>");
    train::save_attention(path, h.attention, rows, columns,
                          {.x_label = "source", .y_label = "translation"});
  }
};

// BLEU for text; the percentage of exact matches for dates.
double score_of(const std::vector<std::string>& output, const data::ParallelText::Split& wanted,
                bool text) {
  if (text) return data::bleu(output, wanted.target, {.lowercase = true});
  int64_t right = 0;
  for (size_t i = 0; i < output.size(); ++i) right += output[i] == wanted.target[i];
  return static_cast<double>(right) / static_cast<double>(output.size());
}

void interact(const Translator& translator) {
  for (std::string line; fmt::print("> "), std::getline(std::cin, line);)
    fmt::print("{}\n", translator.translate({line})[0]);
}

void run(train::Cli& cli) {
  Options t;
  using train::Keep;
  cli.option("--source", t.source, "source language", Keep::fixed);
  cli.option("--target", t.target, "target language", Keep::fixed);
  cli.option("--split", t.split,
             "split for --eval: NAME.SOURCE and NAME.TARGET in the data folder");
  cli.option("--model", t.model, {"rnn", "transformer"}, "architecture", Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize,
             "number of layers of a transformer's encoder and decoder", Keep::fixed);
  cli.option("--num-heads,--heads", t.num_heads, train::kSize,
             "number of attention heads of a transformer", Keep::fixed);
  cli.option("--ffn-dim,--hidden", t.ffn_dim, train::kSize,
             "hidden size of a transformer's feed-forward blocks", Keep::fixed);
  cli.option("--cell", t.cell, "gru or lstm", Keep::fixed);
  cli.option("--score", t.score,
             "none, dot, scaled_dot, general, concat, additive, location, local_m, local_p",
             Keep::fixed);
  cli.option("--hidden-size,--width", t.hidden_size, train::kSize,
             "size of the hidden states (512; dates, transformer 128)", Keep::fixed);
  cli.option("--embed-dim,--embedding", t.embed_dim, train::kSize,
             "size of the embeddings of an rnn (256; dates 64)", Keep::fixed);
  cli.option("--positions", t.positions, train::kSize, "longest source for --score location",
             Keep::fixed);
  cli.option("--merges", t.merges, {0, 1'000'000}, "number of BPE merges", Keep::fixed);
  cli.option("--tokens", t.tokens, {1, 1'000'000}, "maximum number of target tokens per batch",
             Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability");
  cli.option("--smoothing", t.smoothing, train::kPart, "label smoothing");
  cli.option("--lr", t.lr, train::kPositive, "learning rate");
  cli.option("--average", t.average, {0, 0.999999},
             "decay of the average of the weights; 0: no average", Keep::fixed);
  cli.option("--beam", t.beam, {1, 1000}, "beam width; 1: greedy search");
  cli.option("--length-penalty", t.length_penalty, {-10, 10}, "length penalty of beam search");
  cli.flag("--no-input-feeding", t.no_input_feeding,
           "do not feed the attention output to the next decoder step", Keep::fixed);
  cli.flag("--coverage", t.coverage, "additive attention uses the sum of previous weights",
           Keep::fixed);
  cli.flag("--interactive", t.interactive, "translate standard input", Keep::no);
  train::Options o = cli.parse();
  set_defaults(t, o);

  const bool text = o.data.has_value();
  const char* metric = text ? "bleu" : "exact_match";
  const auto saved_bpe = [](const std::string& folder, const char* side) {
    return data::Bpe::load(fmt::format("{}/bpe.{}.txt", folder, side));
  };
  if (o.eval) {
    Translator translator(saved_bpe(*o.eval, "source"), saved_bpe(*o.eval, "target"), t, o.seed);
    translator.params.load(*o.eval + "/model.safetensors");
    if (t.interactive) return interact(translator);
    const auto test = text ? data::ParallelText::split(*o.data, t.split, t.source, t.target)
                           : data::dates(o.seed).test;
    const auto output = translator.translate(test.source);
    data::write_lines(o.out + "/translations.txt", output);
    return train::report(cli, metric, score_of(output, test, text));
  }
  const auto corpus =
      text ? data::ParallelText::open(*o.data, t.source, t.target) : data::dates(o.seed);
  const auto learn_bpe = [&](const std::vector<std::string>& lines) {
    return text ? data::Bpe::train(corpus.train, t.merges, {.lower = true})
                : data::Bpe::train(lines, 0, {.prefix_space = false});  // characters
  };
  const auto from = o.resume ? saved_bpe(o.out, "source") : learn_bpe(corpus.train.source);
  const auto to = o.resume ? saved_bpe(o.out, "target")
                  : text   ? from
                           : learn_bpe(corpus.train.target);
  Translator translator(from, to, t, o.seed);
  const auto test =
      text ? data::ParallelText::split(*o.data, t.split, t.source, t.target) : corpus.test;

  const auto source = encode_all(from, corpus.train.source);
  const auto target = encode_all(to, corpus.train.target);
  data::Loader<data::Seq2SeqBatch> batches(
      data::lengths(target),
      [&](std::span<const int64_t> which) { return data::seq2seq_batch(source, target, which); },
      {.tokens = t.tokens,
       .bucket = true,
       .second_lengths = data::lengths(source),
       .seed = o.seed});
  optim::AdamW opt(translator.params, {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = 1e-4});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::WarmupCosineLR schedule(
      opt, {.warmup_steps = std::min<int64_t>(400, steps / 10), .total_steps = steps});

  std::optional<optim::Ema> average;
  if (t.average > 0) average.emplace(translator.params, t.average);
  train::Run run(translator.params, opt, batches,
                 cli.run_options(o, {.steps = steps,
                                     .max_grad_norm = 1.0,
                                     .schedule = &schedule,
                                     .average = average ? &*average : nullptr}));
  run.keep([&](const std::string& folder) {
    from.save(folder + "/bpe.source.txt");
    to.save(folder + "/bpe.target.txt");
  });
  run.evaluate_every_epoch(std::string("val_") + metric, [&] {
    return score_of(translator.translate(corpus.val.source), corpus.val, text);
  });
  for (const data::Seq2SeqBatch& batch : run) {
    const Tensor loss = nn::loss(translator.model, batch, t.smoothing);
    loss.backward();
    run.step(loss);
  }

  run.load_best();
  const auto output = translator.translate(test.source);
  data::write_lines(o.out + "/translations.txt", output);
  for (size_t i = 0; i < std::min<size_t>(4, output.size()); ++i)
    translator.draw(test.source[i], fmt::format("{}/attention-{}.svg", o.out, i + 1));
  run.finish(metric, score_of(output, test, text));
  if (t.interactive) interact(translator);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "translate", "Translates with attention, by default dates.",
                        run);
}
