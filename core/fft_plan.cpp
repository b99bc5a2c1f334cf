#include "tapehead/core/detail/fft_plan.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

#include "tapehead/core/detail/fork.h"

namespace tapehead::core {
namespace {

constexpr std::align_val_t kFftAlignment{64};
// A few rows up to the first length are transformed side by side although lanes are left empty;
// rows beyond the second are not, since they would not fit the cache. Both were measured.
constexpr int64_t kShortRow = 128, kLongRow = 1 << 14;
constexpr size_t kKeptPlans = 32;
constexpr int64_t kKeptPlanBytes = 64 << 20;

bool has_large_factor(int64_t n, int64_t largest) {
  for (int64_t p = 2; p <= largest && n > 1; ++p)
    while (n % p == 0) n /= p;
  return n > 1;
}
bool is_convolved(int64_t n) { return has_large_factor(n, kernels::kLargestRadix); }

// Of the transforms that compute a convolution of n elements with 2 n - 1.
int64_t padded_length(int64_t n) {
  int64_t size = 2 * n - 1;
  while (has_large_factor(size, 5)) ++size;
  return size;
}

// exp(-2 pi i k / n), 0 <= k < n.
template <class T>
void put_root(std::vector<T>& to, int64_t k, int64_t n) {
  const double angle = 2 * M_PI * static_cast<double>(k) / static_cast<double>(n);
  to.push_back(static_cast<T>(std::cos(angle)));
  to.push_back(static_cast<T>(-std::sin(angle)));
}

template <class T>
int64_t bytes_of(const std::vector<T>& numbers) {
  return static_cast<int64_t>(numbers.size() * sizeof(T));
}

std::mutex& fft_plans_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}
[[maybe_unused]] const bool kFftPlansHeldAtFork = hold_at_fork(fft_plans_mutex());

// What a plan was made for; its number type and instruction set are identified by a kernel.
struct FftPlanKey {
  int64_t n, lanes;
  bool real;
  int64_t (*kernel)();
  bool operator==(const FftPlanKey&) const = default;
};

struct KeptFftPlan {
  FftPlanKey key;
  std::shared_ptr<const void> plan;
  int64_t bytes;
};

// The latest last. Never destroyed: threads may outlive statics.
std::vector<KeptFftPlan>& kept_plans() {
  static auto& kept = *new std::vector<KeptFftPlan>;
  return kept;
}

std::shared_ptr<const void> find_plan(const FftPlanKey& key) {
  const std::lock_guard lock(fft_plans_mutex());
  auto& kept = kept_plans();
  const auto found =
      std::find_if(kept.begin(), kept.end(), [&](const KeptFftPlan& k) { return k.key == key; });
  if (found == kept.end()) return nullptr;
  std::rotate(found, found + 1, kept.end());
  return kept.back().plan;
}

// Two threads may have made the same plan.
void keep_plan(const FftPlanKey& key, std::shared_ptr<const void> plan, int64_t bytes) {
  if (find_plan(key)) return;
  const std::lock_guard lock(fft_plans_mutex());
  auto& kept = kept_plans();
  kept.push_back({key, std::move(plan), bytes});
  int64_t total = 0;
  for (const KeptFftPlan& k : kept) total += k.bytes;
  while (!kept.empty() && (kept.size() > kKeptPlans || total > kKeptPlanBytes)) {
    total -= kept.front().bytes;
    kept.erase(kept.begin());
  }
}

}  // namespace

template <class T>
void FftPlan<T>::Delete::operator()(std::byte* memory) const {
  ::operator delete(memory, kFftAlignment);
}

template <class T>
FftPlan<T>::FftPlan(int64_t n, int64_t lanes) : n_(n), lanes_(lanes) {
  const auto& kernels = kernels::fft<T>();
  if (is_convolved(n)) {
    plan_convolution();
    return;
  }
  if (lanes > 1) {
    const auto bytes = static_cast<size_t>(kernels.plan_size(n));
    kiss_.reset(static_cast<std::byte*>(::operator new(bytes, kFftAlignment)));
    kernels.make_plan(n, kiss_.get());
    return;
  }
  auto columns = static_cast<int64_t>(std::sqrt(static_cast<double>(n)));
  while (n % columns != 0) --columns;
  columns_ = fft_plan<FftPlan>(columns, kernels.lanes());
  rows_ = fft_plan<FftPlan>(n / columns, kernels.lanes());
  roots_.reserve(static_cast<size_t>(2 * n));
  for (int64_t k = 0; k < columns; ++k)
    for (int64_t j = 0; j < n / columns; ++j) put_root(roots_, j * k, n);
}

template <class T>
int64_t FftPlan<T>::bytes() const {
  return (kiss_ ? kernels::fft<T>().plan_size(n_) : 0) + bytes_of(roots_) + bytes_of(chirp_) +
         bytes_of(filter_);
}

template <class T>
void FftPlan<T>::transform(FftBuffers<T>& b) const {
  if (padded_) return convolve(b);
  if (!kiss_) return transform_in_steps(b);
  kernels::fft<T>().transform(kiss_.get(), b.x, b.y);
  std::swap(b.x, b.y);
}

