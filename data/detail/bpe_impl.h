// The shared state of a BPE tokenizer.
#pragma once

#include <mutex>

#include "tapehead/data/detail/bpe_model.h"

namespace tapehead::data {

namespace bpe {
inline constexpr int64_t kMostMerges = 10'000'000;
}

struct Bpe::Impl {
  explicit Impl(bpe::Model trained) : model(std::move(trained)) {}

  const bpe::Model model;
  std::mutex mutex;                                                // guards cache
  std::unordered_map<std::u32string, std::vector<int32_t>> cache;  // units of frequent words
};

}  // namespace tapehead::data
