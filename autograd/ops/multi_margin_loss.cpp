// multi_margin_loss, multilabel_margin_loss.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/autograd/detail/cross_entropy_rows.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/ops/margin_losses.h"
#include "tapehead/autograd/ops/multi_margin_kernel.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::ClassTargets;
using detail::each_row;

struct Violations {
  bool squared;
  double margin;
};

// The losses of rows, and their gradients, of f32 or f64 scores.
struct MultiMarginLoss : CustomOp {
  static constexpr const char* kName = "multi_margin_loss";
  std::optional<ClassTargets> targets;
  Violations how{};

  Tensor forward(const Tensor& x, const ClassTargets& t, const Violations& violations) {
    save(x);
    targets = t, how = violations;
    const Tensor losses = core::empty(t.shape(), x.dtype());
    each_row_of(x, [&]<class T>(const T* row, int64_t i, T scale) {
      losses.data<T>()[i] = scale * static_cast<T>(kernels::multi_margin<T>().one(
                                        row, t.classes(), t.of(i), static_cast<T>(how.margin),
                                        how.squared, nullptr, 0));
    });
    return losses;
  }

  Tensor backward(const Tensor& dlosses) const {
    const Tensor x = saved(0);
    if (is_grad_enabled())
      return recompute_vjp([this](const auto& in) { return simple(in[0]); }, {x}, {&dlosses, 1})[0];
    const Tensor d = core::contiguous(dlosses), dx = core::empty(x.shape(), x.dtype());
    each_row_of(x, [&]<class T>(const T* row, int64_t i, T scale) {
      const int64_t n = targets->classes();
      kernels::multi_margin<T>().one(row, n, targets->of(i), static_cast<T>(how.margin),
                                     how.squared, dx.data<T>() + i * n, scale * d.data<T>()[i]);
    });
    return dx;
  }

 private:
  // Calls f(row, i, weight of its class / C).
  template <class F>
  void each_row_of(const Tensor& scores, F f) const {
    const Tensor x = core::contiguous(scores);
    const int64_t n = targets->classes();
    visit_wide(x.dtype(), [&]<class T>() {
      each_row(targets->rows(), n, [&](int64_t i) {
        const double scale = targets->weight(targets->of(i)) / static_cast<double>(n);
        f(x.data<T>() + i * n, i, static_cast<T>(scale));
      });
    });
  }
  std::vector<Tensor> simple(const Tensor& x) const {
    const ClassTargets& t = *targets;
    Shape column = t.shape();
    column.push_back(1);
    const Tensor place = core::empty(column, i64), scale = core::empty(column, x.dtype());
    const Tensor own = core::full(x.shape(), 0, boolean);
    for (int64_t i = 0; i < t.rows(); ++i) {
      place.data<int64_t>()[i] = t.of(i);
      own.data<bool>()[i * t.classes() + t.of(i)] = true;
      detail::set_element(scale.raw(), i, x.dtype(),
                          t.weight(t.of(i)) / static_cast<double>(t.classes()));
    }
    const Tensor z = relu(how.margin - gather(x, -1, place) + x);
    return {sum(scale * masked_fill(how.squared ? square(z) : z, own, 0), -1)};
  }
  void forget() override { targets.reset(); }
};

// The class indices of rows, each followed by -1 or of full length.
class Labels {
 public:
  Labels(const Tensor& x, const Tensor& target)
      : target_(core::contiguous(core::cast(target, i64))),
        others_(core::full(x.shape(), 1, x.dtype())) {
    const int64_t n = classes();
    counts_.resize(static_cast<size_t>(n == 0 ? 0 : target_.numel() / n));
    visit_wide(x.dtype(), [&]<class T>() {
      for (size_t i = 0; i < counts_.size(); ++i) {
        const int64_t first = static_cast<int64_t>(i) * n;
        int64_t& count = counts_[i];
        for (; count < n && of(first + count) != -1; ++count) {
          const int64_t label = of(first + count);
          if (label < 0 || label >= n)
            throw IndexError(fmt::format(
                "multilabel_margin_loss: {} = {} is outside 0..{}; -1 ends the labels of a row",
                detail::element_name("target", target_.shape(), first + count), label, n - 1));
          others_.data<T>()[first + label] = 0;
        }
      }
    });
  }

