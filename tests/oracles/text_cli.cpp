// What the text functions of the data layer say, for an oracle in another language to check:
//   text_cli lower FILE            each line in lower case
//   text_cli tokens FILE           each line in the tokens of BLEU
//   text_cli train-bpe|train-word-piece SIZE FILE FOLDER    a tokenizer learned from the lines
//   text_cli bleu|bleu-lc HYPOTHESES REFERENCES...    the score to the last bit, then as printed
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/data/bleu.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"
#include "tapehead/data/tokenizer.h"

using namespace tapehead::data;

namespace {

int run(const std::vector<std::string>& args) {
  if (args.size() == 2 && args[0] == "lower") {
    for (const std::string& line : read_lines(args[1])) fmt::print("{}\n", lower(line));
  } else if (args.size() == 2 && args[0] == "tokens") {
    for (const std::string& line : read_lines(args[1])) {
      fmt::print("{}\n", fmt::join(tokenize_13a(line), " "));
    }
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
               "text_cli: lower FILE | tokens FILE | train-bpe SIZE FILE FOLDER | train-word-piece "
               "SIZE FILE FOLDER | bleu[-lc] HYPOTHESES REFERENCES...\n");
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
