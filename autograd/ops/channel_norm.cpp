// batch_norm, instance_norm, group_norm, local_response_norm.
#include "tapehead/autograd/ops/channel_norm.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/channel_norm.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Of the elements of a set; see core::ChannelNorm.
struct ChannelStatistics {
  Tensor mean, var;  // f64 [S]
};

// x is [B, C, P]. Uses the statistics *given, or stores those of x in *measured.
struct ChannelNorm : CustomOp {
  static constexpr const char* kName = "channel_norm";
  core::ChannelNorm norm;
  double eps = 0;

  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                 double tiny, const ChannelStatistics* const& given,
                 ChannelStatistics* const& measured) {
    save(x), save(weight);
    eps = tiny;
    norm = {x.size(0), x.size(1), x.size(2), groups, {}, {}, {}, given == nullptr};
    const Tensor values = core::contiguous(x);
    if (given) norm.mean = given->mean, norm.var = given->var;
    else norm.measure(values);
    norm.set_rstd(eps);
    if (measured) *measured = {norm.mean, norm.var};
    return norm.forward(values, row_of(weight), row_of(bias));
  }

  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor x = saved(0), weight = saved(1);
    if (is_grad_enabled()) return recorded(x, weight, dy);
    auto [dx, dweight, dbias] =
        norm.backward(core::contiguous(x), row_of(weight), core::contiguous(dy), needs_grad(0));
    return {dx, needs_grad(1) ? dweight : Tensor(), needs_grad(2) ? dbias : Tensor()};
  }

 private:
  static Tensor row_of(const Tensor& t) { return t.defined() ? core::contiguous(t) : t; }

  // With g = dy weight and z = (x - mean) rstd: dx = rstd (g - mean(g) - z mean(g z)), or rstd g
  // if mean and rstd are constants. The operands get an axis for the channels of a group.
  std::array<Tensor, 3> recorded(const Tensor& x_, const Tensor& weight, const Tensor& dy_) const {
    const int64_t G = norm.groups == 0 ? norm.C : norm.groups, in_group = norm.C / G;
    const Shape split{norm.B, G, in_group, norm.P}, channels{1, G, in_group, 1};
    const Shape set = norm.groups == 0 ? Shape{1, G, 1, 1} : Shape{norm.B, G, 1, 1};
    const Shape axes = norm.groups == 0 ? Shape{0, 3} : Shape{2, 3};
    const Tensor x = x_.reshape(split), dy = dy_.reshape(split);
    const Tensor g = weight.defined() ? dy * weight.reshape(channels) : dy;
    const auto back = [&](const Tensor& dx) { return dx.reshape(x_.shape()); };
    const auto to_channels = [&](const Tensor& d) { return sum(d, {0, 3}).reshape({norm.C}); };
    if (!norm.of_input) {
      const Tensor rstd = norm.rstd.to(x.dtype()).reshape(set);
      const Tensor z = (x - norm.mean.to(x.dtype()).reshape(set)) * rstd;
      return {back(g * rstd), to_channels(dy * z), to_channels(dy)};
    }
    const Tensor centred = x - mean(x, axes, true);
    const Tensor rstd = rsqrt(mean(square(centred), axes, true) + eps);
    const Tensor z = centred * rstd;
    return {back(rstd * (g - mean(g, axes, true) - z * mean(g * z, axes, true))),
            to_channels(dy * z), to_channels(dy)};
  }
  void forget() override { norm.mean = norm.var = norm.rstd = {}; }
};

void check_channels(const char* op, const Tensor& x,
                    std::initializer_list<std::pair<const char*, const Tensor*>> parts) {
  core::check_floating(op, x);
  if (x.dim() < 2)
    throw ShapeError(fmt::format("{}: x is {}; expected [B, C, ...]", op, x.shape().str()));
  for (const auto& [what, part] : parts)
    if (part->defined() && part->shape() != Shape{x.size(1)})
      throw ShapeError(fmt::format("{}: the {} is {}; it must be [{}], the channels of x", op, what,
                                   part->shape().str(), x.size(1)));
}

Tensor widened(const Tensor& t, const Tensor& x) {
  return t.defined() ? t.to(wide_type(x.dtype())) : t;
}

