#include "tapehead/train/detail/svg.h"

#include <doctest/doctest.h>

using namespace tapehead::train;

TEST_CASE("svg: numbers are short and never -0") {
  CHECK(svg_number(3) == "3");
  CHECK(svg_number(2.5) == "2.5");
  CHECK(svg_number(0.126) == "0.13");
  CHECK(svg_number(-0.001) == "0");
  CHECK(svg_number(100) == "100");
}

TEST_CASE("svg: elements nest, close, and escape what they hold") {
  Svg svg(100, 50, "a < b");
  svg.open("g", {{"fill", "#123456"}});
  svg.text("<s> & \"q\" \x01\xff", {{"x", 1.5}, {"data-name", "a\"b"}});
  const std::string out = svg.finish();
  CHECK(out.find("width=\"100\" height=\"50\" viewBox=\"0 0 100 50\"") != std::string::npos);
  CHECK(out.find("<title>a &lt; b</title>") != std::string::npos);
  CHECK(
      out.ends_with("<g fill=\"#123456\">\n"
                    "<text x=\"1.5\" data-name=\"a&quot;b\">"
                    "&lt;s&gt; &amp; &quot;q&quot; \uFFFD\uFFFD</text>\n"
                    "</g>\n</svg>\n"));
}

TEST_CASE("svg: paths") {
  SvgPath path;
  CHECK(path.empty());
  path.move(0, 1).line(2.25, 3).close().box(1, 2, 3, 4);
  CHECK(path.data() == "M0 1L2.25 3ZM1 2h3v4h-3Z");
}

TEST_CASE("svg: the estimate of a text's width follows its letters") {
  CHECK(text_width("ill", 10) < text_width("mmm", 10));
  CHECK(text_width("注意", 10) == doctest::Approx(20));
  CHECK(text_width("e\u0301", 10) == text_width("e", 10));
  CHECK(text_width("", 10) == 0);
}