  int64_t rows() const { return static_cast<int64_t>(counts_.size()); }
  int64_t classes() const { return target_.size(-1); }
  const int64_t* row(int64_t i) const { return target_.data<int64_t>() + i * classes(); }
  int64_t count(int64_t i) const { return counts_[static_cast<size_t>(i)]; }
  template <class T>
  const T* others(int64_t i) const {
    return others_.data<T>() + i * classes();
  }

 private:
  int64_t of(int64_t i) const { return target_.data<int64_t>()[i]; }

  Tensor target_, others_;
  std::vector<int64_t> counts_;
};

struct MultilabelMarginLoss : CustomOp {
  static constexpr const char* kName = "multilabel_margin_loss";
  std::optional<Labels> labels;

  Tensor forward(const Tensor& x, const Labels& l) {
    save(x);
    labels = l;
    Shape shape = x.shape();
    shape.erase(shape.rank() - 1);
    const Tensor losses = core::empty(shape, x.dtype()), scores = core::contiguous(x);
    visit_wide(x.dtype(), [&]<class T>() {
      each_label_row<T>(scores, [&](const T* row, int64_t i, T scale) {
        losses.data<T>()[i] = scale * static_cast<T>(run<T>(row, i, nullptr, 0));
      });
    });
    return losses;
  }
  // The derivatives are constant between the corners, so they are not recorded.
  Tensor backward(const Tensor& dlosses) const {
    const Tensor x = core::contiguous(saved(0).detach());
    const Tensor slopes = core::full(x.shape(), 0, x.dtype());
    visit_wide(x.dtype(), [&]<class T>() {
      each_label_row<T>(x, [&](const T* row, int64_t i, T scale) {
        run<T>(row, i, slopes.data<T>() + i * labels->classes(), scale);
      });
    });
    return dlosses.unsqueeze(-1) * slopes;
  }

 private:
  template <class T>
  double run(const T* row, int64_t i, T* dx, T scale) const {
    return kernels::multi_margin<T>().many(row, labels->classes(), labels->row(i), labels->count(i),
                                           labels->others<T>(i), dx, scale);
  }
  template <class T, class F>
  void each_label_row(const Tensor& x, F f) const {
    const int64_t n = labels->classes();
    each_row(labels->rows(), n * n, [&](int64_t i) {
      f(x.data<T>() + i * n, i, static_cast<T>(1 / static_cast<double>(n)));
    });
  }
  void forget() override { labels.reset(); }
};

}  // namespace

Tensor multi_margin_loss(const Tensor& input, const Tensor& target,
                         const MultiMarginLossOptions& options) {
  if (options.p != 1 && options.p != 2)
    throw ValueError(
        fmt::format("multi_margin_loss: p = {} is not supported; it must be 1 or 2", options.p));
  const ClassTargets targets(MultiMarginLoss::kName, input, target, options.weight, std::nullopt);
  const Tensor losses = apply<MultiMarginLoss>(input.to(wide_type(input.dtype())), targets,
                                               Violations{options.p == 2, options.margin});
  return detail::reduced(losses, options.reduction).to(detail::in_f32(input.dtype()));
}

Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  constexpr const char* kName = MultilabelMarginLoss::kName;
  core::check_floating(kName, input);
  if (!is_integral(target.dtype()))
    throw DTypeError(
        fmt::format("{}: the target is {}; classes must be integers; convert with to(i64)", kName,
                    name(target.dtype())));
  detail::check_same_shape(kName, input, target);
  if (input.dim() == 0 || input.size(-1) == 0)
    throw ShapeError(fmt::format("{}: {} has no classes; its last axis must be the classes", kName,
                                 core::describe(input)));
  const Tensor x = input.to(wide_type(input.dtype()));
  return detail::reduced(apply<MultilabelMarginLoss>(x, Labels(x, target)), reduction)
      .to(detail::in_f32(input.dtype()));
}

}  // namespace tapehead
