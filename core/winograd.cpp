#include "tapehead/core/detail/winograd.h"

#include <algorithm>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/correlation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/kernels/convolution.h"
#include "tapehead/core/kernels/winograd.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

using kernels::kWinogradPoints;

constexpr int64_t kLeastChannels = 32;       // with fewer, the transformations take longer
constexpr int64_t kBlockElements = 1 << 17;  // of transformed tiles: a part of the L2 cache
constexpr int64_t kLeastTiles = 48;          // of a block, for which the filters are read once

// A convolution with filters at weight + o * out_step + c * in_step.
struct WinogradShape {
  int64_t batch, in, out;
  int64_t height, width, top, left;  // of x, and its padding
  int64_t rows, columns;             // of y
  int64_t out_step, in_step;
  bool flip;

  int64_t tiles_down() const { return ceil_div(rows, 2); }
  int64_t tiles_across() const { return ceil_div(columns, 2); }
};

WinogradShape forward_shape(const ConvShape& s) {
  const ConvShape::Axis &y = s.axis[1], &x = s.axis[2];
  return {s.batch,   s.in,     s.out,    y.size,   x.size, y.padding,
          x.padding, y.result, x.result, s.in * 9, 9,      false};
}
WinogradShape input_gradient_shape(const ConvShape& s) {
  const ConvShape::Axis &y = s.axis[1], &x = s.axis[2];
  return {s.batch,       s.out,  s.in,   y.result, x.result, 2 - y.padding,
          2 - x.padding, y.size, x.size, 9,        s.in * 9, true};
}

template <class T>
class Winograd {
 public:
  Winograd(const WinogradShape& shape, const T* x, const T* bias, T* y)
      : s_(shape),
        x_(x),
        bias_(bias),
        y_(y),
        pitch_(2 * s_.tiles_across() + 2),
        block_(std::max<int64_t>(
            1, std::max(kLeastTiles, kBlockElements / (kWinogradPoints * (s_.in + s_.out))) /
                   s_.tiles_across())) {}

  void run(const T* weight) const {
    const Tensor u = empty({kWinogradPoints, s_.out, s_.in}, dtype_of<T>());
    kernels::winograd<T>().filters(weight, s_.out, s_.out_step, s_.in, s_.in_step, s_.flip,
                                   u.data<T>());
    const int64_t rows = s_.batch * s_.tiles_down();
    parallel_range(
        rows, block_, [&](int64_t first, int64_t last) { compute(first, last, u.data<T>()); },
        Denormals::flush);
  }

 private:
  // Rows of tiles, counted through the batch.
  void compute(int64_t first, int64_t last, const T* u) const {
    const int64_t across = s_.tiles_across(), tiles = (last - first) * across;
    const Tensor inputs = empty({kWinogradPoints, s_.in, tiles}, dtype_of<T>());
    const Tensor outputs = empty({kWinogradPoints, s_.out, tiles}, dtype_of<T>());
    transform_input(first, last, inputs.data<T>());
    gemm_batched(dtype_of<T>(), kWinogradPoints, s_.out, tiles, s_.in, {u, s_.in, 1},
                 s_.out * s_.in, {inputs.data<T>(), tiles, 1}, s_.in * tiles, outputs.data<T>(),
                 s_.out * tiles, tiles);
    const T* m = outputs.data<T>();
    each_image(first, last, [&](int64_t image, int64_t row, int64_t count) {
      const int64_t at = 2 * row, rows = std::min(2 * count, s_.rows - at);
      for (int64_t o = 0; o < s_.out; ++o)
        kernels::winograd<T>().output(m + o * tiles, s_.out * tiles, bias_ ? bias_[o] : T(0), rows,
                                      s_.columns,
                                      y_ + ((image * s_.out + o) * s_.rows + at) * s_.columns);
      m += count * across;
    });
  }

  // Calls f(image, first row, number of rows) for the rows of tiles of each image.
  template <class F>
  void each_image(int64_t first, int64_t last, F f) const {
    const int64_t down = s_.tiles_down();
    for (int64_t row = first; row < last;) {
      const int64_t count = std::min(last - row, down - row % down);
      f(row / down, row % down, count);
      row += count;
    }
  }

  void transform_input(int64_t first, int64_t last, T* v) const {
    const int64_t across = s_.tiles_across(), tiles = (last - first) * across;
    const Tensor room =
        empty({2 * std::min(last - first, s_.tiles_down()) + 2, pitch_}, dtype_of<T>());
    T* rows = room.data<T>();
    each_image(first, last, [&](int64_t image, int64_t row, int64_t count) {
      for (int64_t c = 0; c < s_.in; ++c) {
        read(image * s_.in + c, 2 * row - s_.top, 2 * count + 2, rows);
        kernels::winograd<T>().input(rows, pitch_, count, across, v + c * tiles, s_.in * tiles);
      }
      v += count * across;
    });
  }

  // Copies rows of a channel from `top` on, with zeros outside of x.
  void read(int64_t channel, int64_t top, int64_t rows, T* to) const {
    const int64_t above = std::clamp<int64_t>(-top, 0, rows);
    const int64_t below = std::clamp<int64_t>(s_.height - top, above, rows);
    const int64_t n = std::min(s_.width, pitch_ - s_.left);
    std::fill_n(to, above * pitch_, T(0));
    std::fill_n(to + below * pitch_, (rows - below) * pitch_, T(0));
    if (below > above)
      kernels::convolution<T>().pad_rows(x_ + (channel * s_.height + top + above) * s_.width,
                                         s_.width, below - above, s_.left, n, pitch_ - s_.left - n,
                                         T(0), 1, to + above * pitch_, pitch_);
  }

  const WinogradShape s_;
  const T *x_, *bias_;
  T* y_;
  const int64_t pitch_;  // elements of a row that is read
  const int64_t block_;  // rows of tiles
};

void run_winograd(const WinogradShape& shape, const Tensor& x, const Tensor& weight,
                  const Tensor& bias, const Tensor& y) {
  visit_wide(x.dtype(), [&]<class T>() {
    Winograd<T>(shape, x.data<T>(), bias.defined() ? bias.data<T>() : nullptr, y.data<T>())
        .run(weight.data<T>());
  });
}

}  // namespace

bool suits_winograd(const ConvShape& s, DType dtype) {
  const ConvShape::Axis& depth = s.axis[0];
  bool fits = s.groups == 1 && s.in >= kLeastChannels && s.out >= kLeastChannels &&
              depth.size == 1 && depth.kernel == 1 && depth.result == 1;
  for (const ConvShape::Axis* a : {&s.axis[1], &s.axis[2]})
    fits = fits && a->kernel == 3 && a->stride == 1 && a->dilation == 1 && a->padding <= 2;
  const int64_t narrower = std::min(s.axis[2].size, s.axis[2].result);
  int64_t vector = 0;  // of adjacent tiles, which are transformed together
  visit_wide(dtype, [&]<class T>() { vector = kernels::convolution<T>().width() / 2; });
  return fits && ceil_div(narrower, 2) >= vector;
}

void winograd_convolution(const ConvShape& shape, const Tensor& x, const Tensor& weight,
                          const Tensor& bias, const Tensor& y) {
  run_winograd(forward_shape(shape), x, weight, bias, y);
}

void winograd_input_gradient(const ConvShape& shape, const Tensor& dy, const Tensor& weight,
                             const Tensor& bias, const Tensor& dx) {
  run_winograd(input_gradient_shape(shape), dy, weight, bias, dx);
}

}  // namespace tapehead::core
