// Times single ops and prints one JSON line for each: forward, and forward with backward. The
// operands, and the calls in PyTorch that they are compared with (bench/versus.py --ops), are in
// bench/ops.txt.
//
//   ops [--only 'softmax*,cat'] [--threads N] [--seconds S]
#include <tapehead/tapehead.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>

#include "tapehead/core/pattern.h"

using namespace tapehead;

namespace {

using Tensors = std::vector<Tensor>;
using Op = Tensor (*)(const Tensors& x);

Tensor both(const MinMax& x) { return stack({x.min, x.max}); }
Tensor both(const VarMean& x) { return stack({x.var, x.mean}); }
Tensor both(const StddevMean& x) { return stack({x.stddev, x.mean}); }

// clang-format off
const std::map<std::string, Op> kOps = {
  {"add", [](const Tensors& x) { return x[0] + x[1]; }},
  {"add.row", [](const Tensors& x) { return x[0] + x[1]; }},
  {"add.number", [](const Tensors& x) { return x[0] + 1.5; }},
  {"sub", [](const Tensors& x) { return x[0] - x[1]; }},
  {"mul", [](const Tensors& x) { return x[0] * x[1]; }},
  {"div", [](const Tensors& x) { return x[0] / x[1]; }},
  {"neg", [](const Tensors& x) { return -x[0]; }},
  {"abs", [](const Tensors& x) { return abs(x[0]); }},
  {"exp", [](const Tensors& x) { return exp(x[0]); }},
  {"expm1", [](const Tensors& x) { return expm1(x[0]); }},
  {"log", [](const Tensors& x) { return log(x[0]); }},
  {"log1p", [](const Tensors& x) { return log1p(x[0]); }},
  {"sin", [](const Tensors& x) { return sin(x[0]); }},
  {"cos", [](const Tensors& x) { return cos(x[0]); }},
  {"tan", [](const Tensors& x) { return tan(x[0]); }},
  {"erf", [](const Tensors& x) { return erf(x[0]); }},
  {"sqrt", [](const Tensors& x) { return sqrt(x[0]); }},
  {"rsqrt", [](const Tensors& x) { return rsqrt(x[0]); }},
  {"reciprocal", [](const Tensors& x) { return reciprocal(x[0]); }},
  {"square", [](const Tensors& x) { return square(x[0]); }},
  {"pow", [](const Tensors& x) { return pow(x[0], x[1]); }},
  {"pow.number", [](const Tensors& x) { return pow(x[0], 1.7); }},
  {"floor", [](const Tensors& x) { return floor(x[0]); }},
  {"round", [](const Tensors& x) { return round(x[0]); }},
  {"sign", [](const Tensors& x) { return sign(x[0]); }},
  {"floor_divide", [](const Tensors& x) { return floor_divide(x[0], x[1]); }},
  {"remainder", [](const Tensors& x) { return remainder(x[0], x[1]); }},
  {"maximum", [](const Tensors& x) { return maximum(x[0], x[1]); }},
  {"clamp", [](const Tensors& x) { return clamp(x[0], -1, 1); }},
  {"lerp", [](const Tensors& x) { return lerp(x[0], x[1], 0.3); }},
  {"eq", [](const Tensors& x) { return x[0] == x[1]; }},
  {"lt", [](const Tensors& x) { return x[0] < x[1]; }},
  {"isnan", [](const Tensors& x) { return isnan(x[0]); }},
  {"logical_not", [](const Tensors& x) { return logical_not(x[0]); }},
  {"where", [](const Tensors& x) { return where(x[0], x[1], x[2]); }},
  {"relu", [](const Tensors& x) { return relu(x[0]); }},
  {"leaky_relu", [](const Tensors& x) { return leaky_relu(x[0]); }},
  {"elu", [](const Tensors& x) { return elu(x[0]); }},
  {"hardtanh", [](const Tensors& x) { return hardtanh(x[0]); }},
  {"softsign", [](const Tensors& x) { return softsign(x[0]); }},
  {"tanh", [](const Tensors& x) { return tanh(x[0]); }},
  {"sigmoid", [](const Tensors& x) { return sigmoid(x[0]); }},
  {"log_sigmoid", [](const Tensors& x) { return log_sigmoid(x[0]); }},
  {"softplus", [](const Tensors& x) { return softplus(x[0]); }},
  {"silu", [](const Tensors& x) { return silu(x[0]); }},
  {"gelu", [](const Tensors& x) { return gelu(x[0]); }},
  {"gelu_tanh", [](const Tensors& x) { return gelu_tanh(x[0]); }},
  {"exp2", [](const Tensors& x) { return exp2(x[0]); }},
  {"log2", [](const Tensors& x) { return log2(x[0]); }},
  {"log10", [](const Tensors& x) { return log10(x[0]); }},
  {"asin", [](const Tensors& x) { return asin(x[0]); }},
  {"acos", [](const Tensors& x) { return acos(x[0]); }},
  {"atan", [](const Tensors& x) { return atan(x[0]); }},
  {"sinh", [](const Tensors& x) { return sinh(x[0]); }},
  {"cosh", [](const Tensors& x) { return cosh(x[0]); }},
  {"asinh", [](const Tensors& x) { return asinh(x[0]); }},
  {"acosh", [](const Tensors& x) { return acosh(x[0] + 1); }},
  {"atanh", [](const Tensors& x) { return atanh(x[0]); }},
  {"sinc", [](const Tensors& x) { return sinc(x[0]); }},
  {"erfc", [](const Tensors& x) { return erfc(x[0]); }},
  {"erfinv", [](const Tensors& x) { return erfinv(x[0]); }},
  {"lgamma", [](const Tensors& x) { return lgamma(x[0]); }},
  {"digamma", [](const Tensors& x) { return digamma(x[0]); }},
  {"polygamma", [](const Tensors& x) { return polygamma(1, x[0]); }},
  {"logit", [](const Tensors& x) { return logit(x[0] * 0.5 + 0.5); }},
  {"atan2", [](const Tensors& x) { return atan2(x[0], x[1]); }},
  {"hypot", [](const Tensors& x) { return hypot(x[0], x[1]); }},
  {"logaddexp", [](const Tensors& x) { return logaddexp(x[0], x[1]); }},
  {"logaddexp2", [](const Tensors& x) { return logaddexp2(x[0], x[1]); }},
  {"xlogy", [](const Tensors& x) { return xlogy(x[0], x[1]); }},
  {"xlog1py", [](const Tensors& x) { return xlog1py(x[0], x[1]); }},
  {"copysign", [](const Tensors& x) { return copysign(x[0], x[1]); }},
  {"fmod", [](const Tensors& x) { return fmod(x[0], x[1]); }},
  {"heaviside", [](const Tensors& x) { return heaviside(x[0], x[1]); }},
  {"frac", [](const Tensors& x) { return frac(x[0]); }},
  {"nan_to_num", [](const Tensors& x) { return nan_to_num(x[0]); }},
  {"deg2rad", [](const Tensors& x) { return deg2rad(x[0]); }},
  {"round.decimals", [](const Tensors& x) { return round(x[0], 2); }},
  {"div.trunc", [](const Tensors& x) { return div(x[0], x[1], RoundingMode::trunc); }},
  {"addcmul", [](const Tensors& x) { return addcmul(x[0], x[1], x[2], 0.5); }},
  {"addcdiv", [](const Tensors& x) { return addcdiv(x[0], x[1], x[2], 0.5); }},
  {"isclose", [](const Tensors& x) { return isclose(x[0], x[1]); }},
  {"signbit", [](const Tensors& x) { return signbit(x[0]); }},
  {"bitwise_left_shift", [](const Tensors& x) { return bitwise_left_shift(x[0], x[1]); }},
  {"selu", [](const Tensors& x) { return selu(x[0]); }},
  {"celu", [](const Tensors& x) { return celu(x[0]); }},
  {"mish", [](const Tensors& x) { return mish(x[0]); }},
  {"relu6", [](const Tensors& x) { return relu6(x[0]); }},
  {"hardsigmoid", [](const Tensors& x) { return hardsigmoid(x[0]); }},
  {"hardswish", [](const Tensors& x) { return hardswish(x[0]); }},
  {"hardshrink", [](const Tensors& x) { return hardshrink(x[0]); }},
  {"softshrink", [](const Tensors& x) { return softshrink(x[0]); }},
  {"tanhshrink", [](const Tensors& x) { return tanhshrink(x[0]); }},
  {"threshold", [](const Tensors& x) { return threshold(x[0], 0.5, 20); }},
  {"prelu", [](const Tensors& x) { return prelu(x[0], x[1]); }},
  {"rrelu", [](const Tensors& x) { return rrelu(x[0], 1.0 / 8, 1.0 / 3, true); }},
  {"glu", [](const Tensors& x) { return glu(x[0]); }},
  {"softmin", [](const Tensors& x) { return softmin(x[0], 1); }},
  {"sum", [](const Tensors& x) { return sum(x[0]); }},
  {"sum.rows", [](const Tensors& x) { return sum(x[0], 1); }},
  {"sum.columns", [](const Tensors& x) { return sum(x[0], 0); }},
  {"mean", [](const Tensors& x) { return mean(x[0], 1); }},
  {"prod", [](const Tensors& x) { return prod(x[0], 1); }},
  {"var", [](const Tensors& x) { return var(x[0], 1); }},
  {"stddev", [](const Tensors& x) { return stddev(x[0], 1); }},
  {"norm", [](const Tensors& x) { return norm(x[0], 2, 1); }},
  {"logsumexp", [](const Tensors& x) { return logsumexp(x[0], 1); }},
  {"any", [](const Tensors& x) { return any(x[0], 1); }},
  {"cumsum", [](const Tensors& x) { return cumsum(x[0], 1); }},
  {"amax", [](const Tensors& x) { return amax(x[0], 1); }},
  {"max", [](const Tensors& x) { return max(x[0], 1).values; }},
  {"argmax", [](const Tensors& x) { return argmax(x[0], 1); }},
  {"sort", [](const Tensors& x) { return sort(x[0], 1).values; }},
  {"topk", [](const Tensors& x) { return topk(x[0], 10, 1).values; }},
  {"cumsum.flat", [](const Tensors& x) { return cumsum(x[0], 0); }},
  {"cumsum.columns", [](const Tensors& x) { return cumsum(x[0], 0); }},
  {"cumprod", [](const Tensors& x) { return cumprod(x[0], 1); }},
  {"cummax", [](const Tensors& x) { return cummax(x[0], 1).values; }},
  {"cummax.columns", [](const Tensors& x) { return cummax(x[0], 0).values; }},
  {"logcumsumexp", [](const Tensors& x) { return logcumsumexp(x[0], 1); }},
  {"diff", [](const Tensors& x) { return diff(x[0]); }},
  {"trapezoid", [](const Tensors& x) { return trapezoid(x[0]); }},
  {"cumulative_trapezoid", [](const Tensors& x) { return cumulative_trapezoid(x[0]); }},
  {"aminmax", [](const Tensors& x) { return both(aminmax(x[0], 1)); }},
  {"sort.flat", [](const Tensors& x) { return sort(x[0]).values; }},
  {"sort.columns", [](const Tensors& x) { return sort(x[0], 0).values; }},
  {"argsort", [](const Tensors& x) { return argsort(x[0]); }},
  {"msort", [](const Tensors& x) { return msort(x[0]); }},
  {"topk.flat", [](const Tensors& x) { return topk(x[0], 1000).values; }},
  {"kthvalue", [](const Tensors& x) { return kthvalue(x[0], 300).values; }},
  {"median", [](const Tensors& x) { return median(x[0]); }},
  {"median.rows", [](const Tensors& x) { return median(x[0], 1).values; }},
  {"mode", [](const Tensors& x) { return mode(x[0], 1).values; }},
  {"quantile", [](const Tensors& x) { return quantile(x[0], 0.3, 1); }},
  {"searchsorted", [](const Tensors& x) { return searchsorted(sort(x[1]).values, x[0]); }},
  {"isin", [](const Tensors& x) { return isin(x[0], x[1]); }},
  {"unique", [](const Tensors& x) { return unique(x[0]).values; }},
  {"unique.counts", [](const Tensors& x) { return unique(x[0], {.return_inverse = true, .return_counts = true}).values; }},
  {"unique_consecutive", [](const Tensors& x) { return unique_consecutive(x[0]).values; }},
  {"bincount", [](const Tensors& x) { return bincount(x[0]); }},
  {"bincount.weights", [](const Tensors& x) { return bincount(x[0], x[1]); }},
  {"histc", [](const Tensors& x) { return histc(x[0], 100); }},
  {"nansum", [](const Tensors& x) { return nansum(x[0], 1); }},
  {"nanmean", [](const Tensors& x) { return nanmean(x[0], 1); }},
  {"count_nonzero", [](const Tensors& x) { return count_nonzero(x[0], 1); }},
  {"var_mean", [](const Tensors& x) { return both(var_mean(x[0], 1)); }},
  {"std_mean", [](const Tensors& x) { return both(std_mean(x[0], 1)); }},
  {"cov", [](const Tensors& x) { return cov(x[0]); }},
  {"corrcoef", [](const Tensors& x) { return corrcoef(x[0]); }},
  {"softmax", [](const Tensors& x) { return softmax(x[0], 1); }},
  {"softmax.first", [](const Tensors& x) { return softmax(x[0], 0); }},
  {"log_softmax", [](const Tensors& x) { return log_softmax(x[0], 1); }},
  {"layer_norm", [](const Tensors& x) { return layer_norm(x[0], x[1], x[2]); }},
  {"rms_norm", [](const Tensors& x) { return rms_norm(x[0], x[1]); }},
  {"cross_entropy", [](const Tensors& x) { return cross_entropy(x[0], x[1]); }},
  {"mse_loss", [](const Tensors& x) { return mse_loss(x[0], x[1]); }},
  {"l1_loss", [](const Tensors& x) { return l1_loss(x[0], x[1]); }},
  {"smooth_l1_loss", [](const Tensors& x) { return smooth_l1_loss(x[0], x[1]); }},
  {"huber_loss", [](const Tensors& x) { return huber_loss(x[0], x[1]); }},
  {"binary_cross_entropy", [](const Tensors& x) { return binary_cross_entropy(x[0], x[1]); }},
  {"binary_cross_entropy_with_logits", [](const Tensors& x) { return binary_cross_entropy_with_logits(x[0], x[1]); }},
  {"kl_div", [](const Tensors& x) { return kl_div(x[0], x[1]); }},
  {"poisson_nll_loss", [](const Tensors& x) { return poisson_nll_loss(x[0], x[1]); }},
  {"gaussian_nll_loss", [](const Tensors& x) { return gaussian_nll_loss(x[0], x[1], x[2]); }},
  {"soft_margin_loss", [](const Tensors& x) { return soft_margin_loss(x[0], x[1]); }},
  {"hinge_embedding_loss", [](const Tensors& x) { return hinge_embedding_loss(x[0], x[1]); }},
  {"margin_ranking_loss", [](const Tensors& x) { return margin_ranking_loss(x[0], x[1], x[2]); }},
  {"multi_margin_loss", [](const Tensors& x) { return multi_margin_loss(x[0], x[1]); }},
  {"multilabel_soft_margin_loss", [](const Tensors& x) { return multilabel_soft_margin_loss(x[0], x[1]); }},
  {"triplet_margin_loss", [](const Tensors& x) { return triplet_margin_loss(x[0], x[1], x[2]); }},
  {"cosine_embedding_loss", [](const Tensors& x) { return cosine_embedding_loss(x[0], x[1], x[2]); }},
  {"info_nce", [](const Tensors& x) { return info_nce(x[0], x[1]); }},
  {"nll_loss", [](const Tensors& x) { return nll_loss(x[0], x[1]); }},
  {"transpose", [](const Tensors& x) { return x[0].transpose(0, 1).contiguous(); }},
  {"cat", [](const Tensors& x) { return cat(x); }},
  {"cat.last", [](const Tensors& x) { return cat(x, 1); }},
  {"stack", [](const Tensors& x) { return stack(x); }},
  {"repeat", [](const Tensors& x) { return repeat(x[0], {2, 1}); }},
  {"flip", [](const Tensors& x) { return flip(x[0], 1); }},
  {"roll", [](const Tensors& x) { return roll(x[0], 3, 1); }},
  {"pad", [](const Tensors& x) { return pad(x[0], {1, 1, 1, 1}); }},
  {"tril", [](const Tensors& x) { return tril(x[0]); }},
  {"index_select", [](const Tensors& x) { return index_select(x[0], 0, x[1]); }},
  {"index_select.last", [](const Tensors& x) { return index_select(x[0], 1, x[1]); }},
  {"index_add", [](const Tensors& x) { return index_add(x[0], 0, x[1], x[2]); }},
  {"index", [](const Tensors& x) { return index(x[0], {x[1], x[2]}); }},
  {"embedding", [](const Tensors& x) { return embedding(x[0], x[1]); }},
  {"gather", [](const Tensors& x) { return gather(x[0], 1, x[1]); }},
  {"gather.first", [](const Tensors& x) { return gather(x[0], 0, x[1]); }},
  {"scatter_add", [](const Tensors& x) { return scatter_add(x[0], 1, x[1], x[2]); }},
  {"masked_fill", [](const Tensors& x) { return masked_fill(x[0], x[1], 2); }},
  {"masked_select", [](const Tensors& x) { return masked_select(x[0], x[1]); }},
  {"nonzero", [](const Tensors& x) { return nonzero(x[0]); }},
  {"dropout", [](const Tensors& x) { return dropout(x[0], 0.1); }},
  {"conv2d.mnist", [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); }},
  {"conv2d.28", [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); }},
  {"conv2d.56", [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); }},
  {"conv2d.stride", [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); }},
  {"conv2d.1x1", [](const Tensors& x) { return conv2d(x[0], x[1], x[2]); }},
  {"conv2d.depthwise", [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.padding = 1, .groups = 64}); }},
  {"conv1d", [](const Tensors& x) { return conv1d(x[0], x[1], x[2], {.padding = 1}); }},
  {"conv_transpose2d", [](const Tensors& x) { return conv_transpose2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); }},
  {"max_pool2d", [](const Tensors& x) { return max_pool2d(x[0], 2); }},
  {"max_pool2d.overlap", [](const Tensors& x) { return max_pool2d(x[0], 3, {.stride = 2, .padding = 1}); }},
  {"avg_pool2d", [](const Tensors& x) { return avg_pool2d(x[0], 2); }},
  {"lp_pool2d", [](const Tensors& x) { return lp_pool2d(x[0], 2, 2); }},
  {"adaptive_avg_pool2d", [](const Tensors& x) { return adaptive_avg_pool2d(x[0], 1); }},
  {"adaptive_max_pool2d", [](const Tensors& x) { return adaptive_max_pool2d(x[0], 7); }},
  {"batch_norm", [](const Tensors& x) { return batch_norm(x[0], {}, {}, x[1], x[2], {.training = true}); }},
  {"batch_norm.rows", [](const Tensors& x) { return batch_norm(x[0], {}, {}, x[1], x[2], {.training = true}); }},
  {"group_norm", [](const Tensors& x) { return group_norm(x[0], 4, x[1], x[2]); }},
  {"instance_norm", [](const Tensors& x) { return instance_norm(x[0]); }},
  {"pad.reflect", [](const Tensors& x) { return pad(x[0], {1, 1, 1, 1}, {.mode = PadMode::reflect}); }},
  {"interpolate.nearest", [](const Tensors& x) { return interpolate(x[0], {.scale_factor = {2}}); }},
  {"interpolate.bilinear", [](const Tensors& x) { return interpolate(x[0], {.scale_factor = {2}, .mode = InterpolateMode::bilinear}); }},
  {"interpolate.bicubic", [](const Tensors& x) { return interpolate(x[0], {.scale_factor = {2}, .mode = InterpolateMode::bicubic}); }},
  {"interpolate.smaller", [](const Tensors& x) { return interpolate(x[0], {.size = {224, 224}, .mode = InterpolateMode::bilinear, .antialias = true}); }},
  {"interpolate.trilinear", [](const Tensors& x) { return interpolate(x[0], {.scale_factor = {2}, .mode = InterpolateMode::trilinear}); }},
  {"grid_sample", [](const Tensors& x) { return grid_sample(x[0], affine_grid(x[1], x[0].shape())); }},
  {"grid_sample.random", [](const Tensors& x) { return grid_sample(x[0], x[1]); }},
  {"grid_sample.bicubic", [](const Tensors& x) { return grid_sample(x[0], x[1], {.mode = GridSampleMode::bicubic}); }},
  {"grid_sample.3d", [](const Tensors& x) { return grid_sample(x[0], x[1]); }},
  {"affine_grid", [](const Tensors& x) { return affine_grid(x[0], {100, 1, 70, 70}); }},
  {"pixel_shuffle", [](const Tensors& x) { return pixel_shuffle(x[0], 2); }},
  {"pixel_unshuffle", [](const Tensors& x) { return pixel_unshuffle(x[0], 2); }},
  {"channel_shuffle", [](const Tensors& x) { return channel_shuffle(x[0], 4); }},
  {"unfold", [](const Tensors& x) { return unfold(x[0], 3, {.padding = 1}); }},
  {"fold", [](const Tensors& x) { return fold(x[0], 32, 3, {.padding = 1}); }},
  {"fractional_max_pool2d", [](const Tensors& x) { return fractional_max_pool2d(x[0], 2, {.output_ratio = 0.7}); }},
  {"fft_fft", [](const Tensors& x) { return fft_fft(x[0]); }},
  {"fft_fft.radix5", [](const Tensors& x) { return fft_fft(x[0]); }},
  {"fft_fft.prime", [](const Tensors& x) { return fft_fft(x[0]); }},
  {"fft_fft.long", [](const Tensors& x) { return fft_fft(x[0]); }},
  {"fft_fft2", [](const Tensors& x) { return fft_fft2(x[0]); }},
  {"fft_rfft", [](const Tensors& x) { return fft_rfft(x[0]); }},
  {"fft_irfft", [](const Tensors& x) { return fft_irfft(x[0]); }},
  {"stft", [](const Tensors& x) { return stft(x[0], 400, {.hop_length = 160, .window = x[1]}); }},
  {"istft", [](const Tensors& x) { return istft(x[0], 400, {.hop_length = 160, .window = x[1]}); }},
  {"bernoulli", [](const Tensors& x) { return bernoulli(x[0]); }},
  {"bernoulli_", [](const Tensors& x) { return x[0].bernoulli_(0.3); }},
  {"uniform_", [](const Tensors& x) { return x[0].uniform_(-1, 1); }},
  {"normal_", [](const Tensors& x) { return x[0].normal_(1, 2); }},
  {"exponential_", [](const Tensors& x) { return x[0].exponential_(2); }},
  {"random_", [](const Tensors& x) { return x[0].random_(0, 1000); }},
  {"normal.tensors", [](const Tensors& x) { return normal(x[0], x[1]); }},
  {"laplace", [](const Tensors&) { return laplace(0, 1, {1000000}); }},
  {"gumbel", [](const Tensors&) { return gumbel(0, 1, {1000000}); }},
  {"gamma", [](const Tensors& x) { return gamma(x[0]); }},
  {"poisson", [](const Tensors& x) { return poisson(x[0]); }},
  {"poisson.large", [](const Tensors& x) { return poisson(x[0] * 50); }},
  {"multinomial", [](const Tensors& x) { return multinomial(x[0], 10); }},
  {"multinomial.replaced", [](const Tensors& x) { return multinomial(x[0], 10, true); }},
  {"categorical", [](const Tensors& x) { return categorical(x[0]); }},
  {"gumbel_softmax", [](const Tensors& x) { return gumbel_softmax(x[0]); }},
  {"vmap.mlp", [](const Tensors& x) { return vmap([&](const Tensor& row) { return linear(tanh(linear(row, x[1])), x[2]); })(x[0]); }},
  {"vmap.gradients", [](const Tensors& x) { return vmap([&](const Tensor& row) { return vjp([&](const Tensor& w) { return sum(tanh(linear(row, w))); }, x[1]).product; })(x[0]); }},
};
// clang-format on

