#include "tapehead/nn/multihead_attention.h"
#include "tapehead/nn/torch_transformer.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

using Forward = nn::MultiheadAttentionForwardOptions;

// The forward options with masks from the inputs; `x` are those after query, key and value.
using OptionsOf = Forward (*)(const Tensors& x);

Tensors listed(const AttentionOutput& a) {
  return a.weights.defined() ? Tensors{a.out, a.weights} : Tensors{a.out};
}

Layer attention(
    const nn::Scope& at, const nn::MultiheadAttentionOptions& options,
    OptionsOf forward = [](const Tensors&) { return Forward{}; }) {
  return [layer = nn::MultiheadAttention(at, 4, 2, options), forward](const Tensors& x) {
    return listed(layer(x[0], x[1], x[2], forward({x.begin() + 3, x.end()})));
  };
}

Layer self_attention(const nn::Scope& at, const nn::MultiheadAttentionOptions& options,
                     bool need_weights) {
  return [layer = nn::MultiheadAttention(at, 4, 2, options), need_weights](const Tensors& x) {
    return listed(layer(x[0], x[0], x[0], {.need_weights = need_weights}));
  };
}

nn::TransformerLayerOptions small(const nn::TransformerLayerOptions& options = {}) {
  nn::TransformerLayerOptions o = options;
  o.dim_feedforward = 6;
  o.dropout = 0;
  return o;
}

nn::TransformerModelOptions small_model(int64_t nhead, int64_t num_decoder_layers) {
  return {.d_model = 4,
          .nhead = nhead,
          .num_encoder_layers = 1,
          .num_decoder_layers = num_decoder_layers,
          .dim_feedforward = 6,
          .dropout = 0};
}

}  // namespace

// clang-format off
const Family kAttention("attention", {}, {
  {"MultiheadAttention/self", [](const nn::Scope& at) { return self_attention(at, {}, true); }},
  {"MultiheadAttention/self without weights", [](const nn::Scope& at) { return self_attention(at, {.batch_first = true}, false); }},
  {"MultiheadAttention/cross", [](const nn::Scope& at) { return attention(at, {.bias = false}, [](const Tensors&) { return Forward{.average_attn_weights = false}; }); }},
  {"MultiheadAttention/sizes", [](const nn::Scope& at) { return attention(at, {.kdim = 3, .vdim = 5}); }},
  {"MultiheadAttention/added keys", [](const nn::Scope& at) { return attention(at, {.add_bias_kv = true, .add_zero_attn = true}, [](const Tensors& x) { return Forward{.key_padding_mask = x[0], .attn_mask = x[1]}; }); }},
  {"MultiheadAttention/padding", [](const nn::Scope& at) { return attention(at, {}, [](const Tensors& x) { return Forward{.key_padding_mask = x[0]}; }); }},
  {"MultiheadAttention/padding without weights", [](const nn::Scope& at) { return attention(at, {}, [](const Tensors& x) { return Forward{.key_padding_mask = x[0], .need_weights = false}; }); }},
  {"MultiheadAttention/floating masks", [](const nn::Scope& at) { return attention(at, {}, [](const Tensors& x) { return Forward{.key_padding_mask = x[0], .attn_mask = x[1]}; }); }},
  {"MultiheadAttention/mask of each head", [](const nn::Scope& at) { return attention(at, {}, [](const Tensors& x) { return Forward{.need_weights = false, .attn_mask = x[0]}; }); }},
  {"MultiheadAttention/one sequence", [](const nn::Scope& at) { return attention(at, {}, [](const Tensors& x) { return Forward{.attn_mask = x[0]}; }); }},
  {"TransformerEncoderLayer", [](const nn::Scope& at) { return one(nn::TransformerEncoderLayer(at, 4, 2, small())); }},
  {"TransformerEncoderLayer/pre-norm", [](const nn::Scope& at) {
    return one(nn::TransformerEncoderLayer(at, 4, 2, small({.activation = nn::gelu, .layer_norm_eps = 1e-3, .norm_first = true, .bias = false})));
  }},
  {"TransformerDecoderLayer", [](const nn::Scope& at) -> Layer {
    return [layer = nn::TransformerDecoderLayer(at, 4, 2, small())](const Tensors& x) {
      return Tensors{layer(x[0], x[1], {.tgt_mask = x[2], .memory_key_padding_mask = x[3]})};
    };
  }},
  {"TransformerDecoderLayer/pre-norm", [](const nn::Scope& at) -> Layer {
    return [layer = nn::TransformerDecoderLayer(at, 4, 2, small({.batch_first = true, .norm_first = true}))](const Tensors& x) {
      return Tensors{layer(x[0], x[1], {.memory_mask = x[2]})};
    };
  }},
  {"TransformerEncoder", [](const nn::Scope& at) -> Layer {
    return [stack = nn::TransformerEncoderStack(at, 4, 2, 2, small({.batch_first = true}))](const Tensors& x) {
      return Tensors{stack(x[0], nn::TransformerEncoderMasks{.src_key_padding_mask = x[1]})};
    };
  }},
  {"Transformer", [](const nn::Scope& at) -> Layer {
    return [model = nn::Transformer(at, small_model(2, 2))](const Tensors& x) {
      return Tensors{model(x[0], x[1], {.tgt_mask = x[2], .src_key_padding_mask = x[3], .memory_key_padding_mask = x[3]})};
    };
  }},
  {"Transformer/pre-norm", [](const nn::Scope& at) -> Layer {
    nn::TransformerModelOptions o = small_model(2, 1);
    o.norm_first = o.batch_first = true;
    o.activation = nn::gelu;
    return [model = nn::Transformer(at, o)](const Tensors& x) {
      return Tensors{model(x[0], x[1], {.src_mask = x[2], .tgt_key_padding_mask = x[3]})};
    };
  }},
  {"Transformer/one sequence", [](const nn::Scope& at) -> Layer {
    return [model = nn::Transformer(at, small_model(1, 1))](const Tensors& x) { return Tensors{model(x[0], x[1])}; };
  }},
});

}  // namespace tapehead::parity
