// Every op and layer that takes lengths rejects invalid ones with the same error, which names the
// first length that is out of range.
#include <doctest/doctest.h>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/linear_attention.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/convolution.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/memory/dmn.h"
#include "tapehead/nn/memory/dnc.h"
#include "tapehead/nn/memory/entity_memory.h"
#include "tapehead/nn/memory/machine.h"
#include "tapehead/nn/memory/ntm.h"
#include "tapehead/nn/models/universal.h"
#include "tapehead/nn/sequence_attention.h"
#include "tapehead/nn/speech/conformer.h"
#include "tapehead/nn/speech/subsampling.h"
#include "tapehead/nn/transformer.h"
#include "tapehead/tests/expect.h"

namespace tapehead::lengths_test {

using namespace testing;

namespace {

// A call on two sequences of at most four steps.
struct Row {
  const char* op;
  std::function<void(const Tensor& lengths)> call;
  int64_t least = 0;
  const char* where = "";  // the path of the layer
};

const nn::TransformerOptions kSmall{.embed_dim = 4, .num_heads = 2, .ffn_dim = 5, .num_layers = 1};

std::vector<Row> table() {
  const Tensor x = zeros({2, 4, 4}), heads = zeros({2, 1, 4, 4});
  const auto params = std::make_shared<nn::Params>();
  const auto at = [params](const char* name) { return *params / name; };
  return {
      {"padding_mask", [](const Tensor& l) { padding_mask(l, 4); }},
      {"recurrent",
       [=](const Tensor& l) {
         recurrent(RnnCell::tanh, x, {zeros({3, 4}), zeros({3, 3}), {}, {}}, {}, {},
                   {.lengths = l});
       }},
      {"entity_memory",
       [=](const Tensor& l) {
         nn::entity_memory(x, {zeros({2, 4}), zeros({4, 4}), zeros({4, 4}), zeros({4, 4}), {}}, l);
       }},
      {"linear_attention",
       [=](const Tensor& l) { linear_attention(heads, heads, heads, {.lengths = l}); }},
      {"scaled_dot_product_attention",
       [=](const Tensor& l) { scaled_dot_product_attention(heads, heads, heads, {.lengths = l}); }},
      {"recurrent",
       [rnn = std::make_shared<nn::Rnn>(at("rnn"), 4, 3), x](const Tensor& l) { (*rnn)(x, l); }, 0,
       " (in rnn)"},
      {"depthwise_conv",
       [conv = std::make_shared<nn::DepthwiseConv>(at("conv"), 4), x](const Tensor& l) {
         (*conv)(x, l);
       },
       0, " (in conv)"},
      {"attention",
       [attention = std::make_shared<nn::SequenceAttention>(
            at("look"), nn::SequenceAttentionOptions{.query_dim = 4, .memory_dim = 4}),
        x](const Tensor& l) { attention->prepare(x, l); },
       1, " (in look)"},
      {"copy_attention",
       [copy = std::make_shared<nn::CopyAttention>(at("copy"), 4, 4), x](const Tensor& l) {
         (*copy)(x, copy->keys(x), x, l);
       },
       1},
      {"machine",
       [lstm = std::make_shared<nn::Lstm>(
            at("lstm"),
            nn::LstmConfig{.input_size = 4, .output_size = 2, .hidden_size = 3, .num_layers = 1}),
        x](const Tensor& l) { (*lstm)(x, {.lengths = l}); },
       1, " (in lstm)"},
      {"machine",
       [ntm = std::make_shared<nn::Ntm>(
            at("ntm"),
            nn::NtmConfig{
                .input_size = 4, .output_size = 2, .slots = 3, .slot_dim = 2, .hidden_size = 3}),
        x](const Tensor& l) { (*ntm)(x, {.lengths = l}); },
       1, " (in ntm)"},
      {"machine",
       [dnc = std::make_shared<nn::Dnc>(
            at("dnc"),
            nn::DncConfig{
                .input_size = 4, .output_size = 2, .slots = 3, .slot_dim = 2, .hidden_size = 3}),
        x](const Tensor& l) { (*dnc)(x, {.lengths = l}); },
       1, " (in dnc)"},
      {"recurrent",
       [gru = std::make_shared<nn::AttentionGru>(at("gru"), 4), x](const Tensor& l) {
         (*gru)(x, full({2, 4}, 0.5), l);
       },
       0, " (in gru)"},
      {"scaled_dot_product_attention",
       [encoder = std::make_shared<nn::TransformerEncoder>(at("encoder"), kSmall),
        x](const Tensor& l) { (*encoder)(x, {.lengths = l}); },
       0, " (in encoder.layers.0.attention)"},
      {"scaled_dot_product_attention",
       [decoder = std::make_shared<nn::TransformerDecoder>(at("decoder"), kSmall),
        x](const Tensor& l) { (*decoder)(x, x, {.lengths = l}); },
       0, " (in decoder.layers.0.memory_attention)"},
      {"scaled_dot_product_attention",
       [attention = std::make_shared<nn::MultiHeadAttention>(
            at("heads"), nn::MultiHeadOptions{.embed_dim = 4, .num_heads = 2}),
        x](const Tensor& l) { (*attention)(x, {.lengths = l}); },
       0, " (in heads)"},
      {"conformer",
       [conformer = std::make_shared<nn::Conformer>(
            at("conformer"),
            nn::ConformerOptions{
                .input_dim = 4, .num_heads = 2, .num_layers = 1, .depthwise_conv_kernel_size = 3}),
        x](const Tensor& l) { (*conformer)(x, l); },
       0, " (in conformer)"},
      {"pyramidal_lstm",
       [lstm = std::make_shared<nn::PyramidalLstm>(
            at("pyramid"), 4, nn::PyramidalLstmOptions{.hidden_size = 2, .num_layers = 1}),
        x](const Tensor& l) { (*lstm)(x, l); },
       0, " (in pyramid)"},
      {"universal",
       [encoder = std::make_shared<nn::UniversalEncoder>(at("universal"), kSmall,
                                                         nn::UniversalOptions{.steps = 2}),
        x](const Tensor& l) { (*encoder)(x, {.lengths = l}); },
       0, " (in universal)"},
  };
}

}  // namespace

TEST_CASE("lengths that are none are refused, wherever lengths are taken") {
  for (const Row& row : table()) {
    const std::string op = row.op;
    CAPTURE(op);
    const auto outside = [&](int64_t at, int64_t length) {
      return fmt::format("{}: lengths[{}] = {} is outside {}..4{}", op, at, length, row.least,
                         row.where);
    };
    CHECK(error_of<IndexError>([&] { row.call(tensor({4, 5})); }) == outside(1, 5));
    CHECK(error_of<IndexError>([&] { row.call(tensor({-1, 4})); }) == outside(0, -1));
    CHECK(error_of<IndexError>([&] {
            row.call(tensor({4, int64_t{1} << 40}));
          }) == outside(1, int64_t{1} << 40));
    if (row.least == 1)
      CHECK(error_of<IndexError>([&] { row.call(tensor({0, 4})); }) == outside(0, 0));
    CHECK(error_of<DTypeError>([&] {
            row.call(tensor({4.0, 2.0}));
          }) == op + ": lengths are f32; they must be integers; convert with to(i64)" + row.where);
    row.call(tensor({4, 1}));
    row.call(tensor({4, 1}).to(i32));
    if (op == "padding_mask") continue;
    CHECK(error_of<ShapeError>([&] { row.call(tensor({4})); }) ==
          op + ": lengths are [1]; expected [2], one for each sequence" + row.where);
    CHECK(error_of<ShapeError>([&] {
            row.call(tensor({{4, 2}}));
          }) == op + ": lengths are [1, 2]; expected [2], one for each sequence" + row.where);
  }
}

}  // namespace tapehead::lengths_test
