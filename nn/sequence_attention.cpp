#include "tapehead/nn/sequence_attention.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/nn/additive_scores.h"
#include "tapehead/nn/conv.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

constexpr std::pair<Score, const char*> kScores[] = {
    {Score::none, "none"},         {Score::dot, "dot"},         {Score::scaled_dot, "scaled_dot"},
    {Score::general, "general"},   {Score::concat, "concat"},   {Score::additive, "additive"},
    {Score::location, "location"}, {Score::local_m, "local_m"}, {Score::local_p, "local_p"},
};

bool is_local(Score s) { return s == Score::local_m || s == Score::local_p; }
bool is_additive(Score s) { return s == Score::additive || s == Score::concat; }

void check_query(const Tensor& q, int64_t B, int64_t Q) {
  if (q.shape() != Shape{B, Q})
    throw ShapeError(
        fmt::format("attention: the query is {}; expected [{}, {}]", q.shape().str(), B, Q));
}

// Positions 0..S-1 as [1, S].
Tensor positions(int64_t S, DType dtype) { return arange(S).to(dtype).unsqueeze(0); }

// Those as shares of lengths i64 [B], [B, S]; undefined: of S, [1, S].
Tensor shares(int64_t S, const Tensor& lengths, DType dtype) {
  const Tensor all = positions(S, dtype);
  if (!lengths.defined()) return all / static_cast<double>(S);
  return all / clamp_min(lengths, 1).to(dtype).unsqueeze(1);
}

void check_weights(const char* op, const Tensor& weights) {
  if (weights.dim() != 3)
    throw ShapeError(
        fmt::format("{}: the weights are {}; expected [B, T, S]", op, weights.shape().str()));
}

}  // namespace

Score score_from(std::string_view text) {
  std::string names;
  for (const auto& [score, name] : kScores) {
    if (text == name) return score;
    names += std::string(names.empty() ? "" : ", ") + name;
  }
  throw ValueError(fmt::format("score: there is no '{}'; take one of {}", text, names));
}

const char* name(Score score) {
  for (const auto& [each, name] : kScores)
    if (each == score) return name;
  return "";
}

SequenceAttention::SequenceAttention(Scope at, const SequenceAttentionOptions& options)
    : at_(std::move(at)), options_(options) {
  const int64_t Q = options.query_dim, M = options.memory_dim,
                A = options.attention_dim > 0 ? options.attention_dim : Q;
  const auto fail = [&](const std::string& why) {
    throw ValueError(
        fmt::format("attention: score {}: {} (in {})", name(options.score), why, at_.path()));
  };
  if (Q < 1 || M < 1)
    fail(fmt::format("query_dim = {} and memory_dim = {}; both must be at least 1", Q, M));
  if ((options.score == Score::dot || options.score == Score::scaled_dot) && Q != M)
    fail(fmt::format("query_dim = {} and memory_dim = {}; they must be equal, or take general", Q,
                     M));
  if (options.coverage && options.score != Score::additive) fail("coverage is for additive");
  if (options.conv_filters != 0) {
    if (options.score != Score::additive) fail("conv_filters is for additive");
    if (options.conv_filters < 0 || options.conv_kernel_size < 1 ||
        options.conv_kernel_size % 2 == 0)
      fail(fmt::format("{} filters of {} positions; expected at least 1 of an odd number",
                       options.conv_filters, options.conv_kernel_size));
  }
  const int64_t least = options.score == Score::local_p ? 1 : 0;
  if (is_local(options.score) && options.window < least)
    fail(fmt::format("window is {}; it must be at least {}", options.window, least));
  if (!(options.sharpening > 0) || !std::isfinite(options.sharpening))
    fail(fmt::format("sharpening is {}; it must be positive", options.sharpening));
  const auto projection = [](const Scope& place, int64_t in, int64_t size) {
    return Linear(place, in, size, {.bias = false, .init = init::xavier_uniform()});
  };
  const Init vector =
      init::uniform(-1 / std::sqrt(static_cast<double>(A)), 1 / std::sqrt(static_cast<double>(A)));
  if (options.score == Score::general || is_local(options.score))
    memory = projection(at_ / "memory", M, Q);
  if (is_additive(options.score)) {
    query = projection(at_ / "query", Q, A);
    memory = projection(at_ / "memory", M, A);
    v = at_.param("v", {A}, vector);
    if (options.score == Score::additive) bias = at_.param("bias", {A}, init::zeros());
  }
  if (options.score == Score::location) query = projection(at_ / "query", Q, options.positions);
  if (options.score == Score::local_p) {
    position = projection(at_ / "position", Q, A);
    position_v = (at_ / "position").param("v", {A}, vector);
  }
  if (options.coverage) coverage = at_.param("coverage", {A}, init::zeros());
  if (options.conv_filters > 0) {
    conv = Conv1d(at_ / "conv", 1, options.conv_filters, options.conv_kernel_size,
                  {.padding = options.conv_kernel_size / 2, .bias = false});
    location = projection(at_ / "location", options.conv_filters, A);
  }
}

