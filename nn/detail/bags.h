// Bags of words: how memory networks read texts.
//
// J words of a text, C embedding, V vocabulary.
#pragma once

#include "tapehead/nn/any_layer.h"

namespace tapehead::nn::detail {

/// The sum over the words of a text of its embedding times its factor: `embedding` is a layer from
/// ids [...] to [..., C]; ids are i64 [..., J], padded with 0, which is not counted; factors are
/// [J, C], or undefined for factors of 1. Returns [..., C]. If `embedding` holds an nn::Embedding,
/// this is one embedding_bag(), which does not store [..., J, C].
Tensor bag(const AnyLayer& embedding, const Tensor& ids, const Tensor& factors);

/// bag() with the first J rows of factors [words, C]. Throws ShapeError, with the name of the
/// model, for a text of more than `words` words.
Tensor bags(const char* model, const AnyLayer& embedding, const Tensor& ids, const Tensor& factors);

/// The weight [V, C] of an nn::Embedding that is also the weight of the answer layer. Throws
/// ValueError if `embedding`, the part called `part`, holds another layer.
const Tensor& tied_weight(const char* model, const char* part, const AnyLayer& embedding);

}  // namespace tapehead::nn::detail
