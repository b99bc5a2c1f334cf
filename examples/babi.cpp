// Question answering about short stories, with every memory network of the library.
//
//   babi                                           trains MemN2N on generated stories
//   babi --data DIR --joint                        trains one model for all bAbI tasks
//   babi --data DIR --task all --seeds 10          trains models for each task, in parallel
//   babi --data DIR --task 2 --model entnet --subset en-10k
//   babi --eval out/babi --interactive             answers questions about a story that you type
#include <fmt/ranges.h>
#include <tapehead/tapehead.h>

#include <algorithm>
#include <iostream>
#include <numeric>

#include "tapehead/examples/babi/table.h"

using namespace tapehead;
using namespace babi;

namespace {

// The number of words of each story, including its question.
std::vector<int64_t> word_counts(const std::vector<data::Story>& stories) {
  std::vector<int64_t> counts;
  for (const data::Story& s : stories) {
    size_t count = s.question.size();
    for (const auto& sentence : s.sentences) count += sentence.size();
    counts.push_back(static_cast<int64_t>(count));
  }
  return counts;
}

struct Trained {
  nn::Params params;
  Model model;
  int64_t memory;

  nn::StoryOutput answer(std::span<const data::Story> stories,
                         std::span<const int64_t> which) const {
    return model.answer(data::story_batch(stories, which, {.memory = memory}));
  }

  // Calls `each` for batches of stories of similar length, without gradients and dropout.
  template <class Each>
  void in_batches(const std::vector<data::Story>& stories, const Each& each) const {
    const nn::EvalGuard eval(params);
    const std::vector<int64_t> lengths = word_counts(stories);
    std::vector<int64_t> order(stories.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](int64_t i) { return lengths[static_cast<size_t>(i)]; });
    for (size_t i = 0; i < order.size(); i += 100)
      each(std::span<const int64_t>(&order[i], std::min<size_t>(100, order.size() - i)));
  }

  // The mean loss.
  double loss(const std::vector<data::Story>& stories) const {
    double sum = 0;
    in_batches(stories, [&](std::span<const int64_t> which) {
      const Tensor mean = model.loss(data::story_batch(stories, which, {.memory = memory}));
      sum += mean.item() * static_cast<double>(which.size());
    });
    return sum / static_cast<double>(stories.size());
  }

  // The share of wrong answers.
  double error(const std::vector<data::Story>& stories) const {
    int64_t wrong = 0;
    in_batches(stories, [&](std::span<const int64_t> which) {
      const auto said = argmax(answer(stories, which).logits, 1).to_vector<int64_t>();
      for (size_t k = 0; k < which.size(); ++k)
        wrong += said[k] != stories[static_cast<size_t>(which[k])].answer;
    });
    return static_cast<double>(wrong) / static_cast<double>(std::max<size_t>(1, stories.size()));
  }
};

// Draws the attention of each hop for one question per task, with a story that is neither long nor,
// if possible, short.
void draw(const Trained& m, const Corpus& c, const std::string& path) {
  const nn::EvalGuard eval(m.params);
  std::vector<Tensor> looks;
  std::vector<train::AttentionMap> maps;
  for (size_t task = 0; task < c.test.size() && maps.size() < 9; ++task) {
    const std::vector<data::Story>& stories = c.test[task];
    const auto first_of = [&](size_t least) {
      return std::ranges::find_if(stories, [&](const data::Story& s) {
        return s.sentences.size() >= least && s.sentences.size() <= 10;
      });
    };
    auto chosen = first_of(4);
    if (chosen == stories.end()) chosen = first_of(2);
    if (chosen == stories.end()) continue;
    const std::vector<int64_t> which{chosen - stories.begin()};
    const nn::StoryOutput answered = m.answer(stories, which);
    if (answered.attention_weights.empty()) return;
    looks.push_back(
        tapehead::stack(answered.attention_weights, 2)[0].to(f32).contiguous());  // [M, hops]
    const data::StoryQuestion& asked = c.tasks[task].test[static_cast<size_t>(which[0])];
    const int64_t said = argmax(answered.logits[0]).item<int64_t>();
    train::AttentionMap map{.rows = looks.back().size(0), .columns = looks.back().size(1)};
    for (const auto& s : asked.sentences().last(static_cast<size_t>(map.rows)))
      map.row_labels.push_back(fmt::format("{}", fmt::join(s, "\u00a0")));
    for (int64_t hop = 1; hop <= map.columns; ++hop)
      map.column_labels.push_back(fmt::format("{}", hop));
    map.title = fmt::format("{}? {}", fmt::join(asked.question, " "), c.vocab.token(said));
    maps.push_back(std::move(map));
  }
  for (size_t i = 0; i < maps.size(); ++i)
    maps[i].weights = {looks[i].data<float>(), static_cast<size_t>(looks[i].numel())};
  if (!maps.empty()) train::save_attention(path, maps, {.x_label = "hop", .cell = 18});
}

