// An entry of the kernel table: one family of kernels for one dtype. Entries are declared by the
// macros of family.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/levels.h"

namespace tapehead::kernels {

/// The kernels compiled for one level, a struct of function pointers. Null pointers are taken from
/// the next best candidate.
struct Candidate {
  Level level;
  const void* kernels;
};

class Entry {
 public:
  const char* family;
  const char* symbol;                     ///< the symbol that kernel files define: "norm_bf16"
  const char* ops;                        ///< the ops whose test cases exercise it
  std::span<const Candidate> candidates;  ///< best first
  Entry* next = nullptr;                  ///< in the list of entries

  constexpr Entry(const char* f, const char* s, const char* o, std::span<const Candidate> c,
                  void* kernels, size_t pointers)
      : family(f), symbol(s), ops(o), candidates(c), chosen_(kernels), pointers_(pointers) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  /// Takes each pointer from the first candidate that provides it and whose level is in `levels`,
  /// one bit per level.
  void fill_for(uint32_t levels);
  /// The number of null pointers of a candidate.
  size_t missing(const Candidate& candidate) const;
  bool is_filled() const { return __atomic_load_n(&filled_, __ATOMIC_ACQUIRE); }

 protected:
  /// Fills the entry for this machine. Throws ValueError if TAPEHEAD_ISA names a level that it does
  /// not support.
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

/// Throws DTypeError: the family has no kernels for the type, from which the op should convert.
[[noreturn]] void no_kernels(const char* family, DType dtype);

/// Adds the entry to the table; call it once per entry. For static initialisation.
bool list_entry(Entry& entry);

}  // namespace tapehead::kernels
