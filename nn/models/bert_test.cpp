// BERT and its heads.
#include "tapehead/nn/models/bert.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/encoder_cases.h"
#include "tapehead/tests/oracles/formula.h"

namespace tapehead::bert_test {

using testing::difference;
using testing::error_of;

namespace {

constexpr int64_t B = 2, T = 5, V = 13;

nn::BertConfig small() {
  return {.vocab_size = V,
          .context = 7,
          .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 12, .num_layers = 2}};
}

Tensor some_ids() {
  const Tensor ids = empty({B, T}, i64);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < T; ++i) ids.data<int64_t>()[b * T + i] = (i * 5 + b) % V;
  return ids;
}

// Of the second sequence the last two tokens are padding.
nn::BertInput some_input() {
  return {.token_types = tensor({{0, 0, 0, 1, 1}, {0, 0, 0, 1, 1}}),
          .attention = {.lengths = tensor({5, 3})}};
}

}  // namespace

TEST_CASE("BERT is Hugging Face's") {
  nn::BertConfig config = small();
  config.pooler = false;
  nn::Params params;
  const nn::Bert bert(params / "bert", config);
  const nn::MaskedLmHead predict(params / "predictions", bert);
  test::fill_by_formula(params);
  CHECK(difference(predict(bert(some_ids(), some_input())), test::kHfBertMaskedLm) < 1e-12);
  nn::BertInput masked = some_input();
  masked.attention = {.mask =
                          tensor({{true, true, true, true, true}, {true, true, true, false, false}})
                              .reshape({B, 1, 1, T})};
  CHECK(difference(predict(bert(some_ids(), masked)), test::kHfBertMaskedLm) < 1e-12);

  nn::Params other;
  config.pooler = true;
  config.transformer.activation = nn::gelu_tanh;
  const nn::Bert pooling(other / "bert", config);
  const nn::SequenceClassifier classify(other / "classifier", pooling, 3);
  test::fill_by_formula(other);
  CHECK(difference(classify(pooling.pooled(pooling(some_ids(), some_input()))),
                   test::kHfBertClassifier) < 1e-12);
}

TEST_CASE("without types all tokens are of the first") {
  nn::Params params;
  const nn::Bert bert(params / "bert", small());
  test::fill_by_formula(params);
  const Tensor same = bert(some_ids(), {.token_types = zeros({B, T}, i64)});
  CHECK(max(abs(bert(some_ids()) - same)).item() == 0);
}

TEST_CASE("the loss of masked tokens is that of all logits, where targets count") {
  for (const bool tied : {true, false}) {
    CAPTURE(tied);
    nn::Params params;
    const nn::Bert bert(params / "bert", small());
    const nn::MaskedLmHead predict(params / "predictions", bert, tied);
    CHECK(params.contains("predictions.decoder.weight") == !tied);
    test::fill_by_formula(params);
    const Tensor targets = tensor({{-100, 3, -100, -100, 0}, {-100, -100, 12, -100, -100}});
    const Tensor hidden = bert(some_ids());
    CHECK(predict.loss(hidden, targets).item() ==
          doctest::Approx(cross_entropy(predict(hidden), targets).item()));
    std::vector<Tensor> inputs;
    for (const nn::Param& p : params.all())
      if (p.path.find("pooler") == std::string::npos) inputs.push_back(p.value);
    gradcheck(
        [&](const std::vector<Tensor>&) {
          return std::vector{predict.loss(bert(some_ids(), some_input()), targets)};
        },
        inputs, {.directions = 3});
  }
}

TEST_CASE("BERT shows what its layers attended to") {
  nn::Params params;
  const nn::Bert bert(params / "bert", small());
  params.eval();
  const nn::EncoderOutput seen =
      bert.encode(some_ids(), {.attention = {.weights_of = WeightsOf{}}});
  REQUIRE(seen.attention_weights.size() == 2);
  CHECK(seen.attention_weights[0].shape() == Shape{B, 2, T, T});
}

TEST_CASE("what BERT refuses") {
  nn::Params params;
  nn::BertConfig config = small();
  config.pooler = false;
  const nn::Bert bert(params / "bert", config);
  const nn::MaskedLmHead predict(params / "predictions", bert);
  CHECK(error_of<ShapeError>([&] { bert(zeros({3}, i64)); }) ==
        "bert: ids are [3]; expected [B, T] (in bert)");
  CHECK(error_of<ValueError>([&] {
          bert(zeros({1, 8}, i64));
        }) ==
        "positions: a sequence of 8, but there are 7 positions; pass fewer, or make a model with "
        "more (in bert.position)");
  CHECK(error_of<ShapeError>([&] {
          bert(some_ids(), {.token_types = zeros({B, 4}, i64)});
        }) == "bert: token types are [2, 4], but ids are [2, 5]; expected one for one (in bert)");
  CHECK(error_of<ValueError>([&] {
          bert.pooled(zeros({B, T, 8}));
        }) == "bert: it was made without a pooler (in bert)");
  CHECK(error_of<ValueError>([&] {
          predict.loss(zeros({B, T, 8}), full({B, T}, -100));
        }) ==
        "masked_lm: all targets are -100; mask a token of the batch at least (in predictions)");
}

}  // namespace tapehead::bert_test
