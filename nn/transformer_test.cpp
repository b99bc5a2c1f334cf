// Multi-head attention, the cache, the layers of Transformers, and the whole one.
#include "tapehead/nn/models/seq2seq_transformer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::transformer_test {

using testing::difference;
using testing::error_of;

namespace {

struct LayerFixture {
  nn::Params params{1};
  nn::MultiHeadAttention layer;
  explicit LayerFixture(const nn::MultiHeadOptions& o) : layer(params / "attention", o) {
    params.to(f64);
    params.eval();
  }
  Tensor of(const char* name) const { return params["attention." + std::string(name)]; }
};

// One head at a time.
Tensor by_hand(const Tensor& x, const Tensor& memory, const LayerFixture& m, int64_t heads,
               int64_t kv_heads) {
  const Tensor q = linear(x, m.of("q.weight"), m.of("q.bias"));
  const Tensor k = linear(memory, m.of("k.weight"), m.of("k.bias"));
  const Tensor v = linear(memory, m.of("v.weight"), m.of("v.bias"));
  const int64_t D = q.size(2) / heads;
  std::vector<Tensor> found;
  for (int64_t h = 0; h < heads; ++h) {
    const int64_t g = h / (heads / kv_heads);
    const auto head = [&](const Tensor& t, int64_t i) { return t.slice(2, i * D, (i + 1) * D); };
    const Tensor score = matmul(head(q, h), head(k, g).transpose(1, 2)) / std::sqrt(double(D));
    found.push_back(matmul(softmax(score, -1), head(v, g)));
  }
  return linear(cat(found, 2), m.of("out.weight"), m.of("out.bias"));
}

nn::TransformerOptions small_options() {
  return {.embed_dim = 8, .num_heads = 2, .ffn_dim = 12, .num_layers = 2, .dropout = 0};
}

}  // namespace

TEST_CASE("multi-head attention is its heads, one by one") {
  manual_seed(1);
  const Tensor x = randn({2, 3, 8}, f64), memory = randn({2, 5, 6}, f64);
  const LayerFixture cross({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 2, .memory_dim = 6});
  CHECK(difference(cross.layer(x, memory), by_hand(x, memory, cross, 4, 2)) < 1e-12);
  const LayerFixture self({.embed_dim = 8, .num_heads = 2});
  CHECK(difference(self.layer(x), by_hand(x, x, self, 2, 2)) < 1e-12);
}

TEST_CASE("packed projections are the separate ones, joined") {
  manual_seed(2);
  const Tensor x = randn({2, 3, 8}, f64);
  const LayerFixture apart({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 2});
  LayerFixture packed({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 2, .packed_qkv = true});
  const NoGradGuard off;
  for (const char* what : {"weight", "bias"}) {
    std::vector<Tensor> parts;
    for (const char* name : {"q.", "k.", "v."})
      parts.push_back(apart.of((name + std::string(what)).c_str()));
    packed.of((std::string("qkv.") + what).c_str()).copy_(cat(parts, 0));
    packed.of((std::string("out.") + what).c_str())
        .copy_(apart.of((std::string("out.") + what).c_str()));
  }
  CHECK(difference(packed.layer(x), apart.layer(x)) < 1e-12);
}

TEST_CASE("multi-head attention has the gradients of its formula") {
  const LayerFixture m({.embed_dim = 4, .num_heads = 2, .rope = RopeOptions{}});
  std::vector<Tensor> inputs{randn({2, 3, 4}, f64)};
  for (const nn::Param& p : m.params.all()) inputs.push_back(p.value);
  gradcheck(
      [&](const std::vector<Tensor>& x) { return std::vector{m.layer(x[0], {.causal = true})}; },
      inputs);
}

TEST_CASE("a cache of any kind gives what the whole sequence gives") {
  manual_seed(3);
  const int64_t T = 11, window = 4;
  const Tensor x = randn({2, T, 8}, f64);
  const LayerFixture m({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 2, .rope = RopeOptions{}});
  const AttentionOptions causal{.causal = true};
  const AttentionOptions near{.causal = true, .window = {.before = window - 1}};
  for (const bool limited : {false, true}) {
    const AttentionOptions& options = limited ? near : causal;
    const Tensor whole = m.layer(x, options);
    for (const nn::KvCacheOptions& o :
         {nn::KvCacheOptions{}, {.capacity = T}, {.window = limited ? window : T}})
      for (const int64_t step : {1, 3, 11}) {
        CAPTURE(step);
        nn::KvCache cache(o);
        for (int64_t t = 0; t < T; t += step) {
          const int64_t stop = std::min(T, t + step);
          CHECK(difference(m.layer(x.slice(1, t, stop), cache, options), whole.slice(1, t, stop)) <
                1e-12);
        }
        CHECK(cache.length() == T);
      }
  }
}

