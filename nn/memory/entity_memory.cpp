// entity_memory: all sentences of a batch of stories written into their memories, as one op.
//
// B batch, M sentences, N slots, C width, R sentences of all stories together.
#include "tapehead/nn/memory/entity_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/detail/strided.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/nn/memory/entity_kernel.h"

namespace tapehead::nn {
namespace {

constexpr int64_t kRows = 160;  // of slots in a task: large enough for a product, small for a cache

// Stories of similar length, the longest first: those that have a sentence t are the first ones.
struct Group {
  int64_t first;                 // stories in the groups before it
  std::vector<int64_t> stories;  // of the batch
  // Where the rows of sentence t start, in sentences of all groups; its size is one more than the
  // sentences of the longest story.
  std::vector<int64_t> starts;

  int64_t steps() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t start(int64_t t) const { return starts[static_cast<size_t>(t)]; }
  int64_t active(int64_t t) const { return t < steps() ? start(t + 1) - start(t) : 0; }
};

std::vector<Group> group(const std::vector<int64_t>& lengths, int64_t slots) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](int64_t b) { return lengths[static_cast<size_t>(b)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return length(a) > length(b); });
  const auto together = std::max<size_t>(1, static_cast<size_t>(kRows / slots));
  std::vector<Group> groups;
  int64_t at = 0;
  for (size_t first = 0; first < order.size(); first += together) {
    Group g{.first = static_cast<int64_t>(first)};
    g.stories.assign(
        order.begin() + static_cast<int64_t>(first),
        order.begin() + static_cast<int64_t>(std::min(order.size(), first + together)));
    for (int64_t t = 0; t < length(g.stories[0]); ++t) {
      g.starts.push_back(at);
      at += std::count_if(g.stories.begin(), g.stories.end(),
                          [&](int64_t b) { return t < length(b); });
    }
    g.starts.push_back(at);
    groups.push_back(std::move(g));
  }
  return groups;
}

// The op from simple ops: in and out as Entities::forward.
std::vector<Tensor> simple_entities(const std::vector<Tensor>& in,
                                    const std::vector<int64_t>& lengths) {
  const Tensor &s = in[0], &input = in[1], &keys = in[2], &key_input = in[3], &u = in[4],
               &slopes = in[5];
  const int64_t B = s.size(0), M = s.size(1);
  Tensor h = keys.expand({B, keys.size(0), keys.size(1)});
  std::vector<Tensor> gates;
  for (int64_t t = 0; t < M; ++t) {
    const Tensor active = core::empty({B, 1, 1}, boolean);
    for (size_t b = 0; b < lengths.size(); ++b) active.data<bool>()[b] = t < lengths[b];
    const Tensor at = s.select(1, t).unsqueeze(1);
    const Tensor g = sigmoid(sum(at * (h + keys), -1, true));
    const Tensor pre = linear(h, u) + key_input + input.select(1, t).unsqueeze(1);
    const Tensor next = h + g * where(pre > 0, pre, slopes * pre);
    const Tensor scaled = next * rsqrt(sum(square(next), -1, true) + kernels::kEntityEps);
    h = where(active, scaled, h);
    gates.push_back(where(active, g, 0).squeeze(-1));
  }
  return {h, M > 0 ? stack(gates, 1) : core::full({B, 0, keys.size(0)}, 0, s.dtype())};
}

// Of contiguous f32 or f64.
struct Entities : CustomOp {
  static constexpr const char* kName = "entity_memory";
  static constexpr bool kUndefinedGrads = true;

  std::vector<int64_t> lengths;
  std::vector<Group> groups;
  Tensor states, pre;    // [R, N, C]: before each sentence, and what phi was applied to
  Tensor gates, scales;  // [R, N]

  std::array<Tensor, 2> forward(const Tensor& s, const Tensor& input, const Tensor& keys,
                                const Tensor& key_input, const Tensor& u, const Tensor& slopes,
                                const std::vector<int64_t>& length_list) {
    for (const Tensor* t : {&s, &input, &keys, &key_input, &u, &slopes}) save(*t);
    const int64_t B = s.size(0), M = s.size(1), N = keys.size(0), C = keys.size(1);
    lengths = length_list;
    groups = group(lengths, N);
    const int64_t R = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
    const DType type = s.dtype();
    states = core::empty({R, N, C}, type);
    pre = core::empty({R, N, C}, type);
    gates = core::empty({R, N}, type);
    scales = core::empty({R, N}, type);
    const Tensor memory = core::empty({B, N, C}, type), all_gates = core::full({B, M, N}, 0, type);
    visit_wide(type, [&]<class T>() {
      core::parallel_for(static_cast<int64_t>(groups.size()), [&](int64_t i) {
        write<T>(groups[static_cast<size_t>(i)], {s, input, keys, key_input, u, slopes}, memory,
                 all_gates);
      });
    });
    return {memory, all_gates};
  }