// The filter is computed in the first lane. It is scaled, as the inverse transform is not.
template <class T>
void FftPlan<T>::plan_convolution() {
  const int64_t size = padded_length(n_);
  padded_ = fft_plan<FftPlan>(size, lanes_);
  int64_t square = 0;  // k^2 modulo 2 n
  for (int64_t k = 0; k < n_; ++k) {
    put_root(chirp_, square, 2 * n_);
    square = (square + 2 * k + 1) % (2 * n_);
  }
  filter_.reserve(static_cast<size_t>(2 * size));
  each_fft_group<T>(1, lanes_, size, [&](const FftGroup&, FftBuffers<T>& b) {
    std::fill(b.x, b.x + 2 * size * lanes_, T(0));
    const T scale = T(1) / static_cast<T>(size);
    for (int64_t i = 0; i < 2 * n_; ++i) {
      const int64_t mirrored = i < 2 ? i : 2 * (size - i / 2) + i % 2;
      for (const int64_t to : {i, mirrored})
        b.x[to * lanes_] = scale * chirp_[static_cast<size_t>(i)];
    }
    padded_->transform(b);
    for (int64_t i = 0; i < 2 * size; ++i) filter_.push_back(b.x[i * lanes_]);
  });
}

// As j k = (j^2 + k^2 - (j - k)^2) / 2. The inverse transform is computed as the complex conjugate
// of that of the conjugate, which is the product of two conjugates: the filter is that of the
// transform of exp(pi i k^2 / n).
template <class T>
void FftPlan<T>::convolve(FftBuffers<T>& b) const {
  const auto& kernels = kernels::fft<T>();
  kernels.multiply(chirp_.data(), n_, lanes_, false, b.x);
  std::fill(b.x + 2 * n_ * lanes_, b.x + 2 * size() * lanes_, T(0));
  padded_->transform(b);
  kernels.multiply(filter_.data(), size(), lanes_, true, b.x);
  padded_->transform(b);
  kernels.multiply(chirp_.data(), n_, lanes_, true, b.x);
}

// Of elements [C, R], the columns are transformed first; then each row, times roots, to a column of
// the result [R, C].
template <class T>
void FftPlan<T>::transform_in_steps(FftBuffers<T>& b) const {
  const auto& kernels = kernels::fft<T>();
  const int64_t lanes = kernels.lanes(), C = columns_->n_, R = rows_->n_;
  each_fft_group<T>(R, lanes, C, [&](const FftGroup& group, FftBuffers<T>& some) {
    T* pointers[kernels::kMaxFftLanes];
    const kernels::FftLayout columns{.n = C, .parts = 2, .step = 2 * R};
    group.pointers(pointers, [&](int64_t j) { return b.x + 2 * j; });
    kernels.load(columns, pointers, lanes, some.x);
    columns_->transform(some);
    group.pointers(pointers, [&](int64_t j) { return b.y + 2 * j; });
    kernels.store(columns, pointers, group.count, lanes, 1, some.x);
  });
  each_fft_group<T>(C, lanes, R, [&](const FftGroup& group, FftBuffers<T>& some) {
    T* pointers[kernels::kMaxFftLanes];
    const int64_t first = 2 * group.first * R;
    kernels.multiply(roots_.data() + first, group.count * R, 1, false, b.y + first);
    group.pointers(pointers, [&](int64_t k) { return b.y + 2 * k * R; });
    kernels.load({.n = R, .parts = 2, .step = 2}, pointers, lanes, some.x);
    rows_->transform(some);
    group.pointers(pointers, [&](int64_t k) { return b.x + 2 * k; });
    kernels.store({.n = R, .parts = 2, .step = 2 * C}, pointers, group.count, lanes, 1, some.x);
  });
}

template <class T>
RealFftPlan<T>::RealFftPlan(int64_t n, int64_t lanes)
    : complex(fft_plan<FftPlan<T>>(n % 2 == 0 ? n / 2 : n, lanes)) {
  for (int64_t k = 0; n % 2 == 0 && 4 * k <= n; ++k) put_root(roots, k, n);
}

template <class T>
int64_t RealFftPlan<T>::bytes() const {
  return bytes_of(roots);
}

template <class T>
int64_t fft_lanes(int64_t n, int64_t rows) {
  const int64_t size = is_convolved(n) ? padded_length(n) : n, lanes = kernels::fft<T>().lanes();
  const bool few = rows < lanes / 2;
  return size > (few ? kShortRow : kLongRow) ? 1 : lanes;
}

template <class Plan>
std::shared_ptr<const Plan> fft_plan(int64_t n, int64_t lanes) {
  using T = typename Plan::Number;
  const FftPlanKey key{n, lanes, std::is_same_v<Plan, RealFftPlan<T>>, kernels::fft<T>().lanes};
  if (auto kept = find_plan(key)) return std::static_pointer_cast<const Plan>(kept);
  auto plan = std::make_shared<const Plan>(n, lanes);
  keep_plan(key, plan, plan->bytes());
  return plan;
}

template class FftPlan<float>;
template class FftPlan<double>;
template std::shared_ptr<const FftPlan<float>> fft_plan(int64_t, int64_t);
template std::shared_ptr<const FftPlan<double>> fft_plan(int64_t, int64_t);
template std::shared_ptr<const RealFftPlan<float>> fft_plan(int64_t, int64_t);
template std::shared_ptr<const RealFftPlan<double>> fft_plan(int64_t, int64_t);
template int64_t fft_lanes<float>(int64_t, int64_t);
template int64_t fft_lanes<double>(int64_t, int64_t);

}  // namespace tapehead::core