TEST_CASE("a window's cache does not grow with the sequence") {
  nn::KvCache cache({.window = 4});
  for (int i = 0; i < 100; ++i) {
    const Tensor k = full({1, 1, 1, 2}, static_cast<double>(i));
    const auto [keys, values] = cache.append(k, k);
    CHECK(keys.size(2) == std::min<int64_t>(i + 1, 4));
    CHECK(keys.slice(2, -1, INT64_MAX).to_vector<double>()[0] == i);
  }
}

TEST_CASE("rows of a cache go where they are sent, and on from there") {
  manual_seed(4);
  const Tensor x = randn({2, 2, 9, 3}, f64), rows = from_vector(std::vector<int64_t>{1, 0, 1});
  const Tensor sent = index_select(x, 0, rows);
  for (const nn::KvCacheOptions& o : {nn::KvCacheOptions{}, {.capacity = 9}, {.window = 4}}) {
    CAPTURE(o.window);
    nn::KvCache cache(o), other(o);
    cache.reorder(rows);  // nothing is there yet
    for (int64_t t = 0; t < 9; ++t) {
      const Tensor one = x.slice(2, t, t + 1), its = sent.slice(2, t, t + 1);
      if (t == 6) cache.reorder(rows);
      cache.append(t < 6 ? one : its, t < 6 ? one * 2 : its * 2);
      other.append(its, its * 2);
    }
    CHECK(cache.length() == 9);
    CHECK(difference(cache.keys(), other.keys()) == 0);
    CHECK(difference(cache.values(), other.values()) == 0);
  }
}

TEST_CASE("what a cache and attention refuse") {
  const Tensor k = zeros({1, 2, 3, 4});
  nn::KvCache full_one({.capacity = 4});
  full_one.append(k, k);
  CHECK(error_of<ValueError>([&] { full_one.append(k, k); }) ==
        "kv_cache: 3 of 4 positions are in use and 3 more were appended; increase capacity, set it "
        "to 0 to let the cache grow, or set a window");
  CHECK(error_of<ShapeError>([&] {
          full_one.append(zeros({1, 1, 1, 4}), zeros({1, 1, 1, 4}));
        }) ==
        "kv_cache: k is [1, 1, 1, 4] f32 and v [1, 1, 1, 4] f32, but the cache has [1, 2, 4, 4] "
        "f32 and "
        "[1, 2, 4, 4] f32; a cache belongs to one layer and one batch");
  CHECK(error_of<ValueError>([] { LayerFixture({.embed_dim = 8, .num_heads = 3}); }) ==
        "multi_head_attention: 3 heads do not divide embed_dim = 8; choose another number, or give "
        "head_dim (in attention)");
  CHECK(error_of<ValueError>(
            [] { LayerFixture({.embed_dim = 8, .num_heads = 4, .num_kv_heads = 3}); }) ==
        "multi_head_attention: 3 heads of keys and values do not divide 4 heads (in attention)");
  const LayerFixture packed({.embed_dim = 8, .num_heads = 2, .packed_qkv = true});
  CHECK(error_of<ValueError>([&] {
          packed.layer(zeros({1, 2, 8}), zeros({1, 3, 8}));
        }) ==
        "multi_head_attention: its projections are packed, for attention of x to itself; make it "
        "without `packed_qkv` to attend to a memory (in attention)");
  CHECK(error_of<ShapeError>([&] {
          packed.layer(zeros({2, 8}));
        }) == "multi_head_attention: x is [2, 8]; expected [B, T, 8] (in attention)");
  nn::Params params;
  CHECK(error_of<ValueError>([&] { nn::FeedForward(params / "ffn", {}); }) ==
        "feed_forward: embed_dim = 0 and ffn_dim = 0; both must be at least 1 (in ffn)");
}

