// One-line summaries by an encoder-decoder that either generates a word from its vocabulary or
// copies one from the text, so that it can write out-of-vocabulary names
// (See, Liu and Manning 2017).
//
//   summarize                      trains on generated news, to write headlines
//   summarize --data DIR           trains on DIR/train.tsv[.gz]: a name, a summary, a text per line
//   summarize --eval out/summarize --beam 8      evaluates the model
#include <tapehead/tapehead.h>

#include <algorithm>

using namespace tapehead;

namespace {

struct Options {
  std::string model = "rnn";
  bool no_copy = false;
  int64_t hidden_size = 0, num_layers = 2, vocab_size = 0, longest = 60, tokens = 0, beam = 4;
  double dropout = 0.2, lr = 0, smoothing = 0.1, length_penalty = 1.0;
};

// The defaults that differ between generated news and real text.
void set_defaults(Options& t, train::Options& o) {
  const bool real = o.data.has_value();
  train::set_default(t.hidden_size, 0, real ? 192 : 64);
  train::set_default(t.vocab_size, 0, real ? 8000 : 300);
  train::set_default(t.tokens, 0, real ? 1600 : 800);
  train::set_default(t.lr, 0.0, real ? 2e-3 : 5e-3);
  if (!o.epochs && !o.steps) o.epochs = 3;
}

using Words = std::vector<std::string>;

Words words_of(const std::string& line) { return data::words(data::lower(line)); }

// Removes the middle of a text that is too long, since the end often has characteristic
// information.
Words shortened(Words words, int64_t longest) {
  if (std::ssize(words) <= longest) return words;
  words.erase(words.begin() + longest - longest / 4, words.end() - longest / 4);
  return words;
}

nn::EncoderDecoder make_model(const nn::Scope& at, int64_t vocab, const Options& t) {
  if (t.model == "transformer")
    return nn::Seq2SeqTransformer(at, {.source_vocab_size = vocab,
                                       .target_vocab_size = vocab,
                                       .transformer = {.embed_dim = t.hidden_size,
                                                       .num_heads = 4,
                                                       .ffn_dim = 4 * t.hidden_size,
                                                       .num_layers = t.num_layers,
                                                       .dropout = t.dropout},
                                       .tied = true,
                                       .copy = !t.no_copy});
  return nn::Seq2Seq(at, {.source_vocab_size = vocab,
                          .target_vocab_size = vocab,
                          .embed_dim = t.hidden_size,
                          .hidden_size = t.hidden_size,
                          .dropout = t.dropout,
                          .tied = true,
                          .copy = !t.no_copy});
}

// Texts and summaries as ids, including those of out-of-vocabulary words that can be copied.
struct Encoded {
  std::vector<data::CopySource> copies;
  data::TokenLists source, target;
};

struct Summarizer {
  data::Vocab vocab;
  Options options;
  nn::Params params;
  nn::EncoderDecoder model;

  Summarizer(const data::Vocab& words, const Options& t, uint64_t seed)
      : vocab(words),
        options(t),
        params(seed),
        model(make_model(params / "model", vocab.size(), t)) {}

  Encoded encode(const data::ParallelText::Split& split) const {
    Encoded out;
    for (size_t i = 0; i < split.source.size(); ++i) {
      const Words text = shortened(words_of(split.source[i]), options.longest);
      out.copies.push_back(options.no_copy ? data::CopySource{vocab.encode(text), {}}
                                           : data::copy_source(vocab, text));
      out.source.push_back(out.copies.back().ids);
      out.target.push_back(data::copy_target(vocab, words_of(split.target[i]), out.copies.back()));
    }
    return out;
  }

  std::vector<nn::Hypothesis> hypotheses(const Encoded& texts, int64_t beam) const {
    const nn::EvalGuard eval(params);
    return nn::translate_all(model, texts.source,
                             {.beam = beam,
                              .length_penalty = options.length_penalty,
                              .max_length = 30,
                              .suppress = {data::kPad, data::kUnk, data::kBos}});
  }

  Words summarize(const Encoded& texts, int64_t beam) const {
    const std::vector<nn::Hypothesis> found = hypotheses(texts, beam);
    Words lines;
    for (size_t i = 0; i < found.size(); ++i)
      lines.push_back(data::join_words(data::copy_decode(vocab, found[i].tokens, texts.copies[i])));
    return lines;
  }

