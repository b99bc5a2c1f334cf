// Addressing of an external memory: by content and by location (Neural Turing Machine: Graves,
// Wayne and Danihelka 2014, arXiv:1410.5401), by usage and by temporal order (Differentiable Neural
// Computer: Graves et al. 2016, doi:10.1038/nature20101, Methods).
//
// B batch, N slots of the memory, W size of a slot, R heads. A memory is M [B, N, W]; weights
// w [B, R, N] are those of each head over the slots. All functions are differentiable, and throw
// ShapeError with the name of the function and the shapes.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Content-based weights: softmax over the slots of strength * cos(key, slot), where
/// cos(a, b) = a'b / sqrt((a'a + 1e-6) (b'b + 1e-6)), which is differentiable at zero vectors.
/// memory [B, N, W], keys [B, R, W], strengths [B, R] to [B, R, N]. NTM, eq. 5 and 6.
/// Example: nn::content_weights(eye(3).unsqueeze(0), tensor({{{1.0, 0.0, 0.0}}}), tensor({{2.0}}))
///     // [[[0.7870, 0.1065, 0.1065]]]
Tensor content_weights(const Tensor& memory, const Tensor& keys, const Tensor& strengths);

/// g content + (1 - g) previous: content and previous [B, R, N], gates g [B, R] to [B, R, N]. NTM,
/// eq. 7.
/// Example: nn::interpolate_weights(tensor({{{1.0, 0.0}}}), tensor({{{0.0, 1.0}}}),
///     tensor({{0.75}}))  // [[[0.75, 0.25]]]
Tensor interpolate_weights(const Tensor& content, const Tensor& previous, const Tensor& gates);

/// Circular convolution along the slots: w[i] = sum_j weights[j] s(i - j). weights [B, R, N] and
/// shifts [B, R, 2 S + 1], which are s(-S) .. s(S), to [B, R, N]; N is at least 2 S + 1. NTM,
/// eq. 8.
/// Example: nn::shift_weights(tensor({{{1.0, 0.0, 0.0}}}), tensor({{{0.0, 0.0, 1.0}}}))
///     // [[[0., 1., 0.]]]
Tensor shift_weights(const Tensor& weights, const Tensor& shifts);

/// weights[i]^gamma / sum_j weights[j]^gamma, of weights + 1e-16: weights [B, R, N] and exponents
/// gamma [B, R] to [B, R, N]. NTM, eq. 9.
/// Example: nn::sharpen_weights(tensor({{{0.75, 0.25}}}), tensor({{2.0}}))  // [[[0.9, 0.1]]]
Tensor sharpen_weights(const Tensor& weights, const Tensor& exponents);

/// Read vectors, sum_i w[i] M[i]: memory [B, N, W] and weights [B, R, N] to [B, R, W]. NTM, eq. 2.
/// Example: nn::read_memory(tensor({{{1.0, 2.0}, {3.0, 4.0}}}), tensor({{{0.5, 0.5}}}))
///     // [[[2., 3.]]]
Tensor read_memory(const Tensor& memory, const Tensor& weights);

/// The memory after R heads have written: M[i] prod_r (1 - w_r[i] e_r) + sum_r w_r[i] a_r. memory
/// [B, N, W], weights [B, R, N], erase e and add a [B, R, W] to [B, N, W]. NTM, eq. 3 and 4.
/// Example: nn::write_memory(ones({1, 2, 2}), tensor({{{1.0, 0.0}}}), ones({1, 1, 2}),
///     tensor({{{5.0, 6.0}}}))  // [[[5., 6.], [1., 1.]]]
Tensor write_memory(const Tensor& memory, const Tensor& weights, const Tensor& erase,
                    const Tensor& add);

/// Usage of the slots, (u + w - u w) prod_r (1 - f_r w_r): usage u [B, N], write weights w [B, N]
/// and read weights w_r [B, R, N] of the previous step, and free gates f [B, R], to [B, N]. DNC.
/// Example: nn::next_usage(zeros({1, 2}), tensor({{1.0, 0.0}}), zeros({1, 1, 2}), zeros({1, 1}))
///     // [[1., 0.]]
Tensor next_usage(const Tensor& usage, const Tensor& written, const Tensor& read,
                  const Tensor& free_gates);

/// Allocation weights, largest for the least used slots: with phi the slots sorted by usage
/// (stable), a[phi_j] = (1 - u[phi_j]) prod_(i<j) u[phi_i]. usage [B, N] to [B, N], whose sum is at
/// most 1. Gradients treat the order as constant. DNC.
/// Example: nn::allocation_weights(tensor({{1.0, 0.0, 0.5}}))  // [[0., 1., 0.]]
Tensor allocation_weights(const Tensor& usage);

/// The order in which slots were written.
struct TemporalLinks {
  Tensor links;       ///< L [B, N, N]: degree to which slot i was written after slot j
  Tensor precedence;  ///< p [B, N]: degree to which slot i was written last
};

/// Output of follow_links().
struct FollowedLinks {
  TemporalLinks next;        ///< after writing
  Tensor backward, forward;  ///< [B, R, N]: L' w_r and L w_r with the next L
};
/// Updates the links after writing with w [B, N], and follows them from the previous read weights
/// w_r [B, R, N]: L[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j], 0 for i = j, and then
/// p = (1 - sum w) p + w. DNC.
/// Example: nn::follow_links({zeros({1, 3, 3}), tensor({{1.0, 0.0, 0.0}})}, tensor({{0.0, 1.0,
///     0.0}}), tensor({{{1.0, 0.0, 0.0}}})).forward  // [[[0., 1., 0.]]]
FollowedLinks follow_links(const TemporalLinks& links, const Tensor& written, const Tensor& read);

}  // namespace tapehead::nn