  Grads backward(Grads& dy) const {
    const std::vector<Tensor> inputs{saved(0), saved(1), saved(2), saved(3), saved(4), saved(5)};
    if (is_grad_enabled()) {
      const auto again = [all = lengths](const std::vector<Tensor>& in) {
        return simple_entities(in, all);
      };
      return recompute_vjp(again, inputs, {dy.data(), dy.size()});
    }
    const Tensor& keys = inputs[2];
    const int64_t N = keys.size(0), C = keys.size(1), G = static_cast<int64_t>(groups.size());
    const auto zeros = [&](const Shape& shape) { return core::full(shape, 0, keys.dtype()); };
    const auto given = [](const Tensor& d) { return d.defined() ? core::contiguous(d) : d; };
    // Those of weights for each group; the engine adds them up.
    const std::vector<Tensor> out{zeros(inputs[0].shape()), zeros(inputs[0].shape()),
                                  zeros({G, N, C}),         zeros({G, N, C}),
                                  zeros({G, C, C}),         zeros({G, C})};
    const Tensor dmemory = given(dy[0]), dgates = given(dy[1]);
    const Tensor dstates = zeros({inputs[0].size(0), N, C});
    const Tensor dpre = core::empty_like(pre);
    visit_wide(keys.dtype(), [&]<class T>() {
      core::parallel_for(
          G, [&](int64_t i) { unwind<T>(i, inputs, dmemory, dgates, dstates, dpre, out); });
    });
    return {out[0], out[1], out[2], out[3], out[4], out[5]};
  }

 private:
  template <class T>
  void write(const Group& g, const std::array<Tensor, 6>& in, const Tensor& memory,
             const Tensor& all_gates) const {
    const auto& [s, input, keys, key_input, u, slopes] = in;
    const int64_t M = s.size(1), N = keys.size(0), C = keys.size(1);
    const auto row_of = [&](int64_t t, size_t i) {  // where story i's slots before sentence t lie
      return static_cast<int64_t>(i) < g.active(t)
                 ? states.data<T>() + (g.start(t) + static_cast<int64_t>(i)) * N * C
                 : memory.data<T>() + g.stories[i] * N * C;
    };
    for (size_t i = 0; i < g.stories.size(); ++i) std::copy_n(keys.data<T>(), N * C, row_of(0, i));
    for (int64_t t = 0; t < g.steps(); ++t) {
      const int64_t first = g.start(t);
      core::gemm(s.dtype(), g.active(t) * N, C, C, {states.data<T>() + first * N * C, C, 1},
                 {u.raw(), 1, C}, pre.data<T>() + first * N * C, C);
      for (int64_t i = 0; i < g.active(t); ++i) {
        const int64_t r = first + i, sentence = g.stories[static_cast<size_t>(i)] * M + t;
        T* gate = gates.data<T>() + r * N;
        kernels::entity<T>().forward({.sentence = s.data<T>() + sentence * C,
                                      .input = input.data<T>() + sentence * C,
                                      .keys = keys.data<T>(),
                                      .key_input = key_input.data<T>(),
                                      .slopes = slopes.data<T>(),
                                      .h = states.data<T>() + r * N * C,
                                      .pre = pre.data<T>() + r * N * C,
                                      .gates = gate,
                                      .scales = scales.data<T>() + r * N,
                                      .h_out = row_of(t + 1, static_cast<size_t>(i)),
                                      .slots = N,
                                      .width = C});
        std::copy_n(gate, N, all_gates.data<T>() + sentence * N);
      }
    }
  }