  // Draws the attention of each word of the summary.
  void draw(const std::string& text, const std::string& path) const {
    const Encoded one = encode({{text}, {text}});
    const nn::Hypothesis h = hypotheses(one, options.beam)[0];
    Words rows = data::copy_decode(vocab, h.tokens, one.copies[0]),
          columns = shortened(words_of(text), options.longest);
    columns.emplace_back("</s>");
    rows.resize(h.attention.size(), "</s>");
    train::save_attention(path, h.attention, rows, columns,
                          {.x_label = "text", .y_label = "summary"});
  }
};

// The baseline: the first words of each text.
Words first_words(const std::vector<std::string>& texts, int64_t count) {
  Words lines;
  for (const std::string& text : texts) {
    Words words = words_of(text);
    words.resize(std::min(words.size(), static_cast<size_t>(count)));
    lines.push_back(data::join_words(words));
  }
  return lines;
}

// The number of first words with the best score.
int64_t best_lead(const data::ParallelText::Split& val) {
  int64_t best = 0;
  double score = -1;
  for (int64_t count = 4; count <= 20; ++count) {
    const double now = data::rouge(first_words(val.source, count), val.target).rougeL.f1;
    if (now > score) score = now, best = count;
  }
  return best;
}

// Prints the scores of the summaries and of the baseline; returns the summaries' ROUGE-L.
double compare(const Summarizer& model, const Words& summaries, const data::ParallelText& corpus) {
  const auto row = [](const std::string& name, const data::RougeScores& s) {
    fmt::print("{:<22}{:>9.2f}{:>9.2f}{:>9.2f}\n", name, 100 * s.rouge1.f1, 100 * s.rouge2.f1,
               100 * s.rougeL.f1);
  };
  const int64_t lead = best_lead(corpus.val);
  const data::RougeScores scores = data::rouge(summaries, corpus.test.target);
  fmt::print("{:<22}{:>9}{:>9}{:>9}\n", "F1 in %", "ROUGE-1", "ROUGE-2", "ROUGE-L");
  row(fmt::format("the first {} words", lead),
      data::rouge(first_words(corpus.test.source, lead), corpus.test.target));
  row(model.options.no_copy ? "the model, no copying" : "the model, copying", scores);
  return 100 * scores.rougeL.f1;
}

data::Vocab learn_vocab(const data::ParallelText::Split& train, int64_t size) {
  std::vector<Words> lines;
  for (const std::string& line : train.source) lines.push_back(words_of(line));
  for (const std::string& line : train.target) lines.push_back(words_of(line));
  return data::Vocab::build(lines, {.max_size = size});
}

void run(train::Cli& cli) {
  Options t;
  using train::Keep;
  cli.option("--model", t.model, {"rnn", "transformer"}, "architecture", Keep::fixed);
  cli.flag("--no-copy", t.no_copy, "generate words from the vocabulary only", Keep::fixed);
  cli.option("--hidden-size,--width", t.hidden_size, train::kSize,
             "size of embeddings and states (192; news 64)", Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize,
             "number of layers of a transformer's encoder and decoder", Keep::fixed);
  cli.option("--vocab-size,--vocab", t.vocab_size, {1, 1'000'000},
             "vocabulary size in words (8000; news 300)", Keep::fixed);
  cli.option("--longest", t.longest, train::kSize, "maximum number of words of a text",
             Keep::fixed);
  cli.option("--tokens", t.tokens, {1, 1'000'000}, "maximum number of source words per batch",
             Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability");
  cli.option("--smoothing", t.smoothing, train::kPart, "label smoothing");
  cli.option("--lr", t.lr, train::kPositive, "learning rate");
  cli.option("--beam", t.beam, {1, 1000}, "beam width; 1: greedy search");
  cli.option("--length-penalty", t.length_penalty, {-10, 10}, "length penalty of beam search");
  train::Options o = cli.parse();
  set_defaults(t, o);

  const data::ParallelText corpus = o.data ? data::summaries(*o.data) : data::news(o.seed);
  const std::string saved = o.eval ? *o.eval : o.resume ? o.out : "";
  const data::Vocab vocab = saved.empty() ? learn_vocab(corpus.train, t.vocab_size)
                                          : data::Vocab::load(saved + "/vocab.txt");
  const Summarizer model(vocab, t, o.seed);
  const Encoded test = model.encode(corpus.test);
  const auto score = [&] {
    const Words summaries = model.summarize(test, t.beam);
    data::write_lines(o.out + "/summaries.txt", summaries);
    return compare(model, summaries, corpus);
  };
  if (o.eval) {
    model.params.load(*o.eval + "/model.safetensors");
    return train::report(cli, "rougeL", score());
  }

  const Encoded train = model.encode(corpus.train), val = model.encode(corpus.val);
  data::Loader<data::Seq2SeqBatch> batches(data::lengths(train.source),
                                           [&](std::span<const int64_t> which) {
                                             return data::seq2seq_batch(train.source, train.target,
                                                                        which);
                                           },
                                           {.tokens = t.tokens,
                                            .bucket = true,
                                            .second_lengths = data::lengths(train.target),
                                            .seed = o.seed});
  optim::AdamW opt(model.params, {.lr = t.lr, .betas = {0.9, 0.98}, .weight_decay = 1e-4});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::WarmupCosineLR schedule(
      opt, {.warmup_steps = std::min<int64_t>(400, steps / 10), .total_steps = steps});

  train::Run run(model.params, opt, batches,
                 cli.run_options(o, {.steps = steps, .max_grad_norm = 1.0, .schedule = &schedule}));
  run.keep([&](const std::string& folder) { vocab.save(folder + "/vocab.txt"); });
  run.evaluate_every_epoch("val_rougeL", [&] {
    return 100 * data::rouge(model.summarize(val, 1), corpus.val.target).rougeL.f1;
  });
  for (const data::Seq2SeqBatch& batch : run) {
    const Tensor loss = nn::loss(model.model, batch, t.smoothing);
    loss.backward();
    run.step(loss);
  }

  run.load_best();
  for (size_t i = 0; i < std::min<size_t>(4, corpus.test.source.size()); ++i)
    model.draw(corpus.test.source[i], fmt::format("{}/attention-{}.svg", o.out, i + 1));
  run.finish("rougeL", score());
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "summarize",
                        "Summarizes texts with a copying model, by default generated news.", run);
}
