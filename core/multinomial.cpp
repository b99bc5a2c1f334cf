// multinomial and categorical.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/random.h"
#include "tapehead/core/detail/softmax.h"
#include "tapehead/core/distributions.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

// The rows of probabilities [..., K].
struct Categories {
  const char* op;
  Tensor p;
  int64_t size, rows;

  Categories(const char* name, const Tensor& given) : op(name), p(core::parameters(name, given)) {
    if (p.dim() == 0 || p.size(-1) == 0)
      throw ShapeError(
          fmt::format("{}: {} has no categories along its last axis", op, core::describe(given)));
    size = p.size(-1), rows = p.numel() / size;
  }
  Tensor results(int64_t samples) const {
    Shape shape = p.shape();
    shape[shape.rank() - 1] = samples;
    return core::empty(shape, i64);
  }
  template <class F>
  void each_row(F f) const {
    visit_wide(p.dtype(), [&]<class T>() {
      core::parallel_range(rows, std::max<int64_t>(1, (1 << 14) / size),
                           [&](int64_t first, int64_t last) {
                             for (int64_t row = first; row < last; ++row)
                               f(p.data<T>() + row * size, row);
                           });
    });
  }
  [[noreturn]] void throw_bad(int64_t row, int64_t i) const {
    throw ValueError(fmt::format("{}: probability{} is {}; it must be finite and not negative", op,
                                 core::position(p.shape(), row * size + i),
                                 p.dtype() == f32
                                     ? static_cast<double>(p.data<float>()[row * size + i])
                                     : p.data<double>()[row * size + i]));
  }
};

// The sums of the first blocks of a row of probabilities.
constexpr int64_t kSummedTogether = 32;
template <class T>
std::vector<double> block_sums(const Categories& c, const T* p, int64_t row) {
  std::vector<double> sums;
  double sum = 0;
  for (int64_t first = 0; first < c.size; first += kSummedTogether) {
    const int64_t end = std::min(first + kSummedTogether, c.size);
    double parts[4] = {};
    bool valid = true;
    for (int64_t i = first; i < end; ++i)
      valid &= p[i] >= 0, parts[i % 4] += static_cast<double>(p[i]);
    sum += parts[0] + parts[1] + parts[2] + parts[3];
    for (int64_t i = first; (!valid || !std::isfinite(sum)) && i < end; ++i)
      if (!(p[i] >= 0 && std::isfinite(p[i]))) c.throw_bad(row, i);
    sums.push_back(sum);
  }
  if (sum <= 0) throw ValueError(fmt::format("{}: all probabilities of row {} are 0", c.op, row));
  return sums;
}

// Draws categories, numbered by uniform numbers, independently: first the block, then the category
// in it.
void draw_replaced(const Categories& c, const Tensor& out, Generator& generator) {
  const int64_t samples = out.size(-1);
  const Tensor u = core::empty({c.rows, samples}, f64);
  core::fill_uniform(u, 0, 1, generator);
  c.each_row([&](const auto* p, int64_t row) {
    const std::vector<double> sums = block_sums(c, p, row);
    // Products with u may be rounded up to the sum.
    const auto last = std::lower_bound(sums.begin(), sums.end(), sums.back());
    for (int64_t k = 0; k < samples; ++k) {
      const double at = u.data<double>()[row * samples + k] * sums.back();
      const auto block = std::min(std::upper_bound(sums.begin(), last, at), last);
      double left = block == sums.begin() ? at : at - *(block - 1);
      const int64_t first = (block - sums.begin()) * kSummedTogether;
      int64_t found = first;
      for (int64_t i = first; i < std::min(first + kSummedTogether, c.size); ++i) {
        if (p[i] > 0) found = i;
        left -= static_cast<double>(p[i]);
        if (left < 0) break;
      }
      out.data<int64_t>()[row * samples + k] = found;
    }
  });
}

// Categories that are not drawn twice: those whose exponential times, at rates p, come first
// (Efraimidis and Spirakis: Weighted random sampling with a reservoir, 2006).
void draw_distinct(const Categories& c, const Tensor& out, Generator& generator) {
  const int64_t samples = out.size(-1);
  const Tensor times = core::empty({c.rows, c.size}, f32);
  core::fill_exponential(times, 1, generator);
  c.each_row([&](const auto* p, int64_t row) {
    std::vector<std::pair<double, int64_t>> order;
    for (int64_t i = 0; i < c.size; ++i) {
      if (!(p[i] >= 0 && std::isfinite(p[i]))) c.throw_bad(row, i);
      if (p[i] > 0)
        order.emplace_back(
            static_cast<double>(times.data<float>()[row * c.size + i]) / static_cast<double>(p[i]),
            i);
    }
    if (static_cast<int64_t>(order.size()) < samples)
      throw ValueError(
          fmt::format("{}: {} samples without replacement of row {}, which has {} categories of "
                      "positive probability; pass replacement = true",
                      c.op, samples, row, order.size()));
    std::partial_sort(order.begin(), order.begin() + samples, order.end());
    for (int64_t k = 0; k < samples; ++k)
      out.data<int64_t>()[row * samples + k] = order[static_cast<size_t>(k)].second;
  });
}

}  // namespace

Tensor multinomial(const Tensor& probabilities, int64_t num_samples, bool replacement,
                   Generator& generator) {
  if (num_samples < 1)
    throw ValueError(
        fmt::format("multinomial: num_samples is {}; it must be at least 1", num_samples));
  const Categories c("multinomial", probabilities);
  const Tensor out = c.results(num_samples);
  if (replacement) draw_replaced(c, out, generator);
  else draw_distinct(c, out, generator);
  return out;
}

Tensor categorical(const Tensor& logits, Generator& generator) {
  const Tensor x = core::parameters("categorical", logits);
  if (x.dim() == 0)
    throw ShapeError("categorical: the logits are 0-d; they need an axis of categories");
  const Categories c("categorical", core::softmax(x, x.dim() - 1, false));
  const Tensor out = c.results(1);
  draw_replaced(c, out, generator);
  Shape shape = x.shape();
  shape.erase(shape.rank() - 1);
  return core::view_of(out, shape, contiguous_strides(shape), 0);
}

}  // namespace tapehead
