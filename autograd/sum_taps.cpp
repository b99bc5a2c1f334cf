#include "tapehead/autograd/detail/sum_taps.h"

#include "tapehead/autograd/custom_op.h"

namespace tapehead::detail {
namespace {

using SharedTaps = std::shared_ptr<const std::vector<core::AxisTaps>>;

struct SumTaps : CustomOp {
  static constexpr const char* kName = "sum_taps";
  SharedTaps axes;
  Tensor forward(const Tensor& x, const SharedTaps& given) {
    axes = given;
    return core::sum_taps(x, *axes);
  }
  Tensor backward(const Tensor& dy) const {
    std::vector<core::AxisTaps> transposed;
    for (const core::AxisTaps& a : *axes) transposed.push_back(a.transposed());
    return detail::sum_taps(dy, std::move(transposed));
  }
  void forget() override { axes = {}; }
};

}  // namespace

Tensor sum_taps(const Tensor& x, std::vector<core::AxisTaps> axes) {
  const auto shared = std::make_shared<const std::vector<core::AxisTaps>>(std::move(axes));
  return apply<SumTaps>(x.to(wide_type(x.dtype())), shared).to(x.dtype());
}

}  // namespace tapehead::detail
