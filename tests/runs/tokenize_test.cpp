// The tokenize tool on valid and invalid input.
#include <doctest/doctest.h>

#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

TEST_CASE("tokenize turns lines into lists of ids") {
  const Scratch folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nlow\n##er\n.\n");
  Outcome done = run({tool("tokenize"), folder.path()}, {.input = "Low lower.\n\nhigh [SEP]"});
  CHECK(done.status == 0);
  CHECK(done.out == "[2, 4, 4, 5, 6, 3]\n[2, 3]\n[2, 1, 3, 3]\n");
  CHECK(done.err == "");
  done = run({tool("tokenize"), folder.path(), "--no-special-tokens"}, {.input = "low\n\n"});
  CHECK(done.out == "[4]\n[]\n");

  done = run({tool("tokenize"), folder.path()}, {.input = "low\nl\xFFw\nlow\n"});
  CHECK(done.status == 1);
  CHECK(done.out == "[2, 4, 3]\n");
  CHECK(done.err == "line 2: Tokenizer::encode: not UTF-8: byte 0xff at offset 1\n");
  done = run({tool("tokenize"), folder / "gone"}, {.input = "low\n"});
  CHECK(done.status == 1);
  CHECK(done.err.find("gone: no such file") != std::string::npos);
}
