// A language model: a Transformer that predicts the next token (Radford et al. 2019) and generates
// text. Tokens are characters, or byte-level BPE with --vocab-size tokens. Alternatively, a memory
// network (Sukhbaatar et al. 2015).
//
//   gpt                            trains on generated tales
//   gpt --data DIR                 trains on the first 90 % of DIR/input.txt, validates on the rest
//   gpt --data DIR --model memn2n  a memory network of --hops over the last --memory tokens
//   gpt --data DIR --from gpt2     fine-tunes a pretrained model from a Hugging Face folder
//   gpt --eval out/gpt --prompt "One day" --length 500      generates text, and evaluates the model
#include <tapehead/tapehead.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <variant>

using namespace tapehead;

namespace {

struct Options {
  int64_t num_layers = 4, num_heads = 4, embed_dim = 0, context = 0, batch = 0, vocab_size = 0,
          val_every = 500;
  double dropout = 0, lr = 0, weight_decay = 0.1;
  std::string model = "gpt", from, prompt;
  int64_t hops = 6, memory = 64, length = 300, top_k = 0;
  double temperature = 0.8;
};

// Converts between text and ids: characters, or byte-level BPE trained on the text or pretrained.
struct Tokens {
  std::variant<data::Bpe, data::Tokenizer> kind;

  // When resuming or evaluating, loads the tokenizer from the folder `saved`.
  static Tokens make(const Options& t, const std::string& text, const std::string& saved) {
    if (!t.from.empty()) return {data::Tokenizer::load(t.from)};
    if (t.vocab_size > 0)
      return {saved.empty() ? data::Tokenizer::train_bpe(std::vector{text}, {.size = t.vocab_size})
                            : data::Tokenizer::load(saved)};
    return {saved.empty() ? data::Bpe::train(std::vector{text}, 0, {.prefix_space = false})
                          : data::Bpe::load(saved + "/characters.txt")};
  }
  void save(const std::string& folder) const {
    if (const auto* characters = std::get_if<data::Bpe>(&kind))
      characters->save(folder + "/characters.txt");
    else std::get<data::Tokenizer>(kind).save(folder);
  }

