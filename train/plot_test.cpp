#include "tapehead/train/plot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"

using namespace tapehead;
using namespace tapehead::train;
using test::count_of;
using test::message_of;
using test::xml_fault;

namespace {

const double kNan = std::nan("");

Plot of(std::vector<double> y) {
  std::vector<double> x(y.size());
  std::iota(x.begin(), x.end(), 0);
  return {.series = {{.name = "a", .x = x, .y = std::move(y)}}};
}

/// The data of the first path that is drawn.
std::string path_of(const std::string& svg) {
  const size_t start = svg.find("<path d=\"");
  if (start == std::string::npos) return "";
  return svg.substr(start + 9, svg.find('"', start + 9) - start - 9);
}

}  // namespace

TEST_CASE("plot: titles, names and ticks are all there, escaped") {
  Plot plot = of({3, 2, 1});
  plot.title = "a < b & c";
  plot.x_label = "step";
  plot.y_label = "loss \"nats\"";
  plot.series.push_back({.name = "größe", .x = {0, 2}, .y = {1, 2}, .mark = Mark::points});
  const std::string svg = plot.svg();
  CHECK(xml_fault(svg) == "");
  for (const char* text : {">a &lt; b &amp; c</text>", ">step</text>", ">loss &quot;nats&quot;<",
                           ">größe</text>", ">2.5</text>", ">3.0</text>"}) {
    CAPTURE(text);
    CHECK(svg.find(text) != std::string::npos);
  }
  CHECK(svg == plot.svg());
}

TEST_CASE("plot: a line goes through its points") {
  Plot plot = of({0, 10});
  plot.series[0].name.clear();
  const std::string svg = plot.svg();
  // The frame: labels of two digits at the left, ticks below.
  CHECK(path_of(svg) == "M44.88 382L696 28");
  CHECK(svg.find("class") == std::string::npos);
}

TEST_CASE("plot: what is not finite is a gap, and a point alone a dot") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(count_of(path_of(of({1, 2, kNan, 3, 4}).svg()), "M") == 2);
  CHECK(count_of(path_of(of({kNan, 1, 2, inf, 3, -inf, kNan, 1e200}).svg()), "M") == 2);
  const std::string dot = path_of(of({1, kNan, 2}).svg());
  CHECK(count_of(dot, "M") == 2);
  CHECK(count_of(dot, "L") == 2);

  Plot log = of({1, 0, 10, -1, 100});
  CHECK(count_of(path_of(log.svg()), "M") == 1);
  log.log_y = true;
  CHECK(count_of(path_of(log.svg()), "M") == 3);
}

TEST_CASE("plot: smoothing keeps the raw curve faintly, and adds neither bias nor lag") {
  Plot plot = of({4, 4, 4, 4});
  plot.series[0].smooth = 0.9;
  const std::string svg = plot.svg();
  CHECK(count_of(svg, "stroke-opacity=\"0.28\"") == 1);
  CHECK(count_of(svg, "d=\"" + path_of(svg) + "\"") == 2);  // smoothing does not change a constant
  // The reversed curve is smoothed to the reverse: there is no lag.
  plot.series[0].y = {4, 3, 2, 1};
  plot.series[0].smooth = 0.5;
  Plot mirrored = plot;
  mirrored.series[0].y = {1, 2, 3, 4};
  const auto heights = [](const Plot& p) {  // of the second path, the smoothed curve
    const std::string drawn = p.svg();
    std::istringstream path(path_of(drawn.substr(drawn.find("<path d=\"") + 1)));
    std::vector<double> y;
    for (std::string point; std::getline(path, point, 'L');)
      y.push_back(std::stod(point.substr(point.find(' ') + 1)));
    return y;
  };
  CHECK(heights(plot).size() == 4);
  CHECK(heights(plot)[1] < heights(plot)[2]);
  std::vector<double> backwards = heights(mirrored);
  std::reverse(backwards.begin(), backwards.end());
  CHECK(heights(plot) == backwards);
  plot.series[0].y = {4, 2, kNan, 4};
  CHECK(xml_fault(plot.svg()) == "");
}

TEST_CASE("plot: a million points stay a small file, with their extremes") {
  std::vector<double> y(1'000'000, 1);
  y[500'000] = 50;
  Plot plot = of(std::move(y));
  plot.series[0].name.clear();
  const std::string svg = plot.svg();
  CHECK(svg.size() < 100'000);
  CHECK(svg.find(">50</text>") != std::string::npos);
  CHECK(count_of(path_of(svg), " 28L") == 1);  // the peak reaches the top of the frame
}

TEST_CASE("plot: categories name the places of x") {
  Plot plot = of({30, 28, 20});
  plot.categories = {"≤ 10", "11–20", "> 20"};
  plot.series[0].mark = Mark::line_and_points;
  const std::string svg = plot.svg();
  CHECK(svg.find(">≤ 10</text>") != std::string::npos);
  CHECK(svg.find(">&gt; 20</text>") != std::string::npos);
  CHECK(count_of(svg, "<circle") == 4);  // three points and the legend's
}

TEST_CASE("plot: every mark and more series than colours draw well-formed pictures") {
  Plot plot{.title = "many", .width = 240, .height = 160};
  CHECK(xml_fault(plot.svg()) == "");
  for (int i = 0; i < 20; ++i) {
    plot.series.push_back({.name = "series " + std::to_string(i),
                           .x = {0, 1},
                           .y = {1.0 * i, 2.0 * i},
                           .mark = static_cast<Mark>(i % 3)});
  }
  const std::string svg = plot.svg();
  CHECK(xml_fault(svg) == "");
  CHECK(svg.find("height=\"160\"") == std::string::npos);  // the legend made it higher
}

TEST_CASE("plot: no data, one point and extreme values still give a picture") {
  const std::vector<std::vector<double>> rows = {
      {}, {kNan}, {5}, {0}, {-3, -3}, {1e100, -1e100}, {1e-100, 1e100}, {1e-310}, {7, 7 + 1e-13}};
  for (const auto& y : rows) {
    for (const bool log_y : {false, true}) {
      Plot plot = of(y);
      plot.log_y = log_y;
      const std::string svg = plot.svg();
      CHECK(xml_fault(svg) == "");
      CHECK(svg.find("nan") == std::string::npos);
      CHECK(svg.find("inf") == std::string::npos);
    }
  }
}

TEST_CASE("plot: save writes the file, and errors say what is wrong") {
  const test::Scratch dir;
  Plot plot = of({1, 2});
  plot.save(dir / "loss.svg");
  CHECK(read_file(dir / "loss.svg") == plot.svg());
  CHECK_THROWS_AS(plot.save(dir / "none/loss.svg"), IoError);

  plot.series[0].x.pop_back();
  CHECK(message_of<ShapeError>([&] { (void)plot.svg(); }) ==
        "plot: series 'a' has 1 x and 2 y; give one y for each x");
  plot = of({1, 2});
  plot.series[0].smooth = 1;
  CHECK(message_of<ValueError>([&] { (void)plot.svg(); }) ==
        "plot: series 'a' has smooth = 1; it must be in [0, 1)");
  plot = of({1, 2});
  plot.categories = {"only"};
  CHECK(message_of<ValueError>([&] { (void)plot.svg(); }) ==
        "plot: series 'a' has x = 1 outside 0..0; x is an index into the 1 categories");
  plot = of({1, 2});
  plot.width = 100;
  CHECK(message_of<ValueError>([&] { (void)plot.svg(); }) ==
        "plot: a page of 100 x 420 pixels is too small; give at least 240 x 160");
}
