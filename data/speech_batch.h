// Batches of utterances: the input of speech recognisers.
//
// B batch, T frames, F features of each, U tokens.
#pragma once

#include <cstdint>
#include <span>

#include "tapehead/core/tensor.h"
#include "tapehead/data/seq2seq_batch.h"

namespace tapehead::data {

/// Padded features and token ids of utterances.
struct SpeechBatch {
  Tensor features;         ///< f32 [B, T, F]
  Tensor feature_lengths;  ///< i64 [B]
  Tensor tokens;           ///< i64 [B, U], without bos and eos
  Tensor token_lengths;    ///< i64 [B]
};

/// Options of speech_batch().
struct SpeechBatchOptions {
  int64_t pad = kPad;     ///< id that token rows are padded with
  float feature_pad = 0;  ///< value of features beyond the length
};

/// Collates the utterances at indices `which` of features f32 [T_i, F] and their tokens, padded at
/// the end. Throws IndexError for an index without features or tokens, DTypeError, and ShapeError
/// for features that are not [T, F] with the same F; each names the index.
/// Example: const std::vector<Tensor> features{ones({2, 3}), ones({4, 3})};
///     data::speech_batch(features, {{5}, {6, 4}}, std::vector<int64_t>{0, 1}).feature_lengths
///     // [2, 4]
SpeechBatch speech_batch(std::span<const Tensor> features, const TokenLists& tokens,
                         std::span<const int64_t> which, const SpeechBatchOptions& options = {});

/// The fewest frames to which CTC can align the tokens: one for each, and a blank between equal
/// neighbours (Graves et al. 2006). With fewer, the loss is infinite.
/// Example: data::min_ctc_frames(std::vector<int64_t>{7, 7, 4})  // 4
int64_t min_ctc_frames(std::span<const int64_t> tokens);

}  // namespace tapehead::data
