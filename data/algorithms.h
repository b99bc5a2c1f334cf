// Generated algorithmic tasks for memory-augmented networks, as in the Neural Turing Machine paper
// (Graves, Wayne and Danihelka 2014, section 4).
//
// B batch, T time, C input channels, K output channels, A steps of the answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// The tasks.
enum class Algorithm { copy, repeat_copy, recall, sort };

/// Parses a name such as "repeat-copy". Throws ValueError that lists the names for an unknown one.
/// Example: data::algorithm_from("repeat-copy") == data::Algorithm::repeat_copy  // true
Algorithm algorithm_from(std::string_view name);

struct EpisodeOptions {
  Algorithm task = Algorithm::copy;  ///< what is to be learned
  int64_t batch = 16;
  int64_t bits = 0;  ///< bits per vector; 0: 6 for recall, otherwise 8
  /// Range of the length: the number of vectors or, for recall, items. A length is drawn for each
  /// batch and is the same for all its sequences. 0: as in the paper, 1..20 (copy), 1..10
  /// (repeat-copy), 2..6 (recall), 20 (sort).
  int64_t shortest = 0, longest = 0;
  /// Range of the number of repeats for repeat-copy, drawn like the length.
  int64_t fewest = 1, most = 10;
};

/// Inputs, f32 [B, T, C], and targets for the outputs of the last A steps, f32 [B, A, K]. The
/// inputs of these steps are 0; earlier outputs have no targets.
struct Episodes {
  Tensor inputs, targets;
};

/// The number of channels of Episodes::inputs and of Episodes::targets.
/// Example: data::input_channels({.bits = 8})  // 9
/// Example: data::target_channels({.bits = 8})  // 8
int64_t input_channels(const EpisodeOptions& options);
int64_t target_channels(const EpisodeOptions& options);

/// Generates a batch of episodes with random bits. Delimiters, priorities and numbers have separate
/// channels.
/// - copy: input n vectors and a delimiter; target the vectors.
/// - repeat-copy: input n vectors and the number of repeats r, normalized as (r - 5.5) / 2.87
/// (mean 0 and variance 1 for 1..10); target the vectors r times, followed by an end marker.
/// - recall: input n items, each a delimiter and three vectors, then one of the items except the
/// last between two query delimiters; target the item that followed it.
/// - sort: input n vectors, each with a priority in -1..1, and a delimiter; target the 4/5 of them
/// (rounded up) with the highest priorities, in descending order.
/// The result depends only on the options, the seed and the batch's number, on every machine.
/// Throws ValueError for options out of range.
/// Example: data::episodes({.batch = 4, .bits = 3, .shortest = 5, .longest = 5}, 1, 0).targets
///     // shape [4, 5, 3]
Episodes episodes(const EpisodeOptions& options, uint64_t seed, int64_t number);

}  // namespace tapehead::data
