#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

// The operands after the first.
enum Parts { kNone, kWeight, kBoth, kBiasAlone };

// Normalises the last `axes` axes.
static Array normalised(Arrays& in, int axes, bool rms, Parts parts, double eps) {
  Array y = in[0];
  int64_t n = 1;
  for (int i = 1; i <= axes; ++i) n *= y.shape[y.shape.rank() - i];
  for (int64_t first = 0; n > 0 && first < y.numel(); first += n) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n && !rms; ++i) mean += y[first + i] / static_cast<double>(n);
    for (int64_t i = 0; i < n; ++i)
      squares += (y[first + i] - mean) * (y[first + i] - mean) / static_cast<double>(n);
    for (int64_t i = 0; i < n; ++i) {
      y[first + i] = (y[first + i] - mean) / std::sqrt(squares + eps);
      if (parts == kWeight || parts == kBoth) y[first + i] *= in[1][i];
      if (parts == kBoth || parts == kBiasAlone) y[first + i] += in.back()[i];
    }
  }
  return y;
}

static Sample norm(bool rms, const Shape& shape, int axes, Parts parts, double eps = 1e-2) {
  const Shape last(std::span(shape.end() - axes, static_cast<size_t>(axes)));
  Sample s{.operands = {{shape}}};
  const bool has_weight = parts == kWeight || parts == kBoth;
  const bool has_bias = parts == kBoth || parts == kBiasAlone;
  for (int i = 0; i < has_weight + has_bias; ++i) s.operands.emplace_back(last);
  s.call = [=](const Tensors& x) {
    const Tensor weight = has_weight ? x[1] : Tensor(), bias = has_bias ? x.back() : Tensor();
    if (rms) return Tensors{rms_norm(x[0], weight, eps)};
    return Tensors{has_weight ? layer_norm(x[0], weight, bias, eps)
                              : layer_norm(x[0], last, {}, bias, eps)};
  };
  s.reference = [=](Arrays& x) { return Arrays{normalised(x, axes, rms, parts, eps)}; };
  s.reduces = 4 * last.numel();  // divides by small deviations
  return s;
}

static std::vector<Sample> norms(bool rms) {
  std::vector<Sample> out;
  for (const Parts parts : {kNone, kWeight, kBoth, kBiasAlone}) {
    if (rms && parts > kWeight) break;
    for (const Shape& shape :
         {Shape{5}, Shape{3, 4}, Shape{2, 3, 37}, Shape{0, 3}, Shape{3, 0}, Shape{150, 100}})
      out.push_back(norm(rms, shape, 1, parts));
  }
  return out;
}

TAPEHEAD_OP_TEST(layer_norm)
    .samples(norms(false))
    .sample(norm(false, {2, 3, 4}, 2, kBoth))
    .sample(norm(false, {2, 3, 4}, 3, kNone))
    .bad<ShapeError>(
        [] {
          layer_norm(core::full({2, 3}, 1), core::full({4}, 1));
        },
        "layer_norm: the normalised sizes [4] are not the last sizes of [2, 3] f32")
    .bad<ShapeError>(
        [] {
          layer_norm(core::full({2, 3}, 1), core::full({3}, 1), core::full({2}, 1));
        },
        "layer_norm: the bias has shape [2]; it must have the normalised sizes [3]")
    .bad<ShapeError>([] { layer_norm(core::full({}, 1)); },
                     "layer_norm: a 0-d tensor has no axis to normalise")
    .bad<DTypeError>([] { layer_norm(core::full({2}, 1, i64)); },
                     "layer_norm: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(rms_norm)
    .samples(norms(true))
    .sample(norm(true, {2, 3, 4}, 2, kWeight))
    .bad<ShapeError>(
        [] {
          rms_norm(core::full({2, 3}, 1), core::full({2, 3, 1}, 1));
        },
        "rms_norm: the normalised sizes [2, 3, 1] are not the last sizes of [2, 3] f32");

}  // namespace tapehead::op_tests