void interact(const Trained& m, const Corpus& c) {
  const nn::EvalGuard eval(m.params);
  fmt::print(
      "Type sentences, a question that ends with ?, or an empty line to start a new story.\n");
  auto story = std::make_shared<std::vector<data::StoryQuestion::Words>>();
  for (std::string line; fmt::print("> "), std::getline(std::cin, line);) {
    const std::vector<std::string> words = data::story_words(line);
    if (words.empty()) {
      story->clear();
    } else if (line.find('?') == line.npos) {
      story->push_back(words);
    } else {
      try {
        const std::vector<data::Story> one{
            data::story_ids({story, static_cast<int64_t>(story->size()), words, {}, {}}, c.vocab)};
        const std::vector<int64_t> which{0};
        const Tensor p = softmax(m.answer(one, which).logits[0], 0);
        const int64_t best = argmax(p).item<int64_t>();
        fmt::print("{} ({:.0f} %)\n", c.vocab.token(best), 100 * p[best].item());
      } catch (const Error& e) {
        fmt::print("{}\n", e.what());
      }
    }
  }
}

Trained make(const Options& t, const train::Options& o, const Corpus& c) {
  nn::Params params(o.seed);
  Model model = make_model(params / "model", t, c.vocab.size(), c.words);
  return {params, std::move(model), t.memory};
}

Errors errors_of(const Trained& m, const Corpus& c) {
  Errors errors{.val = 100 * m.error(c.val)};
  for (size_t i = 0; i < c.tasks.size(); ++i)
    errors.of_task[c.tasks[i].number] = 100 * m.error(c.test[i]);
  return errors;
}

