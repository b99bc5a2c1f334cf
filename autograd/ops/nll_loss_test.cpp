#include "tapehead/tests/op_class_loss.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(nll_loss)
    .samples(class_losses(true))
    .bad<IndexError>(
        [] {
          nll_loss(core::full({2, 3}, 0), core::full({2}, -5, i64));
        },
        "nll_loss: target[0] = -5 is outside 0..2; pass ignore_index for padding");

}  // namespace tapehead::op_tests
