#include "tapehead/core/detail/convolution.h"

#include <algorithm>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/correlation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/detail/winograd.h"
#include "tapehead/core/kernels/convolution.h"
#include "tapehead/core/kernels/depthwise.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kConvWindow = 1 << 18;    // bytes of a window: a part of the L2 cache
constexpr int64_t kConvTaskWork = 1 << 18;  // multiply-adds that justify a thread
constexpr int64_t kConvTasks = 16;          // enough for the threads of most machines

int64_t axes_volume(const CorrelationAxis (&axis)[3], bool stored) {
  int64_t n = 1;
  for (const CorrelationAxis& a : axis) n *= stored ? a.stored : a.size;
  return n;
}

// Whether so few channels share an input that most columns of a panel would be empty.
template <class T>
bool is_thin(const Correlation& c) {
  return c.out * 8 <= kernels::convolution<T>().width();
}

// One correlation: the operands, and what all its tasks share.
template <class T>
class Correlator {
 public:
  Correlator(const Correlation& correlation, int64_t most_results)
      : c(correlation),
        thin(is_thin<T>(c)),
        plan(c, thin, kConvWindow / static_cast<int64_t>(sizeof(T)), most_results),
        x_step(c.in * axes_volume(c.axis, false)),
        y_channel(axes_volume(c.axis, true)),
        terms(static_cast<int64_t>(plan.terms.size())),
        width(kernels::convolution<T>().width()),
        panels(ceil_div(c.out, width)) {}

  void run(const T* x, const T* w, const T* bias, T* y) {
    const Tensor packed = thin ? Tensor() : pack(w);
    const int64_t blocks = plan.blocks(), windows = c.batch * c.groups * blocks;
    const int64_t parts =
        thin ? 1 : std::min(panels, ceil_div(kConvTasks, std::max<int64_t>(windows, 1)));
    const int64_t work = static_cast<int64_t>(plan.results.size()) * terms * c.out / parts;
    parallel_range(
        windows * parts, std::max<int64_t>(1, kConvTaskWork / std::max<int64_t>(work, 1)),
        [&](int64_t first, int64_t last) {
          const Tensor room = empty({plan.copied()}, dtype_of<T>());
          for (int64_t i = first; i < last; ++i) {
            const int64_t part = i % parts, group = i / parts / blocks;
            const CorrelationBlock block = plan.block(i / parts % blocks);
            const T* window = plan.window(block, x + group * x_step, room.data<T>());
            T* out = y + group * c.out * y_channel + plan.target(block);
            const int64_t g = group % c.groups;
            const T* b = bias ? bias + g * c.out : nullptr;
            if (thin) multiply_thin(block, window, w + g * c.w_group, b, out);
            else
              for (int64_t p = panels * part / parts; p < panels * (part + 1) / parts; ++p)
                multiply(block, window, packed.data<T>() + (g * panels + p) * terms * width, b, p,
                         out);
          }
        },
        Denormals::flush);
  }

  /// The gradient of the weight [groups * out, in, kernel...], for y = dy.
  Tensor weight_gradient(const T* x, const T* dy) {
    const int64_t items = c.batch * plan.blocks();
    const int64_t columns = thin ? c.out : panels * width;
    const int64_t size = c.groups * columns * terms;
    // Each chunk of the items sums into its own copy of the result.
    const int64_t chunks =
        std::min({items, ceil_div(kConvTasks, c.groups), std::max<int64_t>(1, (1 << 24) / size)});
    const Tensor sums = core::full({chunks, c.groups, columns, terms}, 0, dtype_of<T>());
    parallel_for(
        chunks * c.groups,
        [&](int64_t task) {
          const int64_t chunk = task / c.groups, g = task % c.groups;
          const Tensor room = empty({plan.copied()}, dtype_of<T>());
          const Tensor panel =
              empty({thin ? 0 : static_cast<int64_t>(plan.results.size()) * width}, dtype_of<T>());
          for (int64_t i = items * chunk / chunks; i < items * (chunk + 1) / chunks; ++i) {
            const CorrelationBlock block = plan.block(i % plan.blocks());
            const int64_t group = i / plan.blocks() * c.groups + g;
            const T* window = plan.window(block, x + group * x_step, room.data<T>());
            const T* d = dy + group * c.out * y_channel + plan.target(block);
            T* into = sums.data<T>() + task * columns * terms;
            if (thin) accumulate_thin(block, window, d, into);
            else accumulate(block, window, d, panel.data<T>(), into);
          }
        },
        Denormals::flush);
    return reduce("convolution", kernels::Reduce::sum, sums, 1, false);
  }

  const Correlation& c;
  const bool thin;
  const CorrelationPlan plan;
  const int64_t x_step, y_channel, terms, width, panels;

 private:
  // The panels of all groups.
  Tensor pack(const T* w) const {
    const Tensor packed = empty({c.groups * panels, terms, width}, dtype_of<T>());
    parallel_for(c.groups * panels, [&](int64_t i) {
      const int64_t first = i % panels * width;
      kernels::convolution<T>().pack(w + i / panels * c.w_group + first * c.w_out,
                                     plan.weights.data(), terms, std::min(width, c.out - first),
                                     c.w_out, packed.data<T>() + i * terms * width);
    });
    return packed;
  }

