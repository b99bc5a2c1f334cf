#include "tapehead/core/tensor.h"

#include <fmt/format.h>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/detail/tensor_reuse.h"
#include "tapehead/core/error.h"

namespace tapehead {

void* detail::TensorImpl::operator new(size_t bytes) { return allocate(bytes); }
void detail::TensorImpl::operator delete(void* block, size_t bytes) noexcept {
  deallocate(block, bytes);
}
void detail::TensorImpl::dispose() noexcept {
  if (kind && tensor_reuse) tensor_reuse->keep(this);
  else delete this;
}

int64_t detail::bytes_of(const Shape& shape, DType dtype) {
  int64_t bytes = 0;
  if (__builtin_mul_overflow(shape.numel(), size_of(dtype), &bytes))
    throw ShapeError(
        fmt::format("shape: {} of {} is too large to address", shape.str(), tapehead::name(dtype)));
  return bytes;
}

void detail::throw_undefined() {
  throw ValueError("tensor: it is undefined; give it a value before it is used");
}

namespace {

template <class To>
To element(const char* at, DType dtype) {
  return visit(dtype,
               [&]<class From>() { return static_cast<To>(*reinterpret_cast<const From*>(at)); });
}

}  // namespace

Tensor::Tensor(const Number& value)
    : Tensor(core::empty({}, value.dtype == f32 ? f64 : value.dtype)) {
  if (value.dtype == f32) *data<double>() = value.floating;
  else if (value.dtype == i64) *data<int64_t>() = value.integer;
  else *data<bool>() = value.integer != 0;
  impl_->is_scalar = true;
}

void Tensor::check_type(DType expected) const {
  if (dtype() != expected)
    throw DTypeError(
        fmt::format("data: the tensor is {}, not {}; use data<T>() with its element type or "
                    "convert with to({})",
                    tapehead::name(dtype()), tapehead::name(expected), tapehead::name(expected)));
}

void Tensor::check_contiguous() const {
  if (!is_contiguous())
    throw ShapeError(fmt::format("span: {} with strides {} is not contiguous; call contiguous()",
                                 core::describe(*this), strides().str()));
}

int64_t Tensor::size(int64_t axis) const {
  if (dim() == 0) throw IndexError("size: a 0-d tensor has no axes");
  return impl_->sizes[normalize_axis("size", axis, dim())];
}

bool Tensor::is_contiguous() const {
  int64_t step = 1;
  for (int i = dim() - 1; i >= 0; --i) {
    const int64_t size = impl_->sizes[i];
    if (size == 0) return true;
    if (size != 1 && impl_->strides[i] != step) return false;
    step *= size;
  }
  return true;
}

Number Tensor::only_element() const {
  if (numel() != 1)
    throw ShapeError(fmt::format(
        "item: the tensor has shape {}; only one element converts to a number", shape().str()));
  if (is_floating(dtype())) return element<double>(raw(), dtype());
  return element<int64_t>(raw(), dtype());
}

void Tensor::throw_range(const Number& element) {
  throw ValueError(
      fmt::format("item: {} is outside the range of the requested type; request a wider one",
                  is_floating(element.dtype) ? fmt::format("{}", element.floating)
                                             : fmt::format("{}", element.integer)));
}

double Tensor::item() const {
  const Number x = only_element();
  constexpr int64_t kExact = int64_t{1} << 53;  // double is exact for integers up to here
  if ((x.integer > kExact || x.integer < -kExact) &&
      (x.floating == 0x1p63 || static_cast<int64_t>(x.floating) != x.integer))
    throw ValueError(fmt::format(
        "item: {} is not exact as a double; use item<int64_t>(), or item<double>() to round it",
        x.integer));
  return x.floating;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const int64_t n = numel();
  std::vector<T> out(static_cast<size_t>(n));
  const int last = dim() - 1;
  const int64_t length = last < 0 ? 1 : shape()[last], step = last < 0 ? 0 : strides()[last];
  visit(dtype(), [&]<class From>() {
    int64_t position[Shape::kMaxRank] = {};
    const From* row = reinterpret_cast<const From*>(raw());
    auto to = out.begin();
    for (int64_t left = n; left > 0; left -= length) {
      for (int64_t i = 0; i < length; ++i) *to++ = static_cast<T>(row[i * step]);
      for (int axis = last - 1; axis >= 0; --axis) {
        row += strides()[axis];
        if (++position[axis] < shape()[axis]) break;
        row -= strides()[axis] * shape()[axis];
        position[axis] = 0;
      }
    }
  });
  return out;
}

template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<bfloat16> Tensor::to_vector() const;
template std::vector<int64_t> Tensor::to_vector() const;
template std::vector<int32_t> Tensor::to_vector() const;
template std::vector<uint8_t> Tensor::to_vector() const;
template std::vector<float16> Tensor::to_vector() const;
template std::vector<int16_t> Tensor::to_vector() const;
template std::vector<int8_t> Tensor::to_vector() const;
template std::vector<bool> Tensor::to_vector() const;

Tensor Tensor::detach() const {
  if (there().storage->mapped()) [[unlikely]]
    return detail::detach_mapped(*this);
  Tensor out = core::view_of(*this, shape(), strides(), there().offset);
  if (impl_->name) out.set_name(*impl_->name);
  return out;
}

Tensor::Iterator Tensor::begin() const {
  if (dim() == 0) throw ShapeError("begin: a 0-d tensor has no axis to iterate over");
  return {*this, 0};
}

Tensor::Iterator Tensor::end() const { return {*this, size(0)}; }

Tensor& Tensor::set_name(std::string name) {
  if (!impl_) detail::throw_undefined();
  if (!impl_->name) impl_->name = new std::string;
  *impl_->name = std::move(name);
  if (impl_->node) impl_->node->named(impl_->node_output, *impl_->name);
  return *this;
}

namespace core {
namespace {

Ref<detail::TensorImpl> without_storage() {
  if (detail::tensor_reuse) return detail::tensor_reuse->take_empty();
  return Ref<detail::TensorImpl>::adopt(new detail::TensorImpl);
}

}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  if (detail::tensor_reuse) return Tensor::adopt(detail::tensor_reuse->take(shape, dtype));
  auto impl = Ref<detail::TensorImpl>::adopt(new detail::TensorImpl);
  impl->dtype = dtype;
  impl->sizes = shape;
  impl->strides = contiguous_strides(shape);
  impl->storage = Storage::create(detail::bytes_of(shape, dtype));
  return Tensor::adopt(std::move(impl));
}

Tensor borrow(void* data, DType dtype, const Shape& sizes, const Shape& strides, bool read_only,
              std::function<void()> release) {
  int64_t elements = sizes.numel() == 0 ? 0 : 1;
  for (int i = 0; i < sizes.rank() && elements > 0; ++i) elements += (sizes[i] - 1) * strides[i];
  auto impl = Ref<detail::TensorImpl>::adopt(new detail::TensorImpl);
  impl->dtype = dtype;
  impl->sizes = sizes;
  impl->strides = strides;
  impl->storage = Storage::borrow(data, elements * size_of(dtype), read_only, std::move(release));
  return Tensor::adopt(std::move(impl));
}

Tensor empty_like(const Tensor& like) { return empty(like.shape(), like.dtype()); }

Tensor view_of(const Tensor& base, const Shape& sizes, const Shape& strides, int64_t offset) {
  check_sizes(sizes);
  Ref<detail::TensorImpl> impl = without_storage();
  impl->dtype = base.dtype();
  impl->is_scalar = base.impl()->is_scalar && sizes.empty();
  impl->sizes = sizes;
  impl->strides = strides;
  // The offset of an empty view could lie outside of the storage.
  impl->offset = sizes.numel() == 0 ? 0 : offset;
  impl->storage = base.impl()->storage;
  return Tensor::adopt(std::move(impl));
}

std::string describe(const Tensor& x) {
  if (!x.defined()) return "an undefined tensor";
  const std::string shape_and_type = x.shape().str() + " " + name(x.dtype());
  return x.name().empty() ? shape_and_type : "'" + x.name() + "' " + shape_and_type;
}

}  // namespace core
}  // namespace tapehead
