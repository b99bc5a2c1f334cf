#include <doctest/doctest.h>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(flip)
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{flip(in[0], {0, -1})};
             },
             [](Arrays& in) {
               return matrix(2, 3, [&](int64_t i, int64_t j) { return in[0](1 - i, 2 - j); });
             }})
    .bad<ShapeError>(
        [] {
          flip(ones({2, 3}), {1, -1});
        },
        "flip: axis 1 is repeated in [1, -1]");

TAPEHEAD_OP_TEST(roll)
    .sample({{Operand({2, 3})},
             [](const Tensors& in) { return Tensors{roll(in[0], 1, -1)}; },
             [](Arrays& in) {
               return matrix(2, 3, [&](int64_t i, int64_t j) { return in[0](i, (j + 2) % 3); });
             }})
    .sample({{Operand({2, 3})},
             [](const Tensors& in) { return Tensors{roll(in[0], -5, 0)}; },
             [](Arrays& in) {
               return matrix(2, 3, [&](int64_t i, int64_t j) { return in[0]((i + 1) % 2, j); });
             }})
    .bad<IndexError>([] { roll(ones({2}), 1, 1); },
                     "roll: axis 1 is outside -1..0 of a tensor with 1 dimension");

// Pads a matrix; source(i, n) is the index of the element at position i of an axis of size n.
static Sample padded(const Shape& shape, const std::vector<int64_t>& widths, PadMode mode,
                     int64_t (*source)(int64_t i, int64_t n)) {
  return {{{shape}},
          [=](const Tensors& in) { return Tensors{pad(in[0], widths, {.mode = mode})}; },
          [=](Arrays& in) {
            const int64_t rows = shape[0] + widths[2] + widths[3];
            const int64_t columns = shape[1] + widths[0] + widths[1];
            return matrix(rows, columns, [&](int64_t i, int64_t j) {
              return in[0](source(i - widths[2], shape[0]), source(j - widths[0], shape[1]));
            });
          }};
}

TAPEHEAD_OP_TEST(pad)
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{pad(in[0], {1, 0, 0, 2}, 7)};
             },
             [](Arrays& in) {
               return matrix(4, 4, [&](int64_t i, int64_t j) {
                 return i < 2 && j > 0 ? in[0](i, j - 1) : 7;
               });
             }})
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{pad(in[0], {-1, 2})};
             },
             [](Arrays& in) {
               return matrix(2, 4,
                             [&](int64_t i, int64_t j) { return j < 2 ? in[0](i, j + 1) : 0; });
             }})
    .sample(padded({2, 5}, {2, 4, 1, 0}, PadMode::reflect,
                   [](int64_t i, int64_t n) { return i < 0   ? -i
                                                     : i < n ? i
                                                             : 2 * (n - 1) - i; }))
    .sample(padded({2, 3}, {2, 4, 1, 0}, PadMode::replicate,
                   [](int64_t i, int64_t n) { return i < 0   ? 0
                                                     : i < n ? i
                                                             : n - 1; }))
    .sample(padded({2, 3}, {-1, 3, 2, 0}, PadMode::circular,
                   [](int64_t i, int64_t n) { return (i + n) % n; }))
    .bad<ShapeError>(
        [] {
          pad(ones({3}), {1, 3}, {.mode = PadMode::reflect});
        },
        "pad: widths 1 and 3 exceed what size(0) = 3 has to reflect")
    .bad<ShapeError>(
        [] {
          pad(ones({2}), {3, 0}, {.mode = PadMode::circular});
        },
        "pad: widths 3 and 0 exceed what size(0) = 2 has to repeat")
    .bad<ShapeError>(
        [] {
          pad(ones({0}), {1, 0}, {.mode = PadMode::replicate});
        },
        "pad: widths 1 and 0 exceed what size(0) = 0 has to replicate")
    .bad<ShapeError>(
        [] {
          pad(ones({2}), {-2, -1}, {.mode = PadMode::replicate});
        },
        "pad: widths -2 and -1 crop more than size(0) = 2")
    .bad<ShapeError>(
        [] { pad(ones({2}), {1}, {.mode = PadMode::replicate}); },
        "pad: 1 widths for [2] f32; pass two (before, after) for each axis, from the last on")
    .bad<ShapeError>(
        [] {
          pad(ones({2}), {1, 1, 1, 1});
        },
        "pad: 4 widths for [2] f32; pass two (before, after) for each axis, from the last on")
    .bad<ShapeError>(
        [] {
          pad(ones({2}), {-2, -1});
        },
        "pad: widths -2 and -1 crop more than size(0) of [2] f32")
    .bad<ShapeError>(
        [] {
          pad(ones({2}), {1, INT64_MAX});
        },
        "pad: widths 1 and 9223372036854775807 make size(0) of [2] f32 too large to address");

TAPEHEAD_OP_TEST(tril)
    .sample({{Operand({3, 4})},
             [](const Tensors& in) { return Tensors{tril(in[0], 1)}; },
             [](Arrays& in) {
               return matrix(3, 4,
                             [&](int64_t i, int64_t j) { return j - i <= 1 ? in[0](i, j) : 0; });
             }})
    .bad<ShapeError>([] { tril(ones({3})); },
                     "tril: [3] f32 is not a matrix; at least two axes are needed");

TAPEHEAD_OP_TEST(triu)
    .sample({{Operand({3, 4})},
             [](const Tensors& in) { return Tensors{triu(in[0], -1)}; },
             [](Arrays& in) {
               return matrix(3, 4,
                             [&](int64_t i, int64_t j) { return j - i >= -1 ? in[0](i, j) : 0; });
             }})
    .bad<ShapeError>([] { triu(ones({3})); },
                     "triu: [3] f32 is not a matrix; at least two axes are needed");

TEST_CASE("pad copies elements of any dtype, and crops") {
  for (const DType dtype : {f64, f32, bf16, i64, i16, u8}) {
    const Tensor x = arange(0, 6).reshape({2, 3}).to(dtype);
    const Tensor y = pad(x, {-1, 2, 1, 0}, {.mode = PadMode::replicate});
    CAPTURE(name(dtype));
    CHECK(y.dtype() == dtype);
    CHECK(y.to_vector<double>() == std::vector<double>{1, 2, 2, 2, 1, 2, 2, 2, 4, 5, 5, 5});
  }
}

}  // namespace tapehead::op_tests
