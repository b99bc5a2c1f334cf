// An entry of the table of kernels: one family in one element type. family.h makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tapehead/core/kernels/levels.h"

namespace tapehead::kernels {

/// The kernels of one level, a struct of pointers. Pointers that are null are taken from the next
/// best candidate.
struct Candidate {
  Level level;
  const void* kernels;
};

class Entry {
 public:
  const char* family;
  const char* symbol;                     ///< what kernel files define: "norm_bf16"
  const char* ops;                        ///< whose rows of test cases exercise it
  std::span<const Candidate> candidates;  ///< the best first
  Entry* next = nullptr;                  ///< in the list of entries

  constexpr Entry(const char* f, const char* s, const char* o, std::span<const Candidate> c,
                  void* kernels, size_t pointers)
      : family(f), symbol(s), ops(o), candidates(c), chosen_(kernels), pointers_(pointers) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  /// Takes each pointer from the first candidate that has it and whose level is in `levels`, one
  /// bit a level.
  void fill_for(uint32_t levels);
  /// How many of a candidate's pointers are null.
  size_t missing(const Candidate& candidate) const;
  bool is_filled() const { return __atomic_load_n(&filled_, __ATOMIC_ACQUIRE); }

 protected:
  /// Fills for the machine. Throws ValueError where TAPEHEAD_ISA names no level of it.
  void fill();

 private:
  void* chosen_;
  size_t pointers_;
  bool filled_ = false;
};

template <class K>
class EntryOf : public Entry {
  static_assert(sizeof(K) % sizeof(void*) == 0);

 public:
  constexpr EntryOf(const char* f, const char* s, const char* o, std::span<const Candidate> c)
      : Entry(f, s, o, c, &kernels_, sizeof(K) / sizeof(void*)) {}

  const K& get() {
    if (!is_filled()) [[unlikely]]
      fill();
    return kernels_;
  }

 private:
  K kernels_{};
};

/// Makes the entry one of entries(), once.
bool list_entry(Entry& entry);

}  // namespace tapehead::kernels
