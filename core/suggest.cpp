#include "tapehead/core/suggest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tapehead {
namespace {

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

size_t edit_distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> before(width), last(width), row(width);
  for (size_t j = 0; j < width; ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j < width; ++j) {
      const bool same = lowered(a[i - 1]) == lowered(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lowered(a[i - 1]) == lowered(b[j - 2]) &&
                           lowered(a[i - 2]) == lowered(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string closest_name(std::string_view name, std::span<const std::string> candidates) {
  const size_t limit = name.size() / 3;
  size_t nearest = limit + 1;
  std::string best;
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(candidate.size(), name.size());
    const size_t shorter = std::min(candidate.size(), name.size());
    if (longer - shorter > limit) continue;
    const size_t distance = edit_distance(name, candidate);
    if (distance < nearest || (distance == nearest && distance <= limit && candidate < best)) {
      nearest = distance;
      best = candidate;
    }
  }
  return best;
}

namespace {

// A prefix of a pattern, edited to match a prefix of a name.
struct Mended {
  size_t edits = 0;
  std::string pattern = {};

  Mended then(size_t more_edits, std::string_view text) const {
    return {edits + more_edits, pattern + std::string(text)};
  }
};

// Like edit_distance(), except that a star matches any letters at no cost.
Mended mended(std::string_view pattern, std::string_view name) {
  const size_t width = name.size() + 1;
  std::vector<Mended> before(width), last(width), row(width);
  for (size_t j = 0; j < width; ++j) last[j] = {j, std::string(name.substr(0, j))};
  for (size_t i = 1; i <= pattern.size(); ++i) {
    const bool star = pattern[i - 1] == '*';
    row[0] = star ? last[0].then(0, "*") : last[0].then(1, "");
    for (size_t j = 1; j < width; ++j) {
      const std::string_view letter = name.substr(j - 1, 1);
      const auto take = [&](const Mended& from, size_t edits, std::string_view text) {
        if (from.edits + edits < row[j].edits) row[j] = from.then(edits, text);
      };
      if (star) {
        row[j] = last[j].then(0, "*");
        take(row[j - 1], 0, "");
        continue;
      }
      const bool same = lowered(pattern[i - 1]) == lowered(letter[0]);
      row[j] = last[j - 1].then(same ? 0 : 1, letter);
      take(last[j], 1, "");
      take(row[j - 1], 1, letter);
      const bool swapped = i > 1 && j > 1 && lowered(pattern[i - 1]) == lowered(name[j - 2]) &&
                           lowered(pattern[i - 2]) == lowered(letter[0]);
      if (swapped) take(before[j - 2], 1, name.substr(j - 2, 2));
    }
    before.swap(last);
    last.swap(row);
  }
  return last[name.size()];
}

}  // namespace

std::string closest_pattern(std::string_view pattern, std::span<const std::string> names) {
  const auto letters =
      pattern.size() - static_cast<size_t>(std::count(pattern.begin(), pattern.end(), '*'));
  Mended best{.edits = letters / 3 + 1};
  for (const std::string& name : names) {
    Mended found = mended(pattern, name);
    if (found.edits < best.edits) best = std::move(found);
  }
  return best.pattern;
}

}  // namespace tapehead
