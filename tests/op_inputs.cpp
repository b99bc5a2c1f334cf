#include "tapehead/tests/op_inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/limits.h"

namespace tapehead::op_tests {
namespace {

double uniform(std::mt19937_64& bits, double from, double to) {
  return from + (to - from) * std::ldexp(static_cast<double>(bits() >> 11), -53);
}

double draw_value(std::mt19937_64& bits, const Operand& o) {
  if (o.kind != Operand::kFloating)
    return std::floor(uniform(bits, o.from, o.kind == Operand::kBool ? 2 : o.to));
  double value = uniform(bits, o.from, o.to);
  while (std::abs(value) < o.away_from_zero) value = uniform(bits, o.from, o.to);
  return value;
}

// Strides, and the number of elements to allocate.
struct Placement {
  Shape strides;
  int64_t offset = 0, room = 1;
};

Placement place(const Shape& shape, Layout layout) {
  Placement p{contiguous_strides(shape)};
  const int rank = shape.rank();
  p.room = shape.numel();
  if (layout == Layout::kTurned) {
    int64_t step = 1;
    for (int axis = 0; axis < rank; ++axis) {
      p.strides[axis] = step;
      step *= std::max<int64_t>(shape[axis], 1);
    }
  } else if (layout == Layout::kStepped) {
    for (int64_t& stride : p.strides) stride *= 2;
    p.offset = 3;
    p.room = 2 * p.room + 3;
  } else if (rank > 0 && layout != Layout::kPlain) {
    p.strides[layout == Layout::kSpreadFirst ? 0 : rank - 1] = 0;
  }
  return p;
}

// Calls f(index in row-major order, offset in elements from the first) for all elements.
template <class F>
void each_place(const Shape& shape, const Shape& strides, F f) {
  for (int64_t i = 0, n = shape.numel(); i < n; ++i) {
    int64_t rest = i, at = 0;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      at += rest % shape[axis] * strides[axis];
      rest /= shape[axis];
    }
    f(i, at);
  }
}

std::string position(const Shape& shape, int64_t index) {
  Shape at = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    at[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return at.str();
}

}  // namespace

const char* name(Layout layout) {
  switch (layout) {
    case Layout::kPlain: return "contiguous";
    case Layout::kTurned: return "transposed";
    case Layout::kStepped: return "sliced with a step";
    case Layout::kSpreadFirst: return "expanded along the first axis";
    case Layout::kSpreadLast: break;
  }
  return "expanded along the last axis";
}

Arrays draw(const Sample& sample) {
  std::mt19937_64 bits(sample.operands.size());
  Arrays out;
  for (const Operand& o : sample.operands) {
    Array values(o.shape);
    for (double& value : values.values) value = draw_value(bits, o);
    if (!o.values.empty()) values.values = o.values;
    out.push_back(std::move(values));
  }
  return out;
}

Array draw_gradient(const Shape& shape, uint64_t seed) {
  std::mt19937_64 bits(seed);
  Array out(shape);
  for (double& value : out.values) value = uniform(bits, -1, 1);
  return out;
}

Array rounded(Array x, DType dtype) {
  visit(dtype, [&]<class T>() {
    for (double& value : x.values) value = static_cast<double>(static_cast<T>(value));
  });
  return x;
}

Array fitting(Array x, Layout layout) {
  const Array from = x;
  each_place(x.shape, contiguous_strides(x.shape), [&](int64_t i, int64_t) {
    int64_t step = 1;
    if (x.shape.rank() > 0 && layout == Layout::kSpreadFirst)
      x[i] = from.values[static_cast<size_t>(i % (from.numel() / x.shape[0]))];
    if (x.shape.rank() > 0 && layout == Layout::kSpreadLast)
      step = x.shape.back(), x[i] = from.values[static_cast<size_t>(i / step * step)];
  });
  return x;
}

Tensor to_tensor(const Array& x, DType dtype, Layout layout) {
  const Placement p = place(x.shape, layout);
  const Tensor memory = core::full({p.room}, 77, dtype);  // elements in the gaps must not be read
  const Tensor out = core::view_of(memory, x.shape, p.strides, p.offset);
  visit(dtype, [&]<class T>() {
    T* first = out.data<T>();
    each_place(x.shape, p.strides, [&](int64_t i, int64_t at) {
      first[at] = static_cast<T>(x.values[static_cast<size_t>(i)]);
    });
  });
  return out;
}

Tensors to_tensors(const Sample& sample, const Arrays& values, DType dtype, Layout layout) {
  Tensors out;
  for (size_t i = 0; i < values.size(); ++i) {
    const Operand::Kind kind = sample.operands[i].kind;
    const DType own = kind == Operand::kFloating ? dtype : kind == Operand::kIndex ? i64 : boolean;
    out.push_back(to_tensor(values[i], own, layout));
  }
  return out;
}

Array to_array(const Tensor& t) {
  Array out(t.shape());
  out.values = t.to_vector<double>();
  return out;
}

Tolerance tolerance(DType dtype, int64_t terms, int64_t roundings, double scale) {
  // bf16 and f16 are accumulated in f32 and rounded once.
  const double unit = finfo(dtype).eps / 2;
  const double inner = dtype == f64 ? 0x1p-53 : 0x1p-24;
  return {unit,
          scale * (inner * static_cast<double>(8 + 2 * terms) +
                   2 * unit * static_cast<double>(roundings - 1)),
          finfo(dtype).max};
}

double scale_of(const Array& x) {
  double scale = 1;
  for (const double value : x.values)
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  return scale;
}

std::optional<std::string> difference(const Array& got, const Array& wanted, Tolerance tolerance) {
  if (got.shape != wanted.shape)
    return fmt::format("has shape {}, not {}", got.shape.str(), wanted.shape.str());
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    const double x = got.values[i], y = wanted.values[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const double most = tolerance.of_value * std::abs(y) + tolerance.absolute;
    if (std::isfinite(y) && std::abs(x - y) <= most) continue;
    if (std::isinf(x) && std::abs(y) + most > tolerance.largest && (x > 0) == (y > 0)) continue;
    return fmt::format("at {} is {:.9g}, not {:.9g} (± {:.2g})",
                       position(wanted.shape, static_cast<int64_t>(i)), x, y, most);
  }
  return std::nullopt;
}

}  // namespace tapehead::op_tests
