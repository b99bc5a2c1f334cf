// Random tensors of common distributions. Like those of rand() and randn(), they depend only on the
// seed, the number of earlier draws and the element's position; nothing here is recorded, so that
// parameters receive no gradients. Floating types only, unless stated otherwise. All functions
// throw DTypeError, and ValueError for parameters outside of the distribution's, with the position
// of an element of a tensor.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Uniform in [from, to).
/// Example: uniform(-1, 1, {2, 3})  // shape [2, 3]
Tensor uniform(double from, double to, const Shape& shape, DType dtype = f32,
               Generator& generator = default_generator());
/// Normal with the given mean and standard deviation, which is not negative.
/// Example: normal(0, 0.02, {2, 3})  // shape [2, 3]
Tensor normal(double mean, double std, const Shape& shape, DType dtype = f32,
              Generator& generator = default_generator());
/// The same with tensors or numbers that broadcast to the shape of the result.
/// Example: normal(tensor({5.0, 7.0}), 0)  // [5., 7.]
Tensor normal(const Tensor& mean, const Tensor& std, Generator& generator = default_generator());
/// Normal, of which only numbers in [from, to] are drawn.
/// Example: truncated_normal(0, 1, -2, 2, {2, 3})  // shape [2, 3]
Tensor truncated_normal(double mean, double std, double from, double to, const Shape& shape,
                        DType dtype = f32, Generator& generator = default_generator());
/// Density rate exp(-rate x) for x >= 0; rate > 0.
/// Example: exponential(2, {2, 3})  // shape [2, 3]
Tensor exponential(double rate, const Shape& shape, DType dtype = f32,
                   Generator& generator = default_generator());
/// Density exp(-|x - loc| / scale) / (2 scale); scale > 0.
/// Example: laplace(0, 1, {2, 3})  // shape [2, 3]
Tensor laplace(double loc, double scale, const Shape& shape, DType dtype = f32,
               Generator& generator = default_generator());
/// The distribution function exp(-exp(-(x - loc) / scale)); scale > 0.
/// Example: gumbel(0, 1, {2, 3})  // shape [2, 3]
Tensor gumbel(double loc, double scale, const Shape& shape, DType dtype = f32,
              Generator& generator = default_generator());

/// Density x^(a - 1) exp(-x) / Gamma(a) for each a > 0 of `concentration`; divide by a rate to have
/// one. Marsaglia and Tsang: A simple method for generating gamma variables, 2000.
/// Example: gamma(full({2, 3}, 0.5))  // shape [2, 3]
Tensor gamma(const Tensor& concentration, Generator& generator = default_generator());
/// Density x^(a - 1) (1 - x)^(b - 1) / B(a, b), for a, b > 0, which broadcast.
/// Example: beta(full({2, 3}, 0.5), 1)  // shape [2, 3]
Tensor beta(const Tensor& a, const Tensor& b, Generator& generator = default_generator());
/// Vectors of positive numbers with the sum 1, for concentrations [..., K] > 0.
/// Example: dirichlet(ones({8, 3}))  // shape [8, 3]
Tensor dirichlet(const Tensor& concentration, Generator& generator = default_generator());
/// Counts, in the dtype of the rates: k with probability rate^k exp(-rate) / k!; rate >= 0.
/// Hörmann: The transformed rejection method for generating Poisson random variables, 1993.
/// Example: poisson(full({2, 3}, 4.5))  // shape [2, 3]
Tensor poisson(const Tensor& rate, Generator& generator = default_generator());
/// 1 with probability p, else 0, for each element p of a tensor, in its dtype.
/// Example: bernoulli(tensor({0.0, 1.0}))  // [0., 1.]
Tensor bernoulli(const Tensor& probability, Generator& generator = default_generator());

/// Indices i64 [..., num_samples] of categories, for probabilities [..., K] that need not have the
/// sum 1. Without replacement, none is drawn twice. Throws ValueError for probabilities that are
/// negative or not finite, and for rows with no positive one or, without replacement, with fewer
/// than num_samples.
/// Example: multinomial(tensor({{0.0, 2.0, 0.0}, {1.0, 0.0, 0.0}}), 1)  // [[1], [0]]
Tensor multinomial(const Tensor& probabilities, int64_t num_samples, bool replacement = false,
                   Generator& generator = default_generator());
/// The index i64 [...] of a category of probability softmax(logits), for logits [..., K].
/// Example: categorical(tensor({{0.0, -1e4}, {-1e4, 0.0}}))  // [0, 1]
Tensor categorical(const Tensor& logits, Generator& generator = default_generator());

}  // namespace tapehead
