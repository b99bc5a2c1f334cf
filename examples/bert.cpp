// BERT: a Transformer that is pre-trained by masked language modelling and fine-tuned for a task
// with few labelled examples (Devlin et al. 2019). The task for the generated tales is to classify
// whether an ending belongs to a tale.
//
//   bert                  pre-trains on tales and fine-tunes on 300 examples; for comparison, also
//                         trains on these without pre-training
//   bert --data DIR       uses DIR/text.txt, and DIR/train.tsv and test.tsv: a label, a tab and a
//                         text per line, optionally followed by another tab and a second text
//   bert --eval out/bert  evaluates the model
#include <tapehead/tapehead.h>

#include <algorithm>

using namespace tapehead;

namespace {

struct Options {
  int64_t embed_dim = 64, num_heads = 4, num_layers = 2, context = 64, merges = 600, batch = 32;
  double dropout = 0.1, lr = 2e-3, rate = 0.15;
  int64_t tune_epochs = 20;
  double tune_lr = 1e-3;
};

using Texts = std::vector<data::LabelledText>;

// Targets: for masked texts the tokens, i64 [B, T]; for labelled texts the labels, i64 [B].
struct Batch {
  Tensor ids, wanted;
  nn::BertInput input;
};

// Encodes text as <s> first </s> second </s>.
class Reader {
 public:
  Reader(data::Bpe bpe, const Options& t) : bpe_(std::move(bpe)), t_(t) {}

  int64_t vocab() const { return bpe_.size() + 1; }  // including the mask token
  void save(const std::string& path) const { bpe_.save(path); }
  std::vector<std::string> tokens(const Tensor& ids) const {
    std::vector<std::string> all;
    for (const int64_t id : ids.to_vector<int64_t>()) all.push_back(bpe_.token(id));
    return all;
  }

  Batch batch(const Texts& texts, std::span<const int64_t> which) const {
    std::vector<std::vector<int64_t>> ids, types;
    for (const int64_t i : which) {
      const data::LabelledText& text = texts[static_cast<size_t>(i)];
      std::vector<int64_t> all{data::kBos}, type;
      add(all, text.first);
      type.resize(all.size(), 0);
      if (!text.second.empty()) add(all, text.second);
      type.resize(all.size(), 1);
      ids.push_back(all);
      types.push_back(type);
    }
    const Tensor lengths = from_vector(data::lengths(ids));
    return {pad_rows(ids, data::kPad), {}, {pad_rows(types, 0), {.lengths = lengths}}};
  }
  Batch masked(const Texts& texts, std::span<const int64_t> which, Generator generator) const {
    Batch batch = this->batch(texts, which);
    const data::MaskedTokens masked = data::mask_tokens(
        batch.ids, {.mask = bpe_.size(), .vocab = bpe_.size(), .rate = t_.rate}, generator);
    batch.ids = masked.ids;
    batch.wanted = masked.targets;
    return batch;
  }
  Batch labelled(const Texts& texts, std::span<const int64_t> which,
                 const std::vector<std::string>& labels) const {
    Batch batch = this->batch(texts, which);
    std::vector<int64_t> wanted;
    for (const int64_t i : which)
      wanted.push_back(
          std::find(labels.begin(), labels.end(), texts[static_cast<size_t>(i)].label) -
          labels.begin());
    batch.wanted = from_vector(wanted);
    return batch;
  }

 private:
  // Truncates to the context.
  void add(std::vector<int64_t>& all, const std::string& text) const {
    const std::vector<int64_t> more = bpe_.encode(text);
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(data::kEos);
    if (all.size() > static_cast<size_t>(t_.context)) all.resize(static_cast<size_t>(t_.context));
  }

  data::Bpe bpe_;
  Options t_;
};

struct Model {
  nn::Params params;
  nn::Bert bert;
  nn::MaskedLmHead guess;
  nn::SequenceClassifier classify;

  Model(uint64_t seed, int64_t vocab, int64_t classes, const Options& t)
      : params(seed),
        bert(params / "bert", {.vocab_size = vocab,
                               .context = t.context,
                               .transformer = {.embed_dim = t.embed_dim,
                                               .num_heads = t.num_heads,
                                               .num_layers = t.num_layers,
                                               .dropout = t.dropout,
                                               .init = nn::init::xavier_uniform()}}),
        guess(params / "predictions", bert),
        classify(params / "classifier", bert, classes) {}

