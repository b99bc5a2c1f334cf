#include "tapehead/core/detail/tiled_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/core/detail/attention_dropout.h"
#include "tapehead/core/detail/attention_tile.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/per_thread.h"
#include "tapehead/core/detail/strided.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/kernels/attention_scores.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kCopies = 8;  // of a gradient shared by many heads

std::vector<Sequence> sequences_of(const AttentionSpec& spec, const AttentionTensors& in) {
  std::vector<Sequence> out;
  const int64_t B = in.q.size(0), T = in.q.size(2), S = in.k.size(2);
  if (in.query_starts.defined()) {
    const int64_t *q = in.query_starts.data<int64_t>(), *k = in.key_starts.data<int64_t>();
    for (int64_t i = 0; i + 1 < in.query_starts.numel(); ++i) {
      const int64_t queries = q[i + 1] - q[i], keys = k[i + 1] - k[i];
      out.push_back({0, q[i], queries, k[i], keys, keys - queries});
    }
    return out;
  }
  for (int64_t b = 0; b < B; ++b) {
    const int64_t keys = in.lengths.defined() ? in.lengths.data<int64_t>()[b] : S;
    out.push_back({b, 0, T, 0, keys, spec.start});
  }
  return out;
}

// Calls f(tile) for the tiles with keys that the window and length make visible to at least one
// query. Other keys are never read: they may contain anything.
template <class T, class F>
void each_tile(const TileScores<T>& scores, const Sequence& s, ScoreTile tile, F f) {
  int64_t first, last;
  scores.visible(s, tile, &first, &last);
  for (int64_t j = first; j < last; j += kTileColumns) {
    tile.column = j;
    tile.columns = std::min(kTileColumns, last - j);
    f(tile);
  }
}

// What all tasks of a pass have in common.
template <class T>
struct Pass {
  const AttentionSpec& spec;
  const AttentionTensors& in;
  std::vector<Sequence> sequences;
  AttentionDropout dropout;
  Strided<T> sinks;
  int64_t H, G, E;

  Pass(const AttentionSpec& how, const AttentionTensors& tensors)
      : spec(how),
        in(tensors),
        sequences(sequences_of(spec, in)),
        dropout(spec, {in.q.size(0), in.q.size(1), in.q.size(2), in.k.size(2)}),
        sinks(in.sinks),
        H(in.q.size(1)),
        G(H / std::max<int64_t>(in.k.size(1), 1)),
        E(in.v.size(3)) {}

  ScoreTile rows_of(size_t sequence, int64_t head, int64_t row) const {
    return {.batch = static_cast<int64_t>(sequence),
            .head = head,
            .row = row,
            .rows = std::min(kTileRows, sequences[sequence].queries - row),
            .column = 0,
            .columns = 0};
  }
};

// A user's function may not be called from several threads: with one, everything runs as a single
// task on the calling thread.
template <class F>
void run(const AttentionSpec& spec, int64_t tasks, F f) {
  if (!spec.function) return parallel_for(tasks, f, Denormals::flush);
  const auto all = [&](int64_t) {
    for (int64_t task = 0; task < tasks; ++task) f(task);
  };
  parallel_for(1, all, Denormals::flush);
}

template <class T>
void forward(const Pass<T>& pass, const ScoreTile& rows, TileScores<T>& scores,
             const TensorRows<T>& out, const Strided<T>& lse) {
  constexpr T kLeast = -std::numeric_limits<T>::infinity();
  const Sequence& s = pass.sequences[static_cast<size_t>(rows.batch)];
  const kernels::AttentionKernels<T>& kernel = kernels::attention<T>();
  const int64_t E = pass.E;
  AttentionProducts<T>& products = scores.products();
  products.set_head(s, rows.head / pass.G);
  scores.set_queries(s, rows);
  std::vector<T> sum(static_cast<size_t>(rows.rows * E));
  T largest[kTileRows];
  T scales[kTileRows];
  double total[kTileRows] = {};
  std::fill_n(largest, kTileRows, kLeast);
  const bool prepares = products.prepares() && !pass.dropout && !pass.in.values.defined();
  each_tile(scores, s, rows, [&](const ScoreTile& tile) {
    T* x = scores.compute(s, tile);
    for (int64_t r = 0; r < tile.rows; ++r) {
      T *const row = x + r * kTileStep, *const sums = sum.data() + r * E;
      const int64_t n = products.columns_of(r);
      const T factor = prepares ? products.accumulate(row, r, &largest[r], &total[r])
                                : kernel.accumulate(row, n, &largest[r], &total[r]);
      if (factor != 1) strided::multiply(sums, 1, sums, 1, factor, E);
      if (!prepares) std::fill(row + n, row + tile.columns, T(0));
    }
    if (pass.dropout) pass.dropout.apply(s, tile, x);
    products.add_values(x, sum.data());
    if (pass.in.values.defined()) scores.add_values(s, tile, x, sum.data());
  });
  for (int64_t r = 0; r < rows.rows; ++r) {
    const int64_t row = s.first_query + rows.row + r;
    double shift = largest[r], all = total[r];
    const double sink = pass.sinks ? *pass.sinks.at(rows.head) : kLeast;
    if (sink != kLeast) {
      const double top = std::max(shift, sink);
      all = all * std::exp(shift - top) + std::exp(sink - top);
      shift = top;
    }
    const double scale = all == 0 ? 0 : std::exp(largest[r] - shift) / all;
    *lse.at(s.batch, rows.head, row) =
        static_cast<T>(all == 0 ? std::numeric_limits<double>::infinity() : shift + std::log(all));
    // A query that sees no key yields 0 even if the values contain inf or NaN.
    if (scale == 0) std::fill_n(sum.data() + r * E, E, T(0));
    scales[r] = static_cast<T>(scale);
  }
  out.write(sum.data(), s.batch, rows.head, s.first_query + rows.row, rows.rows, scales, 1);
}

