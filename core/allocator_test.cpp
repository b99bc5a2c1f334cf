#include "tapehead/core/allocator.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <thread>
#include <vector>

#include "tapehead/core/detail/address_space.h"
#include "tapehead/core/tensor.h"

using namespace tapehead;

TEST_CASE("live bytes return to where they were, the peak stays until it is reset") {
  const MemoryStats before = memory_stats();
  reset_peak_memory();
  {
    const Tensor big = core::full({1 << 20}, 1);
    std::vector<Tensor> small;
    small.reserve(1000);
    for (int i = 0; i < 1000; ++i) small.push_back(core::full({3}, 1));
    const int64_t held = memory_stats().live_bytes - before.live_bytes;
    CHECK(held >= (4 << 20) + 1000 * 12);
    CHECK(held < (5 << 20));
  }
  const MemoryStats after = memory_stats();
  CHECK(after.live_bytes == before.live_bytes);
  CHECK(after.peak_bytes >= before.live_bytes + (4 << 20));
  reset_peak_memory();
  CHECK(memory_stats().peak_bytes == after.live_bytes);
}

TEST_CASE("what one thread allocates and another frees is counted, threads that end included") {
  const int64_t before = memory_stats().live_bytes;
  std::vector<Tensor> handed_over;
  int64_t while_alive = 0;
  for (int round = 0; round < 3; ++round) {
    std::thread([&] {
      for (int i = 0; i < 500; ++i) handed_over.push_back(core::full({i}, 1));
    }).join();
    while_alive = memory_stats().live_bytes;
    CHECK(while_alive > before);
    handed_over.clear();
    handed_over.shrink_to_fit();
    CHECK(memory_stats().live_bytes == before);
  }
}

TEST_CASE("threads that allocate at once lose no count") {
  const int64_t before = memory_stats().live_bytes;
  {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int k = 0; k < 4; ++k)
      threads.emplace_back([] {
        for (int i = 0; i < 2000; ++i) core::full({i % 700}, 1);
      });
    for (std::thread& t : threads) t.join();
  }
  CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("cached blocks can be given back") {
  { const Tensor big = core::full({1 << 20}, 1); }
  release_cached_memory();
  const int64_t kept = memory_stats().cached_bytes;
  { const Tensor big = core::full({1 << 20}, 1); }
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(memory_stats().cached_bytes >= kept + (4 << 20));
#endif
  release_cached_memory();
  CHECK(memory_stats().cached_bytes == kept);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("large blocks start on a huge page, and are unmapped when they are given back") {
  const auto mapped_pages = [] {
    int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages;
  };
  release_cached_memory();
  const int64_t before = mapped_pages();
  for (const int64_t size : {2 << 20, (3 << 20) + 1, 100 << 20}) {
    CAPTURE(size);
    {
      const Tensor big = core::full({size}, 1, u8);
      CHECK(reinterpret_cast<uintptr_t>(big.raw()) % core::kHugePage < 4096);
      CHECK(big.raw()[size - 1] == 1);
      CHECK(mapped_pages() > before);
    }
    release_cached_memory();
    CHECK(mapped_pages() == before);
  }
}
#endif

TEST_CASE("changing sizes do not add up to many times the peak") {
  release_cached_memory();
  const int64_t kept = memory_stats().cached_bytes;
  constexpr int64_t kMiB = 1 << 20;  // larger than in any other test; the memory is not touched
  for (int64_t size = 1024 * kMiB; size < 2048 * kMiB; size += 64 * kMiB) core::empty({size}, u8);
  CHECK(memory_stats().cached_bytes - kept <= 2048 * kMiB * 5 / 4 + 64 * kMiB);
  // A cached block serves a smaller request.
  const int64_t cached = memory_stats().cached_bytes;
  { const Tensor smaller = core::empty({1200 * kMiB}, u8); }
  CHECK(memory_stats().cached_bytes == cached);
  release_cached_memory();
  CHECK(memory_stats().cached_bytes == kept);
}
