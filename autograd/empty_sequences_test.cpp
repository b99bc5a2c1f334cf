// Sizes of 0 in attention, recurrent networks and memory networks.
#include <doctest/doctest.h>

#include <array>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/linear_attention.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/empty_check.h"

namespace tapehead::empty_sequences_test {

using namespace testing;

namespace {

using Tensors = std::vector<Tensor>;

struct AttentionSizes {
  int64_t B = 2, H = 2, T = 3, S = 3, D = 4, E = 4;
  std::vector<Shape> shapes() const { return {{B, H, T, D}, {B, H, S, D}, {B, H, S, E}}; }
};
constexpr AttentionSizes kSizes[] = {{.B = 0}, {.T = 0}, {.T = 0, .S = 0},
                                     {.S = 0}, {.D = 0}, {.E = 0}};

std::vector<EmptyCall> attentions() {
  std::vector<EmptyCall> out;
  for (const AttentionSizes& n : kSizes) {
    const auto with = [&](const char* name, const AttentionOptions& o) {
      out.push_back({name, n.shapes(), [o](const Tensors& x) {
                       return Tensors{scaled_dot_product_attention(x[0], x[1], x[2], o).out};
                     }});
    };
    const Shape scores{n.B, n.H, n.T, n.S};
    with("attention", {});
    with("attention, causal", {.causal = true, .window = {.before = 1}});
    with("attention with lengths", {.lengths = full({n.B}, n.S / 2, i64)});
    with("attention with a mask and a bias",
         {.mask = full(scores, true, boolean), .bias = zeros(scores)});
    with("attention with dropout and sinks", {.dropout = 0.5, .softcap = 2, .sinks = zeros({n.H})});
    with("attention with tables",
         {.distance_bias = zeros({n.H, 3}),
          .relative = {.keys = zeros({3, n.D}), .values = zeros({3, n.E})}});
    with("attention with a score function",
         {.score = [](const Tensor& s, const ScoresAt&) { return s * 2; }});
    with("attention with its weights", {.weights_of = WeightsOf{}});
    for (const bool causal : {false, true}) {
      if (causal && n.T > n.S) continue;
      out.push_back({"linear_attention", n.shapes(), [causal](const Tensors& x) {
                       return Tensors{linear_attention(x[0], x[1], x[2], {.causal = causal})};
                     }});
      out.push_back({"linear_attention with lengths", n.shapes(), [causal](const Tensors& x) {
                       const Tensor lengths = full({x[1].size(0)}, x[1].size(2) / 2, i64);
                       return Tensors{linear_attention(x[0], x[1], x[2],
                                                       {.causal = causal, .lengths = lengths})};
                     }});
    }
  }
  return out;
}

std::vector<EmptyCall> sequences() {
  std::vector<EmptyCall> out;
  for (const auto& [B, T, C] : {std::array<int64_t, 3>{0, 3, 2}, {2, 0, 2}, {2, 3, 0}, {0, 0, 0}}) {
    for (const RnnCell cell : {RnnCell::tanh, RnnCell::relu, RnnCell::lstm, RnnCell::gru})
      for (const bool padded : {false, true}) {
        const int64_t wide = 3 * (cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1);
        const Tensor lengths = padded ? full({B}, T / 2, i64) : Tensor();
        out.push_back({"recurrent",
                       {{B, T, C}, {wide, C}, {wide, 3}, {wide}, {wide}, {B, 3}, {B, 3}},
                       [=](const Tensors& x) {
                         const RnnResult r = recurrent(cell, x[0], {x[1], x[2], x[3], x[4]}, x[5],
                                                       cell == RnnCell::lstm ? x[6] : Tensor(),
                                                       {.lengths = lengths});
                         return r.c.defined() ? Tensors{r.out, r.h, r.c} : Tensors{r.out, r.h};
                       }});
      }
  }
  return out;
}

}  // namespace

TEST_CASE("sizes of 0: attention") {
  for (const EmptyCall& row : attentions()) check(row, f32);
}
TEST_CASE("sizes of 0: recurrent networks") {
  for (const EmptyCall& row : sequences()) check(row, f32);
}

}  // namespace tapehead::empty_sequences_test
