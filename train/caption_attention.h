// What a captioning model attends to at each word, as SVG, for papers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// An image, the words of its caption, and the weights of its regions at each word.
struct CaptionAttention {
  std::span<const float> pixels;  ///< row-major [channels, height, width], 0 to 1; not owned
  int64_t channels = 3;           ///< 1 for grey, 3 for RGB
  int64_t height = 0, width = 0;
  std::vector<std::string> words;
  std::span<const float> weights;  ///< row-major [words, rows, columns], at least 0; not owned
  int64_t rows = 0, columns = 0;   ///< grid of regions, which covers the image
  std::string title;               ///< above this image
};

/// How the pictures are drawn.
struct CaptionAttentionStyle {
  std::string title;   ///< above all images
  int64_t across = 0;  ///< words per line; 0: as many as a page is wide
  double height = 96;  ///< height of an image on the page
};

/// Draws for each image a row: the image, then, below each word, the image with a grey veil that is
/// the thinner the larger the weight, interpolated smoothly between regions and scaled per word
/// from 0 (thickest) to its largest weight (no veil), as in figures 2 to 5 of Xu et al. 2015,
/// "Show, attend and tell". Long captions are continued on further lines. Images are embedded as
/// PNG; the result is deterministic for a version of libpng. Throws ShapeError if the sizes of
/// pixels or weights do not match, and ValueError for an empty list, an image without words, a
/// negative or non-finite weight, or a style out of range.
/// Example: const std::vector<float> x{0, 1, 1, 0};
///     train::caption_attention_svg(std::vector<train::CaptionAttention>{{.pixels = x, .channels
///     = 1, .height = 2, .width = 2, .words = {"a"}, .weights = x, .rows = 2, .columns =
///     2}}).substr(0, 4)  // <svg
std::string caption_attention_svg(std::span<const CaptionAttention> images,
                                  const CaptionAttentionStyle& style = {});

/// Writes caption_attention_svg() to `path`, atomically. Throws its errors, and IoError.
void save_caption_attention(const std::string& path, std::span<const CaptionAttention> images,
                            const CaptionAttentionStyle& style = {});

}  // namespace tapehead::train
