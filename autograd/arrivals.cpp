#include "tapehead/autograd/arrivals.h"

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::detail {
namespace {

// The rows that are collected at most.
int64_t capacity(bool batched) { return batched ? 64 : 1024; }

// Nobody else sees its elements, and each is there once.
bool is_ours(const Tensor& t) {
  return t.impl()->references == 1 && !t.impl()->storage->is_shared() && t.is_contiguous();
}

// The first rows of x in a buffer that has room for more.
Tensor with_room(const Tensor& x) {
  Shape shape = x.shape();
  shape[shape.rank() - 2] = capacity(x.dim() > 2);
  const Tensor out = core::empty(shape, x.dtype());
  core::copy_into(out.slice(-2, 0, x.size(-2)), x);
  return out;
}

}  // namespace

bool Arrivals::worth_holding(int64_t rows, bool batched) { return 2 * rows <= capacity(batched); }

void Arrivals::add(Tensor g) {
  if (!sum_.defined()) sum_ = std::move(g);
  else if (!grad_enabled() && is_ours(sum_)) sum_.add_(g);
  else sum_ = sum_ + g;
}

void Arrivals::add_product(const Tensor& a, const Tensor& b) {
  const int64_t rows = a.size(-2);
  if (rows_ > 0 && rows_ + rows > capacity(a.dim() > 2)) compute_products();
  if (rows_ == 0) {  // the first is not copied: it may stay the only one
    a_ = a;
    b_ = b;
  } else {
    if (a_.size(-2) == rows_) {
      a_ = with_room(a_);
      b_ = with_room(b_);
    }
    core::copy_into(a_.slice(-2, rows_, rows_ + rows), a);
    core::copy_into(b_.slice(-2, rows_, rows_ + rows), b);
  }
  rows_ += rows;
}

void Arrivals::compute_products() {
  add(matmul(a_.slice(-2, 0, rows_).transpose(-1, -2), b_.slice(-2, 0, rows_)));
  a_ = b_ = Tensor();
  rows_ = 0;
}

Tensor& Arrivals::sum_in_place(const Shape& shape, DType dtype) {
  if (!sum_.defined()) sum_ = core::full(shape, 0, dtype);
  else if (!is_ours(sum_)) sum_ = sum_.clone();
  return sum_;
}

Tensor Arrivals::take() {
  if (rows_ > 0) compute_products();
  return std::move(sum_);
}

}  // namespace tapehead::detail
