#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/dropout.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {

Tensor drop(const Tensor& x, double p, const Generator& generator) {
  using kernels::kRandomGroup;
  constexpr int64_t kPiece = 32 * kRandomGroup;
  const Tensor from = contiguous(x);
  Tensor out = empty_like(x);
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  const auto threshold =
      static_cast<uint32_t>(std::min(std::llround(p * 0x1p32), static_cast<long long>(UINT32_MAX)));
  const kernels::RandomKernels& random = kernels::random();
  const auto apply = random.drop[static_cast<int>(x.dtype())];
  const int64_t bytes = size_of(x.dtype());
  parallel_range(x.numel(), kPiece, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t words[kPiece];
    const int64_t groups = ceil_div(end - begin, kRandomGroup);
    random.words({generator.seed, generator.draws}, static_cast<uint64_t>(begin / kRandomGroup),
                 groups, words);
    apply(words, threshold, scale, from.raw() + begin * bytes, out.raw() + begin * bytes,
          end - begin);
  });
  return out;
}

}  // namespace tapehead::core
