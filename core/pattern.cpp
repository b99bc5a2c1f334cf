#include "tapehead/core/pattern.h"

#include <cstddef>

namespace tapehead {

// Backtracking to the last star is enough: an earlier star's shortest match leaves the most text
// for the rest. So the worst case is the product of the lengths.
bool fits_pattern(std::string_view name, std::string_view pattern) {
  size_t n = 0, p = 0;
  size_t star = std::string_view::npos, after_star = 0;  // in pattern, in name
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace tapehead