TEST_CASE("a kernel is for encoders that see the whole sequence") {
  nn::TransformerOptions o = small_options();
  o.ffn.kernel_size = 3;
  nn::Params params;
  const Tensor x = zeros({1, 4, o.embed_dim});
  const nn::EncoderLayer layer(params / "layer", o);
  const std::string refused =
      "encoder_layer: a kernel of 3 sees what comes next and before; it is not for causal "
      "attention, packed sequences, or a cache (in layer)";
  CHECK(error_of<ValueError>([&] { layer(x, {.causal = true}); }) == refused);
  CHECK(error_of<ValueError>([&] { layer(x, {.packed = {tensor({0, 4}), {}}}); }) == refused);
  nn::KvCache cache;
  CHECK(error_of<ValueError>([&] { layer(x, cache); }) == refused);
  CHECK(error_of<ValueError>([&] { nn::DecoderLayer(params / "decoder", o); }) ==
        "decoder_layer: a kernel of 3 would look ahead; leave `kernel_size` out (in decoder)");
  o.mixture = nn::MixtureOptions{};
  CHECK(error_of<ValueError>([&] { nn::EncoderLayer(params / "experts", o); }) ==
        "mixture: experts see one position at a time, not a kernel of 3; leave `mixture` or "
        "`kernel_size` out (in experts.feed_forward)");
}

TEST_CASE("feed-forward layers, plain and gated") {
  nn::Params params(1);
  const nn::FeedForward plain(params / "plain", {.embed_dim = 3, .ffn_dim = 5});
  const nn::FeedForward gated(params / "gated",
                              {.embed_dim = 3, .activation = nn::silu, .gated = true});
  const Tensor x = randn({2, 3});
  const auto layer = [&](const std::string& name, const Tensor& t) {
    return linear(t, params[name + ".weight"], params[name + ".bias"]);
  };
  CHECK(difference(plain(x), layer("plain.down", relu(layer("plain.up", x)))) < 1e-6);
  CHECK(params["gated.up.weight"].shape() == Shape{12, 3});
  CHECK(difference(gated(x), layer("gated.down",
                                   silu(layer("gated.gate", x)) * layer("gated.up", x))) < 1e-6);
}

TEST_CASE("a feed-forward layer with a kernel reads its neighbours, gated or not") {
  nn::Params params(1);
  const nn::FeedForward plain(params / "plain", {.embed_dim = 3, .ffn_dim = 5, .kernel_size = 3});
  const nn::FeedForward gated(params / "gated", {.embed_dim = 3, .gated = true, .kernel_size = 3});
  const nn::DepthwiseConv conv(params / "alone", 3);
  const Tensor x = randn({2, 4, 3}), lengths = tensor({4, 2});
  const auto layer = [&](const std::string& name, const Tensor& t) {
    return linear(t, params[name + ".weight"], params[name + ".bias"]);
  };
  const NoGradGuard off;
  for (const std::string name : {"plain", "gated"}) {
    CAPTURE(name);
    conv.weight.copy_(params[name + ".conv.weight"]);
    conv.bias.copy_(randn({3}));
    params[name + ".conv.bias"].copy_(conv.bias);
    const Tensor t = conv(x, lengths), up = layer(name + ".up", t);
    const bool plainly = name == "plain";
    const Tensor hidden = plainly ? relu(up) : relu(layer("gated.gate", t)) * up;
    CHECK(difference((plainly ? plain : gated)(x, lengths), layer(name + ".down", hidden)) < 1e-6);
  }
}

TEST_CASE("Transformer layers do not look ahead, and have right gradients") {
  for (const bool norm_first : {true, false}) {
    nn::Params params(1);
    nn::TransformerOptions o = small_options();
    o.norm_first = norm_first;
    if (!norm_first) o.norm.type = nn::NormType::rms_norm;
    const nn::TransformerEncoder encoder(params / "encoder", o);
    const nn::TransformerDecoder decoder(params / "decoder", o);
    params.to(f64);
    const Tensor x = randn({1, 4, 8}, f64), memory = randn({1, 3, 8}, f64);
    const Tensor y = decoder(x, encoder(memory)).out;
    const Tensor other = cat({x.slice(1, 0, 3), randn({1, 1, 8}, f64)}, 1);
    CHECK(difference(decoder(other, encoder(memory)).out.slice(1, 0, 3), y.slice(1, 0, 3)) < 1e-12);
    gradcheck(
        [&](const std::vector<Tensor>& in) {
          return std::vector{decoder(in[0], encoder(in[1])).out};
        },
        {x, memory});
  }
}

}  // namespace tapehead::transformer_test