/// An operand, described as in bench/ops.txt: "normal[1000,1000]".
Tensor operand(const std::string& text) {
  const size_t bracket = text.find('[');
  const std::string kind = text.substr(0, bracket);
  Shape shape;
  std::istringstream sizes(text.substr(bracket + 1));
  for (std::string size; std::getline(sizes, size, ',');) shape.push_back(std::stoll(size));
  if (kind == "normal") return randn(shape);
  if (kind == "positive") return rand(shape) * 1.9 + 0.1;
  if (kind == "unit") return rand(shape) * 1.8 - 0.9;
  if (kind == "probability") return rand(shape);
  if (kind == "sign") return randint(2, shape) * 2 - 1;
  if (kind == "mask") return rand(shape) < 0.5;
  if (kind.starts_with("index")) return randint(std::stoll(kind.substr(5)), shape);
  throw ValueError(fmt::format("ops.txt: unknown operand {}", text));
}

/// The median time of a call, within a budget; the first two warm up.
template <class F>
double median_ms(const F& step, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 7 || since(start) < seconds) {
    const auto before = Clock::now();
    step();
    times.push_back(since(before));
  }
  const auto middle = times.begin() + 2 + static_cast<int64_t>(times.size() - 2) / 2;
  std::nth_element(times.begin() + 2, middle, times.end());
  return *middle * 1000;
}

