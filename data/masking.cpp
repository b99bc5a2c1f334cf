#include "tapehead/data/masking.h"

#include <fmt/format.h>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

void check(const Tensor& ids, const MaskingOptions& o) {
  if (ids.dim() != 2)
    throw ShapeError(fmt::format("mask_tokens: ids are {}; expected [B, T]", ids.shape().str()));
  if (ids.dtype() != i64)
    throw DTypeError(fmt::format("mask_tokens: ids are {}; expected i64", name(ids.dtype())));
  if (!(o.rate >= 0 && o.rate <= 1))
    throw ValueError(fmt::format("mask_tokens: the rate is {}; it must be in 0..1", o.rate));
  if (o.first >= o.vocab)
    throw ValueError(
        fmt::format("mask_tokens: the first id to draw is {}, the last {}; give the size of the "
                    "vocabulary",
                    o.first, o.vocab - 1));
}

}  // namespace

MaskedTokens mask_tokens(const Tensor& ids, const MaskingOptions& o, Generator& generator) {
  check(ids, o);
  const int64_t T = ids.size(1);
  const Tensor chance = rand({ids.size(0), T, 2}, f64, generator);
  const Tensor other = empty(ids.shape(), i64);
  core::fill_integers(other, o.first, o.vocab, generator);
  const MaskedTokens masked{ids.contiguous().clone(), full(ids.shape(), -100)};
  int64_t *id = masked.ids.data<int64_t>(), *target = masked.targets.data<int64_t>();
  const auto* draw = chance.data<double>();
  const auto choose = [&](int64_t i) {
    target[i] = id[i];
    const double way = draw[2 * i + 1];
    if (way < 0.8) id[i] = o.mask;
    else if (way < 0.9) id[i] = other.data<int64_t>()[i];
  };
  for (int64_t b = 0; b < ids.size(0); ++b) {
    int64_t nearest = -1;  // the token closest to being chosen
    bool any = false;
    for (int64_t i = b * T; i < (b + 1) * T; ++i) {
      if (id[i] < o.first) continue;
      if (nearest < 0 || draw[2 * i] < draw[2 * nearest]) nearest = i;
      if (draw[2 * i] >= o.rate) continue;
      choose(i);
      any = true;
    }
    if (!any && nearest >= 0) choose(nearest);
  }
  return masked;
}

}  // namespace tapehead::data
