// Samples of losses over classes, for the rows of cross_entropy and nll_loss.
#pragma once

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

struct ClassLoss {
  Shape shape;  ///< of the scores [..., C]
  Reduction reduction = Reduction::mean;
  int64_t ignore_index = -100;
  double smoothing = 0;
  bool weighted = false;        ///< by weights that differ from class to class
  bool probabilities = false;   ///< as the target, instead of classes
  bool classes_second = false;  ///< scores are [B, C, T]: class_axis 1, for a shape [B, T, C]
  bool logs = false;  ///< nll_loss of log-probabilities, instead of cross_entropy of logits
};

/// One call, against the definition written out.
Sample class_loss(const ClassLoss& c);

/// Of classes: every reduction, with and without ignored targets, weights and, unless `logs`,
/// smoothing.
std::vector<Sample> class_losses(bool logs);
/// cross_entropy of probabilities: the same, but nothing is ignored.
std::vector<Sample> probability_losses();

}  // namespace tapehead::op_tests
