#include "tapehead/nn/attention_decoder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/initial_state.h"
#include "tapehead/tests/expect.h"

namespace tapehead::attention_decoder_test {

using nn::DecoderFeed;
using nn::Score;
using testing::difference;
using testing::error_of;

namespace {

constexpr int64_t kVocab = 7, E = 4, H = 5, M = 3, kPad = 0, kBos = 2, kEos = 3;

using Options = nn::AttentionDecoderOptions;

Options small(DecoderFeed feed = DecoderFeed::attentional) {
  return {.vocab_size = kVocab,
          .embed_dim = E,
          .hidden_size = H,
          .cell = RnnCell::gru,
          .attention = {.memory_dim = M},
          .feed = feed};
}

// What captions and speech combine.
std::vector<Options> all_options() {
  Options show = small(DecoderFeed::context);  // Show, attend and tell
  show.cell = RnnCell::lstm;
  show.deep_output = true;
  show.context_gate = true;
  Options chorowski = small(DecoderFeed::context);
  chorowski.attention.conv_filters = 2;
  chorowski.attention.conv_kernel_size = 3;
  chorowski.attention.sharpening = 1.5;
  Options smooth = chorowski;
  smooth.attention.smoothing = true;
  smooth.attention.coverage = true;
  Options gated = small();
  gated.context_gate = true;
  Options plain = small(DecoderFeed::none);
  plain.deep_output = true;
  plain.attention.score = Score::general;
  Options last = small(DecoderFeed::context);
  last.attention.score = Score::none;
  Options copying = show;
  copying.copy = true;
  return {show, chorowski, smooth, gated, plain, last, copying};
}

struct Model {
  nn::Params params;
  nn::AttentionDecoder decoder;
  nn::InitialState initial;

