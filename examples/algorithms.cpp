// Memory-augmented networks learn algorithms from examples and generalize to longer sequences: the
// tasks of the Neural Turing Machine paper (Graves, Wayne and Danihelka 2014).
//
//   algorithms                                 trains a small NTM to copy
//   algorithms --paper                         trains the NTM of the paper on sequences of 1 to 20
//   algorithms --paper --model dnc --task recall
//   algorithms --eval out/algorithms           evaluates the model, and plots an episode
#include <tapehead/tapehead.h>

using namespace tapehead;

namespace {

struct Options {
  std::string model = "ntm", task = "copy", optimizer = "adam";
  bool paper = false;
  int64_t longest = 0, test_length = 0, repeats = 0, test_repeats = 0;
  int64_t slots = 0, slot_dim = 20, read_heads = 1, write_heads = 1, hidden_size = 100,
          num_layers = 1;
  int64_t batch = 16, tests = 20;
  double lr = 0, clip = 10;
};

// The defaults that differ between the small setting and the paper's.
void set_defaults(Options& t, train::Options& o) {
  const auto unless_given = [&](auto& value, auto small, auto paper) {
    if (value == 0) value = t.paper ? paper : small;
  };
  const data::Algorithm task = data::algorithm_from(t.task);
  const int64_t paper_longest = task == data::Algorithm::repeat_copy ? 10
                                : task == data::Algorithm::recall    ? 6
                                                                     : 20;
  unless_given(t.longest, task == data::Algorithm::recall ? int64_t{3} : int64_t{8}, paper_longest);
  if (t.test_length == 0) t.test_length = 2 * t.longest;
  unless_given(t.repeats, int64_t{3}, int64_t{10});
  if (t.test_repeats == 0) t.test_repeats = t.repeats;
  unless_given(t.slots, int64_t{32}, int64_t{128});
  if (t.optimizer == "rmsprop") unless_given(t.lr, 1e-3, 1e-4);
  else unless_given(t.lr, 2e-3, 1e-3);
  if (!o.epochs && !o.steps) o.steps = t.paper ? 15000 : 2500;
}

nn::Machine machine_of(const Options& t, const nn::Scope& at, int64_t in, int64_t out) {
  if (t.model == "ntm")
    return nn::Ntm(at, {.input_size = in,
                        .output_size = out,
                        .slots = t.slots,
                        .slot_dim = t.slot_dim,
                        .read_heads = t.read_heads,
                        .write_heads = t.write_heads,
                        .hidden_size = t.hidden_size});
  if (t.model == "dnc")
    return nn::Dnc(at, {.input_size = in,
                        .output_size = out,
                        .slots = t.slots,
                        .slot_dim = t.slot_dim,
                        .read_heads = t.read_heads,
                        .hidden_size = t.hidden_size});
  return nn::Lstm(at, {.input_size = in,
                       .output_size = out,
                       .hidden_size = t.hidden_size,
                       .num_layers = t.num_layers});
}

// The options of the training episodes, or of longer ones.
data::EpisodeOptions episodes_of(const Options& t, bool longer) {
  data::EpisodeOptions e{.task = data::algorithm_from(t.task), .batch = t.batch};
  e.longest = longer ? t.test_length : t.longest;
  e.most = longer ? t.test_repeats : t.repeats;
  if (longer || e.task == data::Algorithm::sort) e.shortest = e.longest;
  if (longer) e.fewest = e.most;
  return e;
}

Tensor answer(const Tensor& out, const data::Episodes& e) {
  const int64_t T = out.size(1);
  return out.slice(1, T - e.targets.size(1), T);
}

// The percentage of wrong bits in the answers.
double bit_error(const Options& t, const nn::Machine& machine, bool longer, uint64_t seed) {
  const NoGradGuard off;
  double wrong = 0, bits = 0;
  for (int64_t i = 0; i < t.tests; ++i) {
    const data::Episodes e = data::episodes(episodes_of(t, longer), seed, i);
    const Tensor said = answer(machine(e.inputs, {}).out, e) > 0;
    wrong += sum(said != (e.targets > 0.5)).item();
    bits += static_cast<double>(e.targets.numel());
  }
  return 100 * wrong / bits;
}

using Titled = std::vector<std::pair<std::string, Tensor>>;

// Draws heat maps of tensors [T, ...], with time on the horizontal axis.
void draw_maps(const Titled& shown, const train::AttentionMapStyle& style,
               const std::string& path) {
  std::vector<Tensor> kept;
  std::vector<train::AttentionMap> maps;
  for (const auto& [title, x] : shown) {
    kept.push_back(x.transpose(0, 1).to(f32).contiguous());
    maps.push_back({.weights = {kept.back().data<float>(), static_cast<size_t>(x.numel())},
                    .rows = x.size(1),
                    .columns = x.size(0),
                    .title = title});
  }
  train::save_attention(path, maps, style);
}

// Draws one episode: inputs, outputs and, for a machine with a memory, the read and write weights.
void draw(const Options& t, const nn::Machine& machine, bool longer, uint64_t seed,
          const std::string& path) {
  const NoGradGuard off;
  data::EpisodeOptions one = episodes_of(t, longer);
  one.batch = 1, one.shortest = one.longest, one.fewest = one.most;
  const data::Episodes e = data::episodes(one, seed, 0);
  const nn::MachineOutput run = machine(e.inputs, {.weights = true});
  const std::string title = fmt::format("{}: {} of {}", t.model, t.task, one.longest);
  const int64_t before = e.inputs.size(1) - e.targets.size(1);
  const auto in_time = [&](const Tensor& x) { return pad(x[0], {0, 0, before, 0}); };
  draw_maps({{"input", e.inputs[0]},
             {"target", in_time(e.targets)},
             {"output", in_time(sigmoid(answer(run.out, e)))}},
            {.title = title, .x_label = "time", .y_label = "channel", .across = 1, .highest = 1},
            path + ".svg");

  Titled heads;
  for (const auto& [what, weights] :
       {std::pair{"write", run.write_weights}, {"read", run.read_weights}})
    for (int64_t r = 0; weights.defined() && r < weights.size(2); ++r)
      heads.emplace_back(fmt::format("{} weights {}", what, r + 1), weights[0].select(1, r));
  if (!heads.empty())
    draw_maps(heads, {.title = title, .x_label = "time", .y_label = "slot", .highest = 1},
              path + "-weights.svg");
}

// The result: the percentage of wrong bits in sequences longer than those of the training.
double score(const Options& t, const nn::Machine& machine, const train::Options& o) {
  draw(t, machine, false, o.seed + 1, o.out + "/trained");
  draw(t, machine, true, o.seed + 1, o.out + "/longer");
  const double trained = bit_error(t, machine, false, o.seed + 1);
  const double longer = bit_error(t, machine, true, o.seed + 1);
  fmt::print("wrong bits: {:.3f} % of lengths up to {}, {:.3f} % of length {}\n", trained,
             t.longest, longer, t.test_length);
  return longer;
}

void add_options(train::Cli& cli, Options& t) {
  using train::Keep;
  cli.option("--model", t.model, {"ntm", "dnc", "lstm"}, "architecture", Keep::fixed);
  cli.option("--task", t.task, "copy, repeat-copy, recall or sort", Keep::fixed);
  cli.flag("--paper", t.paper, "use the sizes and lengths of the paper instead of small ones",
           Keep::fixed);
  cli.option(
      "--longest", t.longest, train::kSize,
      "maximum number of vectors (recall: items) of a sequence (8, recall 3; paper 20, 10, 6)");
  cli.option("--test-length", t.test_length, train::kSize,
             "length of the sequences for evaluation (twice --longest)");
  cli.option("--repeats", t.repeats, train::kSize,
             "maximum number of repeats of repeat-copy (3; paper 10)");
  cli.option("--test-repeats", t.test_repeats, train::kSize,
             "number of repeats for evaluation (as --repeats)");
  cli.option("--slots", t.slots, train::kSize, "number of memory slots (32; paper 128)");
  cli.option("--slot-dim,--width", t.slot_dim, train::kSize, "size of a slot", Keep::fixed);
  cli.option("--read-heads", t.read_heads, train::kSize, "number of read heads", Keep::fixed);
  cli.option("--write-heads", t.write_heads, train::kSize,
             "number of write heads of the NTM; the DNC has one", Keep::fixed);
  cli.option("--hidden-size,--hidden", t.hidden_size, train::kSize,
             "hidden size of the controller, or of the LSTM", Keep::fixed);
  cli.option("--num-layers,--layers", t.num_layers, train::kSize,
             "number of layers of the LSTM without a memory", Keep::fixed);
  cli.option("--batch", t.batch, train::kSize, "sequences per batch");
  cli.option("--tests", t.tests, train::kSize, "number of batches for evaluation", Keep::no);
  cli.option("--optimizer", t.optimizer, {"adam", "rmsprop"}, "the papers used rmsprop",
             Keep::fixed);
  cli.option("--lr", t.lr, train::kPositive,
             "learning rate (2e-3, rmsprop 1e-3; paper 1e-3, 1e-4)");
  cli.option("--clip", t.clip, train::kPositive, "maximum norm of the gradient");
}

std::unique_ptr<optim::Optimizer> optimizer_of(const Options& t, const nn::Params& params) {
  if (t.optimizer == "rmsprop")
    return std::make_unique<optim::RMSprop>(
        params, optim::RMSpropOptions{
                    .lr = t.lr, .alpha = 0.95, .eps = 1e-4, .momentum = 0.9, .centered = true});
  return std::make_unique<optim::Adam>(params, optim::AdamOptions{.lr = t.lr});
}

void run(train::Cli& cli) {
  Options t;
  add_options(cli, t);
  train::Options o = cli.parse();
  set_defaults(t, o);
  const data::EpisodeOptions task = episodes_of(t, false);

  nn::Params params(o.seed);
  const nn::Machine machine =
      machine_of(t, params / t.model, data::input_channels(task), data::target_channels(task));
  if (o.eval) {
    params.load(*o.eval + "/model.safetensors");
    return train::report(cli, "bit_error", score(t, machine, o));
  }

  constexpr int64_t kEpoch = 500;  // batches between scores
  data::Loader<data::Episodes> batches(
      kEpoch * t.batch,
      [&](std::span<const int64_t>, const data::LoaderPosition& at) {
        return data::episodes(task, o.seed, at.epoch * kEpoch + at.batch);
      },
      {.batch = t.batch, .shuffle = false});
  const int64_t steps = o.steps ? *o.steps : *o.epochs * batches.per_epoch();
  const std::unique_ptr<optim::Optimizer> opt = optimizer_of(t, params);
  optim::WarmupCosineLR schedule(*opt, {.warmup_steps = steps / 20, .total_steps = steps});

  train::Run run(
      params, *opt, batches,
      cli.run_options(o, {.steps = steps, .max_grad_norm = t.clip, .schedule = &schedule}));
  // Sequences of other lengths are evaluated for the result only.
  run.evaluate_every_epoch("right_bits",
                           [&] { return 100 - bit_error(t, machine, false, o.seed + 2); });
  for (const data::Episodes& batch : run) {
    const Tensor loss = binary_cross_entropy_with_logits(
        answer(machine(batch.inputs, {}).out, batch), batch.targets);
    loss.backward();
    run.step(loss);
  }
  run.finish("bit_error", score(t, machine, o));
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "algorithms",
                        "Trains memory-augmented networks to copy, recall and sort.", run);
}