// The keys that queries are compared with, [B, S, ·].
Tensor SequenceAttention::keys(const Tensor& values) const {
  if (!memory) return values;
  const auto* own = memory.target<Linear>();
  if (own && !own->bias.defined()) return linear(values, own->weight, bias);
  return bias.defined() ? memory(values) + bias : memory(values);
}

AttentionMemory SequenceAttention::prepare(const Tensor& rows, const Tensor& lengths) const {
  return nn::at(at_, [&] {
    if (rows.dim() != 3 || rows.size(2) != options_.memory_dim)
      throw ShapeError(fmt::format("attention: the memory is {}; expected [B, S, {}]",
                                   rows.shape().str(), options_.memory_dim));
    const int64_t B = rows.size(0), S = rows.size(1);
    if (options_.score == Score::location && S > options_.positions)
      throw ShapeError(
          fmt::format("attention: the memory has {} positions, location was made for {}; raise "
                      "its option `positions`",
                      S, options_.positions));
    AttentionMemory m{.values = rows, .keys = {}, .lengths = {}, .mask = {}};
    if (lengths.defined()) {
      m.lengths = core::check_lengths("attention", lengths, B, S, 1);
      m.mask = padding_mask(m.lengths, S);
      m.values = tapehead::detail::zero_padding(rows, m.lengths);
    }
    m.keys = keys(m.values);
    return m;
  });
}

// v · tanh(...), [B, S].
Tensor SequenceAttention::additive(const Tensor& q, const AttentionMemory& m, const Tensor& covered,
                                   const Tensor& previous) const {
  Tensor k = m.keys;
  if (coverage.defined() && covered.defined()) k = k + covered.unsqueeze(-1) * coverage;
  if (!conv || !previous.defined()) return additive_scores(k, query(q), v);
  const Tensor features = conv(previous.unsqueeze(1)).transpose(1, 2);
  const auto* own = location.target<Linear>();
  if (own && !own->bias.defined()) return additive_scores(k, query(q), v, features, own->weight);
  return additive_scores(k + location(features), query(q), v);
}

// [B, S], before masks.
Tensor SequenceAttention::scores(const Tensor& q, const AttentionMemory& m, const Tensor& covered,
                                 const Tensor& previous) const {
  if (options_.score == Score::location) {
    const int64_t S = m.values.size(1);
    const auto* own = query.target<Linear>();  // compute only the first S positions
    if (own && !own->bias.defined()) return linear(q, own->weight.slice(0, 0, S));
    return query(q).slice(-1, 0, S);
  }
  if (is_additive(options_.score)) return additive(q, m, covered, previous);
  const Tensor s = matmul(m.keys, q.unsqueeze(-1)).squeeze(-1);
  return options_.score == Score::scaled_dot
             ? s / std::sqrt(static_cast<double>(options_.memory_dim))
             : s;
}

// bool [B, S]: positions outside local_m's window. Past the end of a sequence the window stays at
// its end.
Tensor SequenceAttention::outside_window(const AttentionMemory& m, int64_t step) const {
  const int64_t S = m.values.size(1);
  const Tensor last = (m.lengths.defined() ? m.lengths.unsqueeze(1) : Tensor(S)) - 1;
  const Tensor center = minimum(last, Tensor(step));
  return abs(arange(S).unsqueeze(0) - center) > options_.window;
}