// Normalises x [B, C, ...].
Tensor normalize_channels(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                          double eps, const ChannelStatistics* given, ChannelStatistics* measured) {
  const int64_t B = x.size(0), C = x.size(1);
  int64_t P = 1;
  for (int i = 2; i < x.dim(); ++i) P *= x.shape()[i];
  const Tensor rows = x.to(wide_type(x.dtype())).reshape({B, C, P});
  const Tensor y =
      apply<ChannelNorm>(rows, widened(weight, x), widened(bias, x), groups, eps, given, measured);
  return y.reshape(x.shape()).to(x.dtype());
}

// Moves running statistics towards those of a batch; n elements were measured.
void update_running(const Tensor& running, const Tensor& value, double momentum) {
  const NoGradGuard off;
  if (running.defined()) running.copy_(running.to(f64) * (1 - momentum) + value * momentum);
}
double unbiased_factor(int64_t n) { return static_cast<double>(n) / static_cast<double>(n - 1); }

ChannelStatistics running_statistics(const char* op, const Tensor& mean, const Tensor& var) {
  if (!mean.defined() || !var.defined())
    throw ValueError(
        fmt::format("{}: running_mean and running_var are undefined; they are needed "
                    "unless the statistics of x are used",
                    op));
  return {core::contiguous(core::cast(mean.detach(), f64)),
          core::contiguous(core::cast(var.detach(), f64))};
}

// The number of elements that each mean is taken of.
int64_t measured_elements(const char* op, const Tensor& x, int64_t sets) {
  const int64_t n = sets == 0 ? 0 : x.numel() / sets;
  if (n == 1)
    throw ValueError(fmt::format("{}: x is {}; the statistics of one element have no variance", op,
                                 x.shape().str()));
  return n;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, const BatchNormFuncOptions& o) {
  check_channels("batch_norm", x,
                 {{"running mean", &running_mean},
                  {"running variance", &running_var},
                  {"weight", &weight},
                  {"bias", &bias}});
  if (!o.training) {
    const ChannelStatistics given = running_statistics("batch_norm", running_mean, running_var);
    return normalize_channels(x, weight, bias, 0, o.eps, &given, nullptr);
  }
  const int64_t n = measured_elements("batch_norm", x, x.size(1));
  ChannelStatistics measured;
  const Tensor y = normalize_channels(x, weight, bias, 0, o.eps, nullptr, &measured);
  if (n == 0) return y;
  update_running(running_mean, measured.mean, o.momentum);
  update_running(running_var, measured.var * unbiased_factor(n), o.momentum);
  return y;
}

Tensor instance_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                     const Tensor& weight, const Tensor& bias, const InstanceNormFuncOptions& o) {
  check_channels("instance_norm", x,
                 {{"running mean", &running_mean},
                  {"running variance", &running_var},
                  {"weight", &weight},
                  {"bias", &bias}});
  if (!o.use_input_stats) {
    const ChannelStatistics given = running_statistics("instance_norm", running_mean, running_var);
    return normalize_channels(x, weight, bias, 0, o.eps, &given, nullptr);
  }
  const int64_t B = x.size(0), C = x.size(1), n = measured_elements("instance_norm", x, B * C);
  ChannelStatistics measured;
  const Tensor y = normalize_channels(x, weight, bias, C, o.eps, nullptr, &measured);
  if (n == 0) return y;
  update_running(running_mean, mean(measured.mean.reshape({B, C}), 0), o.momentum);
  update_running(running_var, mean(measured.var.reshape({B, C}), 0) * unbiased_factor(n),
                 o.momentum);
  return y;
}

Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_channels("group_norm", x, {{"weight", &weight}, {"bias", &bias}});
  if (num_groups < 1 || x.size(1) % num_groups != 0)
    throw ShapeError(
        fmt::format("group_norm: x is {}; its {} channels must be a multiple of "
                    "num_groups = {}",
                    x.shape().str(), x.size(1), num_groups));
  return normalize_channels(x, weight, bias, num_groups, eps, nullptr, nullptr);
}

Tensor local_response_norm(const Tensor& x, int64_t size, const LocalResponseNormFuncOptions& o) {
  check_channels("local_response_norm", x, {});
  if (size < 1)
    throw ValueError(fmt::format("local_response_norm: size = {} is less than 1", size));
  if (x.numel() == 0) return x.clone();
  const int64_t B = x.size(0), C = x.size(1);
  const Tensor squares = square(x).reshape({B, 1, C, x.numel() / (B * C)});
  const Tensor padded = pad(squares, {0, 0, size / 2, (size - 1) / 2});
  const Tensor means = avg_pool2d(padded, {size, 1}, {.stride = 1}).reshape(x.shape());
  return x / pow(means * o.alpha + o.k, o.beta);
}

}  // namespace tapehead