  Tensor logits(const Batch& b) const { return classify(bert.pooled(bert(b.ids, b.input))); }
};

// A task's examples and its labels.
struct Task {
  const Reader& reader;
  const data::LabelledCorpus& corpus;
};

double accuracy(const Model& model, const Task& task) {
  const nn::EvalGuard eval(model.params);
  const auto count = static_cast<int64_t>(task.corpus.test.size());
  double right = 0;
  for (int64_t i = 0; i < count; i += 100) {
    const auto which = arange(i, std::min(i + 100, count)).to_vector<int64_t>();
    const Batch batch = task.reader.labelled(task.corpus.test, which, task.corpus.labels);
    right += sum((argmax(model.logits(batch), 1) == batch.wanted).to(f64)).item();
  }
  return right / static_cast<double>(count);
}

// Fine-tunes the model on the task and returns its accuracy.
double tune(const Model& model, const Task& task, const Options& t, const train::Options& o) {
  data::Loader<Batch> batches(
      static_cast<int64_t>(task.corpus.train.size()),
      [&](std::span<const int64_t> which) {
        return task.reader.labelled(task.corpus.train, which, task.corpus.labels);
      },
      {.batch = std::min<int64_t>(t.batch, static_cast<int64_t>(task.corpus.train.size())),
       .seed = o.seed});
  const int64_t steps = o.smoke ? 3 : t.tune_epochs * batches.per_epoch();
  optim::AdamW opt(model.params, {.lr = t.tune_lr}, {{"*norm*", {.weight_decay = 0}}});
  optim::WarmupLinearLR schedule(opt, {.warmup_steps = steps / 10, .total_steps = steps});
  for (int64_t step = 0; step < steps; ++step) {
    const Batch batch = batches.next();
    cross_entropy(model.logits(batch), batch.wanted).backward();
    optim::clip_grad_norm_(model.params, 1.0);
    opt.step();
    schedule.step();
    opt.zero_grad();
  }
  return accuracy(model, task);
}

// Draws the attention of each head of the last layer for an example.
void draw(const Model& model, const Task& task, const std::string& path) {
  const nn::EvalGuard eval(model.params);
  Batch batch = task.reader.batch(task.corpus.test, std::vector<int64_t>{0});
  batch.input.attention.weights_of = WeightsOf{};
  const Tensor heads =
      model.bert.encode(batch.ids, batch.input).attention_weights.back()[0].to(f32).contiguous();
  const std::vector<std::string> tokens = task.reader.tokens(batch.ids[0]);
  std::vector<train::AttentionMap> maps;
  for (int64_t h = 0; h < heads.size(0); ++h)
    maps.push_back({.weights = {heads[h].data<float>(), tokens.size() * tokens.size()},
                    .rows = heads.size(1),
                    .columns = heads.size(2),
                    .row_labels = tokens,
                    .column_labels = tokens,
                    .title = fmt::format("head {}", h + 1)});
  train::save_attention(path, maps, {.title = "The last layer after fine-tuning", .cell = 13});
}

void run(train::Cli& cli) {
  Options t;
  using train::Keep;
  cli.option("--embed-dim,--width", t.embed_dim, train::kSize, "embedding dimension", Keep::fixed);
  cli.option("--num-heads,--heads", t.num_heads, train::kSize, "number of attention heads",
             Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize, "number of layers", Keep::fixed);
  cli.option("--context", t.context, {2, 65536}, "maximum number of tokens", Keep::fixed);
  cli.option("--merges", t.merges, {0, 1'000'000}, "number of BPE merges", Keep::fixed);
  cli.option("--batch", t.batch, train::kSize, "texts per batch", Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability");
  cli.option("--lr", t.lr, train::kPositive, "learning rate of pre-training");
  cli.option("--rate", t.rate, train::kPart, "fraction of tokens that are masked");
  cli.option("--tune-epochs", t.tune_epochs, {1, 1'000'000}, "epochs of fine-tuning");
  cli.option("--tune-lr", t.tune_lr, train::kPositive, "learning rate of fine-tuning");
  train::Options o = cli.parse();
  if (!o.steps && !o.epochs) o.epochs = 12;

  const data::LabelledCorpus corpus =
      o.data ? data::labelled_corpus(*o.data) : data::tale_endings(o.seed);
  const std::string saved = o.eval ? *o.eval : o.resume ? o.out : "";
  std::vector<std::string> text;
  for (const auto& [label, first, second] : corpus.text)
    text.push_back(fmt::format("{} {}", first, second));
  const Reader reader(
      saved.empty() ? data::Bpe::train(text, t.merges) : data::Bpe::load(saved + "/bpe.txt"), t);
  const Task task{reader, corpus};
  const auto classes = static_cast<int64_t>(corpus.labels.size());
  const Model model(o.seed, reader.vocab(), classes, t);
  if (o.eval) {
    model.params.load(*o.eval + "/model.safetensors");
    return train::report(cli, "accuracy", accuracy(model, task));
  }
  data::Loader<Batch> batches(
      static_cast<int64_t>(corpus.text.size()),
      [&](std::span<const int64_t> which, const data::LoaderPosition& at) {
        const int64_t number = at.epoch * static_cast<int64_t>(corpus.text.size()) + at.batch;
        return reader.masked(corpus.text, which, {o.seed, 2 * static_cast<uint64_t>(number)});
      },
      {.batch = t.batch, .drop_last = true, .seed = o.seed});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  optim::AdamW opt(model.params, {.lr = t.lr, .betas = {0.9, 0.98}},
                   {{"*norm*", {.weight_decay = 0}}});
  optim::WarmupLinearLR schedule(opt, {.warmup_steps = steps / 10, .total_steps = steps});
  train::Run run(model.params, opt, batches,
                 cli.run_options(o, {.steps = steps, .max_grad_norm = 1.0, .schedule = &schedule}));
  run.keep([&](const std::string& folder) { reader.save(folder + "/bpe.txt"); });
  for (const Batch& batch : run) {
    const Tensor loss = model.guess.loss(model.bert(batch.ids, batch.input), batch.wanted);
    loss.backward();
    run.step(loss);
  }
  fmt::print("without pre-training: accuracy {:.3f}\n",
             tune(Model(o.seed, reader.vocab(), classes, t), task, t, o));
  const double value = tune(model, task, t, o);
  fmt::print("with pre-training: accuracy {:.3f}\n", value);
  draw(model, task, o.out + "/attention.svg");
  run.finish("accuracy", value);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "bert",
                        "Pre-trains BERT and fine-tunes a classifier, by default on tales.", run);
}
