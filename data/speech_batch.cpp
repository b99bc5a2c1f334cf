#include "tapehead/data/speech_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

void check_utterance(int64_t index, std::span<const Tensor> features, const TokenLists& tokens,
                     int64_t first) {
  const int64_t count = std::min(std::ssize(features), std::ssize(tokens));
  if (index < 0 || index >= count)
    throw IndexError(
        fmt::format("speech_batch: utterance {}; there are features of {} and tokens of "
                    "{}",
                    index, features.size(), tokens.size()));
  const Tensor& x = features[static_cast<size_t>(index)];
  if (x.dtype() != f32)
    throw DTypeError(fmt::format("speech_batch: the features of utterance {} are {}; expected f32",
                                 index, name(x.dtype())));
  if (x.dim() != 2 || x.size(1) != features[static_cast<size_t>(first)].size(-1))
    throw ShapeError(fmt::format(
        "speech_batch: the features of utterance {} are {}, those of {} are {}; expected [T, F] "
        "with the same F",
        index, x.shape().str(), first, features[static_cast<size_t>(first)].shape().str()));
}

}  // namespace

SpeechBatch speech_batch(std::span<const Tensor> features, const TokenLists& tokens,
                         std::span<const int64_t> which, const SpeechBatchOptions& options) {
  TokenLists rows;
  std::vector<int64_t> frames, counts;
  int64_t F = 0;
  for (const int64_t i : which) {
    check_utterance(i, features, tokens, which[0]);
    const Tensor& x = features[static_cast<size_t>(i)];
    F = x.size(1);
    frames.push_back(x.size(0));
    rows.push_back(tokens[static_cast<size_t>(i)]);
    counts.push_back(static_cast<int64_t>(rows.back().size()));
  }
  const int64_t T = frames.empty() ? 0 : *std::max_element(frames.begin(), frames.end());
  const Tensor padded = core::empty({std::ssize(which), T, F}, f32);
  float* to = padded.data<float>();
  for (const int64_t i : which) {
    const Tensor x = core::contiguous(features[static_cast<size_t>(i)].detach());
    std::fill(std::copy_n(x.data<float>(), x.numel(), to), to + T * F, options.feature_pad);
    to += T * F;
  }
  return {padded, from_vector(frames), pad_rows(rows, options.pad), from_vector(counts)};
}

int64_t min_ctc_frames(std::span<const int64_t> tokens) {
  auto frames = static_cast<int64_t>(tokens.size());
  for (size_t i = 1; i < tokens.size(); ++i)
    if (tokens[i] == tokens[i - 1]) ++frames;
  return frames;
}

}  // namespace tapehead::data
