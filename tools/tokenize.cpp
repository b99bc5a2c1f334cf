// Tokenizes standard input: prints the ids of each line as a JSON list.
#include <tapehead/tapehead.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <string>

using namespace tapehead;

namespace {

void print_ids(const std::vector<int64_t>& ids, std::string& out) {
  out.assign("[");
  for (const int64_t id : ids) {
    if (out.size() > 1) out += ", ";
    out += std::to_string(id);
  }
  out += "]\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Turns lines on standard input into JSON lists of ids, by a tokenizer of Hugging Face.");
  std::string path;
  bool plain = false;
  app.add_option("DIR", path,
                 "a folder with tokenizer.json, vocab.json and merges.txt, or vocab.txt")
      ->required();
  app.add_flag("--no-special-tokens", plain, "put no special tokens ([CLS], <s>) around a line");
  CLI11_PARSE(app, argc, argv);

  std::ios::sync_with_stdio(false);
  int64_t number = 0;
  try {
    const data::Tokenizer tokenizer = data::Tokenizer::load(path);
    std::string line, out;
    while (std::getline(std::cin, line)) {
      ++number;
      print_ids(tokenizer.encode(line, {.add_special_tokens = !plain}), out);
    }
  } catch (const Error& error) {
    std::fflush(stdout);
    if (number > 0) fmt::print(stderr, "line {}: ", number);
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::perror("tokenize: standard output");
    return 1;
  }
}