// Trains one model, on one task or jointly on several.
void learn(train::Cli& cli, const Options& t, const train::Options& o, const Corpus& c) {
  Trained m = make(t, o, c);
  const Preset& preset = preset_of(t);
  data::Loader<data::StoryBatch> batches(
      word_counts(c.train),
      [&](std::span<const int64_t> which, const data::LoaderPosition& at) {
        const auto seed = o.seed * 1'000'003 + static_cast<uint64_t>(at.epoch * 100'000 + at.batch);
        return data::story_batch(c.train, which,
                                 {.memory = t.memory, .time_noise = t.time_noise, .seed = seed});
      },
      {.batch = t.batch, .bucket = preset.bucket, .seed = o.seed});
  const int64_t epoch = batches.per_epoch(), linear_steps = o.steps ? 0 : t.linear_start * epoch;
  const int64_t steps = o.steps ? *o.steps : linear_steps + *o.epochs * epoch;
  std::unique_ptr<optim::Optimizer> opt;
  if (preset.sgd) opt = std::make_unique<optim::SGD>(m.params, optim::SGDOptions{.lr = t.lr});
  else
    opt = std::make_unique<optim::Adam>(m.params,
                                        optim::AdamOptions{.lr = t.lr, .weight_decay = preset.l2});
  // The linear start precedes the epochs, with half their learning rate.
  optim::LRScheduler schedule(*opt, [=](int64_t n) {
    if (n < linear_steps || preset.halve == 0) return n < linear_steps ? 0.5 : 1.0;
    return std::pow(0.5, (n - linear_steps) / (preset.halve * epoch));
  });
  train::Run run(
      m.params, *opt, batches,
      cli.run_options(o, {.steps = steps, .max_grad_norm = t.clip, .schedule = &schedule}));
  run.evaluate_every_epoch("val_accuracy", [&] { return 1 - m.error(c.val); });
  if (preset.keep_best && !o.steps) run.stop_at(1);
  for (const data::StoryBatch& batch : run) {
    m.model.linear_start(run.steps_taken() < linear_steps);
    const Tensor loss = m.model.loss(batch);
    loss.backward();
    run.step(loss);
  }
  m.model.linear_start(false);
  if (preset.keep_best) run.load_best();
  Errors errors = errors_of(m, c);
  errors.loss = m.loss(c.train);
  errors.save(o.out + "/errors.tsv");
  draw(m, c, o.out + "/looks.svg");
  fmt::print("{}", table(t, c, errors, o.data.has_value()));
  run.finish("error", errors.mean());
  if (t.interactive) interact(m, c);
}

// Trains a model for each task and seed, in parallel; uses the best seed of each task.
void learn_many(train::Cli& cli, const Options& t, const train::Options& o, const Corpus& c) {
  std::vector<train::Job> jobs;
  std::vector<std::string> each;
  for (const data::StoryTask& task : c.tasks) each.push_back(fmt::format("{}", task.number));
  for (const std::string& task : t.joint ? std::vector{t.task} : each)
    for (int64_t k = 0; k < t.seeds; ++k) {
      const uint64_t seed = o.seed + static_cast<uint64_t>(k);
      train::Job job{fmt::format("{}-seed{}", t.joint ? "joint" : "qa" + task, seed),
                     cli.arguments({"--task", "--seeds", "--seed"})};
      for (const std::string& word :
           {std::string("--task"), task, std::string("--seeds"), std::string("1"),
            std::string("--seed"), fmt::format("{}", seed)})
        job.arguments.push_back(word);
      jobs.push_back(std::move(job));
    }
  train::run_jobs(cli, jobs, o);
  Errors best;
  for (size_t first = 0; first < jobs.size(); first += static_cast<size_t>(t.seeds)) {
    double least = std::numeric_limits<double>::infinity();
    Errors chosen;
    for (size_t i = first; i < first + static_cast<size_t>(t.seeds); ++i) {
      const Errors e = Errors::load(train::job_folder(o, jobs[i]) + "/errors.tsv");
      const double by = t.choose == "loss" ? e.loss : e.val;
      if (by >= least) continue;
      least = by;
      chosen = e;
    }
    best.of_task.insert(chosen.of_task.begin(), chosen.of_task.end());
  }
  best.save(o.out + "/errors.tsv");
  fmt::print("{}", table(t, c, best, o.data.has_value()));
  train::report(cli, "error", best.mean());
}

void run(train::Cli& cli) {
  Options t;
  add_options(cli, t);
  train::Options o = cli.parse();
  set_defaults(t, o);
  const Corpus c = read_corpus(t, o);
  if (o.eval) {
    const Trained m = make(t, o, c);
    m.params.load(*o.eval + "/model.safetensors");
    if (t.interactive) return interact(m, c);
    const Errors errors = errors_of(m, c);
    draw(m, c, o.out + "/looks.svg");
    fmt::print("{}", table(t, c, errors, o.data.has_value()));
    return train::report(cli, "error", errors.mean());
  }
  if (t.seeds > 1 || (!t.joint && c.tasks.size() > 1)) return learn_many(cli, t, o, c);
  learn(cli, t, o, c);
}

}  // namespace

int main(int argc, char** argv) {
  return train::program(argc, argv, "babi",
                        "Answers questions about stories, by default generated ones.", run);
}
