// Attention as a picture for a paper: who looked where, as heat maps in SVG.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// One matrix of weights: rows (queries, outputs) downwards, columns (keys, inputs) to the right.
/// A NaN is drawn grey: a position that was masked.
struct AttentionMap {
  std::span<const float> weights;  ///< row-major [rows, columns], not owned
  int64_t rows = 0, columns = 0;
  /// The tokens beside the rows and above the columns, in UTF-8; none, or one for each. Spaces,
  /// tabs and line ends are shown as ␣ ⇥ ↵; long ones are cut.
  std::vector<std::string> row_labels, column_labels;
  std::string title;  ///< above this map
};

struct AttentionMapStyle {
  std::string title;             ///< above all maps
  std::string x_label, y_label;  ///< what columns and rows are: "source", "translation"
  int across = 0;                ///< maps side by side; 0: as square as possible
  double cell = 0;               ///< pixels of a weight's side; 0: chosen to fit a page
  double highest = 0;            ///< the weight that is darkest; 0: from the largest of all maps
};

/// Draws maps in a grid, with one colour scale from 0 to `highest` for all (what lies outside takes
/// the colour of the nearer end). Labels that all maps share stand at the grid's left and top only.
/// The same weights give the same bytes. Throws ShapeError where sizes do not fit and ValueError
/// where there is nothing to draw or a size in `style` is out of range.
std::string attention_svg(std::span<const AttentionMap> maps, const AttentionMapStyle& style = {});
std::string attention_svg(const AttentionMap& map, const AttentionMapStyle& style = {});

/// Writes attention_svg() to `path`, whole or not at all. Throws IoError besides.
void save_attention(const std::string& path, std::span<const AttentionMap> maps,
                    const AttentionMapStyle& style = {});
void save_attention(const std::string& path, const AttentionMap& map,
                    const AttentionMapStyle& style = {});
/// One map whose weights are a list for each row, as beam search gives them. Throws ShapeError for
/// lists of unequal lengths, too.
void save_attention(const std::string& path, const std::vector<std::vector<float>>& rows,
                    std::vector<std::string> row_labels, std::vector<std::string> column_labels,
                    const AttentionMapStyle& style = {});

}  // namespace tapehead::train
