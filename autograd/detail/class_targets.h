// What losses over classes share: cross_entropy and nll_loss.
#pragma once

#include <vector>

#include "tapehead/autograd/ops.h"

namespace tapehead::detail {

/// Checked targets: for each row of scores [..., C] the number of a class, or ignore_index.
class ClassTargets {
 public:
  /// Throws ShapeError, DTypeError, IndexError that name `op` for what does not fit, GraphError for
  /// a weight that tracks gradients.
  ClassTargets(const char* op, const Tensor& scores, const Tensor& target, const Tensor& weight,
               int64_t ignore_index);

  int64_t rows() const { return target_.numel(); }
  int64_t classes() const { return classes_; }
  const Shape& shape() const { return target_.shape(); }

  bool ignored(int64_t row) const { return target_.data<int64_t>()[row] == ignore_index_; }
  int64_t of(int64_t row) const { return target_.data<int64_t>()[row]; }
  /// bool [..., 1]: which rows are ignored, whatever they hold.
  Tensor ignored_rows() const;
  /// The weight of a class.
  double weight(int64_t cls) const;
  /// The weights in the type that kernels compute in: f64 for f64 scores, else f32; null for ones.
  const void* weights() const { return weight_.defined() ? weight_.raw() : nullptr; }
  /// The sum of the weights of all classes.
  double all_weights() const;
  /// What a mean divides by: the sum of the weights of the targets that are not ignored.
  double total_weight() const;

 private:
  Tensor target_, weight_;
  int64_t classes_, ignore_index_;
};

/// An element of a row of a floating type, as a double.
double element_at(const char* row, int64_t at, DType dtype);
void set_element(char* row, int64_t at, DType dtype, double value);

/// The losses of all rows, reduced: a tensor of `shape` for Reduction::none, else 0-d.
Tensor reduce_losses(const std::vector<double>& losses, const Shape& shape, DType dtype,
                     Reduction reduction, double total_weight);

/// Gradients of losses, by row, that come from that of the reduced result.
class LossGradients {
 public:
  LossGradients(const Tensor& dy, Reduction reduction, double total_weight);
  double of(int64_t row) const { return one_ ? scale_ * first_ : rows_[static_cast<size_t>(row)]; }

 private:
  bool one_;
  double scale_, first_ = 0;
  std::vector<double> rows_;
};

/// dy as it broadcasts against scores of `shape`, whose last axis is the classes; recorded.
Tensor against_scores(const Tensor& dy, const Shape& shape, Reduction reduction);

}  // namespace tapehead::detail
