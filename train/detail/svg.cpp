#include "tapehead/train/detail/svg.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

#include "tapehead/train/detail/display.h"

namespace tapehead::train {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

std::string svg_number(double value) {
  assert(std::isfinite(value));
  std::string digits = fmt::format("{:.2f}", value);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits == "-0" ? "0" : digits;
}

SvgPath& SvgPath::add(char command, double x, double y) {
  data_ += command;
  data_ += svg_number(x);
  data_ += ' ';
  data_ += svg_number(y);
  return *this;
}

SvgPath& SvgPath::box(double x, double y, double width, double height) {
  move(x, y);
  data_ += fmt::format("h{}v{}h{}Z", svg_number(width), svg_number(height), svg_number(-width));
  return *this;
}

Svg::Svg(double width, double height, std::string_view title) {
  open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
               {"width", width},
               {"height", height},
               {"viewBox", fmt::format("0 0 {} {}", svg_number(width), svg_number(height))},
               {"role", "img"},
               {"font-family",
                "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, "
                "sans-serif"},
               {"font-size", 12}});
  if (!title.empty()) out_ += fmt::format("<title>{}</title>\n", escaped(title));
  element("rect", {{"width", width}, {"height", height}, {"fill", "#ffffff"}});
}

void Svg::start(std::string_view name, Attributes attributes) {
  out_ += '<';
  out_ += name;
  for (const SvgAttribute& a : attributes) {
    out_ += fmt::format(" {}=\"{}\"", a.name, escaped(a.value));
  }
}

void Svg::element(std::string_view name, Attributes attributes) {
  start(name, attributes);
  out_ += "/>\n";
}

void Svg::text(std::string_view content, Attributes attributes) {
  start("text", attributes);
  out_ += fmt::format(">{}</text>\n", escaped(content));
}

void Svg::open(std::string_view name, Attributes attributes) {
  start(name, attributes);
  out_ += ">\n";
  open_.emplace_back(name);
}

void Svg::close() {
  assert(!open_.empty());
  out_ += fmt::format("</{}>\n", open_.back());
  open_.pop_back();
}

std::string Svg::finish() {
  while (!open_.empty()) close();
  return std::move(out_);
}

double text_width(std::string_view text, double font_size) {
  double ems = 0;
  while (!text.empty()) {
    const int32_t c = next_codepoint(text);
    std::string one;
    append_codepoint(one, c);
    const auto columns = static_cast<double>(display_width(one));
    if (c < 0x80 && std::string_view("fijlrtI.,:;'|!()[]- ").find(one) != std::string_view::npos) {
      ems += 0.36;
    } else if (c < 0x80 && std::string_view("mwMW@%").find(one) != std::string_view::npos) {
      ems += 0.95;
    } else if (c >= 'A' && c <= 'Z') {
      ems += 0.7;
    } else {
      ems += columns > 1 ? 1.0 : 0.62 * columns;
    }
  }
  return ems * font_size;
}

}  // namespace tapehead::train
