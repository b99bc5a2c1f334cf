// Options that nest: what is left open follows the model and the whole.
#include <doctest/doctest.h>

#include "tapehead/nn/models/bert.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/nn/models/vit.h"

using namespace tapehead;

TEST_CASE("parts of a Transformer are as the whole, unless they say otherwise") {
  const nn::TransformerOptions plain = nn::completed({.embed_dim = 12, .num_heads = 3});
  CHECK(plain.num_layers == 6);
  CHECK(plain.ffn_dim == 48);
  CHECK(plain.ffn.ffn_dim == 48);
  CHECK(plain.ffn.kernel_size == 1);
  CHECK(plain.ffn.activation.name() == "relu");
  CHECK(plain.attention.num_heads == 3);
  CHECK(plain.attention.num_kv_heads == 3);
  CHECK(plain.attention.head_dim == 4);
  CHECK(plain.attention.memory_dim == 12);
  CHECK(*plain.norm_first);
  CHECK(plain.norm.type == nn::NormType::layer_norm);
  CHECK(plain.norm.eps == 1e-5);
  for (const auto& dropout : {plain.dropout, plain.attention.dropout, plain.ffn.dropout})
    CHECK(*dropout == 0);
  for (const auto& bias :
       {plain.attention.bias, plain.attention.out_bias, plain.ffn.bias, plain.norm.bias})
    CHECK(*bias);

  const nn::TransformerOptions said =
      nn::completed({.embed_dim = 12,
                     .dropout = 0.5,
                     .activation = nn::silu,
                     .bias = false,
                     .attention = {.num_heads = 2, .dropout = 0.25, .bias = true},
                     .ffn = {.ffn_dim = 7, .bias = true},
                     .norm = {.type = nn::NormType::rms_norm}});
  CHECK(said.ffn.ffn_dim == 7);
  CHECK(said.ffn.activation.name() == "silu");
  CHECK(*said.ffn.dropout == 0.5);
  CHECK(*said.ffn.bias);
  CHECK(said.attention.num_heads == 2);
  CHECK(said.attention.num_kv_heads == 2);
  CHECK(said.attention.head_dim == 6);
  CHECK(said.num_heads == 2);
  CHECK(said.ffn_dim == 7);
  CHECK(*said.attention.dropout == 0.25);
  CHECK(*said.attention.bias);
  CHECK(*said.attention.out_bias);
  CHECK_FALSE(*said.norm.bias);
  CHECK(said.norm.eps == 1e-6);

  const nn::TransformerOptions again = nn::completed(said, {.num_layers = 2, .dropout = 0.1});
  CHECK(again.num_layers == 6);
  CHECK(*again.dropout == 0.5);
}

TEST_CASE("models fill in what their papers have") {
  const nn::TransformerOptions gpt = nn::completed(nn::GptConfig{}).transformer;
  CHECK(gpt.embed_dim == 768);
  CHECK(gpt.num_layers == 12);
  CHECK(gpt.ffn.ffn_dim == 3072);
  CHECK(gpt.activation.name() == "gelu_tanh");
  CHECK(*gpt.attention.packed_qkv);

  const nn::TransformerOptions bert =
      nn::completed(nn::BertConfig{.transformer = {.embed_dim = 8}}).transformer;
  CHECK(bert.embed_dim == 8);
  CHECK(*bert.dropout == 0.1);
  CHECK_FALSE(*bert.norm_first);
  CHECK(bert.norm.eps == 1e-12);
  CHECK(bert.activation.name() == "gelu");

  const nn::T5Config t5 = nn::completed(nn::T5Config{.transformer = {.num_layers = 2}});
  CHECK(t5.num_decoder_layers == 2);
  CHECK(t5.transformer.attention.head_dim == 64);
  CHECK(*t5.transformer.attention.scale == 1);
  CHECK_FALSE(*t5.transformer.attention.out_bias);
  CHECK(t5.transformer.norm.type == nn::NormType::rms_norm);
  CHECK(t5.transformer.norm.eps == 1e-6);

  const nn::TransformerOptions vit = nn::completed(nn::VitConfig{}).transformer;
  CHECK(*vit.dropout == 0);
  CHECK(*vit.norm_first);

  const nn::TransformerOptions original =
      nn::completed(nn::Seq2SeqTransformerConfig{.transformer = {.dropout = 0.2}}).transformer;
  CHECK(*original.dropout == 0.2);
  CHECK(*original.attention.dropout == 0);
  CHECK(*original.ffn.dropout == 0);
}