// exp(-(s - p)² / (2 σ²)) with σ = D / 2 and p = S sigmoid(v · tanh(W q)): Luong et al. 2015, eq. 9
// and 10.
Tensor SequenceAttention::gaussian(const Tensor& q, const AttentionMemory& m) const {
  const int64_t S = m.values.size(1);
  const Tensor inner = tanh(position(q));
  const Tensor share =
      tapehead::detail::in_f32(sigmoid(matmul(inner, position_v.unsqueeze(-1))));  // [B, 1]
  const Tensor length = m.lengths.defined() ? m.lengths.unsqueeze(1).to(share.dtype()) : Tensor(S);
  const double sigma = static_cast<double>(options_.window) / 2;
  return exp(-square(positions(S, share.dtype()) - share * length) / (2 * sigma * sigma));
}

Tensor SequenceAttention::weights(const Tensor& q, const AttentionMemory& m, int64_t step,
                                  const Tensor& covered, const Tensor& previous) const {
  return nn::at(at_, [&] {
    const int64_t B = m.values.size(0), S = m.values.size(1);
    check_query(q, B, options_.query_dim);
    if (options_.score == Score::none)
      throw ValueError("attention: score none has no weights; take another");
    Tensor s = scores(q, m, covered, previous);
    Tensor hidden = m.mask;
    if (options_.score == Score::local_m) {
      const Tensor outside = outside_window(m, step);
      hidden = hidden.defined() ? hidden | outside : outside.expand({B, S});
    }
    if (options_.sharpening != 1) s = s * options_.sharpening;
    if (options_.smoothing) s = log_sigmoid(s);  // sigmoid(s) is exp of it
    if (hidden.defined()) s = masked_fill(s, hidden, -INFINITY);
    const Tensor w = softmax(s, -1);
    return options_.score == Score::local_p ? w * gaussian(q, m) : w;
  });
}

SequenceAttentionOutput SequenceAttention::operator()(const Tensor& q, const AttentionMemory& m,
                                                      int64_t step, const Tensor& covered,
                                                      const Tensor& previous) const {
  if (options_.score != Score::none) {
    const Tensor w = weights(q, m, step, covered, previous);
    return {matmul(w.unsqueeze(1), m.values).squeeze(1), w};
  }
  return nn::at(at_, [&]() -> SequenceAttentionOutput {
    const int64_t B = m.values.size(0), S = m.values.size(1);
    check_query(q, B, options_.query_dim);
    if (!m.lengths.defined()) return {m.values.select(1, S - 1), {}};
    const Tensor last = (m.lengths - 1).reshape({B, 1, 1}).expand({B, 1, options_.memory_dim});
    return {gather(m.values, 1, last).squeeze(1), {}};
  });
}

Tensor coverage_loss(const Tensor& weights, const Tensor& coverage) {
  return mean(sum(minimum(weights, coverage), -1));
}

Tensor doubly_stochastic_loss(const Tensor& weights, const Tensor& lengths,
                              const Tensor& memory_lengths) {
  constexpr const char* kOp = "doubly_stochastic_loss";
  check_weights(kOp, weights);
  const Tensor seen = sum(tapehead::detail::zero_padding(kOp, weights, lengths), {1});  // [B, S]
  const Tensor missing = tapehead::detail::zero_padding(kOp, square(1 - seen), memory_lengths);
  return mean(sum(missing, {-1}));
}

Tensor guided_attention_loss(const Tensor& given, const Tensor& lengths,
                             const Tensor& memory_lengths, double width) {
  constexpr const char* kOp = "guided_attention_loss";
  const Tensor weights = tapehead::detail::in_f32(given);
  check_weights(kOp, weights);
  if (!(width > 0)) throw ValueError(fmt::format("{}: width = {} is not above 0", kOp, width));
  const int64_t T = weights.size(1), S = weights.size(2);
  const DType dtype = weights.dtype();
  const Tensor steps = tapehead::detail::zero_padding(kOp, weights, lengths);
  const Tensor seen = tapehead::detail::zero_padding(kOp, steps.transpose(1, 2), memory_lengths);
  const Tensor distance =  // [B or 1, S, T]
      (shares(S, memory_lengths, dtype).unsqueeze(2) - shares(T, lengths, dtype).unsqueeze(1)) /
      width;
  const Tensor cost = sum(seen * (1 - exp(-0.5 * square(distance))), {1});  // [B, T]
  if (!lengths.defined()) return mean(cost);
  return sum(cost) / clamp_min(sum(lengths), 1).to(dtype);
}

}  // namespace tapehead::nn
