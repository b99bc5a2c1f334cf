// Writes well-formed SVG for plots. The output is deterministic on all platforms.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::train {

/// Formats a finite number for SVG, with at most two decimals, independent of the locale.
std::string svg_number(double value);

/// The colours of primary and secondary text.
inline constexpr const char* kInk = "#222222";
inline constexpr const char* kSoftInk = "#555555";

struct SvgAttribute {
  SvgAttribute(std::string_view n, double v) : name(n), value(svg_number(v)) {}
  SvgAttribute(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  SvgAttribute(std::string_view n, const char* v) : name(n), value(v) {}

  std::string_view name;
  std::string value;
};

/// Path data, as for `<path d="…">`.
class SvgPath {
 public:
  SvgPath& move(double x, double y) { return add('M', x, y); }
  SvgPath& line(double x, double y) { return add('L', x, y); }
  SvgPath& box(double x, double y, double width, double height);
  SvgPath& close() {
    data_ += 'Z';
    return *this;
  }
  bool empty() const { return data_.empty(); }
  const std::string& data() const { return data_; }

 private:
  SvgPath& add(char command, double x, double y);

  std::string data_;
};

class Svg {
 public:
  using Attributes = std::initializer_list<SvgAttribute>;

  /// A white page in pixels with a sans-serif font; `title` is for screen readers.
  Svg(double width, double height, std::string_view title);

  void element(std::string_view name, Attributes attributes);
  void text(std::string_view content, Attributes attributes);
  void open(std::string_view name, Attributes attributes);
  void close();

  /// Closes open elements and returns the file's text. The writer must not be used afterwards.
  std::string finish();

 private:
  void start(std::string_view name, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_;
};

/// The approximate width of `text` in a common sans-serif font, in pixels: an upper estimate, since
/// the reader's font is unknown.
double text_width(std::string_view text, double font_size);

}  // namespace tapehead::train
