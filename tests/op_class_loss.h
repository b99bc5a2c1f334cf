// Samples of losses over classes, for the rows of cross_entropy and nll_loss.
#pragma once

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

struct ClassLoss {
  Shape shape;  ///< of the scores [..., C]
  Reduction reduction = Reduction::mean;
  int64_t ignore_index = -100;
  double smoothing = 0;
  bool weighted = false;        ///< with a different weight for each class
  bool probabilities = false;   ///< the target is probabilities instead of classes
  bool classes_second = false;  ///< scores are [B, C, T]: class_axis 1, for a shape [B, T, C]
  bool logs = false;  ///< nll_loss of log-probabilities, instead of cross_entropy of logits
};

/// One call, with the definition as its reference.
Sample class_loss(const ClassLoss& c);

/// Samples with class targets: every reduction, with and without ignored targets and weights, and,
/// unless `logs`, label smoothing.
std::vector<Sample> class_losses(bool logs);
/// Samples of cross_entropy with probabilities as targets: the same, without ignored targets.
std::vector<Sample> probability_losses();

}  // namespace tapehead::op_tests
