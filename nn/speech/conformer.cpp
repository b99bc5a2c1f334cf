#include "tapehead/nn/speech/conformer.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"

namespace tapehead::nn {
namespace {

void check_input(const char* layer, const Tensor& x, int64_t channels) {
  if (x.dim() != 3 || x.size(2) != channels)
    throw ShapeError(
        fmt::format("{}: x is {}; expected [B, T, {}]", layer, x.shape().str(), channels));
}

// The rows of [B T, ...] that are frames within the lengths.
Tensor rows_within(const Tensor& lengths, int64_t T) {
  std::vector<int64_t> rows;
  const std::vector<int64_t> list = lengths.to_vector<int64_t>();
  for (size_t b = 0; b < list.size(); ++b)
    for (int64_t t = 0; t < list[b]; ++t) rows.push_back(static_cast<int64_t>(b) * T + t);
  return from_vector(rows);
}

Conv1d depthwise_of(const Scope& at, int64_t channels, int64_t kernel_size) {
  return nn::at(at, [&] {
    if (kernel_size < 1 || kernel_size % 2 == 0)
      throw ValueError(
          fmt::format("convolution_module: depthwise_conv_kernel_size = {}; expected an odd number",
                      kernel_size));
    return Conv1d(at / "depthwise", channels, channels, kernel_size,
                  {.padding = kernel_size / 2, .groups = channels});
  });
}

FeedForward half_ffn(const Scope& at, const ConformerOptions& o) {
  return FeedForward(
      at,
      {.embed_dim = o.input_dim, .ffn_dim = o.ffn_dim, .activation = silu, .dropout = o.dropout});
}

}  // namespace

Tensor relative_positions(int64_t length, int64_t embed_dim) {
  if (length < 1 || embed_dim < 1)
    throw ValueError(
        fmt::format("relative_positions: length = {} and embed_dim = {}; both must be at least 1",
                    length, embed_dim));
  // sin(-x) = -sin(x), cos(-x) = cos(x)
  const Tensor r = sinusoidal_positions(length, embed_dim);
  const Tensor sines = (arange(embed_dim) % 2 == 0).to(f32);
  return cat({flip(r, 0), r.slice(0, 1, length) * (1 - 2 * sines)}, 0);
}

RelativeAttention::RelativeAttention(Scope at, const RelativeAttentionOptions& o)
    : at_(std::move(at)), options_(o) {
  const int64_t C = o.embed_dim, H = o.num_heads;
  nn::at(at_, [&] {
    if (C < 1 || H < 1 || C % H != 0)
      throw ValueError(
          fmt::format("relative_attention: {} heads do not divide embed_dim = {}", H, C));
  });
  q = Linear(at_ / "q", C, C);
  k = Linear(at_ / "k", C, C);
  v = Linear(at_ / "v", C, C);
  out = Linear(at_ / "out", C, C);
  position = Linear(at_ / "position", C, C, {.bias = false});
  pos_bias_u = at_.param("pos_bias_u", {H, C / H}, init::xavier_uniform());
  pos_bias_v = at_.param("pos_bias_v", {H, C / H}, init::xavier_uniform());
}

AttentionOutput RelativeAttention::attend(const Tensor& x, const AttentionOptions& options,
                                          const Tensor& positions) const {
  return call_at(at_, [&] {
    const int64_t C = options_.embed_dim, H = options_.num_heads, D = C / H;
    check_input("relative_attention", x, C);
    const int64_t T = x.size(1);
    const Tensor r = positions.defined() ? positions : relative_positions(T, C);
    if (r.shape() != Shape{2 * T - 1, C})
      throw ShapeError(fmt::format("relative_attention: positions are {}; expected [{}, {}]",
                                   r.shape().str(), 2 * T - 1, C));
    const auto heads = [&](const Tensor& y) {  // [..., C] to [..., H, D]
      return y.unflatten(-1, {H, D}).transpose(-3, -2);
    };
    const Tensor queries = heads(q(x));
    AttentionOptions o = options;
    o.relative = {.keys = heads(position(r.to(x.dtype()))),
                  .query = queries + pos_bias_v.unsqueeze(1)};
    if (o.dropout == 0 && at_.training()) o.dropout = options_.dropout;
    AttentionOutput a = scaled_dot_product_attention(queries + pos_bias_u.unsqueeze(1), heads(k(x)),
                                                     heads(v(x)), o);
    a.out = out(a.out.transpose(1, 2).flatten(2));
    return a;
  });
}

Tensor RelativeAttention::operator()(const Tensor& x, const AttentionOptions& options,
                                     const Tensor& positions) const {
  return attend(x, options, positions).out;
}

ConvolutionModule::ConvolutionModule(Scope at, int64_t channels, const ConvolutionModuleOptions& o)
    : depthwise(depthwise_of(at, channels, o.depthwise_conv_kernel_size)),
      at_(std::move(at)),
      dropout_(o.dropout) {
  norm = LayerNorm(at_ / "norm", channels);
  pointwise1 = Linear(at_ / "pointwise1", channels, 2 * channels);
  pointwise2 = Linear(at_ / "pointwise2", channels, channels);
  if (o.norm == ConvolutionNorm::batch_norm) batch_norm.emplace(at_ / "batch_norm", channels);
  else layer_norm.emplace(at_ / "layer_norm", channels);
}

// Normalises the channels of x [B, T, C]; padding becomes zeros if it would change statistics.
Tensor ConvolutionModule::normalized(const Tensor& x, const Tensor& lengths) const {
  if (layer_norm) return (*layer_norm)(x);
  const Tensor rows = x.flatten(0, 1);
  if (!lengths.defined() || !at_.training()) return (*batch_norm)(rows).reshape(x.shape());
  const Tensor within = rows_within(lengths, x.size(1));
  if (within.size(0) == rows.size(0)) return (*batch_norm)(rows).reshape(x.shape());
  const Tensor y = (*batch_norm)(index_select(rows, 0, within));
  return index_copy(zeros_like(rows), 0, within, y).reshape(x.shape());
}

Tensor ConvolutionModule::operator()(const Tensor& x, const Tensor& lengths) const {
  return call_at(at_, [&] {
    check_input("convolution_module", x, depthwise.weight.size(0));
    const Tensor gated = glu(pointwise1(norm(x)), -1);
    const Tensor in = tapehead::detail::zero_padding("convolution_module", gated, lengths);
    const Tensor y = depthwise(in.transpose(1, 2)).transpose(1, 2);
    return tapehead::dropout(pointwise2(silu(normalized(y, lengths))), dropout_, at_.training());
  });
}

ConformerLayer::ConformerLayer(const Scope& at, const ConformerOptions& o)
    : ffn1_norm(LayerNorm(at / "ffn1_norm", o.input_dim)),
      attention_norm(LayerNorm(at / "attention_norm", o.input_dim)),
      ffn2_norm(LayerNorm(at / "ffn2_norm", o.input_dim)),
      norm(LayerNorm(at / "norm", o.input_dim)),
      ffn1(half_ffn(at / "ffn1", o)),
      ffn2(half_ffn(at / "ffn2", o)),
      attention(at / "attention",
                {.embed_dim = o.input_dim, .num_heads = o.num_heads, .dropout = o.dropout}),
      convolution(at / "convolution", o.input_dim,
                  {.depthwise_conv_kernel_size = o.depthwise_conv_kernel_size,
                   .dropout = o.dropout,
                   .norm = o.norm}),
      dropout(Dropout(at / "dropout", o.dropout)),
      convolution_first_(o.convolution_first) {}

EncoderLayerOutput ConformerLayer::attend(const Tensor& in, const AttentionOptions& options,
                                          const Tensor& positions) const {
  if (options.causal || options.packed.queries.defined())
    throw ValueError(
        "conformer_layer: its convolution sees what comes next and before; it is not for causal "
        "attention or packed sequences");
  Tensor x = in + 0.5 * dropout(ffn1(ffn1_norm(in)));
  if (convolution_first_) x = x + convolution(x, options.lengths);
  const AttentionOutput a = attention.attend(attention_norm(x), options, positions);
  x = x + dropout(a.out);
  if (!convolution_first_) x = x + convolution(x, options.lengths);
  return {.out = norm(x + 0.5 * dropout(ffn2(ffn2_norm(x)))), .attention_weights = a.weights};
}

Tensor ConformerLayer::operator()(const Tensor& x, const AttentionOptions& options,
                                  const Tensor& positions) const {
  return attend(x, options, positions).out;
}

Conformer::Conformer(const Scope& at, const ConformerOptions& o)
    : at_(at), input_dim_(o.input_dim) {
  nn::at(at_, [&] {
    if (o.num_layers < 1 || o.input_dim < 1)
      throw ValueError(
          fmt::format("conformer: input_dim = {} and num_layers = {}; both must be at least 1",
                      o.input_dim, o.num_layers));
  });
  layers = stack<ConformerLayer>(at_ / "layers", o.num_layers, o);
}

EncoderOutput Conformer::attend(const Tensor& in, const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    check_input("conformer", in, input_dim_);
    AttentionOptions o = options;
    if (o.lengths.defined())
      o.lengths = core::check_lengths("conformer", o.lengths, in.size(0), in.size(1));
    EncoderOutput all{.out = tapehead::detail::zero_padding(in, o.lengths)};
    if (in.size(1) == 0) return all;
    const Tensor positions = relative_positions(in.size(1), input_dim_);
    for (const ConformerLayer& layer : layers)
      all.add(layer.attend(all.out, o, positions), std::ssize(layers));
    all.out = tapehead::detail::zero_padding(all.out, o.lengths);
    return all;
  });
}

EncodedFrames Conformer::operator()(const Tensor& x, const Tensor& lengths) const {
  return {attend(x, {.lengths = lengths}).out, lengths};
}

}  // namespace tapehead::nn
