// The kernels of memories that are read and written by attention, on every instruction set; what
// they compute is checked in addressing_test.cpp.
//
// B batch, N slots, W width of a slot, R heads.
#include "tapehead/nn/memory/detail/fused.h"
#include "tapehead/tests/kernel_test.h"

namespace tapehead::op_tests {
namespace {

constexpr int64_t kB = 2, kN = 19, kR = 2;

Sample cosines_of(int64_t W) {
  return {.operands = {Shape{kB, kN, W}, Shape{kB, kR, W}},
          .call = [](const Tensors& x) { return Tensors{nn::detail::cosines(x[0], x[1])}; },
          .reduces = W};
}

Sample writing_of(int64_t W) {
  return {
      .operands = {Shape{kB, kN, W}, {{kB, kR, kN}, 0, 1}, {{kB, kR, W}, 0, 1}, Shape{kB, kR, W}},
      .call =
          [](const Tensors& x) {
            return Tensors{nn::detail::written_memory(x[0], x[1], x[2], x[3])};
          },
      .reduces = kR * W};
}

Sample links_of(int64_t N) {
  return {.operands = {{{kB, N, N}, 0, 1}, {{kB, N}, 0, 1}, {{kB, N}, 0, 1}, {{kB, kR, N}, 0, 1}},
          .call = [](const Tensors& x) { return nn::detail::linked(x[0], x[1], x[2], x[3]); },
          .reduces = N};
}

}  // namespace

TAPEHEAD_KERNEL_TEST(slots)
    .sample(cosines_of(5))
    .sample(cosines_of(33))
    .sample(writing_of(5))
    .sample(writing_of(33))
    .sample(links_of(7))
    .sample(links_of(35));

}  // namespace tapehead::op_tests
