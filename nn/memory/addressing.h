// How a memory that a network writes to is addressed: by content and by place (the Neural Turing
// Machine, Graves, Wayne and Danihelka 2014, arXiv:1410.5401), by what is free and by the order of
// writing (the Differentiable Neural Computer, Graves et al. 2016, doi:10.1038/nature20101,
// Methods).
//
// B batch, N slots of the memory, W size of a slot, R heads. A memory is M [B, N, W]; weights
// w [B, R, N] say how much each head looks at each slot. All throw ShapeError that names the
// function and the shapes.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// By content: softmax over the slots of strength cos(key, slot), where
/// cos(a, b) = a'b / sqrt((a'a + 1e-6) (b'b + 1e-6)), so that an empty slot has a gradient, too.
/// memory [B, N, W], keys [B, R, W], strengths [B, R] give [B, R, N]. NTM, eq. 5 and 6.
Tensor content_weights(const Tensor& memory, const Tensor& keys, const Tensor& strengths);

/// g content + (1 - g) previous: [B, R, N] both, gates [B, R]. NTM, eq. 7.
Tensor interpolate_weights(const Tensor& content, const Tensor& previous, const Tensor& gates);

/// Moves weights along the slots, which are a circle: w[i] = sum_j weights[j] s(i - j). weights
/// [B, R, N], shifts [B, R, 2 S + 1] hold s(-S) .. s(S), and N is at least 2 S + 1. NTM, eq. 8.
Tensor shift_weights(const Tensor& weights, const Tensor& shifts);

/// weights[i]^gamma / sum_j weights[j]^gamma, of weights + 1e-16: [B, R, N] and exponents gamma
/// [B, R]. NTM, eq. 9.
Tensor sharpen_weights(const Tensor& weights, const Tensor& exponents);

/// What heads read, sum_i w[i] M[i]: [B, N, W] and [B, R, N] give [B, R, W]. NTM, eq. 2.
Tensor read_memory(const Tensor& memory, const Tensor& weights);

/// What R heads leave: each slot M[i] times 1 - w[i] e of every head, then plus the w[i] a of all.
/// weights [B, R, N], erase and add [B, R, W]. NTM, eq. 3 and 4.
Tensor write_memory(const Tensor& memory, const Tensor& weights, const Tensor& erase,
                    const Tensor& add);

/// How much of each slot is in use after a step, (u + w - u w) prod_r (1 - f_r w_r): of usage u and
/// write weights w [B, N], both of the step before, what the heads read then, w_r [B, R, N], and
/// may free, f [B, R]. DNC.
Tensor next_usage(const Tensor& usage, const Tensor& written, const Tensor& read,
                  const Tensor& free_gates);

/// Where to write to next, the least used slot first: with phi the slots in the order of rising
/// usage (equal ones in the order that they have), a[phi_j] = (1 - u[phi_j]) prod_(i<j) u[phi_i].
/// usage [B, N] gives [B, N], whose sum is at most 1. The order counts as fixed for gradients. DNC.
Tensor allocation_weights(const Tensor& usage);

/// Which slot was written to after which.
struct TemporalLinks {
  Tensor links;       ///< [B, N, N]: how much slot i was written to after slot j
  Tensor precedence;  ///< [B, N]: how much slot i was written to last
};

/// After writing with w [B, N]: L[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j], 0 for i = j, with
/// the precedence p before, which becomes (1 - sum w) p + w. DNC.
struct FollowedLinks {
  TemporalLinks next;
  Tensor backward, forward;  ///< [B, R, N]: L' w_r and L w_r, the slots before and after w_r
};
/// The same, and where the links lead from what was read before, `read` [B, R, N].
FollowedLinks follow_links(const TemporalLinks& links, const Tensor& written, const Tensor& read);

}  // namespace tapehead::nn
