#include "tapehead/train/attention_map.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"
#include "tapehead/train/detail/attention_layout.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::attention_map_test {

using namespace train;
using test::count_of;
using test::message_of;
using test::xml_fault;

namespace {

const std::vector<float> kWeights = {1, 0, 0, 0, 0.5F, 0.5F};  // [2, 3]

AttentionMap small() {
  return {.weights = kWeights,
          .rows = 2,
          .columns = 3,
          .row_labels = {"a", "<b>"},
          .column_labels = {"x", " ", "é"}};
}

}  // namespace

TEST_CASE("attention_map: cells, labels and the scale") {
  const std::string svg = attention_svg(small(), {.title = "T", .x_label = "in", .y_label = "out"});
  CHECK(xml_fault(svg) == "");
  CHECK(svg.find("<path d=\"M0 0h1v1h-1Z\" fill=\"#082c5e\"/>") != std::string::npos);
  CHECK(svg.find("<path d=\"M1 1h1v1h-1ZM2 1h1v1h-1Z\" fill=\"#6aabd2\"/>") != std::string::npos);
  for (const char* text :
       {">T</text>", ">in</text>", ">out</text>", ">a</text>", ">&lt;b&gt;</text>", ">␣</text>",
        ">é</text>", ">0.5</text>", ">1.0</text>"}) {
    CAPTURE(text);
    CHECK(count_of(svg, text) >= 1);
  }
  CHECK(svg == attention_svg(small(), {.title = "T", .x_label = "in", .y_label = "out"}));
}

TEST_CASE("attention_map: long column labels are slanted, very long ones cut, controls shown") {
  AttentionMap map = small();
  CHECK(attention_svg(map).find("rotate(-45)") == std::string::npos);
  map.column_labels = {"Donaudampfschifffahrtsgesellschaft", "a\tb\n", "\x1b\xff"};
  const std::string svg = attention_svg(map);
  CHECK(count_of(svg, "rotate(-45)") == 3);
  CHECK(svg.find(">Donaudampfschifffahrtsgesellsch…</text>") != std::string::npos);
  CHECK(svg.find(">a⇥b↵</text>") != std::string::npos);
  CHECK(svg.find(">\uFFFD\uFFFD</text>") != std::string::npos);
  CHECK(xml_fault(svg) == "");
}

TEST_CASE("attention_map: NaN is grey, and values beyond the scale take its ends") {
  const std::vector<float> weights = {NAN, INFINITY, -1, 0.25F};
  const AttentionMap map{.weights = weights, .rows = 2, .columns = 2};
  const std::string svg = attention_svg(map, {.highest = 0.25});
  CHECK(svg.find("<path d=\"M0 0h1v1h-1Z\" fill=\"#dcdcdc\"/>") != std::string::npos);
  CHECK(svg.find("<path d=\"M1 0h1v1h-1ZM1 1h1v1h-1Z\" fill=\"#082c5e\"/>") != std::string::npos);
  const std::vector<float> none(4, 0);
  CHECK(xml_fault(attention_svg({.weights = none, .rows = 2, .columns = 2})) == "");
}

TEST_CASE("attention_map: the scale stands beside wide titles, not on them") {
  std::vector<AttentionMap> maps(2, small());
  maps[1].title = "a title that is much wider than the map it stands above";
  const AttentionLayout l = measure_attention(maps, {.across = 1});
  const double half = text_width(maps[1].title, AttentionLayout::kNameSize) / 2;
  CHECK(l.scale_x() > l.x0 + l.width / 2 + half);
  CHECK(l.page_width > l.scale_x());
}

