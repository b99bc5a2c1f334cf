#include "tapehead/nn/memory/entity_memory.h"

#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using nn::entity_memory;
using nn::EntityMemory;
using nn::EntityWeights;

constexpr int64_t kB = 3, kM = 4, kN = 2, kC = 3;

// The formulas of the paper, number by number, of operands s, keys, U, V, W and slopes.
Arrays plain_entities(Arrays& in, const std::vector<int64_t>& lengths, bool parametric) {
  Array memory({kB, kN, kC}), gates({kB, kM, kN});
  for (int64_t b = 0; b < kB; ++b)
    for (int64_t j = 0; j < kN; ++j) {
      std::vector<double> h(kC), next(kC);
      for (int64_t c = 0; c < kC; ++c) h[static_cast<size_t>(c)] = in[1](j, c);
      for (int64_t t = 0; t < lengths[static_cast<size_t>(b)]; ++t) {
        double logit = 0, square = 0;
        for (int64_t c = 0; c < kC; ++c)
          logit += in[0](b, t, c) * (h[static_cast<size_t>(c)] + in[1](j, c));
        gates(b, t, j) = 1 / (1 + std::exp(-logit));
        for (int64_t c = 0; c < kC; ++c) {
          double x = 0;
          for (int64_t k = 0; k < kC; ++k)
            x += in[2](c, k) * h[static_cast<size_t>(k)] + in[3](c, k) * in[1](j, k) +
                 in[4](c, k) * in[0](b, t, k);
          if (parametric && x < 0) x *= in[5][c];
          next[static_cast<size_t>(c)] = h[static_cast<size_t>(c)] + gates(b, t, j) * x;
          square += next[static_cast<size_t>(c)] * next[static_cast<size_t>(c)];
        }
        for (size_t c = 0; c < h.size(); ++c) h[c] = next[c] / std::sqrt(square);
      }
      for (int64_t c = 0; c < kC; ++c) memory(b, j, c) = h[static_cast<size_t>(c)];
    }
  return {memory, gates};
}

// `used`: which of the results; all if negative.
Sample entities_of(const std::vector<int64_t>& lengths, bool parametric, int used = -1) {
  std::vector<Operand> operands{Shape{kB, kM, kC}, Shape{kN, kC}, Shape{kC, kC}, Shape{kC, kC},
                                Shape{kC, kC}};
  if (parametric) operands.emplace_back(Shape{kC}, 0.1, 0.9);
  Tensor length_tensor = core::empty({kB}, i64);
  std::copy_n(lengths.begin(), kB, length_tensor.data<int64_t>());
  return {operands,
          [=](const Tensors& in) {
            const EntityMemory m = entity_memory(
                in[0], {in[1], in[2], in[3], in[4], parametric ? in[5] : Tensor()}, length_tensor);
            if (used >= 0) return Tensors{used == 0 ? m.memory : m.gates};
            return Tensors{m.memory, m.gates};
          },
          [=](Arrays& in) {
            const Arrays all = plain_entities(in, lengths, parametric);
            return used >= 0 ? Arrays{all[static_cast<size_t>(used)]} : all;
          },
          4 * kM * kC};
}

EntityWeights weights_of(int64_t slots) {
  return {zeros({slots, 3}), zeros({3, 3}), zeros({3, 3}), zeros({3, 3}), zeros({3})};
}

}  // namespace

TAPEHEAD_OP_TEST(entity_memory)
    .sample(entities_of({4, 4, 4}, true))
    .sample(entities_of({2, 4, 0}, true))
    .sample(entities_of({1, 3, 4}, false))
    .sample(entities_of({2, 4, 0}, true, 0))
    .sample(entities_of({2, 4, 0}, true, 1))
    .bad<ShapeError>(
        [] {
          entity_memory(zeros({2, 3}), weights_of(2));
        },
        "entity_memory: sentences is [2, 3], expected [B, M, C]")
    .bad<ShapeError>(
        [] {
          entity_memory(zeros({2, 5, 4}), weights_of(2));
        },
        "entity_memory: sentences is [2, 5, 4], expected [B, M, 3]")
    .bad<ShapeError>(
        [] {
          entity_memory(zeros({2, 5, 3}), weights_of(0));
        },
        "entity_memory: keys is [0, 3], expected [N, C] of at least one slot")
    .bad<ShapeError>(
        [] {
          EntityWeights weights = weights_of(2);
          weights.v = zeros({3, 4});
          entity_memory(zeros({2, 5, 3}), weights);
        },
        "entity_memory: v is [3, 4], expected [3, 3]")
    .bad<ShapeError>(
        [] {
          EntityWeights weights = weights_of(2);
          weights.slopes = zeros({1});
          entity_memory(zeros({2, 5, 3}), weights);
        },
        "entity_memory: slopes is [1], expected [3]")
    .bad<ShapeError>(
        [] {
          entity_memory(zeros({2, 5, 3}), weights_of(2), tensor({1, 2, 3}));
        },
        "entity_memory: lengths are [3]; expected [2], one for each sequence")
    .bad<IndexError>(
        [] {
          entity_memory(zeros({2, 5, 3}), weights_of(2), tensor({1, 6}));
        },
        "entity_memory: lengths[1] = 6 is outside 0..5");

}  // namespace tapehead::op_tests
