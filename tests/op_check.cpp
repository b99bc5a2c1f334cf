#include "tapehead/tests/op_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/limits.h"
#include "tapehead/tests/op_derive.h"

namespace tapehead::op_tests {
namespace {

// Larger samples are only for multithreading; smaller ones cover the rest.
constexpr int64_t kLarge = 10000;

// Compares the results in one dtype with the reference. Also checks that dtypes and shapes are
// right and operands unchanged.
Problem forward(const Sample& s, DType dtype) {
  Arrays values = rounded_to(s, draw(s), dtype);
  const Tensors operands = to_tensors(s, values, dtype);
  const Tensors results = s.call(operands);
  for (size_t i = 0; i < operands.size(); ++i)
    if (auto d = difference(to_array(operands[i]), values[i], {0, 0}))
      return fmt::format("changes operand {}: it {}", i, *d);
  Arrays got;
  bool floats = false;
  for (const Operand& o : s.operands) floats |= o.kind == Operand::kFloating;
  for (size_t r = 0; r < results.size(); ++r) {
    if (results[r].requires_grad())
      return fmt::format("result {} is tracked, but no operand is", r);
    if (floats && is_floating(results[r].dtype()) && results[r].dtype() != dtype)
      return fmt::format("result {} is {}, not {}", r, name(results[r].dtype()), name(dtype));
    got.push_back(to_array(results[r]));
  }
  return s.reference ? compare_results(s, got, s.reference(values), dtype) : std::nullopt;
}

// An elementwise op on integers must throw DTypeError, or be exact where the reference is an
// integer.
Problem integers(const Sample& s, DType dtype) {
  Sample whole = s;
  for (Operand& o : whole.operands) {
    o.from = std::ceil(dtype == u8 ? std::max(o.from, 0.0) : o.from);
    if (size_of(dtype) == 1) o.to = std::min(o.to, 127.0);
    o.to = std::floor(o.to) + 1;
    o.kind = Operand::kIndex;
    o.values.clear();
    if (o.from >= o.to) return std::nullopt;
  }
  Arrays values = draw(whole);
  for (size_t i = 0; i < values.size(); ++i)
    for (double& value : values[i].values)
      if (std::abs(value) < s.operands[i].away_from_zero) value = 1;
  Tensors operands;
  for (const Array& v : values) operands.push_back(to_tensor(v, dtype));
  Tensors results;
  try {
    results = s.call(operands);
  } catch (const DTypeError&) {
    return std::nullopt;
  }
  Arrays wanted = s.reference(values);
  for (size_t r = 0; r < results.size(); ++r) {
    Array got = to_array(results[r]);
    const bool inexact = is_floating(results[r].dtype());
    const auto range = is_integral(results[r].dtype()) ? iinfo(results[r].dtype()) : iinfo(i64);
    for (size_t k = 0; !inexact && k < wanted[r].values.size() && k < got.values.size(); ++k) {
      const double exact = wanted[r].values[k];
      const bool fits =
          exact >= static_cast<double>(range.min) && exact <= static_cast<double>(range.max);
      if (exact != std::floor(exact) || !fits) got.values[k] = exact;
    }
    const Tolerance most = inexact ? tolerance(f32, 1, 1, scale_of(wanted[r])) : Tolerance{0, 0};
    if (auto d = difference(got, wanted[r], most)) return fmt::format("result {} {}", r, *d);
  }
  return std::nullopt;
}

// With two operands of different floating dtypes, the result has the wider one and each gradient
// that of its operand.
Problem mixed_types(const Sample& s) {
  const Arrays values = rounded_to(s, draw(s), bf16);
  Tensors operands{to_tensor(values[0], bf16), to_tensor(values[1], f32)};
  const DType wide = core::result_type(operands[0], operands[1]);
  track(operands);
  const Tensor result = s.call(operands)[0];
  if (is_floating(result.dtype()) && result.dtype() != wide)
    return fmt::format("the result is {}, not {}", name(result.dtype()), name(wide));
  if (s.differentiable) derive(s, operands);
  return std::nullopt;
}

// Results require a gradient exactly if an operand does.
Problem tracking(const Sample& s, DType dtype) {
  Tensors operands = to_tensors(s, draw(s), dtype);
  track(operands);
  const Tensors results = s.call(operands);
  for (size_t r = 0; r < results.size(); ++r) {
    if (results[r].requires_grad() && !is_floating(results[r].dtype()))
      return fmt::format("result {} is {} and tracked", r, name(results[r].dtype()));
    if (s.differentiable && is_floating(results[r].dtype()) && !results[r].requires_grad())
      return fmt::format("result {} is not tracked: its gradient is lost", r);
  }
  const NoGradGuard off;
  for (const Tensor& result : s.call(operands))
    if (result.requires_grad() && std::none_of(operands.begin(), operands.end(),
                                               [&](const Tensor& x) { return x.is_same(result); }))
      return "a result is tracked under NoGradGuard";
  return std::nullopt;
}

// Makes each operand undefined in turn: the op must throw an Error, or accept it if it is optional.
Problem undefined(const Sample& s) {
  const Tensors operands = to_tensors(s, draw(s), f32);
  for (size_t i = 0; i < operands.size(); ++i) {
    Tensors some = operands;
    some[i] = Tensor();
    try {
      s.call(some);
    } catch (const Error&) {
    } catch (const std::exception& e) {
      return fmt::format("operand {}: {}", i, e.what());
    }
  }
  return std::nullopt;
}

// Passes the same tensor as operands i and j.
Problem aliased(const Sample& s, size_t i, size_t j) {
  const Operand &a = s.operands[i], &b = s.operands[j];
  Sample both = s;
  both.operands[i].from = std::max(a.from, b.from);
  both.operands[i].to = std::min(a.to, b.to);
  both.operands[i].away_from_zero = std::max(a.away_from_zero, b.away_from_zero);
  if (both.operands[i].from >= both.operands[i].to) return std::nullopt;
  Arrays values = draw(both);
  values[j] = values[i];
  Tensors operands = to_tensors(s, values, f64);
  operands[j] = operands[i];
  Arrays got;
  for (const Tensor& r : s.call(operands)) got.push_back(to_array(r));
  if (s.reference)
    if (auto d = compare_results(s, got, s.reference(values), f64)) return d;
  if (!s.differentiable || !s.has_derivative) return std::nullopt;
  const auto with = [&](const Tensor& x) {
    Tensors shared = operands;
    shared[i] = shared[j] = x;
    return s.call(shared);
  };
  gradcheck(with, {operands[i]}, {.directions = operands[i].numel() > kSmall ? 2 : 0});
  return std::nullopt;
}

// Runs the checks and collects the problems that they find.
class Report {
 public:
  explicit Report(const OpTest& row) : op_(row.op()) {}

