// A data loader: shuffling, bucketing by length, prefetching in a thread. Batches depend only on
// the seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"
#include "tapehead/data/sampler.h"

namespace tapehead::data {

struct LoaderOptions {
  int64_t batch = 0;    ///< number of examples per batch; give either this or `tokens`
  int64_t tokens = 0;   ///< maximum number of tokens in a padded batch, by the given lengths
  bool shuffle = true;  ///< whether the order is random, anew in each epoch
  /// The examples of each epoch and their order, in place of `shuffle`.
  Sampler sampler = {};
  /// The batches of each epoch, in place of all options above and of `bucket` and `drop_last`.
  Batches batch_sampler = {};
  /// Groups examples of similar length: sorts the shuffled examples in windows of 50 batches.
  bool bucket = false;
  /// A second length per example, such as that of the target sequence: bucketing also groups
  /// examples by it. May be empty.
  std::vector<int64_t> second_lengths = {};
  bool drop_last = false;  ///< drop a last batch that is smaller than `batch`
  uint64_t seed = 0;
  int64_t prefetch =
      4;  ///< number of batches to prefetch; 0: no thread. Does not affect the batches
};

/// The position of a loader, for checkpoints.
struct LoaderPosition {
  int64_t epoch = 0;  ///< number of completed epochs
  int64_t batch = 0;  ///< number of batches taken in the current epoch
  bool operator==(const LoaderPosition&) const = default;
};

/// A seed for each of these examples, of `count` in all, for random changes: random_affine(). It
/// depends only on `seed`, the epoch and the example, not on the batch that the example is in.
/// Example: data::example_seeds(std::vector<int64_t>{2, 0}, {.epoch = 1}, 10, 500)  // [512, 510]
std::vector<uint64_t> example_seeds(std::span<const int64_t> which, const LoaderPosition& at,
                                    int64_t count, uint64_t seed);

/// The assignment of examples to batches, which depends only on the options and the epoch.
/// Example: data::BatchPlan({5, 3, 4, 2}, {.tokens = 10, .shuffle = false}).epoch(0)
///     // [[0, 1], [2, 3]]
class BatchPlan {
 public:
  /// `lengths` has one entry per example. Throws ValueError if it is empty, if neither or both of
  /// batch and tokens are given, if an example is longer than `tokens`, or if second_lengths has
  /// another size. Samplers are checked too: IndexError for an index that is not of an example.
  BatchPlan(std::vector<int64_t> lengths, const LoaderOptions& options);

  /// The batches of an epoch, each a list of example indices. Throws ValueError if there are none.
  std::vector<std::vector<int64_t>> epoch(int64_t epoch) const;
  /// Throws ValueError if there is no batch at this position.
  void check(const LoaderPosition& position) const;
  /// The generator for random ops while collating the batch at this position.
  Generator generator(const LoaderPosition& position) const;
  /// The number of batches in epoch 0; other epochs have about as many.
  int64_t per_epoch() const { return per_epoch_; }

 private:
  std::vector<int64_t> order(int64_t epoch) const;
  std::vector<std::vector<int64_t>> planned(int64_t epoch) const;
  void check_sampled(const std::vector<int64_t>& indices) const;

  std::vector<int64_t> lengths_;
  LoaderOptions options_;
  int64_t per_epoch_ = 0;
};

namespace detail {

/// Calls a function ahead of time in a separate thread, and returns the results in order.
class Prefetcher {
 public:
  using Make = std::function<std::shared_ptr<void>()>;
  /// `ahead` is the maximum number of results to compute ahead. If it is 0, or if no thread can be
  /// started, next() calls `make` itself.
  Prefetcher(Make make, int64_t ahead);
  ~Prefetcher();
  /// The next result. Rethrows exceptions of `make`.
  std::shared_ptr<void> next();
  /// Whether this process is a child of fork(), which does not have the thread.
  bool left_behind() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// An endless stream of batches over epochs. A batch depends only on the seed and its position,
/// even if collating uses random ops: during the call, these draw from a generator for this
/// position.
///
///   data::Loader<Batch> batches(
///       lengths, [&](std::span<const int64_t> which) { return collate(which); },
///       {.tokens = 2500, .bucket = true, .seed = o.seed});
/// Example: data::Loader<std::vector<int64_t>> batches(5, [](std::span<const int64_t> which) {
///     return std::vector<int64_t>(which.begin(), which.end()); }, {.batch = 2, .shuffle = false});
///     batches.next()  // [0, 1]
template <class Batch>
class Loader {
 public:
  /// Makes a batch of the examples with these indices. Called in the prefetching thread.
  using Collate = std::function<Batch(std::span<const int64_t> which)>;
  /// Like Collate, with the position of the batch.
  using CollateAt = std::function<Batch(std::span<const int64_t> which, const LoaderPosition& at)>;

  Loader(std::vector<int64_t> lengths, CollateAt collate, const LoaderOptions& options)
      : plan_(std::make_shared<BatchPlan>(std::move(lengths), options)),
        collate_(std::move(collate)),
        ahead_(options.prefetch) {}
  Loader(std::vector<int64_t> lengths, Collate collate, const LoaderOptions& options)
      : Loader(std::move(lengths), without_position(std::move(collate)), options) {}
  /// A loader of `count` examples whose lengths do not matter.
  template <class C>
  Loader(int64_t count, C collate, const LoaderOptions& options)
      : Loader(std::vector<int64_t>(static_cast<size_t>(count), 1), std::move(collate), options) {}

  /// Returns the next batch, starting the next epoch after the last one. Rethrows exceptions of the
  /// collate function.
  Batch next() {
    if (!prefetcher_ || prefetcher_->left_behind()) start();
    const auto item = std::static_pointer_cast<Item>(prefetcher_->next());
    position_ = item->after;
    return std::move(item->batch);
  }
  int64_t per_epoch() const { return plan_->per_epoch(); }

  /// The batches up to the end of the current epoch: `for (Batch& batch : loader.epoch())`. The
  /// loader must outlive the range, which next() and seek() end.
  class Epoch {
   public:
    /// Iterates over the batches of an epoch.
    class Iterator {
     public:
      using value_type = Batch;
      using difference_type = std::ptrdiff_t;
      explicit Iterator(Epoch& epoch) : epoch_(&epoch) {}
      Batch& operator*() const { return *epoch_->batch_; }
      Iterator& operator++() {
        epoch_->advance();
        return *this;
      }
      void operator++(int) { epoch_->advance(); }
      bool operator==(std::default_sentinel_t) const { return !epoch_->batch_; }

     private:
      Epoch* epoch_;
    };
    explicit Epoch(Loader& loader) : loader_(loader), number_(loader.position().epoch) {}
    Iterator begin() {
      advance();
      return Iterator(*this);
    }
    std::default_sentinel_t end() const { return {}; }

   private:
    void advance() {
      batch_.reset();
      if (loader_.position().epoch == number_) batch_.emplace(loader_.next());
    }
    Loader& loader_;
    int64_t number_;
    std::optional<Batch> batch_;
  };
  /// The batches of the current epoch that are left.
  Epoch epoch() { return Epoch(*this); }

  /// The position of the next batch.
  LoaderPosition position() const { return position_; }
  /// Continues from a position. Throws ValueError if there is no batch at it, because the data or
  /// the options differ from those of the loader that it was taken from.
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

/// The lengths of the rows.
/// Example: data::lengths({{7, 8}, {9}})  // [2, 1]
std::vector<int64_t> lengths(const std::vector<std::vector<int64_t>>& rows);

}  // namespace tapehead::data
