#include "tapehead/data/loader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <system_error>
#include <thread>

#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

constexpr int64_t kBatchesSorted = 50;  // the window of bucketing

}  // namespace

std::vector<uint64_t> example_seeds(std::span<const int64_t> which, const LoaderPosition& at,
                                    int64_t count, uint64_t seed) {
  std::vector<uint64_t> seeds;
  for (const int64_t i : which) seeds.push_back(seed + static_cast<uint64_t>(at.epoch * count + i));
  return seeds;
}

BatchPlan::BatchPlan(std::vector<int64_t> lengths, const LoaderOptions& options)
    : lengths_(std::move(lengths)), options_(options) {
  if (lengths_.empty()) throw ValueError("loader: there are no examples");
  if (options.batch_sampler && (options.batch > 0 || options.tokens > 0 || options.sampler))
    throw ValueError(
        "loader: batch_sampler with batch, tokens or sampler; it takes their place, leave them "
        "out");
  if (!options.batch_sampler && (options.batch > 0) == (options.tokens > 0))
    throw ValueError(fmt::format("loader: batch = {} and tokens = {}; give exactly one of them",
                                 options.batch, options.tokens));
  if (!options.second_lengths.empty() && options.second_lengths.size() != lengths_.size())
    throw ValueError(fmt::format("loader: {} second lengths for {} examples; give one for each",
                                 options.second_lengths.size(), lengths_.size()));
  const auto longest = std::max_element(lengths_.begin(), lengths_.end());
  if (options.tokens > 0 && *longest > options.tokens)
    throw ValueError(fmt::format(
        "loader: example {} has {} tokens, a batch at most {}; raise tokens or shorten it",
        longest - lengths_.begin(), *longest, options.tokens));
  per_epoch_ = static_cast<int64_t>(epoch(0).size());
}

void BatchPlan::check_sampled(const std::vector<int64_t>& indices) const {
  const auto count = static_cast<int64_t>(lengths_.size());
  for (size_t i = 0; i < indices.size(); ++i)
    if (indices[i] < 0 || indices[i] >= count)
      throw IndexError(fmt::format("loader: index {} of the sampler is {}, outside 0..{}", i,
                                   indices[i], count - 1));
}

std::vector<int64_t> BatchPlan::order(int64_t epoch) const {
  const auto n = static_cast<int64_t>(lengths_.size());
  if (options_.sampler) {
    std::vector<int64_t> indices = options_.sampler(epoch);
    check_sampled(indices);
    return indices;
  }
  if (!options_.shuffle) {
    std::vector<int64_t> order(lengths_.size());
    std::iota(order.begin(), order.end(), 0);
    return order;
  }
  Generator generator{.seed = options_.seed, .draws = static_cast<uint64_t>(epoch)};
  return core::permutation(n, generator).to_vector<int64_t>();
}

std::vector<std::vector<int64_t>> BatchPlan::epoch(int64_t epoch) const {
  std::vector<std::vector<int64_t>> batches;
  if (options_.batch_sampler) {
    batches = options_.batch_sampler(epoch);
    for (const std::vector<int64_t>& batch : batches) check_sampled(batch);
  } else {
    batches = planned(epoch);
  }
  if (batches.empty() && (options_.batch_sampler || options_.sampler))
    throw ValueError(fmt::format("loader: the sampler gives no batch in epoch {}", epoch));
  if (batches.empty())
    throw ValueError(fmt::format("loader: {} examples do not fill a batch of {}", lengths_.size(),
                                 options_.batch));
  return batches;
}