// A [B, H, T, D] view of [B, T, H, D] memory, the layout in which heads are split and joined.
Tensor heads_like(const Tensor& x, int64_t width) {
  return transpose(empty({x.size(0), x.size(2), x.size(1), width}, x.dtype()), 1, 2);
}
// Zeros, unless every key belongs to a sequence, whose gradients are written.
Tensor key_heads_like(const Tensor& x, const AttentionTensors& in) {
  if (!in.lengths.defined() && !in.key_starts.defined()) return heads_like(x, x.size(3));
  return transpose(full({x.size(0), x.size(2), x.size(1), x.size(3)}, 0, x.dtype()), 1, 2);
}
Tensor zeros_if(bool wanted, const Tensor& x) {
  return wanted && x.defined() ? full(x.shape(), 0, x.dtype()) : Tensor();
}

// Gradients to which several heads and sequences contribute.
struct SharedGradients {
  Tensor bias, distance, keys, values, sinks;

  SharedGradients(const AttentionTensors& in, const SharedWanted& wanted)
      : bias(zeros_if(wanted.bias, in.bias)),
        distance(zeros_if(wanted.distance, in.distance)),
        keys(zeros_if(wanted.keys, in.keys)),
        values(zeros_if(wanted.values, in.values)),
        sinks(zeros_if(wanted.sinks, in.sinks)) {}
  bool any() const {
    return bias.defined() || distance.defined() || keys.defined() || values.defined() ||
           sinks.defined();
  }
  void add(const SharedGradients& o) const {
    const auto join = [](const Tensor& to, const Tensor& from) {
      if (to.defined() && !to.is_same(from)) add_into(to, from);
    };
    join(bias, o.bias);
    join(distance, o.distance);
    join(keys, o.keys);
    join(values, o.values);
    join(sinks, o.sinks);
  }
};

template <class T>
struct BackwardOf {
  const Pass<T>& pass;
  TensorRows<T> out, dout, dq, drelative;
  Strided<T> lse;

