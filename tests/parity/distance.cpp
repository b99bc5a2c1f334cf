#include "tapehead/nn/distance.h"

#include <cmath>

#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

// clang-format off
// The orders, as in the names of cases.
#define ORDERS(K) \
  ORDERS_FROM_0(K) K(-inf, -INFINITY) K(-1.5, -1.5)
#define ORDERS_FROM_0(K) \
  K(0, 0.0) K(0.5, 0.5) K(1, 1.0) K(1.5, 1.5) K(2, 2.0) K(3, 3.0) K(inf, INFINITY)
#define NORM(name, p) \
  {"vector_norm/" #name, [](const Tensors& x) { return Tensors{linalg_vector_norm(x[0], p, {0, -1}, (p) == 3)}; }},
#define NORMALIZE(name, p) \
  {"normalize/" #name, [](const Tensors& x) { return Tensors{normalize(x[0], p, 0)}; }},
#define CDIST(name, p) {"cdist/" #name, [](const Tensors& x) { return Tensors{cdist(x[0], x[1], p)}; }},
#define PDIST(name, p) {"pdist/" #name, [](const Tensors& x) { return Tensors{pdist(x[0], p)}; }},
#define PAIRWISE(name, p) \
  {"pairwise_distance/" #name, [](const Tensors& x) { return Tensors{pairwise_distance(x[0], x[1], p, 1e-6, (p) == 2)}; }},

nn::PairwiseDistanceOptions distance_options() { return {.p = 1, .keepdim = true}; }
nn::CosineSimilarityOptions cosine_options() { return {.axis = 0}; }

// A layer of two inputs.
template <class L>
Layer two(L layer) {
  return [layer](const Tensors& x) { return Tensors{layer(x[0], x[1])}; };
}

}  // namespace

const Family kDistance("distance", {
  ORDERS(NORM)
  ORDERS_FROM_0(NORMALIZE)
  ORDERS_FROM_0(CDIST)
  ORDERS_FROM_0(PDIST)
  ORDERS(PAIRWISE)
  {"vector_norm/zero", [](const Tensors& x) { return Tensors{linalg_vector_norm(x[0], 3, 1)}; }},
  {"normalize/short", [](const Tensors& x) { return Tensors{normalize(x[0], 2, 1, 0.5)}; }},
  {"cdist/products", [](const Tensors& x) { return Tensors{cdist(x[0], x[1])}; }},
  {"cdist/equal rows", [](const Tensors& x) { return Tensors{cdist(x[0], x[1])}; }},
  {"cdist/no columns", [](const Tensors& x) { return Tensors{cdist(x[0], x[1])}; }},
}, {
  {"PairwiseDistance", [](const nn::Scope&) { return two(nn::PairwiseDistance(distance_options())); }},
  {"CosineSimilarity", [](const nn::Scope&) { return two(nn::CosineSimilarity(cosine_options())); }},
});

}  // namespace tapehead::parity