  explicit Model(const Options& o, uint64_t seed = 3)
      : params(seed), decoder(params / "m", o), initial(params / "initial", M, H, o.cell) {
    params.to(f64);
    // Padding is not written: its embedding has no gradient by design.
    no_grad([&] { return Tensor(decoder.output_bias[kPad]).fill_(-9); });
  }
  nn::DecoderStart start(const Tensor& rows, const Tensor& lengths = {}) const {
    const nn::AttentionMemory memory = decoder.attention.prepare(rows, lengths);
    return {memory, initial(memory), arange(rows.size(1)).expand({rows.size(0), rows.size(1)}) + 4};
  }
  std::vector<Tensor> weights() const {
    std::vector<Tensor> all;
    for (const nn::Param& p : params.trainable()) all.push_back(p.value);
    return all;
  }
};

Tensor targets() { return tensor({{kBos, 4, 5, 6, kEos}, {kBos, 6, kEos, kPad, kPad}}); }

// One token after the other by teacher forcing over what was written so far.
std::vector<int64_t> greedy(const nn::AttentionDecoder& decoder, const nn::DecoderStart& start,
                            int64_t longest) {
  std::vector<int64_t> ids{kBos};
  while (std::ssize(ids) <= longest) {
    const Tensor scores = decoder.scores(start, from_vector(ids).unsqueeze(0));
    const int64_t next = argmax(scores.select(1, scores.size(1) - 1), -1).item<int64_t>();
    if (next == kEos) break;
    ids.push_back(next);
  }
  return {ids.begin() + 1, ids.end()};
}

}  // namespace

TEST_CASE("attention decoder: the gradient of the whole loss is right") {
  int row = 0;
  for (const Options& o : all_options()) {
    CAPTURE(row++);
    manual_seed(1);
    const Model m(o);
    const Tensor rows = randn({2, 4, M}, f64), lengths = tensor({4, 2});
    std::vector<Tensor> inputs = m.weights();
    inputs.push_back(rows);
    const double regularizer = o.attention.score == Score::none ? 0 : 0.5;
    gradcheck(
        [&](const std::vector<Tensor>& in) {
          manual_seed(2);  // of the coins
          return m.decoder.loss(m.start(in.back(), lengths), targets(),
                                {.label_smoothing = 0.1,
                                 .doubly_stochastic = regularizer,
                                 .guided_attention = regularizer,
                                 .scheduled_sampling = 0.4});
        },
        inputs, {.directions = 4});
  }
}

TEST_CASE("attention decoder: padding of the memory and of the target changes nothing") {
  int row = 0;
  for (const Options& o : all_options()) {
    CAPTURE(row++);
    manual_seed(2);
    const Model m(o);
    const double regularizer = o.attention.score == Score::none ? 0 : 0.5;
    const Tensor rows = randn({2, 4, M}, f64), lengths = tensor({4, 2});
    const Tensor wide = cat({rows, full({2, 3, M}, NAN, f64)}, 1);
    const Tensor longer = cat({targets(), full({2, 2}, kPad, i64)}, 1);
    const nn::DecoderLossOptions loss{.doubly_stochastic = regularizer,
                                      .guided_attention = regularizer,
                                      .scheduled_sampling = 0.3};
    manual_seed(4);
    const double expected = m.decoder.loss(m.start(rows, lengths), targets(), loss).item();
    manual_seed(4);
    CHECK(m.decoder.loss(m.start(wide, lengths), longer, loss).item() ==
          doctest::Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("attention decoder: a beam of one writes what teacher forcing finds most probable") {
  std::vector<Options> rows = all_options();
  rows.push_back(small(DecoderFeed::context));
  rows.back().hard = true;
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    manual_seed(3);
    const Model m(rows[i], 5 + i);
    m.params.eval();
    no_grad([&] {
      for (const Tensor& w : m.weights()) Tensor(w).mul_(3);  // more decided
    });
    const Tensor memory = randn({3, 4, M}, f64), lengths = tensor({4, 2, 3});
    const nn::BeamOptions one{.beam = 1, .max_length = 5}, three{.beam = 3, .max_length = 5};
    const auto found = m.decoder.search(m.start(memory, lengths), one),
               together = m.decoder.search(m.start(memory, lengths), three);
    for (int64_t b = 0; b < 3; ++b) {
      CAPTURE(b);
      const int64_t length = lengths[b].item<int64_t>();
      const nn::DecoderStart alone = m.start(memory.slice(0, b, b + 1).slice(1, 0, length));
      CHECK(found[static_cast<size_t>(b)].tokens == greedy(m.decoder, alone, 5));
      const nn::Hypothesis single = m.decoder.search(alone, three)[0];
      CHECK(together[static_cast<size_t>(b)].tokens == single.tokens);
      CHECK(together[static_cast<size_t>(b)].score == doctest::Approx(single.score));
    }
  }
}

TEST_CASE("attention decoder: steps are those of Show, attend and tell") {
  Options o = small(DecoderFeed::context);
  o.deep_output = o.context_gate = true;
  const Model m(o);
  const nn::Params& p = m.params;
  manual_seed(5);
  const nn::DecoderStart start = m.start(randn({2, 4, M}, f64));
  const Tensor ids = tensor({{kBos, 4, 5}, {kBos, 6, 6}});
  const nn::AttentionDecoderOutput out = m.decoder(start, ids);
  Tensor h = tanh(
      linear(mean(start.memory.values, {1}), p["initial.hidden.weight"], p["initial.hidden.bias"]));
  for (int64_t t = 0; t < 3; ++t) {
    CAPTURE(t);
    const Tensor inner = linear(start.memory.values, p["m.attention.memory.weight"]) +
                         linear(h, p["m.attention.query.weight"]).unsqueeze(1);
    const Tensor alpha =
        softmax(matmul(tanh(inner + p["m.attention.bias"]), p["m.attention.v"]), -1);
    const Tensor beta = sigmoid(linear(h, p["m.context_gate.weight"], p["m.context_gate.bias"]));
    const Tensor z = beta * sum(alpha.unsqueeze(-1) * start.memory.values, {1});
    const Tensor y = embedding(p["m.target.weight"], ids.select(1, t));
    h = m.decoder.cell(cat({y, z}, -1), {.h = h, .c = {}}).h;
    const Tensor w = p["m.combine.weight"];  // L_h and L_z side by side
    const Tensor a = y + linear(h, w.slice(1, 0, H)) + linear(z, w.slice(1, H, H + M));
    CHECK(difference(out.weights.select(1, t), alpha) < 1e-12);
    CHECK(difference(out.logits.select(1, t), linear(a, p["m.output.weight"], p["m.output.bias"])) <
          1e-12);
  }
}

TEST_CASE("attention decoder: attention reads the last weights and the sum of all") {
  Options o = small(DecoderFeed::context);
  o.attention.conv_filters = 2;
  o.attention.conv_kernel_size = 3;
  o.attention.coverage = true;
  const Model m(o);
  manual_seed(6);
  no_grad([&] { return m.params["m.attention.coverage"].copy_(randn({H}, f64)); });
  const nn::DecoderStart start = m.start(randn({2, 4, M}, f64));
  const nn::AttentionDecoderOutput out = m.decoder(start, targets());
  Tensor h = start.state.h, covered = zeros({2, 4}, f64), last;
  for (int64_t t = 0; t < 4; ++t) {
    CAPTURE(t);
    const auto seen = m.decoder.attention(h, start.memory, t, covered, last);
    CHECK(difference(out.weights.select(1, t), seen.weights) < 1e-12);
    const Tensor y = m.decoder.target(targets().select(1, t));
    h = m.decoder.cell(cat({y, seen.context}, -1), {.h = h, .c = {}}).h;
    covered = covered + seen.weights;
    last = seen.weights;
  }
}

TEST_CASE("attention decoder: scheduled sampling reads the model's tokens as often as it says") {
  for (const bool copy : {false, true}) {
    CAPTURE(copy);
    Options o = small();
    o.copy = copy;
    const Model m(o);
    manual_seed(7);
    const nn::DecoderStart one = m.start(randn({1, 4, M}, f64));
    std::vector<int64_t> own{kBos};
    while (own.size() < 4) {
      const Tensor scores = m.decoder.scores(one, from_vector(own).unsqueeze(0));
      own.push_back(argmax(scores.select(1, scores.size(1) - 1), -1).item<int64_t>());
    }
    const int64_t other = own[1] == 5 ? 4 : 5;
    const std::vector<int64_t> given{kBos, other, other, other};
    const auto logits = [&](const std::vector<int64_t>& ids, double p) {
      return m.decoder(one, from_vector(ids).unsqueeze(0), {.scheduled_sampling = p}).logits;
    };
    CHECK(difference(logits(given, 1), logits(own, 0)) < 1e-12);
  }
  const Model m(small());
  const nn::DecoderStart start = m.start(ones({400, 4, M}, f64));
  const Tensor written = argmax(m.decoder(start, full({400, 1}, kBos, i64)).logits, -1);
  const Tensor ids = cat({full({400, 1}, kBos, i64), (written + 1) % kVocab}, 1);
  const auto second = [&](double p) {
    return m.decoder(start, ids, {.scheduled_sampling = p}).logits.select(1, 1);
  };
  const Tensor changed = amax(abs(second(0.25) - second(0)), {-1}) > 1e-9;
  CHECK(sum(changed).item() / 400 == doctest::Approx(0.25).epsilon(0.3));
}

TEST_CASE("attention decoder: undefined states are zeros, and a shared embedding has no copy") {
  nn::Params params(1);
  const nn::Embedding words(params / "words", kVocab, E);
  Options o = small(DecoderFeed::context);
  const nn::AttentionDecoder decoder(params / "m", o, words);
  CHECK_FALSE(params.contains("m.target.weight"));
  const nn::AttentionMemory memory = decoder.attention.prepare(ones({2, 4, M}));
  const Tensor ids = targets();
  CHECK(difference(decoder({memory}, ids).logits,
                   decoder({memory, {.h = zeros({2, H}), .c = {}}}, ids).logits) == 0);
}

TEST_CASE("attention decoder: errors") {
  nn::Params params(1);
  int made = 0;
  const auto make = [&](const Options& o, const std::optional<nn::Embedding>& shared = {}) {
    const nn::AttentionDecoder decoder(params / fmt::format("m{}", made++), o, shared);
  };
  Options o = small();
  o.hard = true;
  o.attention.score = Score::none;
  CHECK(error_of<ValueError>([&] { make(o); }) ==
        "attention_decoder: the weights of score none are no probabilities to choose by; take "
        "another (in m0)");
  o.attention.score = Score::additive;
  o.copy = true;
  CHECK(error_of<ValueError>([&] { make(o); }) ==
        "attention_decoder: hard attention does not copy; leave out `hard` or `copy` (in m1)");
  CHECK(error_of<ShapeError>([&] {
          make(small(), nn::Embedding(params / "words", kVocab, E + 1));
        }) == "attention_decoder: the shared embedding is [7, 5]; expected [7, 4] (in m2)");

  o = small();
  o.copy = true;
  const Model m(o);
  nn::DecoderStart start = m.start(ones({2, 4, M}, f64));
  CHECK(error_of<ShapeError>([&] {
          m.decoder(start, tensor({1, 2}));
        }) == "attention_decoder: the tokens are [2]; expected [2, T], T at least 1");
  CHECK(
      error_of<ShapeError>([&] {
        m.decoder.loss(start, tensor({1, 2}));
      }) ==
      "attention_decoder: the target is [2]; expected [B, T], a first token and those that follow "
      "it");
  CHECK(error_of<ShapeError>([&] {
          m.decoder.loss(start, tensor({{1}, {2}}));
        }) == "attention_decoder: the tokens are [2, 0]; expected [2, T], T at least 1");
  CHECK(error_of<ValueError>([&] { m.decoder(start, targets(), {.scheduled_sampling = 1.5}); }) ==
        "attention_decoder: scheduled_sampling = 1.5 is outside 0..1");
  CHECK(
      error_of<ValueError>([&] { m.decoder(start, targets(), {.choices = targets()}); }) ==
      "attention_decoder: choices are for hard attention; make the decoder with the option `hard`");
  o = small();
  o.hard = true;
  CHECK(error_of<ValueError>([&] { m.decoder(start, targets(), {.expected = 0.5}); }) ==
        "attention_decoder: expected is for hard attention; make the decoder with the option "
        "`hard`");
  const Model hard(o);
  CHECK(error_of<ValueError>([&] {
          hard.decoder(hard.start(ones({2, 4, M}, f64)), targets(), {.expected = 1.5});
        }) == "attention_decoder: expected = 1.5 is outside 0..1");
  CHECK(error_of<ShapeError>([&] {
          hard.decoder(hard.start(ones({2, 4, M}, f64)), targets(), {.choices = tensor({1})});
        }) == "attention_decoder: the choices are [1]; expected [2, 5], as the tokens");
  start.source = Tensor();
  const std::string no_source =
      "attention_decoder: it copies words of the source, but their ids are undefined; pass "
      "`source`";
  CHECK(error_of<ValueError>([&] { m.decoder(start, targets()); }) == no_source);
  CHECK(error_of<ValueError>([&] { m.decoder.scores(start, targets()); }) == no_source);
  CHECK(error_of<ValueError>([&] { m.decoder.loss(start, targets()); }) == no_source);
  CHECK(error_of<ValueError>([&] { m.decoder.search(start); }) == no_source);
  Options none = small();
  none.attention.score = Score::none;
  const Model last(none);
  CHECK(error_of<ValueError>([&] {
          last.decoder.loss(last.start(ones({2, 4, M}, f64)), targets(), {.doubly_stochastic = 1});
        }) == "attention_decoder: score none has no weights for doubly_stochastic = 1");
  CHECK(error_of<ValueError>([&] {
          last.decoder.loss(last.start(ones({2, 4, M}, f64)), targets(), {.guided_attention = 0.5});
        }) == "attention_decoder: score none has no weights for guided_attention = 0.5");
}

}  // namespace tapehead::attention_decoder_test
