// Batches of a data set: shuffled, bucketed by length, made ahead of time by a thread of their own,
// and the same for the same seed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead::data {

struct LoaderOptions {
  int64_t batch = 0;   ///< examples in a batch; or
  int64_t tokens = 0;  ///< at most this many tokens in a padded batch, by the lengths given
  bool shuffle = true;
  /// Batches of similar length: shuffled, then sorted within 50 batches at a time.
  bool bucket = false;
  /// A second length of each example, of the other side of a pair: of those with one length,
  /// similar ones go together. May be empty.
  std::vector<int64_t> second_lengths = {};
  bool drop_last = false;  ///< no batch that is smaller than `batch`
  uint64_t seed = 0;
  int64_t prefetch = 4;  ///< batches made ahead; 0: none, and no thread. The batches are the same.
};

/// Where a loader stands: what a checkpoint keeps.
struct LoaderPosition {
  int64_t epoch = 0;  ///< passes over the data that are complete
  int64_t batch = 0;  ///< batches taken in this one
  bool operator==(const LoaderPosition&) const = default;
};

/// Which examples make up each batch of each epoch: a function of the options and the epoch alone.
class BatchPlan {
 public:
  /// `lengths` of the examples. Throws ValueError when there are none, when neither or both of
  /// batch and tokens are given, when an example is longer than `tokens`, or when there are second
  /// lengths, but not as many.
  BatchPlan(std::vector<int64_t> lengths, const LoaderOptions& options);

  /// The batches of an epoch, each a list of examples.
  std::vector<std::vector<int64_t>> epoch(int64_t epoch) const;
  /// Throws ValueError when there is no batch at a position.
  void check(const LoaderPosition& position) const;
  /// What random ops draw from while the batch at a position is made.
  Generator generator(const LoaderPosition& position) const;
  /// How many batches epoch 0 has; others have about as many.
  int64_t per_epoch() const { return per_epoch_; }

 private:
  std::vector<int64_t> order(int64_t epoch) const;

  std::vector<int64_t> lengths_;
  LoaderOptions options_;
  int64_t per_epoch_ = 0;
};

namespace detail {

/// Makes items of a growing number ahead of time, in order, in a thread of its own.
class Prefetcher {
 public:
  using Make = std::function<std::shared_ptr<void>()>;
  /// With `ahead` 0, or where the system starts no thread, there is none.
  Prefetcher(Make make, int64_t ahead);
  ~Prefetcher();
  /// The next item. What `make` threw is thrown here.
  std::shared_ptr<void> next();
  /// This is a child of fork(), without the thread.
  bool left_behind() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// An endless stream of batches, epoch after epoch. What a batch holds depends on the seed and its
/// position alone: random ops that make it draw from a default generator of its own.
///
///   data::Loader<Batch> batches(lengths, [&](std::span<const int64_t> which) { return
///   collate(which); },
///                               {.tokens = 2500, .bucket = true, .seed = o.seed});
template <class Batch>
class Loader {
 public:
  /// Makes a batch of the examples with these numbers. Called by the prefetching thread.
  using Collate = std::function<Batch(std::span<const int64_t> which)>;
  /// The same, told which batch of which epoch it is.
  using CollateAt = std::function<Batch(std::span<const int64_t> which, const LoaderPosition& at)>;

  Loader(std::vector<int64_t> lengths, CollateAt collate, const LoaderOptions& options)
      : plan_(std::make_shared<BatchPlan>(std::move(lengths), options)),
        collate_(std::move(collate)),
        ahead_(options.prefetch) {}
  Loader(std::vector<int64_t> lengths, Collate collate, const LoaderOptions& options)
      : Loader(std::move(lengths), without_position(std::move(collate)), options) {}
  /// Of `count` examples whose length does not matter.
  template <class C>
  Loader(int64_t count, C collate, const LoaderOptions& options)
      : Loader(std::vector<int64_t>(static_cast<size_t>(count), 1), std::move(collate), options) {}

  /// The next batch, of the next epoch when this one is over.
  Batch next() {
    if (!prefetcher_ || prefetcher_->left_behind()) start();
    const auto item = std::static_pointer_cast<Item>(prefetcher_->next());
    position_ = item->after;
    return std::move(item->batch);
  }
  int64_t per_epoch() const { return plan_->per_epoch(); }

  /// Where the next batch is.
  LoaderPosition position() const { return position_; }
  /// Goes on from there. Throws ValueError when no batch is there: the data or the options are not
  /// those of the loader whose position it was.
  void seek(const LoaderPosition& position) {
    plan_->check(position);
    prefetcher_.reset();
    position_ = position;
  }

 private:
  struct Item {
    Batch batch;
    LoaderPosition after;
  };

  static CollateAt without_position(Collate collate) {
    return [collate = std::move(collate)](std::span<const int64_t> which, const LoaderPosition&) {
      return collate(which);
    };
  }

  void start() {
    struct Cursor {
      LoaderPosition at;
      int64_t planned = -1;
      std::vector<std::vector<int64_t>> batches;
    };
    auto cursor = std::make_shared<Cursor>(Cursor{position_});
    prefetcher_ = std::make_unique<detail::Prefetcher>(
        [plan = plan_, collate = collate_, cursor]() -> std::shared_ptr<void> {
          if (cursor->planned != cursor->at.epoch) {
            cursor->batches = plan->epoch(cursor->at.epoch);
            cursor->planned = cursor->at.epoch;
          }
          const auto& which = cursor->batches[static_cast<size_t>(cursor->at.batch)];
          const RandomScope draws(plan->generator(cursor->at));
          auto item = std::make_shared<Item>(Item{collate(which, cursor->at), {}});
          if (++cursor->at.batch == static_cast<int64_t>(cursor->batches.size()))
            cursor->at = {cursor->at.epoch + 1, 0};
          item->after = cursor->at;
          return item;
        },
        ahead_);
  }

  std::shared_ptr<const BatchPlan> plan_;
  CollateAt collate_;
  int64_t ahead_;
  LoaderPosition position_;
  std::unique_ptr<detail::Prefetcher> prefetcher_;
};

/// The length of each row.
std::vector<int64_t> lengths(const std::vector<std::vector<int64_t>>& rows);

}  // namespace tapehead::data
