#include "tapehead/autograd/rotary.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Sample rotation(const Shape& x, int64_t R, bool interleaved) {
  const Shape angles{x[x.rank() - 2], R};
  return {.operands = {x, angles, angles},
          .call =
              [interleaved](const Tensors& in) {
                return Tensors{rotate_pairs(in[0], in[1], in[2], interleaved)};
              },
          .reference =
              [=](Arrays& in) {
                Array y = in[0];
                const int64_t T = angles[0], D = x.back();
                for (int64_t row = 0; row < y.numel() / D; ++row)
                  for (int64_t i = 0; i < R; ++i) {
                    const int64_t a = row * D + (interleaved ? 2 * i : i);
                    const int64_t b = interleaved ? a + 1 : a + R;
                    const double c = in[1](row % T, i), s = in[2](row % T, i);
                    y[a] = in[0][a] * c - in[0][b] * s;
                    y[b] = in[0][a] * s + in[0][b] * c;
                  }
                return Arrays{y};
              },
          .reduces = 4 * (x.numel() / std::max<int64_t>(1, angles[0])),
          .roundings = 3};
}

}  // namespace

TAPEHEAD_OP_TEST(rotate_pairs)
    .sample(rotation({2, 3, 4}, 2, false))
    .sample(rotation({3, 5}, 2, true))
    .sample(rotation({2, 1, 3, 6}, 2, false))
    .bad<ShapeError>(
        [] {
          rotate_pairs(core::full({3, 4}, 0), core::full({3, 3}, 0), core::full({3, 3}, 0));
        },
        "rotate_pairs: x is [3, 4], cosines are [3, 3], sines [3, 3]; expected [..., T, D] and "
        "twice [T, R] with 2 R <= D")
    .bad<DTypeError>(
        [] {
          rotate_pairs(core::full({3, 4}, 0, i64), core::full({3, 2}, 0), core::full({3, 2}, 0));
        },
        "rotate_pairs: expected a floating tensor, got [3, 4] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