  void at(const Sample& s) {
    where_ = op_;
    for (const Operand& o : s.operands)
      where_ += (&o == s.operands.data() ? " " : ", ") + o.shape.str();
  }
  template <class F>
  void check(const std::string& what, F f) {
    Problem problem;
    try {
      problem = f();
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (problem)
      problems.push_back(fmt::format("{}: {}: {}", where_.empty() ? op_ : where_, what, *problem));
  }

  std::vector<std::string> problems;

 private:
  std::string op_, where_;
};

void check_sample(const OpTest& row, const Sample& s, Report& report) {
  const auto floating =
      static_cast<size_t>(std::count_if(s.operands.begin(), s.operands.end(), [](const Operand& o) {
        return o.kind == Operand::kFloating;
      }));
  const bool large = std::any_of(s.operands.begin(), s.operands.end(),
                                 [](const Operand& o) { return o.shape.numel() > kLarge; });
  for (const DType dtype : {f64, f32, bf16}) {
    const std::string type = name(dtype);
    report.check(type + " forward", [&] { return forward(s, dtype); });
    if (s.differentiable && floating > 0 && dtype != f64)
      report.check(type + " gradients", [&] { return gradients(s, dtype); });
    if (large) continue;
    report.check(type + " tracking", [&] { return tracking(s, dtype); });
    for (const Layout layout : kStridedLayouts)
      if (s.may_repeat || (layout != Layout::kSpreadFirst && layout != Layout::kSpreadLast))
        report.check(fmt::format("{} operands {}", type, name(layout)),
                     [&] { return layouts(s, dtype, layout); });
    if (floating == 0) break;
  }
  if (large) return;
  if (floating > 0) {
    report.check("f16 forward", [&] { return forward(s, f16); });
    if (s.differentiable) report.check("f16 gradients", [&] { return gradients(s, f16); });
  }
  report.check("undefined operands", [&] { return undefined(s); });
  if (row.elementwise() && s.reference)
    for (const DType dtype : {i64, i32, i16, i8, u8})
      report.check(name(dtype), [&] { return integers(s, dtype); });
  if (row.elementwise() && s.operands.size() == 2)
    report.check("bf16 with f32", [&] { return mixed_types(s); });
  for (size_t i = 0; s.may_alias && i < s.operands.size(); ++i)
    for (size_t j = i + 1; j < s.operands.size(); ++j)
      if (s.operands[i].shape == s.operands[j].shape && s.operands[i].kind == s.operands[j].kind)
        report.check(fmt::format("operands {} and {} aliased", i, j),
                     [&] { return aliased(s, i, j); });
  if (!s.differentiable || floating == 0) return;
  if (s.has_derivative) report.check("differences", [&] { return differences(s); });
  if (floating > 1) report.check("gradients one at a time", [&] { return one_at_a_time(s); });
  for (const Layout layout : kStridedLayouts)
    report.check(fmt::format("arriving gradient {}", name(layout)),
                 [&] { return arriving_gradients(s, layout); });
}

Problem throws(const BadCall& bad) {
  try {
    bad.call();
  } catch (const std::exception& e) {
    if (e.what() == bad.message) return std::nullopt;
    return fmt::format("says '{}', not '{}'", e.what(), bad.message);
  }
  return fmt::format("does not throw '{}'", bad.message);
}

// All binary elementwise ops report shapes that do not broadcast in the same way.
BadCall unequal_shapes(const OpTest& row) {
  return {[&row] {
            const Sample& s = row.samples().front();
            s.call({to_tensor(Array({2, 3}, s.operands[0].to), f32),
                    to_tensor(Array({2, 4}, s.operands[1].to), f32)});
          },
          row.op() +
              ": shapes [2, 3] and [2, 4] do not broadcast: size(-1) is 3 in one and 4 in the "
              "other; sizes "
              "must be equal or 1"};
}

}  // namespace

std::vector<std::string> check_op(const OpTest& row) {
  Report report(row);
  if (row.samples().empty()) report.check("row", [] { return "it has no sample"; });
  for (size_t i = 0; i < row.bad_calls().size(); ++i)
    report.check(fmt::format("bad call {}", i), [&] { return throws(row.bad_calls()[i]); });
  if (row.elementwise() && !row.samples().empty() && row.samples()[0].operands.size() == 2)
    report.check("shapes that do not fit", [&] { return throws(unequal_shapes(row)); });
  for (const Sample& s : row.samples()) {
    report.at(s);
    check_sample(row, s, report);
  }
  return report.problems;
}

}  // namespace tapehead::op_tests
