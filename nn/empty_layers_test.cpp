// Layers and models accept empty batches and sequences, in forward, backward and second
// derivatives, or throw an error that says why not.
#include <doctest/doctest.h>

#include <array>

#include "tapehead/core/creation.h"
#include "tapehead/nn/additive_scores.h"
#include "tapehead/nn/convolution.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/memory/dmn.h"
#include "tapehead/nn/memory/dnc.h"
#include "tapehead/nn/memory/entity_memory.h"
#include "tapehead/nn/memory/entnet.h"
#include "tapehead/nn/memory/key_value.h"
#include "tapehead/nn/memory/memn2n.h"
#include "tapehead/nn/memory/memnn.h"
#include "tapehead/nn/memory/ntm.h"
#include "tapehead/nn/memory/universal.h"
#include "tapehead/nn/mixture.h"
#include "tapehead/nn/models/bert.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/seq2seq.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/nn/models/universal.h"
#include "tapehead/nn/models/vit.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/positions.h"
#include "tapehead/nn/sequence_attention.h"
#include "tapehead/tests/empty_check.h"
#include "tapehead/tests/expect.h"

namespace tapehead::empty_layers_test {

using namespace testing;
using testing::check;

namespace {

using Tensors = std::vector<Tensor>;

// Batch size and sequence length of a layer's input.
struct Sizes {
  int64_t B, T;
};
constexpr Sizes kSizes[] = {{0, 3}, {2, 0}, {0, 0}};

struct Row {
  const char* name;
  std::function<Tensors(nn::Params&, Tensors& inputs, Sizes)> results;
  bool no_time = true;  // accepts sequences of length 0
};

Tensor operand(Tensors& inputs, const Shape& shape) {
  inputs.push_back(zeros(shape).set_requires_grad());
  return inputs.back();
}
Tensor lengths(Sizes n) { return full({n.B}, n.T / 2, i64); }

void check(const Row& row, Sizes n) {
  INFO(std::string(row.name) << " of " << n.B << " sequences of " << n.T);
  manual_seed(1);
  nn::Params params(3);
  Tensors inputs;
  const Tensors results = row.results(params, inputs, n);
  for (const nn::Param& p : params.all())
    if (p.value.requires_grad()) inputs.push_back(p.value);
  check_derivatives(results, inputs);
}

const nn::TransformerOptions kSmall{.embed_dim = 4, .num_heads = 2, .ffn_dim = 5, .num_layers = 1};

data::StoryBatch stories(int64_t B) {
  return {.story = zeros({B, 3, 2}, i64),
          .sentences = full({B}, 2, i64),
          .ages = zeros({B, 3}, i64),
          .question = zeros({B, 2}, i64),
          .answer = zeros({B}, i64),
          .supports = zeros({B, 1}, i64),
          .words = zeros({B, 6}, i64),
          .lengths = full({B}, 4, i64)};
}
data::Seq2SeqBatch sentences(Sizes n) {
  return {.source = full({n.B, 3}, 2, i64),
          .source_lengths = full({n.B}, 2, i64),
          .target = full({n.B, n.T + 1}, 2, i64)};
}

template <class Machine, class Config>
Tensors machine_results(nn::Params& p, Tensors& inputs, Sizes n, const Config& config) {
  const Machine machine(p / "m", config);
  return {machine(operand(inputs, {n.B, n.T, 2}), {}).out};
}

const Row kRows[] = {
    {"linear",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return Tensors{nn::Linear(p / "m", 2, 3)(operand(x, {n.B, n.T, 2}))};
     }},
    {"linear of no width",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return Tensors{nn::Linear(p / "m", 0, 3)(operand(x, {n.B, 0}))};
     }},
    {"embedding",
     [](nn::Params& p, Tensors&, Sizes n) {
       return Tensors{nn::Embedding(p / "m", 4, 3)(zeros({n.B, n.T}, i64))};
     }},
    {"norms",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const Tensor in = operand(x, {n.B, n.T, 3});
       return Tensors{nn::LayerNorm(p / "m", 3)(in), nn::RMSNorm(p / "n", 3)(in)};
     }},
    {"positions",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return Tensors{
           nn::LearnedPositions(p / "m", 5, 4, nn::init::normal())(operand(x, {n.B, n.T, 4}))};
     }},
    {"convolution",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::DepthwiseConv conv(p / "m", 2);
       return Tensors{conv(operand(x, {n.B, n.T, 2})), conv(operand(x, {n.B, n.T, 2}), lengths(n))};
     }},
    {"rnn",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::Rnn rnn(p / "m", 2, 3, {.num_layers = 2, .bidirectional = true});
       const auto r = rnn(operand(x, {n.B, n.T, 2}), lengths(n));
       return Tensors{r.out, r.state.h, r.state.c};
     }},
    {"gru",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::Rnn rnn(p / "m", 2, 3, {.cell = RnnCell::gru});
       const auto r = rnn(operand(x, {n.B, n.T, 2}), {}, {operand(x, {1, n.B, 3}), {}});
       return Tensors{r.out, r.state.h};
     }},
    {"multi-head attention",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::MultiHeadAttention attention(p / "m", {.embed_dim = 4, .num_heads = 2});
       return Tensors{attention(operand(x, {n.B, n.T, 4}), {.lengths = lengths(n)}),
                      attention(operand(x, {n.B, 2, 4}), operand(x, {n.B, n.T, 4}))};
     }},
    {"mixture of experts",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::MixtureOfExperts mixture(p / "m", {.embed_dim = 4, .ffn_dim = 5},
                                          {.num_experts = 2, .top_k = 1});
       return Tensors{mixture(operand(x, {n.B, n.T, 4})).out};
     }},
    {"transformer encoder",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return Tensors{nn::TransformerEncoder(p / "m", kSmall)(operand(x, {n.B, n.T, 4}),
                                                              {.lengths = lengths(n)})};
     }},
    {"transformer decoder",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::TransformerDecoder decoder(p / "m", kSmall);
       return Tensors{decoder(operand(x, {n.B, n.T, 4}), operand(x, {n.B, 2, 4})).out,
                      decoder(operand(x, {n.B, 2, 4}), operand(x, {n.B, n.T, 4})).out};
     }},
    {"universal encoder",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return Tensors{nn::UniversalEncoder(p / "m", kSmall, {.steps = 2, .adaptive = true})(
                          operand(x, {n.B, n.T, 4}))
                          .out};
     }},
    {"gpt",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::Gpt gpt(p / "m",
                         {.vocab_size = 5,
                          .context = 4,
                          .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}});
       return Tensors{gpt(zeros({n.B, n.T}, i64))};
     }},
    {"bert",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::Bert bert(p / "m",
                           {.vocab_size = 5,
                            .context = 4,
                            .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}});
       return Tensors{bert(zeros({n.B, n.T}, i64))};
     }},
    {"t5",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::T5 t5(p / "m", {.vocab_size = 5,
                                 .transformer = {.embed_dim = 4,
                                                 .num_heads = 2,
                                                 .ffn_dim = 5,
                                                 .num_layers = 1,
                                                 .attention = {.head_dim = 2}},
                                 .num_buckets = 4,
                                 .max_distance = 8});
       return Tensors{t5(zeros({n.B, 2}, i64), zeros({n.B, n.T}, i64))};
     }},
    {"vit",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::Vit vit(p / "m",
                         {.image_size = {4, 4},
                          .patch_size = {2, 2},
                          .num_channels = 1,
                          .num_classes = 3,
                          .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}});
       return Tensors{vit(operand(x, {n.B, 1, 4, 4}))};
     }},
    {"transformer",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::Seq2SeqTransformer model(
           p / "m",
           {.source_vocab_size = 5,
            .target_vocab_size = 5,
            .transformer = {.embed_dim = 4, .num_heads = 2, .ffn_dim = 5, .num_layers = 1}});
       return Tensors{model(sentences(n))};
     }},
    {"seq2seq",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::Seq2Seq model(
           p / "m",
           {.source_vocab_size = 5, .target_vocab_size = 5, .embed_dim = 4, .hidden_size = 4});
       return Tensors{model(sentences(n))};
     },
     false},
    {"attention to a sequence",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::SequenceAttention attention(p / "m", {.query_dim = 2, .memory_dim = 2});
       const auto memory = attention.prepare(operand(x, {n.B, n.T, 2}));
       return Tensors{attention(operand(x, {n.B, 2}), memory).context};
     }},
    {"copy head",
     [](nn::Params& p, Tensors& x, Sizes n) {
       const nn::CopyAttention attention(p / "m", 4, 4);
       const Tensor memory = operand(x, {n.B, 3, 4});
       const auto seen = attention(operand(x, {n.B, n.T, 4}), attention.keys(memory), memory, {});
       const nn::CopyMix mix{operand(x, {n.B, n.T, 5}), seen.weights, operand(x, {n.B, n.T})};
       return Tensors{nn::copy_log_probs(mix, zeros({n.B, 3}, i64), 5),
                      nn::copy_loss(mix, zeros({n.B, 3}, i64), zeros({n.B, n.T}, i64),
                                    {.reduction = Reduction::sum})};
     }},
    {"lstm as a machine",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return machine_results<nn::Lstm>(
           p, x, n,
           nn::LstmConfig{.input_size = 2, .output_size = 2, .hidden_size = 3, .num_layers = 1});
     },
     false},
    {"ntm",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return machine_results<nn::Ntm>(
           p, x, n,
           nn::NtmConfig{
               .input_size = 2, .output_size = 2, .slots = 3, .slot_dim = 2, .hidden_size = 3});
     },
     false},
    {"dnc",
     [](nn::Params& p, Tensors& x, Sizes n) {
       return machine_results<nn::Dnc>(
           p, x, n,
           nn::DncConfig{
               .input_size = 2, .output_size = 2, .slots = 3, .slot_dim = 2, .hidden_size = 3});
     },
     false},
    {"memn2n",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::MemN2N model(
           p / "m", {.vocab_size = 5, .embed_dim = 4, .hops = 2, .memory = 3, .words = 2});
       return Tensors{model(stories(n.B)).logits};
     }},
    {"entnet",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::EntNet model(p / "m", {.vocab_size = 5, .words = 2, .embed_dim = 4, .slots = 2});
       return Tensors{model(stories(n.B)).logits};
     }},
    {"dmn",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::Dmn model(p / "m", {.vocab_size = 5, .words = 2, .embed_dim = 4, .hops = 1});
       return Tensors{model(stories(n.B)).logits};
     }},
    {"key_value",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::KeyValue model(p / "m", {.vocab_size = 5, .words = 2, .embed_dim = 4, .hops = 1});
       return Tensors{model(stories(n.B)).logits};
     }},
    {"memnn",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::MemNN model(p / "m", {.vocab_size = 5, .words = 2, .embed_dim = 4, .hops = 1});
       return Tensors{model(stories(n.B)).logits};
     }},
    {"universal_qa",
     [](nn::Params& p, Tensors&, Sizes n) {
       const nn::UniversalQa model(p / "m",
                                   {.vocab_size = 5,
                                    .words = 2,
                                    .transformer = {.embed_dim = 4, .num_heads = 2, .ffn_dim = 5},
                                    .universal = {.steps = 2}});
       return Tensors{model(stories(n.B)).logits};
     }},
};

}  // namespace

