#include <limits>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static double variance(const Values& v, double correction) {
  double mean = 0, squares = 0;
  for (const double x : v) mean += x / static_cast<double>(v.size());
  for (const double x : v) squares += (x - mean) * (x - mean);
  return squares / std::max(static_cast<double>(v.size()) - correction, 0.0);
}

// Excludes single elements, whose variance is 0 / 0 by default; they are tested with correction 0.
static std::vector<Sample> of_several(std::vector<Sample> list) {
  std::erase_if(list, [](const Sample& s) { return s.reduces < 2; });
  return list;
}

TAPEHEAD_OP_TEST(var)
    .samples(of_several(reductions([](const Tensor& x, const Axes& axes,
                                      bool keepdim) { return var(x, axes, keepdim); },
                                   [](const Values& v) { return variance(v, 1); })))
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return var(x, axes, keepdim, 0); },
                        [](const Values& v) { return variance(v, 0); }, {.empty = false}))
    .bad<DTypeError>([] { var(core::full({2}, 1, i64)); },
                     "var: expected a floating tensor, got [2] i64; convert with to(f32)");
static std::vector<Sample> of_different(std::vector<Sample> list) {
  for (Sample& s : list) s.may_repeat = false;
  return list;
}
TAPEHEAD_OP_TEST(stddev)
    .samples(of_different(of_several(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) { return stddev(x, axes, keepdim); },
        [](const Values& v) { return std::sqrt(variance(v, 1)); }))))
    .samples(of_different(of_several(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) { return stddev(x, axes, keepdim, 0); },
        [](const Values& v) { return std::sqrt(variance(v, 0)); }))))
    .corners([](const Tensor& x) { return stddev(x); }, {3, 3, 3});
TAPEHEAD_OP_TEST(norm)
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return norm(x, 2, axes, keepdim); },
                        [](const Values& v) {
                          double squares = 0;
                          for (const double x : v) squares += x * x;
                          return std::sqrt(squares);
                        },
                        {.away_from_zero = 0.1}))
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return norm(x, 1, axes, keepdim); },
                        [](const Values& v) {
                          double total = 0;
                          for (const double x : v) total += std::abs(x);
                          return total;
                        },
                        {.away_from_zero = 0.1}))
    .samples(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) {
          return norm(x, std::numeric_limits<double>::infinity(), axes, keepdim);
        },
        [](const Values& v) {
          double top = 0;
          for (const double x : v) top = std::max(top, std::abs(x));
          return top;
        },
        {.away_from_zero = 0.1, .empty = false}))
    .corners([](const Tensor& x) { return norm(x); }, {0, 0, 0})
    .corners([](const Tensor& x) { return norm(x, 1); }, {0, -2, 1})
    .corners([](const Tensor& x) { return norm(x, std::numeric_limits<double>::infinity()); },
             {2, -2, 1})
    .sample({.operands = {Operand({3, 2}, 0.5, 3)},
             .call = [](const Tensors& x) { return Tensors{norm(x[0], 3, 0)}; },
             .reduces = 4,
             .roundings = 4})
    .bad<ValueError>([] { norm(core::full({2}, 1), std::numeric_limits<double>::quiet_NaN()); },
                     "norm: the order is NaN")
    .bad<DTypeError>([] { norm(core::full({2}, 1, i64)); },
                     "norm: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
