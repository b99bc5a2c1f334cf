// Plots BLEU of translations by sentence length, with a curve for each system, and prints a table.
//
//   bleu_by_length --data DIR --source de --target en --out bleu.svg additive=out/additive ...
//
// Each system is NAME=FOLDER, where FOLDER holds the translations.txt that examples/translate
// wrote.
#include <tapehead/tapehead.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

using namespace tapehead;

namespace {

// Sentences whose source has from `first` to `last` words.
struct Bucket {
  int64_t first, last;
  std::string name() const {
    return last == INT64_MAX ? fmt::format("{}+", first) : fmt::format("{}-{}", first, last);
  }
};

constexpr Bucket kBuckets[] = {{1, 7},   {8, 9},   {10, 11},       {12, 13},
                               {14, 16}, {17, 20}, {21, INT64_MAX}};

int64_t words_of(const std::string& line) {
  std::istringstream words(line);
  return std::distance(std::istream_iterator<std::string>(words), {});
}

std::vector<double> scores_of(const data::ParallelText::Split& split,
                              const std::vector<std::string>& output) {
  std::vector<double> scores{data::bleu(output, split.target, {.lowercase = true})};
  for (const Bucket& bucket : kBuckets) {
    std::vector<std::string> got, wanted;
    for (size_t i = 0; i < output.size(); ++i) {
      const int64_t words = words_of(split.source[i]);
      if (words < bucket.first || words > bucket.last) continue;
      got.push_back(output[i]);
      wanted.push_back(split.target[i]);
    }
    scores.push_back(got.empty() ? NAN : data::bleu(got, wanted, {.lowercase = true}));
  }
  return scores;
}

void run(const data::ParallelText::Split& split, const std::vector<std::string>& systems,
         const std::string& out) {
  train::Plot plot{.title = "BLEU by length", .x_label = "words in the source", .y_label = "BLEU"};
  fmt::print("| system | all |");
  for (const Bucket& bucket : kBuckets) {
    plot.categories.push_back(bucket.name());
    fmt::print(" {} |", bucket.name());
  }
  fmt::print("\n|---|{}\n", [] {
    std::string rule;
    for (size_t i = 0; i <= std::size(kBuckets); ++i) rule += "---|";
    return rule;
  }());
  for (const std::string& system : systems) {
    const size_t equals = system.find('=');
    if (equals == std::string::npos)
      throw ValueError(fmt::format("bleu_by_length: '{}' is not NAME=FOLDER", system));
    const std::string name = system.substr(0, equals);
    const auto scores =
        scores_of(split, data::read_lines(system.substr(equals + 1) + "/translations.txt"));
    fmt::print("| {} |", name);
    for (const double score : scores) fmt::print(" {:.1f} |", score);
    fmt::print("\n");
    train::Series series{.name = name, .mark = train::Mark::line_and_points};
    for (size_t i = 1; i < scores.size(); ++i) {
      series.x.push_back(static_cast<double>(i - 1));
      series.y.push_back(scores[i]);
    }
    plot.series.push_back(series);
  }
  plot.save(out);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("BLEU of translations against the length of the sentences.", "bleu_by_length");
  std::string data_dir, source = "de", target = "en", split = "test_2016_flickr", out = "bleu.svg";
  std::vector<std::string> systems;
  app.add_option("--data", data_dir, "folder of the references")->required();
  app.add_option("--source", source, "")->capture_default_str();
  app.add_option("--target", target, "")->capture_default_str();
  app.add_option("--split", split, "")->capture_default_str();
  app.add_option("--out", out, "the picture")->capture_default_str();
  app.add_option("systems", systems, "NAME=FOLDER ...")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    run(data::ParallelText::split(data_dir, split, source, target), systems, out);
  } catch (const Error& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
