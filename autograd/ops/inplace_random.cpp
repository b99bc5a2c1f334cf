// Methods of Tensor that draw its elements anew.
#include "tapehead/autograd/detail/views.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/distributions.h"

namespace tapehead {
namespace {

template <class Fill>
const Tensor& draw_anew(const char* op, const Tensor& self, Fill fill) {
  const auto value = [&] {
    const Tensor out = core::empty(self.shape(), self.dtype());
    fill(out);
    return out;
  };
  detail::change(op, self, self, value, [&] { fill(self); });
  return self;
}

}  // namespace

const Tensor& Tensor::uniform_(double from, double to, Generator& generator) const {
  return draw_anew("uniform_", *this,
                   [&](const Tensor& x) { core::fill_uniform(x, from, to, generator); });
}
const Tensor& Tensor::normal_(double mean, double std, Generator& generator) const {
  return draw_anew("normal_", *this,
                   [&](const Tensor& x) { core::fill_normal(x, mean, std, generator); });
}
const Tensor& Tensor::exponential_(double rate, Generator& generator) const {
  return draw_anew("exponential_", *this,
                   [&](const Tensor& x) { core::fill_exponential(x, rate, generator); });
}
const Tensor& Tensor::random_(int64_t from, int64_t to, Generator& generator) const {
  return draw_anew("random_", *this,
                   [&](const Tensor& x) { core::fill_integers(x, from, to, generator); });
}
const Tensor& Tensor::bernoulli_(double p, Generator& generator) const {
  return draw_anew("bernoulli_", *this,
                   [&](const Tensor& x) { core::fill_bernoulli(x, p, generator); });
}
const Tensor& Tensor::bernoulli_(const Tensor& p, Generator& generator) const {
  return draw_anew("bernoulli_", *this, [&](const Tensor& x) {
    core::copy_into(x, tapehead::bernoulli(p.detach().expand(x.shape()), generator));
  });
}

}  // namespace tapehead
