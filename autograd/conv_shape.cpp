#include "tapehead/autograd/detail/conv_shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

using core::ConvShape;

// The axes of a layout, such as `B, C, H, W`.
std::string layout_of(int n, const char* channels) {
  constexpr const char* kNames[] = {"L", "H, W", "D, H, W"};
  return fmt::format("{}, {}", channels, kNames[n - 1]);
}
std::string kernel_of(int n) {
  constexpr const char* kNames[] = {"k", "kH, kW", "kD, kH, kW"};
  return kNames[n - 1];
}

template <int N>
void check_conv_types(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  for (const Tensor* t : {&x, &weight, &bias})
    if (t->defined() && !is_floating(t->dtype()))
      throw DTypeError(fmt::format("{}: expected floating tensors, got {}; convert with to(f32)",
                                   op, core::describe(*t)));
  if (x.dim() != N + 1 && x.dim() != N + 2)
    throw ShapeError(fmt::format("{}: x is {}; expected [{}] or [{}]", op, x.shape().str(),
                                 layout_of(N, "B, C"), layout_of(N, "C")));
}

// `out` and `in` are the names of the weight's axes.
template <int N>
void check_conv_weight(const char* op, const Tensor& weight, const char* layout) {
  if (weight.dim() != N + 2 ||
      std::any_of(weight.shape().begin(), weight.shape().end(), [](int64_t n) { return n == 0; }))
    throw ShapeError(fmt::format("{}: the weight is {}; expected [{}, {}], each at least 1", op,
                                 weight.shape().str(), layout, kernel_of(N)));
}

template <int N>
void check_conv_options(const char* op, const ConvOptions<N>& o) {
  const auto check = [op](const char* what, int64_t value, int64_t least) {
    if (value < least)
      throw ValueError(fmt::format("{}: {} = {} is less than {}", op, what, value, least));
  };
  check("groups", o.groups, 1);
  for (int i = 0; i < N; ++i) {
    check("stride", o.stride[i], 1);
    check("dilation", o.dilation[i], 1);
    check("padding", o.padding.sizes()[i], 0);
    check("output_padding", o.output_padding[i], 0);
    if (o.padding.type() == PaddingType::same && o.stride[i] != 1)
      throw ValueError(
          fmt::format("{}: padding kSame with stride {}; pass the sizes of the padding instead", op,
                      o.stride[i]));
    const int64_t most = std::max(o.stride[i], o.dilation[i]) - 1;
    if (o.output_padding[i] > most && o.output_padding[i] > 0)
      throw ValueError(
          fmt::format("{}: output_padding = {} is not less than stride {} or dilation "
                      "{}",
                      op, o.output_padding[i], o.stride[i], o.dilation[i]));
  }
}

void check_conv_bias(const char* op, const Tensor& bias, int64_t channels) {
  if (bias.defined() && bias.shape() != Shape{channels})
    throw ShapeError(
        fmt::format("{}: the bias is {}; it must be [{}]", op, bias.shape().str(), channels));
}

template <int N>
ConvShape common_shape(const Tensor& x, const Tensor& weight, const ConvOptions<N>& o) {
  ConvShape s{};
  s.batch = x.dim() == N + 2 ? x.size(0) : 1;
  s.groups = o.groups;
  for (int i = 0; i < N; ++i) {
    ConvShape::Axis& a = s.axis[3 - N + i];
    a.kernel = weight.shape()[2 + i];
    a.stride = o.stride[i];
    a.dilation = o.dilation[i];
    const int64_t reach = a.dilation * (a.kernel - 1);
    a.padding = o.padding.type() == PaddingType::same ? reach / 2 : o.padding.sizes()[i];
  }
  return s;
}

}  // namespace

