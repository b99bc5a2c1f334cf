// addmm, addmv, addr, baddbmm, addbmm.
#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/contraction.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

bool is_one(const Number& x) { return x.floating == 1; }

// beta input + alpha a b, for matrices or batches of them with the same dtype and batch.
struct AddProduct : CustomOp {
  static constexpr const char* kName = "addmm";
  static constexpr Batching kBatching = Batching::adjusted;
  Number beta = 1, alpha = 1;

  static bool batch(const Batch& batch, Tensor& input, Tensor& a, Tensor& b, Shape& shape, Number&,
                    Number&) {
    a = batch.expanded(a, 1), b = batch.expanded(b, 2);
    shape.insert(0, batch.size);
    if (!batch.is_mapped[0]) return true;
    Shape sizes = input.shape();
    while (sizes.rank() < shape.rank()) sizes.insert(1, 1);
    input = input.reshape(sizes);
    return true;
  }
  Tensor forward(const Tensor& input, const Tensor& a, const Tensor& b, const Shape& shape,
                 const Number& input_factor, const Number& factor) {
    beta = input_factor, alpha = factor;
    save(a), save(b);
    if (beta.floating == 0) return core::matmul(kName, scaled(a, alpha), b);
    const Tensor out = core::empty(shape, a.dtype());
    core::copy_into(out, scaled(input, beta));
    core::add_matmul(kName, out, scaled(a, alpha), b);
    return out;
  }

  std::array<Tensor, 3> backward(const Tensor& dy) const {
    std::array<Tensor, 3> grads;
    if (needs_grad(0)) grads[0] = is_one(beta) ? dy : dy * Tensor(beta);
    const Tensor d = is_one(alpha) ? dy : dy * Tensor(alpha);
    if (needs_grad(1)) grads[1] = matmul(d, saved(1).transpose(-1, -2));
    if (needs_grad(2)) grads[2] = matmul(saved(0).transpose(-1, -2), d);
    return grads;
  }

 private:
  static Tensor scaled(const Tensor& x, const Number& factor) {
    return is_one(factor) ? x : core::binary(kName, kernels::Binary::mul, x, Tensor(factor));
  }
};

// Checks the types and the input, and computes the sum; errors show the operands as given.
class ProductSum {
 public:
  ProductSum(const char* op, const Tensor& input, const Tensor& a, const Tensor& b)
      : op_(op), input_(input), a_(a), b_(b) {}

  void expect(bool fits, const char* shapes) const {
    if (!fits)
      throw ShapeError(fmt::format("{}: a is {}, b is {}; expected {}", op_, a_.shape().str(),
                                   b_.shape().str(), shapes));
  }
  /// The sum of `input`, which broadcasts to the result, and the product of a and b: views of the
  /// operands with the axes of matrices.
  Tensor of(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta,
            const Number& alpha) const {
    const DType dtype = detail::autocasts(a, b) && detail::is_f32_or_bf16(input)
                            ? detail::autocast_mode
                            : core::result_type(input, a, b);
    detail::check_product_type(op_, dtype);
    for (const auto& [what, factor] : {std::pair{"beta", &beta}, {"alpha", &alpha}})
      if (is_floating(factor->dtype) && !is_floating(dtype))
        throw DTypeError(
            fmt::format("{}: {} = {} is floating, but the operands are {}; pass an "
                        "integer, or convert them with to(f32)",
                        op_, what, factor->floating, name(dtype)));
    Shape shape = a.shape();
    shape[shape.rank() - 1] = b.size(-1);
    if (!broadcasts_to(input.shape(), shape))
      throw ShapeError(
          fmt::format("{}: input {} does not broadcast to the product of a {} and b {}", op_,
                      input_.shape().str(), a_.shape().str(), b_.shape().str()));
    const bool is_outer = a.size(-1) == 1 && is_floating(dtype) && beta.floating != 0;
    if (is_outer)  // in one pass over the result
      return addcmul(is_one(beta) ? input.to(dtype) : input.to(dtype) * Tensor(beta), a.to(dtype),
                     b.to(dtype), alpha.floating);
    return apply<AddProduct>(input.to(dtype), a.to(dtype), b.to(dtype), shape, beta, alpha);
  }

 private:
  const char* op_;
  const Tensor &input_, &a_, &b_;
};

}  // namespace

Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta,
             const Number& alpha) {
  const ProductSum sum("addmm", input, a, b);
  sum.expect(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0), "[N, M] and [M, P]");
  return sum.of(input, a, b, beta, alpha);
}

Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& x, const Number& beta,
             const Number& alpha) {
  const AutocastMode off(bf16, false);
  const ProductSum sum("addmv", input, a, x);
  sum.expect(a.dim() == 2 && x.dim() == 1 && a.size(1) == x.size(0), "[N, M] and [M]");
  return sum.of(input.unsqueeze(-1), a, x.unsqueeze(1), beta, alpha).squeeze(-1);
}

Tensor addr(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta,
            const Number& alpha) {
  const AutocastMode off(bf16, false);
  const ProductSum sum("addr", input, a, b);
  sum.expect(a.dim() == 1 && b.dim() == 1, "[N] and [M]");
  return sum.of(input, a.unsqueeze(1), b.unsqueeze(0), beta, alpha);
}

Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta,
               const Number& alpha) {
  const ProductSum sum("baddbmm", input, a, b);
  sum.expect(a.dim() == 3 && b.dim() == 3 && a.size(0) == b.size(0) && a.size(2) == b.size(1),
             "[B, N, M] and [B, M, P]");
  return sum.of(input, a, b, beta, alpha);
}

Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta,
              const Number& alpha) {
  const ProductSum sum("addbmm", input, a, b);
  sum.expect(a.dim() == 3 && b.dim() == 3 && a.size(0) == b.size(0) && a.size(2) == b.size(1),
             "[B, N, M] and [B, M, P]");
  // The sum over the batch is a part of one product's inner sum.
  const int64_t inner = b.size(0) * b.size(1);
  return sum.of(input, a.transpose(0, 1).reshape({a.size(1), inner}), b.reshape({inner, b.size(2)}),
                beta, alpha);
}

}  // namespace tapehead
