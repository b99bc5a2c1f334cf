#include <limits>

#include "tapehead/autograd/detail/attention_parts.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::detail {
namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

// Attention from simple ops, with the full [T, S] matrix of scores.
class Plain {
 public:
  Plain(const core::AttentionSpec& spec, const core::AttentionTensors& in, int64_t sequence,
        int64_t start)
      : spec_(spec),
        in_(in),
        sequence_(sequence),
        B_(in.q.size(0)),
        H_(in.q.size(1)),
        T_(in.q.size(2)),
        S_(in.k.size(2)),
        positions_(arange(T_).unsqueeze(1) + start),
        outside_(outside()) {}

  Tensor operator()(const Tensor& dropout) const {
    const Tensor w = weights(scores()) * dropout;
    const Tensor out = matmul(w, heads(in_.v));
    if (!in_.values.defined()) return out;
    const int64_t N = in_.values.size(1);
    const Tensor none = core::full({B_, H_, T_, N}, 0, w.dtype());
    return out + matmul(scatter_add(none, 3, entries(N).expand(w.shape()), w), in_.values);
  }

 private:
  // Repeats the heads of keys or values for their query heads. Positions that the window and length
  // hide from all queries are zeroed, because they may contain anything.
  Tensor heads(const Tensor& x) const {
    const int64_t G = H_ / x.size(1);
    const Tensor all =
        x.unsqueeze(2).expand({B_, H_ / G, G, S_, x.size(3)}).reshape({B_, H_, S_, x.size(3)});
    return masked_fill(all, tapehead::all(outside_, -2, true).transpose(-1, -2), 0);
  }
  // [T, S]: the table index of each distance.
  Tensor entries(int64_t N) const { return clamp(arange(S_) - positions_ + N / 2, 0, N - 1); }

  Tensor scores() const {
    Tensor x = matmul(in_.q, heads(in_.k).transpose(2, 3));
    if (in_.keys.defined()) {
      const Tensor r = in_.relative.defined() ? in_.relative : in_.q;
      x = x + gather(matmul(r, in_.keys.transpose(1, 2)), 3,
                     entries(in_.keys.size(1)).expand(x.shape()));
    }
    x = x * spec_.scale;
    if (spec_.softcap > 0) x = spec_.softcap * tanh(x / spec_.softcap);
    if (in_.bias.defined()) x = x + in_.bias;
    if (in_.distance.defined())
      x = x + index_select(in_.distance, 1, entries(in_.distance.size(1)).flatten())
                  .reshape({in_.distance.size(0), T_, S_});
    if (spec_.function) x = with_function(x);
    return masked_fill(x, hidden(), kHidden);
  }
  Tensor with_function(const Tensor& x) const {
    const auto& f = dynamic_cast<const TileFunctions&>(*spec_.function);
    std::vector<Tensor> all;
    for (int64_t b = 0; b < B_; ++b)
      for (int64_t h = 0; h < H_; ++h)
        all.push_back(f(x.select(0, b).select(0, h),
                        {sequence_ + b, h, arange(T_).unsqueeze(1), arange(S_).unsqueeze(0)}));
    return all.empty() ? x : stack(all).reshape(x.shape());
  }
  // bool [T, S] or [B, 1, T, S]: what the window and length hide.
  Tensor outside() const {
    const Tensor keys = arange(S_);
    const Tensor window = (keys < positions_ - spec_.left) | (keys > positions_ + spec_.right);
    return in_.lengths.defined() ? window | (keys >= in_.lengths.reshape({B_, 1, 1, 1})) : window;
  }
  Tensor hidden() const { return in_.mask.defined() ? outside_ | logical_not(in_.mask) : outside_; }
  // Softmax with sinks; 0 for a row that is entirely hidden.
  Tensor weights(const Tensor& x) const {
    Tensor sinks, largest;
    if (in_.sinks.defined()) sinks = in_.sinks.reshape({H_, 1, 1});
    {
      const NoGradGuard off;
      largest =
          S_ > 0 ? amax(x.detach(), -1, true) : core::full({B_, H_, T_, 1}, kHidden, x.dtype());
      if (sinks.defined()) largest = maximum(largest, sinks);
      largest = masked_fill(largest, largest == kHidden, 0);
    }
    const Tensor e = exp(x - largest);
    Tensor total = sum(e, -1, true);
    if (sinks.defined()) total = total + exp(sinks - largest);
    return e / masked_fill(total, total == 0, 1);
  }

  const core::AttentionSpec& spec_;
  const core::AttentionTensors& in_;
  int64_t sequence_, B_, H_, T_, S_;
  Tensor positions_, outside_;
};

// A slice of an axis, unless the axis is broadcast.
Tensor part(const Tensor& x, int64_t axis, int64_t from, int64_t to) {
  return !x.defined() || x.size(axis) == 1 ? x : x.slice(axis, from, to);
}

}  // namespace

Tensor plain_attention(const core::AttentionSpec& spec, const core::AttentionTensors& in) {
  const Tensor dropout =
      spec.dropout > 0
          ? core::attention_dropout(spec, {in.q.size(0), in.q.size(1), in.q.size(2), in.k.size(2)},
                                    in.q.dtype())
          : core::full({1, 1, 1, 1}, 1, in.q.dtype());
  if (!in.query_starts.defined()) return Plain(spec, in, 0, spec.start)(dropout);
  const int64_t *q = in.query_starts.data<int64_t>(), *k = in.key_starts.data<int64_t>();
  std::vector<Tensor> out;
  for (int64_t i = 0; i + 1 < in.query_starts.numel(); ++i) {
    core::AttentionTensors one = in;
    one.query_starts = one.key_starts = {};
    one.q = in.q.slice(2, q[i], q[i + 1]);
    one.relative = in.relative.defined() ? in.relative.slice(2, q[i], q[i + 1]) : Tensor();
    one.k = in.k.slice(2, k[i], k[i + 1]);
    one.v = in.v.slice(2, k[i], k[i + 1]);
    one.bias = part(part(in.bias, 2, q[i], q[i + 1]), 3, k[i], k[i + 1]);
    one.mask = part(part(in.mask, 2, q[i], q[i + 1]), 3, k[i], k[i + 1]);
    const int64_t queries = q[i + 1] - q[i], keys = k[i + 1] - k[i];
    out.push_back(
        Plain(spec, one, i, keys - queries)(part(part(dropout, 2, q[i], q[i + 1]), 3, 0, keys)));
  }
  return cat(out, 2);
}

}  // namespace tapehead::detail
