// Tasks that a machine with a memory should learn as an algorithm: those of the Neural Turing
// Machine (Graves, Wayne and Danihelka 2014, section 4), generated.
//
// B batch, T time, C channels in, K channels out, A steps of the answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

enum class Algorithm { copy, repeat_copy, recall, sort };

/// "repeat-copy" to Algorithm::repeat_copy. Throws ValueError that lists the names.
Algorithm algorithm_from(std::string_view name);

struct EpisodeOptions {
  Algorithm task = Algorithm::copy;
  int64_t batch = 16;
  int64_t bits = 0;  ///< of a vector; 0: 8, of recall 6
  /// Vectors of a sequence, of recall items; all sequences of a batch have one length, drawn anew
  /// for each batch. 0: the paper's, 1..20 (copy), 1..10 (repeat-copy), 2..6 (recall), 20 (sort).
  int64_t shortest = 0, longest = 0;
  /// Of repeat-copy, drawn like the length.
  int64_t fewest = 1, most = 10;
};

/// Inputs f32 [B, T, C], and what the machine should say in the last A steps, f32 [B, A, K]; the
/// inputs are 0 then. What it says before does not count.
struct Episodes {
  Tensor inputs, targets;
};

/// Channels of Episodes::inputs and targets.
int64_t input_channels(const EpisodeOptions& options);
int64_t target_channels(const EpisodeOptions& options);

/// A batch of episodes, whose bits are 0 or 1 with even chances:
/// - copy: n vectors and a delimiter, in a channel of its own; then the vectors.
/// - repeat-copy: n vectors, and in a channel of its own the number of repeats r, as (r - 5.5) /
///   2.87: of 1..10, mean 0 and variance 1. Then the vectors r times, and an end marker in a
///   channel of its own.
/// - recall: n items, each a delimiter and three vectors, then one of them but the last between two
///   query delimiters; then the item that followed it. Each delimiter has its channel.
/// - sort: n vectors, each with a priority from -1 to 1 in a channel of its own, and a delimiter;
///   then four fifths of them (rounded up), the highest priority first.
/// The same seed and number of the batch give the same episodes on every machine. Throws ValueError
/// for options out of range.
Episodes episodes(const EpisodeOptions& options, uint64_t seed, int64_t number);

}  // namespace tapehead::data
