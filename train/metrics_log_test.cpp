#include "tapehead/train/metrics_log.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::train;
using test::message_of;

TEST_CASE("metrics_log: a record is one line, its keys in the order given") {
  const test::Scratch dir;
  MetricsLog log = MetricsLog::create(dir / "out/metrics.jsonl");
  log.write({{"step", 100}, {"loss", 2.3125}, {"best", true}, {"note", "a \"b\"\n\xff ü"}});
  CHECK(read_file(log.path()) == R"({"step":100,"loss":2.3125,"best":true,"note":"a \"b\"\n)"
                                 "\uFFFD"
                                 R"( ü"})"
                                 "\n");
  log.write({});
  CHECK(read_file(log.path()).ends_with("\n{}\n"));
  MetricsLog::create(log.path());
  CHECK(read_file(log.path()).empty());
}

TEST_CASE("metrics_log: numbers read back as they were") {
  const double inf = std::numeric_limits<double>::infinity();
  const struct {
    Metric metric;
    const char* json;
  } rows[] = {
      {{"x", 0.1F}, R"("x":0.1)"},
      {{"x", 0.1}, R"("x":0.1)"},
      {{"x", 1.0 / 3}, R"("x":0.3333333333333333)"},
      {{"x", 1e300}, R"("x":1e+300)"},
      {{"x", -5}, R"("x":-5)"},
      {{"x", std::numeric_limits<uint64_t>::max()}, R"("x":18446744073709551615)"},
      {{"x", std::nan("")}, R"("x":null,"x_is":"nan")"},
      {{"x", -std::nan("")}, R"("x":null,"x_is":"nan")"},
      {{"x", inf}, R"("x":null,"x_is":"inf")"},
      {{"x", -std::numeric_limits<float>::infinity()}, R"("x":null,"x_is":"-inf")"},
  };
  for (const auto& row : rows) CHECK(row.metric.json() == row.json);
}

TEST_CASE("metrics_log: a resumed run drops the cut line and what comes after its step") {
  const std::string two = "{\"step\":1}\n{\"step\":2,\"loss\":1.5}\n";
  const struct {
    std::string before;
    int64_t step;
    std::string after;
  } rows[] = {
      {"", 5, ""},
      {two, 2, two},
      {two, 9, two},
      {two, 1, "{\"step\":1}\n"},
      {two, 0, ""},
      {two + "{\"step\":3,\"lo", 5, two},
      {two + "{\"step\":3}", 5, two + "{\"step\":3}\n"},  // only the newline is missing
      {two + "{\"step\":3}", 2, two},
      {two + "{\"bleu\":30}\n{\"step\":3}\n{\"bleu\":31}\n", 2, two + "{\"bleu\":30}\n"},
      {two + std::string(5, '\0'), 5, two},
      {"{\"step\":1", 5, ""},
  };
  const test::Scratch dir;
  for (const auto& row : rows) {
    CAPTURE(row.before);
    const std::string path = dir.write("metrics.jsonl", row.before);
    MetricsLog log = MetricsLog::resume(path, row.step);
    CHECK(read_file(path) == row.after);
    log.write({{"step", 6}});
    CHECK(read_file(path) == row.after + "{\"step\":6}\n");
  }
  MetricsLog::resume(dir / "new/metrics.jsonl", 3).write({{"step", 4}});
  CHECK(read_file(dir / "new/metrics.jsonl") == "{\"step\":4}\n");
}

TEST_CASE("metrics_log: a kill at any byte loses the last line at most") {
  const test::Scratch dir;
  const std::string whole = "{\"step\":1,\"loss\":2.5}\n{\"step\":2,\"loss\":null}\n";
  for (size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const std::string path = dir.write("m.jsonl", std::string_view(whole).substr(0, size));
    MetricsLog::resume(path, 9);
    const std::string kept = read_file(path);
    CHECK(whole.starts_with(kept));
    CHECK((kept.empty() || kept.back() == '\n'));
    CHECK(kept.size() + 24 > size);
  }
}

TEST_CASE("metrics_log: a file that is no log is left alone") {
  const test::Scratch dir;
  const std::string deep = std::string(100000, '[') + "\n{}\n";
  for (const std::string& text :
       {std::string("{\"step\":1}\nhello\n{\"step\":2}\n"), std::string("[1]\n{}\n"),
        std::string("\n{}\n"), std::string("\xff\xfe\n\n"), deep}) {
    const std::string path = dir.write("metrics.jsonl", text);
    const std::string line = text.starts_with("{\"step\":1}") ? "2" : "1";
    CHECK(
        message_of<FormatError>([&] { MetricsLog::resume(path, 5); }) ==
        fmt::format("{}:{}: the line is not a JSON object; fix it or move the file away to resume",
                    path, line));
    CHECK(read_file(path) == text);
  }
}

TEST_CASE("metrics_log: a folder that cannot be made is named") {
  const test::Scratch dir;
  const std::string file = dir.write("file", "");
  CHECK(message_of<IoError>([&] { MetricsLog::create(file + "/out/metrics.jsonl"); }) ==
        "metrics log: cannot make the folder '" + file + "/out/': Not a directory; choose another");
  CHECK(message_of<IoError>([&] { MetricsLog::create(dir.path()); }) ==
        dir.path() + ": cannot be opened for writing: Is a directory; choose another folder");
}

TEST_CASE("metrics_log: a curve read back has the records with that key") {
  const test::Scratch dir;
  const std::string path =
      dir.write("metrics.jsonl",
                "{\"step\":1,\"loss\":0.1}\n{\"step\":2,\"val\":3}\nrubbish\n"
                "{\"loss\":5}\n{\"step\":3,\"loss\":null,\"loss_is\":\"nan\"}\n"
                "{\"step\":4,\"loss\":0.30000000000000004}\n{\"step\":5,\"lo");
  const Curve curve = read_curve(path, "loss");
  CHECK(curve.steps == std::vector<double>{1, 4});
  CHECK(curve.values == std::vector<double>{0.1, 0.30000000000000004});
  CHECK(read_curve(path, "other").steps.empty());
  CHECK(read_curve(dir / "missing.jsonl", "loss").steps.empty());
}