  void multiply(const CorrelationBlock& block, const T* window, const T* panel, const T* bias,
                int64_t p, T* out) const {
    constexpr int64_t kMostColumns = 64;
    const int64_t columns = std::min(width, c.out - p * width);
    T start[kMostColumns] = {};
    if (bias) std::copy_n(bias + p * width, columns, start);
    kernels::convolution<T>().multiply({window, plan.results.data(), block.rows * block.columns,
                                        plan.terms.data(), terms, panel, columns},
                                       start, out + p * width * y_channel, y_channel,
                                       plan.targets.empty() ? nullptr : plan.targets.data());
  }

  kernels::RowWindow<T> rows_of(const CorrelationBlock& block, const T* window) const {
    return {window, plan.row_step(), block.rows, block.columns, plan.terms.data(), terms};
  }

  void multiply_thin(const CorrelationBlock& block, const T* window, const T* w, const T* bias,
                     T* out) const {
    const Tensor factors = empty({terms}, dtype_of<T>());
    const int64_t results = block.rows * block.columns;
    const Tensor apart = empty({plan.targets.empty() ? 0 : results}, dtype_of<T>());
    for (int64_t o = 0; o < c.out; ++o, w += c.w_out, out += y_channel) {
      for (int64_t k = 0; k < terms; ++k)
        factors.data<T>()[k] = w[plan.weights[static_cast<size_t>(k)]];
      T* to = plan.targets.empty() ? out : apart.data<T>();
      kernels::depthwise<T>().multiply(rows_of(block, window), factors.data<T>(),
                                       bias ? bias[o] : T(0), to);
      if (plan.targets.empty()) continue;
      for (int64_t i = 0; i < results; ++i) out[plan.targets[static_cast<size_t>(i)]] = to[i];
    }
  }

  // Adds to sums [panels, terms, width].
  void accumulate(const CorrelationBlock& block, const T* window, const T* dy, T* panel,
                  T* sums) const {
    const int64_t results = block.rows * block.columns;
    for (int64_t p = 0; p < panels; ++p) {
      const int64_t columns = std::min(width, c.out - p * width);
      kernels::convolution<T>().pack_transposed(dy + p * width * y_channel, results, columns,
                                                y_channel, panel);
      kernels::convolution<T>().accumulate(
          {window, plan.terms.data(), terms, plan.results.data(), results, panel, columns},
          sums + p * terms * width, width);
    }
  }

  // Adds to sums [out, terms].
  void accumulate_thin(const CorrelationBlock& block, const T* window, const T* dy, T* sums) const {
    for (int64_t o = 0; o < c.out; ++o)
      kernels::depthwise<T>().accumulate(rows_of(block, window), dy + o * y_channel,
                                         sums + o * terms);
  }
};

constexpr int64_t kAnyResults = INT64_MAX / 4;
constexpr int64_t kPanelResults = 1024;  // rows of a panel of dy

}  // namespace

void convolution(const ConvShape& shape, const Tensor& x, const Tensor& weight, const Tensor& bias,
                 const Tensor& y) {
  if (y.numel() == 0) return;
  if (suits_winograd(shape, x.dtype())) return winograd_convolution(shape, x, weight, bias, y);
  visit_wide(x.dtype(), [&]<class T>() {
    const Correlation c = forward_of(shape);
    Correlator<T>(c, kAnyResults)
        .run(x.data<T>(), weight.data<T>(), bias.defined() ? bias.data<T>() : nullptr, y.data<T>());
  });
}

void convolution_input_gradient(const ConvShape& shape, const Tensor& dy, const Tensor& weight,
                                const Tensor& bias, const Tensor& dx) {
  if (dx.numel() == 0) return;
  if (suits_winograd(shape, dy.dtype()))
    return winograd_input_gradient(shape, dy, weight, bias, dx);
  const ConvShape::Axis &depth = shape.axis[0], &height = shape.axis[1], &width = shape.axis[2];
  visit_wide(dx.dtype(), [&]<class T>() {
    for (int64_t z = 0; z < std::min(depth.stride, depth.size); ++z)
      for (int64_t i = 0; i < std::min(height.stride, height.size); ++i)
        for (int64_t j = 0; j < std::min(width.stride, width.size); ++j) {
          const Correlation c = input_gradient_of(shape, {z, i, j});
          Correlator<T>(c, kAnyResults)
              .run(dy.data<T>(), weight.data<T>(), bias.defined() ? bias.data<T>() : nullptr,
                   dx.data<T>());
        }
  });
}

Tensor convolution_weight_gradient(const ConvShape& shape, const Tensor& x, const Tensor& dy) {
  const Correlation c = forward_of(shape);
  const int64_t taps = c.kernel[0] * c.kernel[1] * c.kernel[2];
  const Tensor dw = core::full({c.groups, c.out, c.in * taps}, 0, x.dtype());
  if (dy.numel() == 0 || dw.numel() == 0) return dw;
  visit_wide(x.dtype(), [&]<class T>() {
    Correlator<T> correlator(c, kPanelResults);
    const Tensor sums = correlator.weight_gradient(x.data<T>(), dy.data<T>());
    const int64_t n = correlator.terms, width = correlator.width;
    if (correlator.thin) return copy_into(dw, view_of(sums, dw.shape(), dw.strides(), 0));
    for (int64_t p = 0; p < correlator.panels; ++p) {
      const Shape part{c.groups, std::min(width, c.out - p * width), n};
      copy_into(view_of(dw, part, dw.strides(), p * width * n),
                view_of(sums, part, {correlator.panels * width * n, 1, width}, p * width * n));
    }
  });
  return dw;
}

}  // namespace tapehead::core
