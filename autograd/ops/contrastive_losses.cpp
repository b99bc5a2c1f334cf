// Losses of distances and similarities between vectors.
#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
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
  return triplet(kName, detail::in_f32(anchor), detail::in_f32(positive), detail::in_f32(negative),
                 options.margin, options.swap, options.reduction,
                 [&](const Tensor& a, const Tensor& b) {
                   return pairwise_distance(a, b, options.p, options.eps);
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
  return triplet(kName, anchor, positive, negative, options.margin, options.swap, options.reduction,
                 [](const Tensor& a, const Tensor& b) { return pairwise_distance(a, b); });
}

Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             const CosineEmbeddingLossOptions& options) {
  constexpr const char* kName = "cosine_embedding_loss";
  check_same_shape(kName, "input1 has", input1, "input2", input2);
  if (input1.dim() != 1 && input1.dim() != 2)
    throw ShapeError(fmt::format("{}: the inputs have shape {}; they must be [B, D] or [D]", kName,
                                 input1.shape().str()));
  const Tensor similarity = cosine_similarity(detail::in_f32(input1), detail::in_f32(input2), -1);
  check_same_shape(kName, "the target has", target, "the similarities", similarity);
  const Tensor labels = detail::signs(kName, target, similarity.dtype());
  return reduced(where(labels > 0, 1 - similarity, clamp(similarity - options.margin, 0)),
                 options.reduction);
}

Tensor info_nce(const Tensor& query, const Tensor& key, const InfoNceOptions& options) {
  constexpr const char* kName = "info_nce";
  if (!(options.temperature > 0))
    throw ValueError(
        fmt::format("{}: temperature = {} is not positive", kName, options.temperature));
  check_same_shape(kName, "the query has", query, "the key", key);
  if (query.dim() != 2)
    throw ShapeError(fmt::format("{}: queries and keys have shape {}; they must be [B, D]", kName,
                                 query.shape().str()));
  const Tensor similarity =
      matmul(normalize(query, 2, -1), transpose(normalize(key, 2, -1), 0, 1)) / options.temperature;
  const Tensor own = arange(query.size(0));
  const auto found = [&](const Tensor& logits) {
    return cross_entropy(logits, own, {.reduction = options.reduction});
  };
  if (!options.symmetric) return found(similarity);
  return 0.5 * (found(similarity) + found(transpose(similarity, 0, 1)));
}

}  // namespace tapehead