  // The gradients of group i, from its last sentence to its first.
  template <class T>
  void unwind(int64_t group, const std::vector<Tensor>& in, const Tensor& dmemory,
              const Tensor& dgates, const Tensor& dstates, const Tensor& dpre,
              const std::vector<Tensor>& out) const {
    const Tensor &s = in[0], &keys = in[2], &u = in[4], &slopes = in[5];
    const Group& g = groups[static_cast<size_t>(group)];
    const int64_t M = s.size(1), N = keys.size(0), C = keys.size(1);
    const auto stories = static_cast<int64_t>(g.stories.size());
    T* dh = dstates.data<T>() + g.first * N * C;
    for (int64_t i = 0; i < stories && dmemory.defined(); ++i)
      std::copy_n(dmemory.data<T>() + g.stories[static_cast<size_t>(i)] * N * C, N * C,
                  dh + i * N * C);
    T *dkeys = out[2].data<T>() + group * N * C, *dkey_input = out[3].data<T>() + group * N * C,
      *dslopes = out[5].data<T>() + group * C;
    for (int64_t t = g.steps() - 1; t >= 0; --t) {
      T* dpre_rows = dpre.data<T>() + g.start(t) * N * C;
      for (int64_t i = 0; i < g.active(t); ++i) {
        const int64_t r = g.start(t) + i, sentence = g.stories[static_cast<size_t>(i)] * M + t;
        kernels::entity<T>().backward(
            {.sentence = s.data<T>() + sentence * C,
             .keys = keys.data<T>(),
             .slopes = slopes.data<T>(),
             .h = states.data<T>() + r * N * C,
             .pre = pre.data<T>() + r * N * C,
             .gates = gates.data<T>() + r * N,
             .scales = scales.data<T>() + r * N,
             .dgates = dgates.defined() ? dgates.data<T>() + sentence * N : nullptr,
             .dh = dh + i * N * C,
             .dpre = dpre_rows + i * N * C,
             .dsentence = out[0].data<T>() + sentence * C,
             .dinput = out[1].data<T>() + sentence * C,
             .dkeys = dkeys,
             .dkey_input = dkey_input,
             .dslopes = dslopes,
             .slots = N,
             .width = C});
      }
      core::gemm(s.dtype(), g.active(t) * N, C, C, {dpre_rows, C, 1}, {u.raw(), C, 1}, dh, C, 1);
    }
    const int64_t first = g.starts[0] * N * C;
    core::gemm(s.dtype(), C, C, (g.starts.back() - g.starts[0]) * N, {dpre.data<T>() + first, 1, C},
               {states.data<T>() + first, C, 1}, out[4].data<T>() + group * C * C, C);
    for (int64_t i = 0; i < stories; ++i)  // slots start as their keys
      core::strided::add(dkeys, 1, dh + i * N * C, 1, N * C);
  }

  void forget() override {
    groups.clear();
    states = pre = gates = scales = {};
  }
};

void require(bool fits, const char* what, const Tensor& t, const std::string& expected) {
  if (!fits)
    throw ShapeError(
        fmt::format("entity_memory: {} is {}, expected {}", what, t.shape().str(), expected));
}

}  // namespace

EntityMemory entity_memory(const Tensor& sentences, const EntityWeights& weights,
                           const Tensor& lengths) {
  require(sentences.dim() == 3, "sentences", sentences, "[B, M, C]");
  require(weights.keys.dim() == 2 && weights.keys.size(0) > 0, "keys", weights.keys,
          "[N, C] of at least one slot");
  const int64_t C = weights.keys.size(1);
  require(sentences.size(2) == C, "sentences", sentences, fmt::format("[B, M, {}]", C));
  for (const auto& [what, t] : {std::pair("u", &weights.u), {"v", &weights.v}, {"w", &weights.w}})
    require(t->shape() == Shape{C, C}, what, *t, Shape{C, C}.str());
  if (weights.slopes.defined())
    require(weights.slopes.shape() == Shape{C}, "slopes", weights.slopes, Shape{C}.str());
  const int64_t B = sentences.size(0), M = sentences.size(1);
  const Tensor checked = lengths.defined() ? core::check_lengths("entity_memory", lengths, B, M)
                                           : core::full({B}, M, i64);
  const DType given = core::result_type(sentences, weights.keys);
  const DType wide = wide_type(given);  // bf16 is computed in f32
  const auto as = [&](const Tensor& t) { return t.to(wide).contiguous(); };
  const Tensor s = as(detail::zero_padding(sentences, checked)), keys = as(weights.keys);
  const Tensor slopes =
      weights.slopes.defined() ? as(weights.slopes) : core::full({C}, 1, wide);  // of the identity
  const auto [memory, gates] =
      apply<Entities>(s, as(linear(s, as(weights.w))), keys, as(linear(keys, as(weights.v))),
                      as(weights.u), slopes, checked.to_vector<int64_t>());
  return {memory.to(given), gates.to(given)};
}

}  // namespace tapehead::nn
