// A writer of well-formed SVG that the plots share. The same calls give the same bytes everywhere.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::train {

/// A number as SVG wants it: at most two decimals, a point whatever the locale. It must be finite.
std::string svg_number(double value);

/// The colours of text, for what is read first and for what is read when needed.
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

  /// Closes what is open and gives the file's text. The writer is spent.
  std::string finish();

 private:
  void start(std::string_view name, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_;
};

/// The width of `text` in a common sans-serif font, in pixels: an estimate on the wide side, since
/// the reader's font is unknown.
double text_width(std::string_view text, double font_size);

}  // namespace tapehead::train