  // Processes the queries in one tile's rows of one head.
  void rows(TileScores<T>& scores, const ScoreTile& rows, const SharedGradients& shared) const {
    const Sequence& s = pass.sequences[static_cast<size_t>(rows.batch)];
    const kernels::AttentionKernels<T>& kernel = kernels::attention<T>();
    AttentionProducts<T>& products = scores.products();
    const int64_t E = pass.E, D = pass.in.q.size(3);
    scores.set_queries(s, rows);
    std::vector<T> g(static_cast<size_t>(rows.rows * E)), q(static_cast<size_t>(rows.rows * D));
    std::vector<T> relative(drelative ? q.size() : 0), dropped, y(g.size());
    T delta[kTileRows], log_sum[kTileRows];
    const int64_t first = s.first_query + rows.row;
    out.read(y.data(), s.batch, rows.head, first, rows.rows, 1);
    dout.read(g.data(), s.batch, rows.head, first, rows.rows, 1);
    for (int64_t r = 0; r < rows.rows; ++r) {
      const double sum = kernel.dot(y.data() + r * E, g.data() + r * E, E);
      delta[r] = static_cast<T>(sum);
      log_sum[r] = *lse.at(s.batch, rows.head, first + r);
      if (shared.sinks.defined())
        *Strided<T>(shared.sinks).at(rows.head) -=
            static_cast<T>(std::exp(*pass.sinks.at(rows.head) - log_sum[r]) * sum);
    }
    products.set_result_gradient(g.data());
    const ScoreGradients<T> into{.bias = Strided<T>(shared.bias),
                                 .distance = Strided<T>(shared.distance),
                                 .keys = Strided<T>(shared.keys),
                                 .q = q.data(),
                                 .relative = drelative ? relative.data() : q.data()};
    const bool prepares = products.prepares() && !pass.dropout && scores.has_plain_gradient(into);
    each_tile(scores, s, rows, [&](const ScoreTile& tile) {
      T *w = scores.compute(s, tile), *d = scores.gradient(), *weights = w;
      products.value_products(d);
      if (prepares) {
        products.score_gradients(w, d, log_sum, delta);
        products.add_value_gradients(w);
        return scores.backward(s, tile, into);
      }
      for (int64_t r = 0; r < tile.rows; ++r) {
        const int64_t n = products.columns_of(r);
        T *const of_row = w + r * kTileStep, *const to = d + r * kTileStep;
        kernel.weights(of_row, n, log_sum[r]);
        std::fill(of_row + n, of_row + tile.columns, T(0));
        std::fill(to + n, to + tile.columns, T(0));
      }
      if (pass.in.values.defined()) scores.add_value_products(s, tile, g.data(), d);
      if (pass.dropout) {
        dropped.assign(w, w + tile.rows * kTileStep);
        weights = dropped.data();
        pass.dropout.apply(s, tile, weights);
        pass.dropout.apply(s, tile, d);
      }
      products.add_value_gradients(weights);
      if (shared.values.defined())
        scores.add_values_gradient(s, tile, weights, g.data(), Strided<T>(shared.values));
      for (int64_t r = 0; r < tile.rows; ++r)
        kernel.gradient(w + r * kTileStep, d + r * kTileStep, tile.columns, delta[r]);
      scores.backward(s, tile, into);
    });
    const T scale = static_cast<T>(pass.spec.scale);
    dq.write(q.data(), s.batch, rows.head, first, rows.rows, &scale, 0);
    if (drelative)
      drelative.write(relative.data(), s.batch, rows.head, first, rows.rows, &scale, 0);
  }
};

// In f32, if the operands are bf16 and there are no kernels for their products.
AttentionTensors supported(const AttentionSpec& spec, AttentionTensors in, bool backward) {
  const bool packs = AttentionProducts<float>::packs(in) && !cuts_pairs(spec, in);
  const bool reads = !backward && AttentionProducts<float>::reads_bf16(in);
  if (in.q.dtype() == DType::bf16 && !packs && !reads)
    for (Tensor* x : {&in.q, &in.k, &in.v}) *x = cast(*x, DType::f32);
  return in;
}

}  // namespace

AttentionResult attention(const AttentionSpec& spec, const AttentionTensors& given) {
  const AttentionTensors in = supported(spec, given, false);
  const DType dtype = in.q.dtype(), wide = wide_type(dtype);
  AttentionResult result{heads_like(in.q, in.v.size(3)),
                         empty({in.q.size(0), in.q.size(1), in.q.size(2)}, wide)};
  visit_wide(wide, [&]<class T>() {
    const Pass<T> pass(spec, in);
    std::vector<ScoreTile> tasks;
    for (size_t i = 0; i < pass.sequences.size(); ++i)
      for (int64_t h = 0; h < pass.H; ++h)
        for (int64_t row = 0; row < pass.sequences[i].queries; row += kTileRows)
          tasks.push_back(pass.rows_of(i, h, row));
    const TensorRows<T> out(result.out);
    const Strided<T> lse(result.lse);
    PerThread<TileScores<T>> scores;
    run(spec, static_cast<int64_t>(tasks.size()), [&](int64_t task) {
      forward(pass, tasks[static_cast<size_t>(task)], scores.mine(spec, in, false), out, lse);
    });
  });
  if (dtype != given.q.dtype()) result.out = cast(result.out, given.q.dtype());
  return result;
}