TEST_CASE("attention_map: maps of one kind share their labels in a grid") {
  std::vector<AttentionMap> maps(4, small());
  for (size_t i = 0; i < maps.size(); ++i) maps[i].title = "head " + std::to_string(i);
  std::string svg = attention_svg(maps);
  CHECK(count_of(svg, ">a</text>") == 2);
  CHECK(count_of(svg, ">é</text>") == 2);
  CHECK(count_of(svg, ">head ") == 4);
  svg = attention_svg(maps, {.across = 4});
  CHECK(count_of(svg, ">a</text>") == 1);
  CHECK(count_of(svg, ">é</text>") == 4);
  maps[3].row_labels[0] = "other";
  svg = attention_svg(maps);
  CHECK(count_of(svg, ">a</text>") == 3);
  CHECK(count_of(svg, ">é</text>") == 4);
  CHECK(xml_fault(svg) == "");
}

TEST_CASE("attention_map: a large map stays a small file, with every n-th label") {
  const std::vector<float> weights(200 * 400, 0.5F);
  AttentionMap map{.weights = weights, .rows = 200, .columns = 400};
  map.row_labels.assign(200, "r");
  const std::string svg = attention_svg(map);
  CHECK(svg.size() < 2'000'000);
  CHECK(count_of(svg, ">r</text>") == 40);
}

TEST_CASE("attention_map: save writes the file") {
  const test::Scratch dir;
  save_attention(dir / "one.svg", small(), {.title = "T"});
  CHECK(read_file(dir / "one.svg") == attention_svg(small(), {.title = "T"}));
  const std::vector<AttentionMap> maps(2, small());
  save_attention(dir / "two.svg", maps);
  CHECK(read_file(dir / "two.svg") == attention_svg(maps));
  CHECK_THROWS_AS(save_attention(dir / "none/one.svg", small()), IoError);
  const AttentionMap map = small();
  std::vector<std::vector<float>> rows;
  for (int64_t r = 0; r < map.rows; ++r) {
    const auto row = map.weights.subspan(static_cast<size_t>(r * map.columns));
    rows.emplace_back(row.begin(), row.begin() + map.columns);
  }
  save_attention(dir / "rows.svg", rows, map.row_labels, map.column_labels, {.title = "T"});
  CHECK(read_file(dir / "rows.svg") == attention_svg(map, {.title = "T"}));
  rows[1].pop_back();
  CHECK(message_of<ShapeError>([&] { save_attention(dir / "bad.svg", rows, {}, {}); }) ==
        "save_attention: rows of 3 and 2 weights; a map needs as many in each");
}

TEST_CASE("attention_map: sizes that do not fit are told with both numbers") {
  const auto message = [](const AttentionMap& map) {
    return message_of<ShapeError>([&] { (void)attention_svg(map); });
  };
  AttentionMap map = small();
  map.columns = 4;
  CHECK(message(map) == "attention_svg: map 0 has 6 weights; [2, 4] needs 8");
  map = small();
  map.row_labels.pop_back();
  CHECK(message(map) ==
        "attention_svg: map 0 has 1 row labels and 2 rows; give one for each or none");
  map = small();
  map.column_labels.emplace_back("z");
  CHECK(message(map) ==
        "attention_svg: map 0 has 4 column labels and 3 columns; give one for each or none");
  map.rows = 0;
  CHECK(message(map) == "attention_svg: map 0 is [0, 3]; each side must be in 1..4096");
  map.rows = int64_t{1} << 62;
  CHECK(message(map) ==
        "attention_svg: map 0 is [4611686018427387904, 3]; each side must be in 1..4096");

  CHECK(message_of<ValueError>([] { (void)attention_svg(std::span<const AttentionMap>()); }) ==
        "attention_svg: there are no maps; pass at least one");
  CHECK(message_of<ValueError>([] { (void)attention_svg(small(), {.highest = -1}); }) ==
        "attention_svg: highest = -1 must be in 0..1e+30, where 0 means automatic");
  CHECK(message_of<ValueError>([] { (void)attention_svg(small(), {.cell = 1e9}); }) ==
        "attention_svg: cell = 1000000000 must be in 0..200, where 0 means automatic");
}

}  // namespace tapehead::attention_map_test