TEST_CASE("sizes of 0: layers and models") {
  for (const Row& row : kRows)
    for (const Sizes n : kSizes)
      if (row.no_time || n.T > 0) check(row, n);
}

TEST_CASE("sizes of 0: additive scores and entity memories") {
  for (const auto& [B, S, A] : {std::array<int64_t, 3>{0, 3, 4}, {2, 0, 4}, {2, 3, 0}})
    check({"additive_scores",
           {{B, S, A}, {B, A}, {A}},
           [](const Tensors& x) { return Tensors{nn::additive_scores(x[0], x[1], x[2])}; }},
          f32);
  for (const auto& [B, T, C] : {std::array<int64_t, 3>{0, 3, 2}, {2, 0, 2}, {2, 3, 0}, {0, 0, 0}})
    check({"entity_memory",
           {{B, T, C}, {2, C}, {C, C}, {C, C}, {C, C}},
           [](const Tensors& x) {
             const nn::EntityMemory m = nn::entity_memory(x[0], {x[1], x[2], x[3], x[4], {}});
             return Tensors{m.memory, m.gates};
           }},
          f32);
}

TEST_CASE("sizes of 0 that make no sense are refused") {
  nn::Params p;
  CHECK(error_of<ValueError>([&] { nn::Rnn(p / "r", 3, 0); }) ==
        "rnn: hidden_size = 0; at least 1 (in r)");
  CHECK(error_of<ValueError>([&] { nn::Cell(p / "c", 3, 0); }) ==
        "rnn: hidden_size = 0; at least 1 (in c)");
  const Tensor q = zeros({1, 0, 2, 4}), k = zeros({1, 1, 2, 4});
  CHECK(error_of<ShapeError>([&] { scaled_dot_product_attention(q, k, k); }) ==
        "scaled_dot_product_attention: q is [1, 0, 2, 4], k is [1, 1, 2, 4], v is [1, 1, 2, 4]; "
        "expected q [B, H, T, D], k [B, H', S, D], v [B, H', S, E]");
}

}  // namespace tapehead::empty_layers_test
