#include "tapehead/nn/speech/transducer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_transducer.h"

namespace tapehead::transducer_test {

using test::small_transducer;
using testing::difference;
using testing::error_of;

TEST_CASE("a transducer's loss is rnnt_loss of its networks, and padding changes nothing") {
  for (const RnnCell cell : {RnnCell::lstm, RnnCell::gru})
    for (const int64_t blank : {0, 3}) {
      nn::Params params(1);
      nn::TransducerOptions o = small_transducer(blank);
      o.cell = cell, o.num_layers = 2;
      const nn::Transducer model(params / "t", o);
      params.to(f64);
      Generator generator{2, 0};
      const Tensor frames = randn({3, 4, 3}, f64, generator);
      const Tensor targets = tensor({{1, 2, 1}, {2, 9, -1}, {9, 9, 9}});
      const std::vector<int64_t> lengths{4, 2, 3}, target_lengths{3, 1, 0};
      const Tensor padded = frames.clone();
      for (int64_t b = 0; b < 3; ++b) padded[b].slice(0, lengths[size_t(b)], 4).fill_(std::nan(""));
      const Tensor all = model.loss(padded, from_vector(lengths), targets,
                                    from_vector(target_lengths), Reduction::none);
      for (int64_t b = 0; b < 3; ++b) {
        const int64_t U = target_lengths[size_t(b)];
        const Tensor own = frames.slice(0, b, b + 1).slice(1, 0, lengths[size_t(b)]);
        const Tensor target = targets.slice(0, b, b + 1).slice(1, 0, U);
        const Tensor symbols = cat({full({1, 1}, blank, i64), target}, 1);
        const Tensor logits = model.joiner(own, model.predictor(symbols).out);
        REQUIRE(logits.shape() == Shape{1, lengths[size_t(b)], U + 1, 4});
        CHECK(all[b].item() ==
              doctest::Approx(rnnt_loss(logits, target, tensor({lengths[size_t(b)]}), tensor({U}),
                                        {.blank = blank})
                                  .item())
                  .epsilon(1e-12));
        CHECK(all[b].item() == doctest::Approx(model.loss(own, {}, target, {}).item()));
      }
    }
}

TEST_CASE("a transducer has the gradients of its loss") {
  nn::Params params(1);
  const nn::Transducer model(params / "t", small_transducer());
  params.to(f64);
  Generator generator{2, 0};
  std::vector<Tensor> inputs{randn({2, 3, 3}, f64, generator)};
  for (const nn::Param& p : params.all()) inputs.push_back(p.value);
  gradcheck(
      [&](const std::vector<Tensor>& in) {
        return std::vector{
            model.loss(in[0], tensor({3, 2}), tensor({{1, 3}, {2, 0}}), tensor({2, 1}))};
      },
      inputs);
}

TEST_CASE("a transducer says what it takes") {
  nn::Params params;
  CHECK(error_of<ValueError>([&] { nn::Transducer(params / "t", {.encoder_dim = 3}); }) ==
        "transducer: encoder_dim = 3, num_symbols = 0, embed_dim = 256 and joint_dim = 512; all "
        "must be at least 1 (in t.predictor)");
  CHECK(error_of<IndexError>([&] { nn::Transducer(params / "b", small_transducer(4)); }) ==
        "transducer: blank = 4 is outside 0..3 (in b)");
  const nn::Transducer model(params / "m", small_transducer());
  const Tensor frames = zeros({2, 4, 3}), targets = tensor({{1, 2}, {2, 1}});
  CHECK(error_of<ShapeError>([&] { model.loss(frames[0], {}, targets, {}); }) ==
        "transducer: frames are [4, 3] and targets [2, 2]; expected [B, T, 3] and [B, U] (in m)");
  CHECK(error_of<IndexError>([&] {
          model.loss(frames, tensor({4, 5}), targets, {});
        }) == "transducer: lengths[1] = 5 is outside 0..4 (in m)");
  CHECK(error_of<IndexError>([&] {
          model.loss(frames, {}, tensor({{1, 2}, {0, 1}}), {});
        }) == "rnnt_loss: targets[1, 0] = 0 is the blank; targets hold symbols only (in m)");
  CHECK(error_of<ShapeError>([&] {
          model.joiner(frames, zeros({1, 3, 3}));
        }) ==
        "transducer_joiner: frames are [2, 4, 3] and predictions [1, 3, 3]; expected [B, T, E] and "
        "[B, S, hidden_size] (in m.joiner)");
}

}  // namespace tapehead::transducer_test
