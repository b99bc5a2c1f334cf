// Captured training steps of models, against the same steps without a capture.
#include <doctest/doctest.h>

#include <memory>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/checkpoint.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/memn2n.h"
#include "tapehead/nn/models/seq2seq.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/clip.h"
#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/captured_loop.h"
#include "tapehead/tests/small_gpt.h"
#include "tapehead/tests/small_stories.h"
#include "tapehead/tests/threads.h"

namespace tapehead::captured_step_test {

using namespace testing;

namespace {

// The tensors that a loop trains, with the state of the optimizer after the step.
std::vector<Tensor> values_of(const nn::Params& params) {
  std::vector<Tensor> out;
  for (const nn::Param& p : params.trainable()) out.push_back(p.value);
  return out;
}

// A loop with AdamW. Results are the loss and, in the last call, the optimizer's state.
struct Trained {
  nn::Params params{5};
  std::unique_ptr<optim::AdamW> optimizer;
  std::function<Tensor(int i)> loss;
  double max_norm = 0;  // clips gradients
  bool bf16_autocast = false;
  int passes = 1;  // backward passes of a step

  Tensor step(int i) const {
    optimizer->zero_grad();
    Tensor total;
    for (int k = 0; k < passes; ++k) {
      const Tensor l = bf16_autocast ? autocast(bf16, [&] { return loss(i); }) : loss(i);
      l.backward();
      total = k == 0 ? l.detach() : total + l.detach();
    }
    if (max_norm > 0) optim::clip_grad_norm_(params, max_norm);
    optimizer->set_lr(1e-2 / (1 + i));
    optimizer->step({.grad_scale = 1.0 / passes});
    if (i < 5) return total;
    std::vector<Tensor> all{total.reshape({1})};
    for (const auto& [name, state] : optimizer->save().tensors)
      all.push_back(state.to(f32).reshape({-1}));
    return cat(all);
  }
};

using Make = std::function<Loop()>;

Make trained(const std::function<void(Trained&)>& build) {
  return [=] {
    const auto t = std::make_shared<Trained>();
    build(*t);
    t->optimizer = std::make_unique<optim::AdamW>(
        t->params, optim::AdamWOptions{.lr = 1e-2, .weight_decay = 0.1});
    return Loop{[t](int i) { return t->step(i); }, values_of(t->params)};
  };
}

void build_mlp(Trained& t) {
  const auto layers =
      std::make_shared<std::vector<nn::Linear>>(nn::stack<nn::Linear>(t.params / "mlp", 3, 8, 8));
  t.loss = [layers](int) {
    Tensor h = randn({4, 8});
    for (const nn::Linear& layer : *layers) h = tanh(layer(h));
    return mean(square(h));
  };
}

void build_gpt(Trained& t) {
  nn::GptConfig config = small_gpt2();
  config.transformer.dropout = 0.2;
  const auto model = std::make_shared<nn::Gpt>(t.params / "gpt", config);
  t.loss = [model](int) { return model->loss(randint(11, {3, 7}), randint(11, {3, 7})); };
}

void build_seq2seq(Trained& t) {
  const auto model = std::make_shared<nn::Seq2Seq>(
      t.params.root(),
      nn::Seq2SeqConfig{
          .source_vocab_size = 20, .target_vocab_size = 20, .embed_dim = 8, .hidden_size = 8});
  t.loss = [model](int i) {
    const std::vector<int64_t> which =
        i % 2 ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{1, 0};
    return model->loss(data::seq2seq_batch({{7, 8}, {9}}, {{5}, {6, 4}}, which));
  };
}

void build_memory_network(Trained& t) {
  const auto model = std::make_shared<nn::MemN2N>(
      t.params / "memn2n", nn::MemN2NConfig{.vocab_size = kStoryWords, .memory = 5, .words = 4});
  t.loss = [model](int) { return model->loss(batch_of(small_stories())); };
}

struct NamedMake {
  std::string name;
  Make make;
};

std::vector<NamedMake> models() {
  return {{"mlp", trained(build_mlp)},
          {"gpt with dropout and clipping", trained([](Trained& t) {
             build_gpt(t);
             t.max_norm = 0.5;
           })},
          {"gpt in bf16", trained([](Trained& t) {
             build_gpt(t);
             t.bf16_autocast = true;
           })},
          {"gpt, two passes a step", trained([](Trained& t) {
             build_gpt(t);
             t.passes = 2;
           })},
          {"gpt with a checkpoint", trained([](Trained& t) {
             build_gpt(t);
             const Tensor scale = ones({}).set_requires_grad();
             t.loss = [plain = t.loss, scale](int i) {
               return checkpoint([=](const Tensor& x) { return plain(i) * x; }, scale);
             };
           })},
          {"lstm seq2seq", trained(build_seq2seq)},
          {"memory network", trained(build_memory_network)}};
}

}  // namespace

TEST_CASE("captured steps of models train to the same bits as plain ones") {
  for (const NamedMake& model : models()) {
    CAPTURE(model.name);
    for (const int threads : {1, 2, 4}) {
      CAPTURE(threads);
      const Threads scope(threads);
      const LoopResult plain = run_loop(model.make, false), captured = run_loop(model.make, true);
      CHECK(captured.results == plain.results);
      CHECK(captured.state == plain.state);
      CHECK(captured.last_mismatch == "");
      CHECK(captured.stats.replays == 5);
    }
  }
}

TEST_CASE("a captured step follows learning rate schedules, averages and other optimizers") {
  const Make make = [] {
    struct State {
      nn::Params params{5};
      nn::Linear layer{params / "layer", 4, 4};
      optim::SGD optimizer{params, {.lr = 0.1, .momentum = 0.9}};
      optim::CosineAnnealingLR schedule{optimizer, {.t_max = 6}};
    };
    const auto s = std::make_shared<State>();
    return Loop{[s](int) {
                  s->optimizer.zero_grad();
                  const Tensor loss = mean(square(s->layer(randn({3, 4}))));
                  loss.backward();
                  s->optimizer.step();
                  s->schedule.step();
                  return loss;
                },
                values_of(s->params)};
  };
  const LoopResult plain = run_loop(make, false), captured = run_loop(make, true);
  CHECK(captured.results == plain.results);
  CHECK(captured.state == plain.state);
  CHECK(captured.stats.replays == 5);
}

TEST_CASE("a captured step notices evaluation mode, frozen layers and batches of other sizes") {
  const auto make = [](int change) {
    return [change] {
      struct State {
        nn::Params params{5};
        nn::GptConfig config = small_gpt2();
        std::unique_ptr<nn::Gpt> model;
        std::unique_ptr<optim::AdamW> optimizer;
      };
      const auto s = std::make_shared<State>();
      s->config.transformer.dropout = 0.2;
      s->model = std::make_unique<nn::Gpt>(s->params / "gpt", s->config);
      s->optimizer = std::make_unique<optim::AdamW>(s->params);
      return Loop{
          [s, change](int i) {
            if (i == 3 && change == 0) s->params.eval("*");
            if (i == 3 && change == 1) s->params.freeze(s->params.trainable()[0].path);
            if (i == 4 && change == 1) s->params.unfreeze("*");
            const int64_t rows = i >= 3 && change == 2 ? 2 : 3;
            s->optimizer->zero_grad();
            const Tensor loss = s->model->loss(randint(11, {rows, 7}), randint(11, {rows, 7}));
            loss.backward();
            s->optimizer->step();
            return loss;
          },
          values_of(s->params)};
    };
  };
  for (const int change : {0, 1, 2}) {
    CAPTURE(change);
    const LoopResult plain = run_loop(make(change), false), captured = run_loop(make(change), true);
    CHECK(captured.results == plain.results);
    CHECK(captured.state == plain.state);
    CHECK(captured.stats.recordings == (change == 1 ? 3 : 2));
    CHECK(captured.last_mismatch != "");
  }
}

}  // namespace tapehead::captured_step_test
