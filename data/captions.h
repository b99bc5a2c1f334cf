// Images with captions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tapehead/data/files.h"
#include "tapehead/data/unmatched.h"

namespace tapehead::data {

/// An image and what it shows, in one or more sentences.
struct CaptionedImage {
  std::string path;                   ///< of the image
  std::vector<std::string> captions;  ///< in the order of the file, without spaces at their ends
};

struct CaptionsOptions {
  bool strict = false;     ///< whether captions without an image and the reverse are an error
  FileLimits limits = {};  ///< of each file of captions
};

/// A corpus of images with captions, in one of three layouts:
///
///   captions.{train,valid,test}.txt, images/   of which only the first and the folder must exist
///   *.token.txt, *.{train,dev,test}Images.txt, Flicker8k_Dataset/       Flickr8k, as published
///   annotations/captions_{train,val}YEAR.json, {train,val}YEAR/         COCO, as published
///
/// Text files have lines `FILE#n<TAB>caption`; Flickr8k's lists name a FILE in each line, and
/// images in no list are left out. Its folder of images may be named Flickr8k_Dataset or images,
/// too. COCO's val is `valid`; its test images have no captions. Images without a caption (files
/// named .png, .jpg, .jpeg, .jpe or .jfif, in either case) and captions whose image does not exist
/// are left out and counted; they are an error if `strict`. Images are read by read_image() when
/// they are used.
struct Captions {
  std::vector<CaptionedImage> train, valid, test;
  /// Named FILE#n, the n-th caption of a file from 0, or for COCO also `annotation ID`.
  Unmatched captions_without_image;
  Unmatched images_without_caption;  ///< named by their files

  /// Throws IoError for a missing folder or file and for a folder of none of these layouts, and
  /// FormatError for a line or value that is not as described, with its number, for no image with a
  /// caption in the training data, and, if `strict`, with mismatches().
  static Captions open(const std::string& dir, const CaptionsOptions& options = {});

  /// `2 captions without an image (a.jpg#0, a.jpg#1); 1 image without a caption (b.jpg)`, or "".
  std::string mismatches() const;
};

}  // namespace tapehead::data
