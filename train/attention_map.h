// Attention weights as heat maps in SVG, for papers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// One matrix of weights: rows (queries, outputs) downwards, columns (keys, inputs) to the right.
/// NaN marks a masked position and is drawn grey.
struct AttentionMap {
  std::span<const float> weights;  ///< row-major [rows, columns], not owned
  int64_t rows = 0, columns = 0;
  /// The tokens beside the rows and above the columns, in UTF-8: none, or one for each. Spaces,
  /// tabs and line ends are shown as ␣ ⇥ ↵; long labels are truncated.
  std::vector<std::string> row_labels, column_labels;
  std::string title;  ///< above this map
};

/// How a map is drawn.
struct AttentionMapStyle {
  std::string title;             ///< above all maps
  std::string x_label, y_label;  ///< axis labels, such as "source" and "translation"
  int across = 0;                ///< maps per row; 0: as square a grid as possible
  double cell = 0;               ///< size of a cell in pixels; 0: chosen to fit a page
  double highest = 0;            ///< weight of the darkest colour; 0: from the largest weight
};

/// Draws maps in a grid, with one colour scale from 0 to `highest` (weights outside are clamped).
/// Labels that all maps share are drawn at the left and top of the grid only. The result is
/// deterministic. Throws ShapeError if the sizes of weights or labels do not match, and ValueError
/// if there are no maps or a size in `style` is out of range.
/// Example: const std::vector<float> weights{0, 1, 1, 0}; train::attention_svg({.weights = weights,
///     .rows = 2, .columns = 2}).substr(0, 4)  // <svg
std::string attention_svg(std::span<const AttentionMap> maps, const AttentionMapStyle& style = {});
std::string attention_svg(const AttentionMap& map, const AttentionMapStyle& style = {});

/// Writes attention_svg() to `path`, atomically. Throws its errors, and IoError.
void save_attention(const std::string& path, std::span<const AttentionMap> maps,
                    const AttentionMapStyle& style = {});
void save_attention(const std::string& path, const AttentionMap& map,
                    const AttentionMapStyle& style = {});
/// Writes one map, given as a list of weights per row, as in nn::Hypothesis. Also throws ShapeError
/// if the lists differ in length.
void save_attention(const std::string& path, const std::vector<std::vector<float>>& rows,
                    std::vector<std::string> row_labels, std::vector<std::string> column_labels,
                    const AttentionMapStyle& style = {});

}  // namespace tapehead::train