void print(const std::string& name, double ms) {
  fmt::print("{{\"workload\": \"{}\", \"ms_per_step\": {:.5f}}}\n", name, ms);
  std::fflush(stdout);
}

bool wanted(const std::string& name, const std::string& patterns) {
  std::istringstream in(patterns);
  for (std::string pattern; std::getline(in, pattern, ',');)
    if (fits_pattern(name, pattern)) return true;
  return false;
}

void measure(std::string name, const std::string& operands, double seconds) {
  const bool differentiable = !name.ends_with('!');
  if (!differentiable) name.pop_back();
  const auto op = kOps.find(name);
  if (op == kOps.end()) throw ValueError(fmt::format("bench/ops.cpp does not call {}", name));
  manual_seed(1);
  Tensors x, leaves;
  std::istringstream in(operands);
  for (std::string one; in >> one;) x.push_back(operand(one));
  print(name, median_ms([&] { op->second(x); }, seconds));
  if (!differentiable) return;
  for (Tensor& t : x)
    if (is_floating(t.dtype())) leaves.push_back(t.set_requires_grad());
  const Tensor dy = no_grad([&] { return ones(op->second(x).shape()); });
  print(name + " + backward",
        median_ms([&] { grad({op->second(x)}, leaves, {.gradients = {dy}}); }, seconds));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times single ops.");
  std::string only = "*";
  int threads = 1;
  double seconds = 0.05;
  app.add_option("--only", only);
  app.add_option("--threads", threads);
  app.add_option("--seconds", seconds);
  CLI11_PARSE(app, argc, argv);
  set_num_threads(threads);
  std::ifstream file(TAPEHEAD_SOURCE_ROOT "/bench/ops.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    const size_t first = line.find(" | "), second = line.find(" | ", first + 3);
    const std::string name = line.substr(0, first);
    if (wanted(name.ends_with('!') ? name.substr(0, name.size() - 1) : name, only))
      measure(name, line.substr(first + 3, second - first - 3), seconds);
  }
}
