#include "tapehead/data/copy_vocab.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::copy_vocab_test {

using namespace data;

using Words = std::vector<std::string>;
using Ids = std::vector<int64_t>;

namespace {

Vocab some_vocab() { return Vocab::build(std::vector<Words>{{"the", "the", "fire"}}); }

}  // namespace

TEST_CASE("words that the vocabulary lacks get ids of their own in each source") {
  const Vocab vocab = some_vocab();
  const Words text = {"the", "Ombra", "fire", "Velk", "Ombra", "<pad>"};
  const CopySource source = copy_source(vocab, text);
  CHECK(source.ids == Ids{4, 6, 5, 7, 6, 8});
  CHECK(source.extra == Words{"Ombra", "Velk", "<pad>"});
  const Words summary = {"fire", "Velk", "elsewhere", "Ombra", "<s>"};
  const Ids target = copy_target(vocab, summary, source);
  CHECK(target == Ids{5, 7, kUnk, 6, kUnk});
  CHECK(copy_decode(vocab, target, source) == Words{"fire", "Velk", "<unk>", "Ombra", "<unk>"});
  CHECK(copy_decode(vocab, Ids{kBos, 8, kEos, kPad}, source) == Words{"<pad>"});
  CHECK(copy_source(vocab, Words{}).ids.empty());
}

TEST_CASE("an id that is no word of vocabulary or source is refused") {
  const Vocab vocab = some_vocab();
  const CopySource source = copy_source(vocab, Words{"Ombra"});
  for (const int64_t id : {int64_t{7}, int64_t{-1}}) {
    CAPTURE(id);
    CHECK(test::message_of<IndexError>([&] { copy_decode(vocab, Ids{id}, source); }) ==
          "copy_decode: " + std::to_string(id) +
              " is not an id: the vocabulary has 6, the source 1 more");
  }
}

}  // namespace tapehead::copy_vocab_test
