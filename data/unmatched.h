// Parts of a corpus that lack their counterpart, such as captions whose image does not exist.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

/// How many parts of a kind lack their counterpart, and the names of the first of them.
/// Example: data::Unmatched u; u.add("a.jpg");
///     u.str("image without a caption", "images without a caption")
///     // 1 image without a caption (a.jpg)
struct Unmatched {
  static constexpr int64_t kNamed = 10;  ///< names that are kept
  int64_t count = 0;                     ///< of all
  std::vector<std::string> names;        ///< the first kNamed

  void add(const std::string& name);  ///< counts one, and keeps its name if it is among the first
  /// `2 captions without an image (a.jpg#0, a.jpg#1)`, for what one and several are called; "" for
  /// none.
  std::string str(std::string_view one, std::string_view many) const;
};

namespace detail {

/// The descriptions that are not empty, separated by "; ".
std::string joined_descriptions(const std::vector<std::string>& parts);

}  // namespace detail

}  // namespace tapehead::data
