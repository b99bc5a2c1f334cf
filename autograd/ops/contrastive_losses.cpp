// Losses of distances and similarities between vectors.
#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/margin_losses.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::check_same_shape;
using detail::reduced;

void check_triplet(const char* op, const Tensor& anchor, const Tensor& positive,
                   const Tensor& negative, double margin) {
  if (!(margin > 0)) throw ValueError(fmt::format("{}: margin = {} is not positive", op, margin));
  check_same_shape(op, "the anchor has", anchor, "the positive", positive);
  check_same_shape(op, "the anchor has", anchor, "the negative", negative);
  if (anchor.dim() == 0)
    throw ShapeError(
        fmt::format("{}: the operands are 0-d; their last axis must be the features", op));
}

Tensor vector_distance(const Tensor& a, const Tensor& b, double p, double eps) {
  const Tensor difference = a - b + eps;
  if (p == 1 || p == 2 || std::isinf(p)) return norm(difference, p, -1);
  return pow(sum(pow(abs(difference), p), -1), 1 / p);
}

template <class Distance>
Tensor triplet(const char* op, const Tensor& anchor, const Tensor& positive, const Tensor& negative,
               double margin, bool swap, Reduction reduction, const Distance& distance) {
  const Tensor near = distance(anchor, positive);
  Tensor far = distance(anchor, negative);
  check_same_shape(op, "the distance of anchor and positive has", near,
                   "that of anchor and negative", far);
  if (swap) far = minimum(far, distance(positive, negative));
  return reduced(clamp(near - far + margin, 0), reduction);
}

}  // namespace

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginLossOptions& options) {
  constexpr const char* kName = "triplet_margin_loss";
  check_triplet(kName, anchor, positive, negative, options.margin);
  return triplet(kName, anchor, positive, negative, options.margin, options.swap, options.reduction,
                 [&](const Tensor& a, const Tensor& b) {
                   return vector_distance(a, b, options.p, options.eps);
                 });
}

Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                         const Tensor& negative,
                                         const TripletMarginWithDistanceLossOptions& options) {
  constexpr const char* kName = "triplet_margin_with_distance_loss";
  check_triplet(kName, anchor, positive, negative, options.margin);
  if (options.distance_function)
    return triplet(kName, anchor, positive, negative, options.margin, options.swap,
                   options.reduction, options.distance_function);
  const TripletMarginLossOptions defaults;
  return triplet(kName, anchor, positive, negative, options.margin, options.swap, options.reduction,
                 [&](const Tensor& a, const Tensor& b) {
                   return vector_distance(a, b, defaults.p, defaults.eps);
                 });
}

Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             const CosineEmbeddingLossOptions& options) {
  constexpr const char* kName = "cosine_embedding_loss";
  check_same_shape(kName, "input1 has", input1, "input2", input2);
  if (input1.dim() != 1 && input1.dim() != 2)
    throw ShapeError(fmt::format("{}: the inputs have shape {}; they must be [B, D] or [D]", kName,
                                 input1.shape().str()));
  const Tensor similarity = cosine_similarity(input1, input2, -1);
  check_same_shape(kName, "the target has", target, "the similarities", similarity);
  const Tensor labels = detail::signs(kName, target, similarity.dtype());
  return reduced(where(labels > 0, 1 - similarity, clamp(similarity - options.margin, 0)),
                 options.reduction);
}

Tensor info_nce(const Tensor& query, const Tensor& key, const InfoNceOptions& options) {
  constexpr const char* kName = "info_nce";
  const auto [temperature, symmetric, reduction] = options;
  if (!(temperature > 0))
    throw ValueError(fmt::format("{}: temperature = {} is not positive", kName, temperature));
  check_same_shape(kName, "the query has", query, "the key", key);
  if (query.dim() != 2)
    throw ShapeError(fmt::format("{}: queries and keys have shape {}; they must be [B, D]", kName,
                                 query.shape().str()));
  const auto normalized = [](const Tensor& x) {
    return x * rsqrt(maximum(sum(square(x), -1, true), 1e-24));
  };
  const Tensor similarity =
      matmul(normalized(query), transpose(normalized(key), 0, 1)) / temperature;
  const Tensor own = arange(query.size(0));
  const auto found = [&](const Tensor& logits) {
    return cross_entropy(logits, own, {.reduction = reduction});
  };
  if (!symmetric) return found(similarity);
  return 0.5 * (found(similarity) + found(transpose(similarity, 0, 1)));
}

}  // namespace tapehead
