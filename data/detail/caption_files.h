// Readers of files of captions, and what they share.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tapehead/data/captions.h"

namespace tapehead::data::detail {

/// Images by name, in the order in which they were added, with their captions.
class CaptionTable {
 public:
  /// Adds an image, if it is new. Throws FormatError, which starts with `at`, unless the name is
  /// that of a file in a folder.
  CaptionedImage& image(const std::string& at, const std::string& name);
  const std::vector<CaptionedImage>& images() const { return images_; }
  const CaptionedImage* find(const std::string& name) const;

 private:
  std::vector<CaptionedImage> images_;  // whose paths are names
  std::unordered_map<std::string, size_t> places_;
};

/// A caption without spaces at its ends. Throws FormatError, which starts with `at`, if none is
/// left.
std::string checked_caption(const std::string& at, std::string_view caption);

/// The files in a folder of images.
class ImageFolder {
 public:
  /// Throws IoError if the folder is missing.
  explicit ImageFolder(const std::string& path);
  /// Those of the table that exist, with their paths; the captions of others are unmatched.
  std::vector<CaptionedImage> existing(const CaptionTable& table, Captions& corpus);
  /// Files named as PNG and JPEG images are, and `others`, are unmatched unless existing() has
  /// returned them.
  void add_others(Captions& corpus, std::set<std::string> others = {}) const;

 private:
  std::string path_;
  std::vector<std::string> images_;  // named as PNG and JPEG images
  std::unordered_set<std::string> files_, used_;
};

/// Reads COCO's layout.
Captions coco_captions(const std::string& dir, const CaptionsOptions& options);

}  // namespace tapehead::data::detail