std::vector<std::vector<int64_t>> BatchPlan::planned(int64_t epoch) const {
  std::vector<int64_t> examples = order(epoch);
  const auto length = [&](int64_t i) { return lengths_[static_cast<size_t>(i)]; };
  // The second length alternately increases and decreases, so that it changes little between
  // consecutive lengths.
  const auto key = [&](int64_t i) {
    const auto& second = options_.second_lengths;
    const int64_t then = second.empty() ? 0 : second[static_cast<size_t>(i)];
    return std::pair(length(i), length(i) % 2 == 0 ? then : -then);
  };
  if (options_.bucket) {
    const double mean = std::accumulate(lengths_.begin(), lengths_.end(), 0.0) /
                        static_cast<double>(lengths_.size());
    const auto in_batch = options_.batch > 0
                              ? static_cast<double>(options_.batch)
                              : static_cast<double>(options_.tokens) / std::max(mean, 1.0);
    const auto reach = std::max<int64_t>(1, static_cast<int64_t>(in_batch * kBatchesSorted));
    for (auto first = examples.begin(); first != examples.end();) {
      const auto last = first + std::min<int64_t>(reach, examples.end() - first);
      std::stable_sort(first, last, [&](int64_t a, int64_t b) { return key(a) < key(b); });
      first = last;
    }
  }
  std::vector<std::vector<int64_t>> batches;
  std::vector<int64_t> now;
  int64_t longest = 0;
  for (const int64_t i : examples) {
    const int64_t with = std::max(longest, length(i));
    const auto size = static_cast<int64_t>(now.size());
    const bool full =
        options_.batch > 0 ? size == options_.batch : with * (size + 1) > options_.tokens;
    if (full && !now.empty()) {
      batches.push_back(std::move(now));
      now = {};
      longest = 0;
    }
    now.push_back(i);
    longest = std::max(longest, length(i));
  }
  const bool partial = options_.batch > 0 && static_cast<int64_t>(now.size()) < options_.batch;
  if (!now.empty() && !(options_.drop_last && partial)) batches.push_back(std::move(now));
  if (options_.bucket && options_.shuffle &&
      !batches.empty()) {  // otherwise every epoch would end with long ones
    Generator generator{.seed = ~options_.seed, .draws = static_cast<uint64_t>(epoch)};
    std::vector<std::vector<int64_t>> shuffled;
    for (const int64_t i :
         core::permutation(static_cast<int64_t>(batches.size()), generator).to_vector<int64_t>())
      shuffled.push_back(std::move(batches[static_cast<size_t>(i)]));
    batches = std::move(shuffled);
  }
  return batches;
}

void BatchPlan::check(const LoaderPosition& position) const {
  const int64_t batches =
      position.epoch < 0 ? 0 : static_cast<int64_t>(epoch(position.epoch).size());
  if (position.batch >= 0 && position.batch < batches) return;
  throw ValueError(
      fmt::format("loader: there is no batch {} in epoch {}, which has {}; use the data and "
                  "options of the resumed run",
                  position.batch, position.epoch, batches));
}

Generator BatchPlan::generator(const LoaderPosition& position) const {
  return {fold_in(fold_in(options_.seed, static_cast<uint64_t>(position.epoch)),
                  static_cast<uint64_t>(position.batch))};
}

namespace detail {

struct Prefetcher::State {
  Make make;
  size_t ahead;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<void>> ready;
  std::exception_ptr error;
  bool stop = false;
  std::thread thread;
  pid_t process = getpid();  // the process of the thread

  void run() {
    std::unique_lock lock(mutex);
    while (!stop && !error) {
      if (ready.size() >= ahead) {
        changed.wait(lock);
        continue;
      }
      lock.unlock();
      std::shared_ptr<void> item;
      std::exception_ptr failed;
      try {
        item = make();
      } catch (...) {
        failed = std::current_exception();
      }
      lock.lock();
      if (failed) error = failed;
      else ready.push_back(std::move(item));
      changed.notify_all();
    }
  }
};

Prefetcher::Prefetcher(Make make, int64_t ahead) : state_(std::make_unique<State>()) {
  state_->make = std::move(make);
  state_->ahead = static_cast<size_t>(std::max<int64_t>(ahead, 0));
  if (ahead <= 0) return;
  try {
    state_->thread = std::thread([s = state_.get()] { s->run(); });
  } catch (const std::system_error&) {  // batches are made in next() instead
  }
}

bool Prefetcher::left_behind() const {
  return state_->thread.joinable() && state_->process != getpid();
}

Prefetcher::~Prefetcher() {
  if (!state_->thread.joinable()) return;
  if (left_behind()) {  // there is no thread to wait for, and the mutex may be locked
    [[maybe_unused]] State* const lost = state_.release();
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

std::shared_ptr<void> Prefetcher::next() {
  if (!state_->thread.joinable()) return state_->make();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return !state_->ready.empty() || state_->error; });
  if (state_->ready.empty()) std::rethrow_exception(state_->error);
  std::shared_ptr<void> item = std::move(state_->ready.front());
  state_->ready.pop_front();
  state_->changed.notify_all();
  return item;
}

}  // namespace detail

std::vector<int64_t> lengths(const std::vector<std::vector<int64_t>>& rows) {
  std::vector<int64_t> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(static_cast<int64_t>(row.size()));
  return out;
}

}  // namespace tapehead::data
