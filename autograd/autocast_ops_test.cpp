// The types that ops compute in under autocast, as in PyTorch, except for products; see
// autocast_test.cpp.
#include <doctest/doctest.h>

#include "tapehead/tests/autocast_check.h"

namespace tapehead::autocast_ops_test {

using namespace testing;

namespace {

const Tensor kClasses = tensor({0, 2, 1});

// A matrix that is not singular, and a positive-definite one; representable in bf16.
Tensor regular(const Tensor& x) {
  return (eye(x.size(-1)) * 3 + x.to(f32) / 4).to(bf16).to(x.dtype());
}
Tensor definite(const Tensor& x) {
  const Tensor wide = x.to(f32);
  return (eye(x.size(-1)) * 5 + wide + wide.transpose(0, 1)).to(bf16).to(x.dtype());
}

// From f32 operands the same f32 result as without autocast.
const std::vector<AutocastRow> kUnchanged = {
    {"mv", {{4, 8}, {8}}, [](auto& x) { return mv(x[0], x[1]); }},
    {"dot", {{8}, {8}}, [](auto& x) { return dot(x[0], x[1]); }},
    {"vdot", {{8}, {8}}, [](auto& x) { return vdot(x[0], x[1]); }},
    {"inner of vectors", {{8}, {8}}, [](auto& x) { return inner(x[0], x[1]); }},
    {"outer", {{4}, {8}}, [](auto& x) { return outer(x[0], x[1]); }},
    {"kron", {{2, 3}, {3, 2}}, [](auto& x) { return kron(x[0], x[1]); }},
    {"addmv", {{4}, {4, 8}, {8}}, [](auto& x) { return addmv(x[0], x[1], x[2]); }},
    {"addr", {{4, 6}, {4}, {6}}, [](auto& x) { return addr(x[0], x[1], x[2]); }},
    {"bilinear",
     {{3, 4}, {3, 5}, {2, 4, 5}, {2}},
     [](auto& x) { return bilinear(x[0], x[1], x[2], x[3]); }},
    {"einsum of elements", {{4, 6}, {4, 6}}, [](auto& x) { return einsum("ij,ij->ij", x); }},
    {"linalg_matrix_exp", {{3, 3}}, [](auto& x) { return linalg_matrix_exp(x[0]); }},
    {"linalg_pinv", {{3, 4}}, [](auto& x) { return linalg_pinv(x[0]); }},
    {"affine_grid",
     {{1, 2, 3}},
     [](auto& x) {
       return affine_grid(x[0], {1, 1, 3, 4}, false);
     }},
    {"tanh", {{4, 6}}, [](auto& x) { return tanh(x[0]); }},
    {"cat with bf16",
     {{4}, {4}},
     [](auto& x) {
       return cat({x[0], x[1].to(bf16)});
     }},
    {"stack with bf16",
     {{4}, {4}},
     [](auto& x) {
       return stack({x[0], x[1].to(bf16)});
     }},
};

// From bf16 operands the f32 result for these operands in f32.
const std::vector<AutocastRow> kInF32 = {
    {"mse_loss", {{4, 6}, {4, 6}}, [](auto& x) { return mse_loss(x[0], x[1]); }},
    {"mse_loss of each",
     {{4, 6}, {4, 6}},
     [](auto& x) { return mse_loss(x[0], x[1], Reduction::none); }},
    {"l1_loss", {{4, 6}, {4, 6}}, [](auto& x) { return l1_loss(x[0], x[1]); }},
    {"smooth_l1_loss", {{4, 6}, {4, 6}}, [](auto& x) { return smooth_l1_loss(x[0], x[1]); }},
    {"huber_loss", {{4, 6}, {4, 6}}, [](auto& x) { return huber_loss(x[0], x[1]); }},
    {"binary_cross_entropy_with_logits",
     {{4, 6}, {4, 6}},
     [](auto& x) {
       return binary_cross_entropy_with_logits(x[0], x[1] > 0, {.pos_weight = tensor({0.3})});
     }},
    {"binary_cross_entropy",
     {{4, 6}, {4, 6}},
     [](auto& x) { return binary_cross_entropy(clamp(abs(x[0]) / 4, 0, 1), x[1] > 0); }},
    {"kl_div", {{4, 6}, {4, 6}}, [](auto& x) { return kl_div(x[0], x[1] > 0); }},
    {"poisson_nll_loss",
     {{4, 6}, {4, 6}},
     [](auto& x) { return poisson_nll_loss(x[0], abs(x[1]) * 4, {.full = true}); }},
    {"gaussian_nll_loss",
     {{4, 6}, {4, 6}, {4, 6}},
     [](auto& x) { return gaussian_nll_loss(x[0], x[1], abs(x[2])); }},
    {"nll_loss", {{3, 4}}, [](auto& x) { return nll_loss(x[0], kClasses); }},
    {"cross_entropy", {{3, 4}}, [](auto& x) { return cross_entropy(x[0], kClasses); }},
    {"linear_cross_entropy",
     {{3, 4}, {5, 4}},
     [](auto& x) { return linear_cross_entropy(x[0], x[1], kClasses); }},
    {"multi_margin_loss", {{3, 4}}, [](auto& x) { return multi_margin_loss(x[0], kClasses); }},
    {"multilabel_margin_loss",
     {{3}},
     [](auto& x) {
       return multilabel_margin_loss(x[0], tensor({1, -1, 0}));
     }},
    {"multilabel_soft_margin_loss",
     {{4, 6}, {4, 6}},
     [](auto& x) { return multilabel_soft_margin_loss(x[0], x[1] > 0); }},
    {"soft_margin_loss",
     {{4}, {4}},
     [](auto& x) { return soft_margin_loss(x[0], sign(x[1].detach())); }},
    {"hinge_embedding_loss",
     {{4}, {4}},
     [](auto& x) { return hinge_embedding_loss(x[0], sign(x[1].detach())); }},
    {"margin_ranking_loss",
     {{4}, {4}, {4}},
     [](auto& x) { return margin_ranking_loss(x[0], x[1], sign(x[2].detach())); }},
    {"triplet_margin_loss",
     {{3, 4}, {3, 4}, {3, 4}},
     [](auto& x) { return triplet_margin_loss(x[0], x[1], x[2]); }},
    {"cosine_embedding_loss",
     {{3, 4}, {3, 4}},
     [](auto& x) {
       return cosine_embedding_loss(x[0], x[1], tensor({1, -1, 1}));
     }},
    {"ctc_loss",
     {{5, 1, 4}},
     [](auto& x) {
       return ctc_loss(x[0], tensor({{1, 2}}), tensor({5}), tensor({2}));
     }},
    {"rnnt_loss",
     {{1, 4, 3, 5}},
     [](auto& x) {
       return rnnt_loss(x[0], tensor({{1, 2}}), tensor({4}), tensor({2}));
     }},
    {"prod", {{3, 4}}, [](auto& x) { return prod(x[0], 1); }},
    {"trace", {{4, 4}}, [](auto& x) { return trace(x[0]); }},
    {"quantile", {{9}}, [](auto& x) { return quantile(x[0], 0.3); }},
    {"nanquantile", {{9}}, [](auto& x) { return nanquantile(x[0], 0.3); }},
    {"cdist", {{4, 3}, {5, 3}}, [](auto& x) { return cdist(x[0], x[1]); }},
    {"fft_rfft", {{12}}, [](auto& x) { return fft_rfft(x[0]); }},
    {"fft_irfft", {{5, 2}}, [](auto& x) { return fft_irfft(x[0]); }},
    {"fft_fft2", {{3, 4, 2}}, [](auto& x) { return fft_fft2(x[0]); }},
    {"stft", {{1, 40}}, [](auto& x) { return stft(x[0], 8); }},
    {"istft", {{5, 6, 2}}, [](auto& x) { return istft(x[0], 8); }},
    {"grid_sample",
     {{1, 2, 4, 4}, {1, 3, 3, 2}},
     [](auto& x) { return grid_sample(x[0], x[1] / 4); }},
    {"linalg_cholesky", {{3, 3}}, [](auto& x) { return linalg_cholesky(definite(x[0])); }},
    {"cholesky_solve",
     {{3, 2}, {3, 3}},
     [](auto& x) { return cholesky_solve(x[0], regular(x[1])); }},
    {"cholesky_inverse", {{3, 3}}, [](auto& x) { return cholesky_inverse(regular(x[0])); }},
    {"linalg_inv", {{3, 3}}, [](auto& x) { return linalg_inv(regular(x[0])); }},
    {"linalg_solve", {{3, 3}, {3, 2}}, [](auto& x) { return linalg_solve(regular(x[0]), x[1]); }},
    {"linalg_lstsq", {{5, 3}, {5, 2}}, [](auto& x) { return linalg_lstsq(x[0], x[1])[0]; }},
    {"linalg_qr", {{4, 3}}, [](auto& x) { return linalg_qr(x[0])[1]; }},
    {"linalg_svdvals", {{4, 3}}, [](auto& x) { return linalg_svdvals(x[0]); }},
    {"linalg_eigvalsh", {{3, 3}}, [](auto& x) { return linalg_eigvalsh(definite(x[0])); }},
    {"linalg_det", {{3, 3}}, [](auto& x) { return linalg_det(regular(x[0])); }},
    {"linalg_lu", {{3, 3}}, [](auto& x) { return linalg_lu(regular(x[0]))[2]; }},
    {"linalg_pinv", {{4, 3}}, [](auto& x) { return linalg_pinv(x[0]); }},
};

// From bf16 operands the same bf16 result as without autocast.
const std::vector<AutocastRow> kInBf16 = {
    {"exp", {{4, 6}}, [](auto& x) { return exp(x[0]); }},
    {"add", {{4, 6}, {4, 6}}, [](auto& x) { return x[0] + x[1]; }},
    {"softmax", {{4, 6}}, [](auto& x) { return softmax(x[0], -1); }},
    {"log_softmax", {{4, 6}}, [](auto& x) { return log_softmax(x[0], -1); }},
    {"sum", {{4, 6}}, [](auto& x) { return sum(x[0]); }},
    {"var", {{4, 6}}, [](auto& x) { return var(x[0]); }},
    {"cumsum", {{4, 6}}, [](auto& x) { return cumsum(x[0], 0); }},
    {"layer_norm", {{4, 6}}, [](auto& x) { return layer_norm(x[0], {6}); }},
    {"cosine_similarity", {{4, 6}, {4, 6}}, [](auto& x) { return cosine_similarity(x[0], x[1]); }},
    {"avg_pool2d", {{1, 1, 4, 4}}, [](auto& x) { return avg_pool2d(x[0], 2); }},
    {"interpolate",
     {{1, 1, 4, 4}},
     [](auto& x) {
       return interpolate(x[0], {.size = {8, 8}});
     }},
};

}  // namespace

TEST_CASE("autocast: other ops of f32 operands are computed in f32") {
  for (const AutocastRow& row : kUnchanged) {
    CAPTURE(row.name);
    const AutocastResults c = compare(row, random_leaves(row), f32);
    CHECK(c.y.dtype() == f32);
    CHECK(difference(c.y, c.expected) == 0);
    for (size_t i = 0; i < c.grads.size(); ++i)
      CHECK(difference(c.grads[i], c.expected_grads[i]) == 0);
  }
}

TEST_CASE("autocast: losses and matrix functions of bf16 operands are computed in f32") {
  for (const AutocastRow& row : kInF32) {
    CAPTURE(row.name);
    const Tensors inputs = random_leaves(row, bf16);
    const Tensor y = autocast(bf16, [&] { return row.f(inputs); });
    const Tensor expected = row.f(to_type(inputs, f32));
    CHECK(y.dtype() == f32);
    CHECK(difference(y, expected) == 0);
    for (const Tensor& t : gradients(y, {inputs[0]})) CHECK(t.dtype() == bf16);
  }
}

TEST_CASE("autocast: other ops of bf16 operands are computed in bf16") {
  for (const AutocastRow& row : kInBf16) {
    CAPTURE(row.name);
    const AutocastResults c = compare(row, random_leaves(row, bf16), bf16);
    CHECK(c.y.dtype() == bf16);
    CHECK(difference(c.y, c.expected) == 0);
  }
}

}  // namespace tapehead::autocast_ops_test