AttentionGradients attention_backward(const AttentionSpec& spec, const AttentionTensors& given,
                                      const AttentionResult& result, const Tensor& dout,
                                      const SharedWanted& wanted) {
  const AttentionTensors in = supported(spec, given, true);
  AttentionGradients out{.q = heads_like(in.q, in.q.size(3)),
                         .k = key_heads_like(in.k, in),
                         .v = key_heads_like(in.v, in),
                         .relative = {}};
  if (in.relative.defined())
    out.relative = transpose(
        empty({in.q.size(0), in.q.size(2), in.q.size(1), in.q.size(3)}, in.relative.dtype()), 1, 2);
  visit_wide(wide_type(in.q.dtype()), [&]<class T>() {
    const Pass<T> pass(spec, in);
    const BackwardOf<T> backward{.pass = pass,
                                 .out = TensorRows<T>(result.out),
                                 .dout = TensorRows<T>(dout),
                                 .dq = TensorRows<T>(out.q),
                                 .drelative = TensorRows<T>(out.relative),
                                 .lse = Strided<T>(result.lse)};
    const TensorRows<T> dk(out.k), dv(out.v);
    // One task per key head. If heads contribute to the same gradient, a few groups of tasks, each
    // with its own copy of it.
    const int64_t key_heads = pass.H / pass.G;
    const auto tasks = static_cast<int64_t>(pass.sequences.size()) * key_heads;
    std::vector<SharedGradients> shared{{in, wanted}};
    const bool shares = shared[0].any();
    const int64_t groups = shares ? std::min(tasks, kCopies) : tasks;
    for (int64_t i = 1; shares && i < groups; ++i) shared.emplace_back(in, wanted);
    PerThread<TileScores<T>> all_scores;
    run(spec, groups, [&](int64_t group) {
      TileScores<T>& scores = all_scores.mine(spec, in, true);
      for (int64_t task = group * tasks / groups; task < (group + 1) * tasks / groups; ++task) {
        const auto i = static_cast<size_t>(task / key_heads);
        const int64_t key_head = task % key_heads;
        scores.products().set_head(pass.sequences[i], key_head);
        for (int64_t h = key_head * pass.G; h < (key_head + 1) * pass.G; ++h)
          for (int64_t row = 0; row < pass.sequences[i].queries; row += kTileRows)
            backward.rows(scores, pass.rows_of(i, h, row),
                          shared[static_cast<size_t>(shares ? group : 0)]);
        scores.products().write_key_gradients(dk, dv);
      }
    });
    for (size_t i = 1; i < shared.size(); ++i) shared[0].add(shared[i]);
    out.bias = shared[0].bias;
    out.distance = shared[0].distance;
    out.keys = shared[0].keys;
    out.values = shared[0].values;
    out.sinks = shared[0].sinks;
  });
  return out;
}

Tensor attention_weights(const AttentionSpec& spec, const AttentionTensors& in, const Tensor& lse,
                         const std::vector<int64_t>& heads, const std::vector<int64_t>& rows) {
  const auto count = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  const Tensor out = full({in.q.size(0), count(heads), count(rows), in.k.size(2)}, 0, in.q.dtype());
  visit_wide(in.q.dtype(), [&]<class T>() {
    const Pass<T> pass(spec, in);
    const Strided<T> to(out), log_sum(lse);
    TileScores<T> scores(spec, in, false);
    for (size_t b = 0; b < pass.sequences.size(); ++b)
      for (size_t h = 0; h < heads.size(); ++h)
        for (size_t r = 0; r < rows.size(); ++r) {
          const Sequence& s = pass.sequences[b];
          ScoreTile row = pass.rows_of(b, heads[h], rows[r]);
          row.rows = 1;
          scores.products().set_head(s, row.head / pass.G);
          scores.set_queries(s, row);
          each_tile(scores, s, row, [&](const ScoreTile& tile) {
            T* x = scores.compute(s, tile);
            const int64_t n = scores.products().columns_of(0);
            kernels::attention<T>().weights(x, n, *log_sum.at(s.batch, row.head, row.row));
            std::copy_n(
                x, n,
                to.at(s.batch, static_cast<int64_t>(h), static_cast<int64_t>(r)) + tile.column);
          });
        }
  });
  return out;
}

Tensor attention_dropout(const AttentionSpec& spec, const Shape& shape, DType dtype) {
  const Tensor out = full(shape, 1, dtype);
  const AttentionDropout dropout(spec, shape);
  visit_wide(dtype, [&]<class T>() {
    const Strided<T> to(out);
    for (int64_t b = 0; dropout && b < shape[0]; ++b)
      for (int64_t h = 0; h < shape[1]; ++h)
        for (int64_t i = 0; i < shape[2]; ++i)
          for (int64_t j = 0; j < shape[3]; j += kTileColumns)
            dropout.apply(b, h, i, j, std::min(kTileColumns, shape[3] - j), to.at(b, h, i) + j);
  });
  return out;
}

}  // namespace tapehead::core