template <int N>
ConvShape conv_shape(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                     const ConvOptions<N>& o) {
  check_conv_types<N>(op, x, weight, bias);
  check_conv_weight<N>(op, weight, "O, C / groups");
  check_conv_options(op, o);
  const int64_t channels = x.size(-N - 1), out = weight.size(0);
  if (channels != weight.size(1) * o.groups)
    throw ShapeError(fmt::format(
        "{}: x is {}, the weight {}, groups = {}; weight.size(1) must be the {} channels "
        "of x divided by groups",
        op, x.shape().str(), weight.shape().str(), o.groups, channels));
  if (out % o.groups != 0)
    throw ShapeError(
        fmt::format("{}: the weight is {}; its {} output channels must be a multiple "
                    "of groups = {}",
                    op, weight.shape().str(), out, o.groups));
  check_conv_bias(op, bias, out);
  ConvShape s = common_shape(x, weight, o);
  s.in = weight.size(1);
  s.out = out / o.groups;
  for (int i = 0; i < N; ++i) {
    ConvShape::Axis& a = s.axis[3 - N + i];
    a.size = x.size(i - N);
    const int64_t reach = a.dilation * (a.kernel - 1);
    const int64_t padding = o.padding.type() == PaddingType::same ? reach : 2 * a.padding;
    if (a.size == 0 || a.size + padding <= reach)
      throw ShapeError(fmt::format(
          "{}: x is {}; size({}) = {}, with {} of padding, is less than the {} positions that the "
          "kernel spans",
          op, x.shape().str(), i - N, a.size, padding, reach + 1));
    a.result = (a.size + padding - reach - 1) / a.stride + 1;
  }
  return s;
}

template <int N>
ConvShape conv_transpose_shape(const char* op, const Tensor& x, const Tensor& weight,
                               const Tensor& bias, const ConvOptions<N>& o) {
  check_conv_types<N>(op, x, weight, bias);
  check_conv_weight<N>(op, weight, "C, O / groups");
  check_conv_options(op, o);
  const int64_t channels = x.size(-N - 1);
  if (channels != weight.size(0))
    throw ShapeError(
        fmt::format("{}: x is {}, the weight {}; weight.size(0) must be the {} "
                    "channels of x",
                    op, x.shape().str(), weight.shape().str(), channels));
  if (channels % o.groups != 0)
    throw ShapeError(fmt::format("{}: x is {}; its {} channels must be a multiple of groups = {}",
                                 op, x.shape().str(), channels, o.groups));
  check_conv_bias(op, bias, weight.size(1) * o.groups);
  ConvShape s = common_shape(x, weight, o);
  s.in = weight.size(1);
  s.out = channels / o.groups;
  for (int i = 0; i < N; ++i) {
    ConvShape::Axis& a = s.axis[3 - N + i];
    a.result = x.size(i - N);
    a.size = (a.result - 1) * a.stride - 2 * a.padding + a.dilation * (a.kernel - 1) +
             o.output_padding[i] + 1;
    if (a.result == 0 || a.size < 1)
      throw ShapeError(
          fmt::format("{}: x is {}; size({}) = {} leaves {} elements of the result, less than 1",
                      op, x.shape().str(), i - N, a.result, std::max<int64_t>(a.size, 0)));
  }
  return s;
}

Shape result_shape(const ConvShape& s, const Shape& input) {
  Shape shape = input;
  const int n = input.rank() - 2;
  shape[1] = s.groups * s.out;
  for (int i = 0; i < n; ++i) shape[2 + i] = s.axis[3 - n + i].result;
  return shape;
}
Shape input_shape(const ConvShape& s, const Shape& result) {
  Shape shape = result;
  const int n = result.rank() - 2;
  shape[1] = s.groups * s.in;
  for (int i = 0; i < n; ++i) shape[2 + i] = s.axis[3 - n + i].size;
  return shape;
}
Shape weight_shape(const ConvShape& s, int rank) {
  Shape shape{s.groups * s.out, s.in};
  for (int i = 3 - (rank - 2); i < 3; ++i) shape.push_back(s.axis[i].kernel);
  return shape;
}

#define TAPEHEAD_CONV_SHAPES(N)                                                              \
  template ConvShape conv_shape<N>(const char*, const Tensor&, const Tensor&, const Tensor&, \
                                   const ConvOptions<N>&);                                   \
  template ConvShape conv_transpose_shape<N>(const char*, const Tensor&, const Tensor&,      \
                                             const Tensor&, const ConvOptions<N>&);
TAPEHEAD_CONV_SHAPES(1)
TAPEHEAD_CONV_SHAPES(2)
TAPEHEAD_CONV_SHAPES(3)
#undef TAPEHEAD_CONV_SHAPES

}  // namespace tapehead::detail