  int64_t size() const {
    return std::visit([](const auto& k) { return k.size(); }, kind);
  }
  std::vector<int64_t> encode(const std::string& text) const {
    if (const auto* characters = std::get_if<data::Bpe>(&kind)) return characters->encode(text);
    return std::get<data::Tokenizer>(kind).encode(text, {.add_special_tokens = false});
  }
  std::string decode(const std::vector<int64_t>& ids) const {
    return std::visit([&](const auto& k) { return k.decode(ids); }, kind);
  }
};

// Inputs i64 [B, T] and the next token of each.
struct Batch {
  Tensor ids, next;
};

// Windows of `length` tokens that start at these positions.
Batch windows(const std::vector<int64_t>& tokens, const std::vector<int64_t>& starts,
              int64_t length) {
  std::vector<int64_t> ids, next;
  for (const int64_t start : starts) {
    const auto first = tokens.begin() + start;
    ids.insert(ids.end(), first, first + length);
    next.insert(next.end(), first + 1, first + length + 1);
  }
  const Shape shape{static_cast<int64_t>(starts.size()), length};
  return {from_vector(ids, shape), from_vector(next, shape)};
}

// Every `step`-th position at which a window fits.
std::vector<int64_t> starts_in(const std::vector<int64_t>& tokens, int64_t length, int64_t step) {
  std::vector<int64_t> starts;
  for (int64_t i = 0; i + length < static_cast<int64_t>(tokens.size()); i += step)
    starts.push_back(i);
  if (starts.empty())
    throw ValueError(
        fmt::format("gpt: {} tokens are too few for a context of {}; give more "
                    "text, or a shorter --context",
                    tokens.size(), length));
  return starts;
}

// A language model: a Transformer or a memory network.
struct Model {
  int64_t context;  // maximum number of tokens
  std::function<Tensor(const Batch&)> loss;
  std::function<nn::LanguageModel()> begin;  // starts a new sequence
  std::shared_ptr<nn::Gpt> gpt = nullptr;    // null for a memory network
};

Model make_memn2n(const nn::Params& params, const Options& t, const Tokens& tokens) {
  const auto m = std::make_shared<nn::MemN2NText>(params / "memn2n",
                                                  nn::MemN2NTextConfig{.vocab_size = tokens.size(),
                                                                       .embed_dim = t.embed_dim,
                                                                       .hops = t.hops,
                                                                       .memory = t.memory});
  return {
      .context = t.context,
      .loss = [m](const Batch& b) { return m->loss(b.ids, b.next); },
      .begin = [m] { return nn::without_caches([m](const Tensor& ids) { return (*m)(ids); }); }};
}

Model make_gpt(const nn::Params& params, const Options& t, const Tokens& tokens,
               const std::optional<nn::hf::Folder>& pretrained) {
  const auto gpt = std::make_shared<nn::Gpt>(
      params / "gpt", pretrained ? nn::hf::gpt_config(*pretrained)
                                 : nn::GptConfig{.vocab_size = tokens.size(),
                                                 .context = t.context,
                                                 .transformer = {.embed_dim = t.embed_dim,
                                                                 .num_heads = t.num_heads,
                                                                 .num_layers = t.num_layers,
                                                                 .dropout = t.dropout,
                                                                 .bias = false}});
  if (pretrained) nn::hf::load(*pretrained, *gpt);
  return {.context = gpt->config().context,
          .loss = [gpt](const Batch& b) { return gpt->loss(b.ids, b.next); },
          .begin = [gpt] { return nn::with_caches(*gpt); },
          .gpt = gpt};
}

// The mean loss in nats per token, over consecutive windows.
double loss_of(const nn::Params& params, const Model& model, const std::vector<int64_t>& tokens,
               int64_t length) {
  const nn::EvalGuard eval(params);
  const std::vector<int64_t> starts = starts_in(tokens, length, length);
  double sum = 0;
  for (size_t i = 0; i < starts.size(); i += 32) {
    const std::vector<int64_t> some(
        starts.begin() + static_cast<int64_t>(i),
        starts.begin() + static_cast<int64_t>(std::min(i + 32, starts.size())));
    const Batch batch = windows(tokens, some, length);
    sum += model.loss(batch).item() * static_cast<double>(some.size());
  }
  return sum / static_cast<double>(starts.size());
}

// Continues a prompt. When the context is full, continues from its last half.
std::string write(const nn::Params& params, const Model& model, const Tokens& tokens,
                  const Options& t) {
  const nn::EvalGuard eval(params);
  std::vector<int64_t> all = tokens.encode(t.prompt.empty() ? "\n" : t.prompt);
  const int64_t context = model.context, half = context / 2;
  const auto wanted = static_cast<int64_t>(all.size()) + t.length;
  while (static_cast<int64_t>(all.size()) < wanted) {
    const auto known = static_cast<int64_t>(all.size());
    const std::vector<int64_t> prompt(all.end() - std::min(known, half), all.end());
    const auto more = nn::generate(
        model.begin(), prompt,
        {.sampling = {.temperature = t.temperature, .top_k = t.top_k},
         .length = std::min(wanted - known, context - static_cast<int64_t>(prompt.size()))});
    all.insert(all.end(), more[0].begin(), more[0].end());
  }
  return tokens.decode(all);
}

void run(train::Cli& cli) {
  Options t;
  using train::Keep;
  cli.option("--model", t.model, {"gpt", "memn2n"}, "gpt or memn2n", Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize, "number of layers", Keep::fixed);
  cli.option("--num-heads,--heads", t.num_heads, train::kSize, "number of attention heads",
             Keep::fixed);
  cli.option("--hops", t.hops, train::kSize, "number of hops of memn2n", Keep::fixed);
  cli.option("--memory", t.memory, train::kSize, "number of tokens in the memory of memn2n",
             Keep::fixed);
  cli.option("--embed-dim,--width", t.embed_dim, train::kSize,
             "embedding dimension (128; tales 96)", Keep::fixed);
  cli.option("--context", t.context, {2, 65536}, "context length in tokens (64; tales 192)",
             Keep::fixed);
  cli.option("--vocab-size,--vocab", t.vocab_size, {0, 1'000'000},
             "vocabulary size of byte-level BPE; 0: characters", Keep::fixed);
  cli.option("--from", t.from, "folder of a GPT-2, Llama, Mistral or Qwen2 checkpoint to fine-tune",
             Keep::fixed);
  cli.option("--batch", t.batch, train::kSize, "windows per batch (12; tales 6)", Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart, "dropout probability");
  cli.option("--lr", t.lr, train::kPositive,
             "learning rate (2e-3; tales 5e-3; pretrained model 1e-4)");
  cli.option("--weight-decay", t.weight_decay, {0}, "weight decay of matrices");
  cli.option("--val-every", t.val_every, {1},
             "steps between evaluations; the best weights are kept");
  cli.option("--prompt", t.prompt, "prompt for generation", Keep::no);
  cli.option("--length", t.length, {0, 1'000'000}, "number of tokens to generate", Keep::no);
  cli.option("--temperature", t.temperature, {0},
             "sampling temperature; 0: the most probable token", Keep::no);
  cli.option("--top-k", t.top_k, {0}, "sample from the k most probable tokens; 0: all", Keep::no);
  train::Options o = cli.parse();
  if (t.model != "gpt" && !t.from.empty())
    throw ValueError("--from: a pretrained model is a gpt; leave --model out");
  const bool text = o.data.has_value();
  if (t.embed_dim == 0) t.embed_dim = text ? 128 : 96;
  if (t.context == 0) t.context = text ? 64 : 192;
  if (t.batch == 0) t.batch = text ? 12 : 6;
  if (t.lr == 0) t.lr = !t.from.empty() ? 1e-4 : text ? 2e-3 : 5e-3;
  if (!o.steps && !o.epochs) o.steps = text ? 2000 : 800;

  const std::string corpus = text ? data::read_text(*o.data + "/input.txt") : data::tales(o.seed);
  const std::string saved = o.eval ? *o.eval : o.resume ? o.out : "";
  const Tokens tokens = Tokens::make(t, corpus, saved);
  const std::vector<int64_t> ids = tokens.encode(corpus);
  const auto cut = ids.begin() + static_cast<int64_t>(ids.size()) * 9 / 10;
  const std::vector<int64_t> train(ids.begin(), cut), val(cut, ids.end());

  std::optional<nn::hf::Folder> pretrained;
  if (!t.from.empty()) pretrained = nn::hf::read_folder(t.from);
  nn::Params params(o.seed);
  const Model model =
      t.model == "gpt" ? make_gpt(params, t, tokens, pretrained) : make_memn2n(params, t, tokens);
  if (o.eval) {
    params.load(*o.eval + "/model.safetensors");
    fmt::print("{}\n", write(params, model, tokens, t));
    return train::report(cli, "val_loss", loss_of(params, model, val, t.context));
  }

  const std::vector<int64_t> starts =
      starts_in(train, t.context, std::max<int64_t>(1, t.context / 4));
  data::Loader<Batch> batches(std::vector<int64_t>(starts.size(), t.context),
                              [&](std::span<const int64_t> which) {
                                std::vector<int64_t> chosen;
                                for (const int64_t i : which)
                                  chosen.push_back(starts[static_cast<size_t>(i)]);
                                return windows(train, chosen, t.context);
                              },
                              {.batch = t.batch, .drop_last = true, .seed = o.seed});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  std::vector<optim::GroupRule<optim::AdamWOptions>> rules;
  if (model.gpt) rules.push_back({"*norm*", {.weight_decay = 0}});
  optim::AdamW opt(params, {.lr = t.lr, .betas = {0.9, 0.99}, .weight_decay = t.weight_decay},
                   rules);
  optim::WarmupCosineLR schedule(opt, {.warmup_steps = std::min<int64_t>(100, steps / 10),
                                       .total_steps = steps,
                                       .min_factor = 0.1});

  train::Run run(params, opt, batches,
                 cli.run_options(o, {.steps = steps, .max_grad_norm = 1.0, .schedule = &schedule}));
  run.keep([&](const std::string& folder) { tokens.save(folder); });
  run.evaluate_every(
      t.val_every, "val_loss", [&] { return loss_of(params, model, val, t.context); },
      train::Best::lowest);
  for (const Batch& batch : run) {
    const Tensor loss = model.loss(batch);
    loss.backward();
    run.step(loss);
  }
  run.load_best();
  if (pretrained) {  // saves a folder that --from can load in turn
    nn::hf::save(o.out + "/hf", *model.gpt, {.from = &*pretrained});
    tokens.save(o.out + "/hf");
  }
  fmt::print("{}\n", write(params, model, tokens, t));
  run.finish("val_loss", loss_of(params, model, val, t.context));
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "gpt",
                        "Trains a language model, by default on generated tales.", run);
}
