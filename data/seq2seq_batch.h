// Batches of pairs of token sequences: the input of encoder-decoder models.
//
// B batch, S source tokens, T target tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/data/vocab.h"

namespace tapehead::data {

/// Token ids of sequences, one list each.
using TokenLists = std::vector<std::vector<int64_t>>;

/// Padded token ids. The target starts with bos and ends with eos. For a model that copies, ids
/// beyond the vocabulary may stand for words of the source (copy_vocab.h).
struct Seq2SeqBatch {
  Tensor source;          ///< i64 [B, S]
  Tensor source_lengths;  ///< i64 [B]
  Tensor target;          ///< i64 [B, T]
};

struct Seq2SeqBatchOptions {
  int64_t pad = kPad, bos = kBos, eos = kEos;  ///< ids of the special tokens
};

/// Collates the pairs at indices `which`: appends eos to sources, puts bos before and eos after
/// targets, and pads both at the end.
/// Example: data::seq2seq_batch({{7, 8}, {9}}, {{5}, {6, 4}}, std::vector<int64_t>{0, 1}).target
///     // [[2, 5, 3, 0], [2, 6, 4, 3]]
Seq2SeqBatch seq2seq_batch(const TokenLists& sources, const TokenLists& targets,
                           std::span<const int64_t> which, const Seq2SeqBatchOptions& options = {});

}  // namespace tapehead::data
