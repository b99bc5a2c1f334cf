// Prints results of the text functions of the data layer, to be compared with reference
// implementations in other languages:
//   text_cli lower FILE            lower-cases each line
//   text_cli tokens FILE           BLEU tokens of each line
//   text_cli stems FILE            the stem of each line's word
//   text_cli rouge|rouge-stem SUMMARIES REFERENCES    twelve numbers for each pair, then their mean
//   text_cli train-bpe|train-word-piece SIZE FILE FOLDER    trains a tokenizer on the lines
//   text_cli bleu|bleu-lc HYPOTHESES REFERENCES...    the exact score, then the formatted one
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/data/bleu.h"
#include "tapehead/data/files.h"
#include "tapehead/data/rouge.h"
#include "tapehead/data/text.h"
#include "tapehead/data/tokenizer.h"

using namespace tapehead::data;

namespace {

std::vector<std::string> texts(const std::string& path) {
  std::vector<std::string> lines = read_lines(path);
  for (std::string& line : lines) std::replace(line.begin(), line.end(), '\x1f', '\n');
  return lines;
}

void print(const RougeScores& s) {
  for (const RougeScore& one : {s.rouge1, s.rouge2, s.rougeL, s.rougeLsum})
    fmt::print("{:a} {:a} {:a} ", one.precision, one.recall, one.f1);
  fmt::print("\n");
}

int run(const std::vector<std::string>& args) {
  if (args.size() == 2 && args[0] == "lower") {
    for (const std::string& line : read_lines(args[1])) fmt::print("{}\n", lower(line));
  } else if (args.size() == 2 && args[0] == "tokens") {
    for (const std::string& line : read_lines(args[1])) {
      fmt::print("{}\n", fmt::join(tokenize_13a(line), " "));
    }
  } else if (args.size() == 2 && args[0] == "stems") {
    for (const std::string& word : read_lines(args[1])) fmt::print("{}\n", porter_stem(word));
  } else if (args.size() == 3 && args[0].starts_with("rouge")) {
    const RougeOptions options{.stem = args[0] == "rouge-stem"};
    const auto summaries = texts(args[1]), references = texts(args[2]);
    for (size_t i = 0; i < summaries.size(); ++i)
      print(rouge(summaries[i], references[i], options));
    print(rouge(summaries, references, options));
  } else if (args.size() == 4 && args[0] == "train-bpe") {
    Tokenizer::train_bpe(read_lines(args[2]), {.size = std::stoll(args[1])}).save(args[3]);
  } else if (args.size() == 4 && args[0] == "train-word-piece") {
    Tokenizer::train_word_piece(read_lines(args[2]), {.size = std::stoll(args[1])}).save(args[3]);
  } else if (args.size() >= 3 && args[0].starts_with("bleu")) {
    std::vector<std::vector<std::string>> references;
    for (size_t i = 2; i < args.size(); ++i) references.push_back(read_lines(args[i]));
    const BleuScore score =
        bleu_score(read_lines(args[1]), references, {.lowercase = args[0] == "bleu-lc"});
    fmt::print("{:a}\n{}\n{}\n", score.score, score.to_string(), score.signature());
  } else {
    fmt::print(stderr,
               "text_cli: lower FILE | tokens FILE | stems FILE | rouge[-stem] SUMMARIES "
               "REFERENCES | train-bpe SIZE FILE FOLDER | train-word-piece SIZE FILE FOLDER | "
               "bleu[-lc] HYPOTHESES REFERENCES...\n");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const tapehead::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
