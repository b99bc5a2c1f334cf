// Shared by the losses over classes, cross_entropy and nll_loss.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tapehead/autograd/ops.h"

namespace tapehead::detail {

/// Validated targets: a class, or ignore_index if there is one, for each row of scores [..., C].
class ClassTargets {
 public:
  /// Throws ShapeError, DTypeError or IndexError for invalid operands, and GraphError for a weight
  /// that tracks gradients. Messages start with `op`.
  ClassTargets(const char* op, const Tensor& scores, const Tensor& target, const Tensor& weight,
               std::optional<int64_t> ignore_index);

  /// The classes, contiguous i64.
  const Tensor& tensor() const { return target_; }
  int64_t rows() const { return rows_; }
  int64_t classes() const { return classes_; }
  const Shape& shape() const { return target_.shape(); }

  bool ignored(int64_t row) const { return ignore_index_ == of(row); }
  int64_t of(int64_t row) const { return of_[row]; }
  /// bool [..., 1]: true for ignored rows.
  Tensor ignored_rows() const;
  /// The weight of a class.
  double weight(int64_t cls) const {
    if (!weight_.defined()) return 1;
    return weight_.dtype() == f64 ? weight_.data<double>()[cls] : weight_.data<float>()[cls];
  }
  /// The class weights in the dtype that kernels compute in: f64 for f64 scores, else f32. Null
  /// stands for ones.
  const void* weights() const { return weight_.defined() ? weight_.raw() : nullptr; }
  /// The sum of the weights of all classes.
  double all_weights() const;
  /// The divisor of the mean: the sum of the weights of the targets that are not ignored.
  double total_weight() const { return total_weight_; }

 private:
  Tensor target_, weight_;
  const int64_t* of_;  // the elements of target_
  int64_t rows_, classes_;
  double total_weight_ = 0;
  std::optional<int64_t> ignore_index_;
};

/// Reads or writes an element of a floating row, as a double.
inline double element_at(const char* row, int64_t at, DType dtype) {
  if (dtype == f32) return reinterpret_cast<const float*>(row)[at];
  if (dtype == f64) return reinterpret_cast<const double*>(row)[at];
  if (dtype == f16) return reinterpret_cast<const float16*>(row)[at];
  return reinterpret_cast<const bfloat16*>(row)[at];
}
inline void set_element(char* row, int64_t at, DType dtype, double value) {
  if (dtype == f32) reinterpret_cast<float*>(row)[at] = static_cast<float>(value);
  else if (dtype == f64) reinterpret_cast<double*>(row)[at] = value;
  else if (dtype == f16) reinterpret_cast<float16*>(row)[at] = static_cast<float>(value);
  else reinterpret_cast<bfloat16*>(row)[at] = static_cast<float>(value);
}

/// Reduces the losses of all rows: to a tensor of `shape` for Reduction::none, else to a 0-d
/// tensor.
Tensor reduce_losses(const std::vector<double>& losses, const Shape& shape, DType dtype,
                     Reduction reduction, double total_weight);

/// The gradient of the loss of each row, given that of the reduced result.
class LossGradients {
 public:
  LossGradients(const Tensor& dy, Reduction reduction, double total_weight);
  double of(int64_t row) const { return one_ ? scale_ * first_ : rows_[static_cast<size_t>(row)]; }

 private:
  bool one_;
  double scale_, first_ = 0;
  std::vector<double> rows_;
};

/// loss(scores, target, reduction) if vmap() maps the scores or the target: one call for all
/// elements, unless the divisors of their means differ, because of weights or ignored targets.
using ClassLoss = std::function<Tensor(const Tensor&, const Tensor&, Reduction)>;
Tensor mapped_class_loss(const Tensor& scores, const Tensor& target, const Tensor& weight,
                         int64_t ignore_index, Reduction reduction, const ClassLoss& loss);

/// dy reshaped to broadcast with scores of `shape`, whose last axis is the classes; recorded.
Tensor against_scores(const Tensor& dy, const Shape& shape, Reduction reduction);

}  // namespace tapehead::detail
