#include "tapehead/autograd/linear_attention.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/detail/attention_parts.h"
#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

constexpr const char* kLinearAttention = "linear_attention";
// Keys per block. A block costs a matrix [F, E] of sums and a square of products, so the best size
// is about sqrt(F E).
constexpr int64_t kPiece = 64;

void check_operands(const Tensor& q, const Tensor& k, const Tensor& v, bool causal) {
  detail::check_attention_operands(kLinearAttention, q, k, v);
  if (causal && q.size(2) > k.size(2))
    throw ShapeError(fmt::format(
        "{}: {} queries of {} keys; causal attention needs at least as many keys as queries",
        kLinearAttention, q.size(2), k.size(2)));
}

Tensor features_of(const char* what, const Tensor& x, const FeatureMap& map) {
  const Tensor f = map ? map(x) : elu(x) + 1;
  if (f.dim() != 4 || f.size(0) != x.size(0) || f.size(1) != x.size(1) || f.size(2) != x.size(2))
    throw ShapeError(
        fmt::format("{}: the features of {} {} are {}; a feature map may change the last axis only",
                    kLinearAttention, what, x.shape().str(), f.shape().str()));
  return f;
}

// The functions below take q [B, H', G, T, F], k [B, H', 1, S, F] and v [B, H', 1, S, E], where
// groups of G heads share keys.

Tensor sums_of(const Tensor& k, const Tensor& v) { return matmul(k.transpose(-1, -2), v); }

// Splits [.., S, X] into blocks [.., N, kPiece, X], zero-padded at the end.
Tensor pieces(const Tensor& x, int64_t front, int64_t count) {
  const Tensor full = pad(x, {0, 0, front, count * kPiece - front - x.size(3)});
  return full.reshape({x.size(0), x.size(1), x.size(2), count, kPiece, x.size(4)});
}

// Each query combines the sums of all earlier blocks with the products with the keys of its own
// block up to its position. Keys before the block of the first query form a single sum.
Tensor causal(const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t S = k.size(3), offset = S - q.size(3), head = offset / kPiece * kPiece;
  const int64_t count = core::ceil_div(S - head, kPiece);
  const Tensor pk = pieces(k.slice(3, head, S), 0, count);
  const Tensor pv = pieces(v.slice(3, head, S), 0, count);
  const Tensor pq = pieces(q, offset - head, count);
  const Tensor first = sums_of(k.slice(3, 0, head), v.slice(3, 0, head)).unsqueeze(3);
  const Tensor later = sums_of(pk.slice(3, 0, count - 1), pv.slice(3, 0, count - 1));
  const Tensor before = cumsum(cat({first, later}, 3), 3);
  const Tensor within = tril(matmul(pq, pk.transpose(-1, -2)));
  const Tensor all = matmul(pq, before) + matmul(within, pv);
  return all.flatten(3, 4).slice(3, offset - head, S - head);
}

}  // namespace

Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                        const LinearAttentionOptions& o) {
  check_operands(q, k, v, o.causal);
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), E = v.size(3);
  const int64_t shared = k.size(1), S = k.size(2);
  const auto precise = [](const Tensor& t) {
    return is_reduced_floating(t.dtype()) ? t.to(f32) : t;
  };
  Tensor fq = features_of("q", precise(q), o.feature);
  Tensor lengths;
  if (o.lengths.defined()) lengths = core::check_lengths(kLinearAttention, o.lengths, B, S);
  Tensor fk = features_of("k", detail::zero_padding(precise(k), lengths, 2), o.feature);
  if (fq.size(3) != fk.size(3))
    throw ShapeError(fmt::format("{}: {} features of q, but {} of k; the numbers must be equal",
                                 kLinearAttention, fq.size(3), fk.size(3)));
  fk = detail::zero_padding(fk, lengths, 2);  // the feature map may not map zeros to zeros
  Tensor values = detail::zero_padding(precise(v), lengths, 2);
  fq = fq.reshape({B, shared, H / shared, T, fq.size(3)});
  fk = fk.unsqueeze(2);
  // A column of ones yields the sum of weights.
  values = cat({values, ones({B, shared, S, 1}).to(values.dtype())}, 3).unsqueeze(2);
  const Tensor both = o.causal ? causal(fq, fk, values) : matmul(fq, sums_of(fk, values));
  const Tensor total = both.slice(4, E, E + 1);
  const Tensor out = both.slice(4, 0, E) / masked_fill(total, total == 0, 1);
  return out.reshape({B, H, T, E}).to(q.dtype());
}

}  // namespace tapehead
