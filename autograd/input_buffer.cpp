#include "tapehead/autograd/input_buffer.h"

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"

namespace tapehead::detail {
namespace {

// The maximum number of rows to collect.
int64_t capacity(bool batched) { return batched ? 64 : 1024; }

// True if nothing else refers to the elements and no two elements share memory.
bool is_ours(const Tensor& t) {
  return t.impl()->references == 1 && !t.impl()->storage->is_shared() && t.is_contiguous();
}

// A buffer with spare capacity whose first rows are x.
Tensor with_room(const Tensor& x) {
  Shape shape = x.shape();
  shape[shape.rank() - 2] = capacity(x.dim() > 2);
  const Tensor out = core::empty(shape, x.dtype());
  core::copy_into(out.slice(-2, 0, x.size(-2)), x);
  return out;
}

}  // namespace

bool InputBuffer::worth_holding(int64_t rows, bool batched) {
  return 2 * rows <= capacity(batched);
}

void InputBuffer::add(Tensor g) {
  if (!sum_.defined()) sum_ = std::move(g);
  else if (!is_grad_enabled() && is_ours(sum_) && sum_.dtype() == g.dtype()) sum_.add_(g);
  else sum_ = sum_ + g;
}

void InputBuffer::accumulate_matmul(const Tensor& a, const Tensor& b, DType dtype) {
  const int64_t rows = a.size(-2);
  if (held_ && (held_->rows + rows > capacity(a.dim() > 2) || held_->a.dtype() != a.dtype() ||
                held_->b.dtype() != b.dtype()))
    compute_products();
  if (!held_) {  // not copied yet: it may be the only one
    held_ = std::make_unique<Held>();
    held_->a = a;
    held_->b = b;
    held_->rows = rows;
    held_->dtype = dtype;
    return;
  }
  Held& h = *held_;
  if (h.a.size(-2) == h.rows) {
    h.a = with_room(h.a);
    h.b = with_room(h.b);
  }
  core::copy_into(h.a.slice(-2, h.rows, h.rows + rows), a);
  core::copy_into(h.b.slice(-2, h.rows, h.rows + rows), b);
  h.rows += rows;
}

void InputBuffer::compute_products() {
  const std::unique_ptr<Held> h = std::move(held_);
  const auto filled = [&](const Tensor& t) {
    return t.size(-2) == h->rows ? t : t.slice(-2, 0, h->rows);
  };
  const Tensor a = filled(h->a).transpose(-1, -2), b = filled(h->b);
  if (sum_.defined() && !is_grad_enabled() && is_ours(sum_) && sum_.dtype() == h->dtype)
    core::add_matmul("backward", sum_, a, b);
  else if (a.dtype() == h->dtype && b.dtype() == h->dtype) add(matmul(a, b));
  else add(core::matmul("backward", a, b, h->dtype));
}

Tensor& InputBuffer::sum_in_place(const Shape& shape, DType dtype) {
  if (!sum_.defined() && held_) compute_products();  // instead of adding them to zeros
  if (!sum_.defined()) sum_ = core::full(shape, 0, dtype);
  else if (!is_ours(sum_)) sum_ = sum_.clone();
  return sum_;
}

Tensor InputBuffer::take() {
  if (held_) compute_products();
  return std::move(sum_);
}

}  // namespace tapehead::detail
