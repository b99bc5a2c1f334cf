// Wraps each part of layers and models, and replaces it with a layer of another type.
#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/memory/dmn.h"
#include "tapehead/nn/memory/dnc.h"
#include "tapehead/nn/memory/entnet.h"
#include "tapehead/nn/memory/key_value.h"
#include "tapehead/nn/memory/memn2n.h"
#include "tapehead/nn/memory/memn2n_text.h"
#include "tapehead/nn/memory/memnn.h"
#include "tapehead/nn/memory/ntm.h"
#include "tapehead/nn/memory/universal.h"
#include "tapehead/nn/models/seq2seq.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/nn/sequence_attention.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_stories.h"

namespace tapehead::replace_parts_test {

using testing::difference;
using testing::error_of;
using testing::kStoryWords;

namespace {

// Parts, each with the path of its parameters within the model.
using Parts = std::vector<std::pair<std::string, nn::AnyLayer*>>;

struct Model {
  std::function<Tensor()> run;
  Parts parts;
};

data::StoryBatch stories() { return testing::batch_of(testing::small_stories()); }

template <class M, class Config>
Model story_model(const nn::Scope& at, const Config& config,
                  const std::function<Parts(M&)>& parts_of) {
  const auto model = std::make_shared<M>(at, config);
  return {[model] {
            const data::StoryBatch batch = stories();
            return (*model)(batch).logits + model->loss(batch);
          },
          parts_of(*model)};
}

Model sequence_attention(const nn::Scope& at, nn::Score score, bool coverage, bool has_query,
                         bool has_memory, bool has_position) {
  const auto model = std::make_shared<nn::SequenceAttention>(
      at,
      nn::SequenceAttentionOptions{
          .score = score, .query_dim = 3, .memory_dim = 4, .positions = 7, .coverage = coverage});
  Parts parts;
  if (has_query) parts.emplace_back("query", &model->query);
  if (has_memory) parts.emplace_back("memory", &model->memory);
  if (has_position) parts.emplace_back("position", &model->position);
  const Tensor memory = randn({2, 5, 4}, f64), query = randn({2, 3}, f64);
  return {[model, memory, query] {
            return (*model)(query, model->prepare(memory), 1, full({2, 5}, 0.5, f64)).context;
          },
          parts};
}

template <class M, class Config>
Model machine(const nn::Scope& at, const Config& config, const std::function<Parts(M&)>& parts_of) {
  const auto model = std::make_shared<M>(at, config);
  const Tensor x = randn({2, 4, 3}, f64);
  return {[model, x] { return (*model)(x).out; }, parts_of(*model)};
}

data::Seq2SeqBatch pairs() {
  return {.source = from_vector(std::vector<int64_t>{4, 5, 3, 6, 9, 3}, {2, 3}),
          .source_lengths = from_vector(std::vector<int64_t>{3, 3}),
          .target = from_vector(std::vector<int64_t>{2, 5, 4, 2, 6, 3}, {2, 3})};
}

struct Row {
  const char* name;
  std::function<Model(const nn::Scope& at)> make;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"MemN2N, layer-wise",
       [](const nn::Scope& at) {
         return story_model<nn::MemN2N>(at,
                                        nn::MemN2NConfig{.vocab_size = kStoryWords,
                                                         .embed_dim = 4,
                                                         .hops = 2,
                                                         .memory = 5,
                                                         .words = 4,
                                                         .tying = nn::MemoryTying::layer_wise,
                                                         .init = nn::init::normal(0.7)},
                                        [](nn::MemN2N& m) {
                                          return Parts{
                                              {"words.0", &m.words[0]},  {"words.1", &m.words[1]},
                                              {"ages.0", &m.ages[0]},    {"ages.1", &m.ages[1]},
                                              {"question", &m.question}, {"step", &m.step},
                                              {"answer", &m.answer}};
                                        });
       }},
      {"MemN2N, adjacent",
       [](const nn::Scope& at) {
         return story_model<nn::MemN2N>(at,
                                        nn::MemN2NConfig{.vocab_size = kStoryWords,
                                                         .embed_dim = 4,
                                                         .hops = 2,
                                                         .memory = 5,
                                                         .words = 4,
                                                         .position_encoding = false,
                                                         .init = nn::init::normal(0.7)},
                                        [](nn::MemN2N& m) {
                                          return Parts{{"words.0", &m.words[0]},
                                                       {"words.1", &m.words[1]},
                                                       {"ages.2", &m.ages[2]}};
                                        });
       }},
      {"MemN2NText",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::MemN2NText>(
             at, nn::MemN2NTextConfig{.vocab_size = 6,
                                      .embed_dim = 4,
                                      .hops = 2,
                                      .memory = 3,
                                      .init = nn::init::normal(0.7)});
         const Tensor ids = from_vector(std::vector<int64_t>{5, 0, 2, 4}, {1, 4});
         return {[m, ids] { return (*m)(ids); },
                 {{"keys", &m->keys},
                  {"values", &m->values},
                  {"step", &m->step},
                  {"answer", &m->answer}}};
       }},
      {"KeyValue",
       [](const nn::Scope& at) {
         return story_model<nn::KeyValue>(
             at,
             nn::KeyValueConfig{.vocab_size = kStoryWords,
                                .words = 4,
                                .embed_dim = 4,
                                .hops = 2,
                                .memory = 5,
                                .init = nn::init::normal(0.7)},
             [](nn::KeyValue& m) {
               return Parts{{"embedding", &m.embedding},   {"hops.0", &m.hops[0]},
                            {"hops.1", &m.hops[1]},        {"key_time", &m.key_time},
                            {"value_time", &m.value_time}, {"answer", &m.answer}};
             });
       }},
      {"DMN+",
       [](const nn::Scope& at) {
         return story_model<nn::Dmn>(
             at, nn::DmnConfig{.vocab_size = kStoryWords, .words = 4, .embed_dim = 4, .hops = 2},
             [](nn::Dmn& m) {
               return Parts{{"embedding", &m.embedding},      {"attention.0", &m.attention[0]},
                            {"attention.1", &m.attention[1]}, {"memory.0", &m.memory[0]},
                            {"memory.1", &m.memory[1]},       {"answer", &m.answer}};
             });
       }},
      {"EntNet",
       [](const nn::Scope& at) {
         return story_model<nn::EntNet>(
             at,
             nn::EntNetConfig{.vocab_size = kStoryWords,
                              .words = 4,
                              .embed_dim = 4,
                              .entities = {1, 5},
                              .init = nn::init::normal(0.7)},
             [](nn::EntNet& m) {
               return Parts{{"embedding", &m.embedding}, {"hop", &m.hop}, {"answer", &m.answer}};
             });
       }},
      {"MemNN",
       [](const nn::Scope& at) {
         return story_model<nn::MemNN>(at,
                                       nn::MemNNConfig{.vocab_size = kStoryWords,
                                                       .words = 4,
                                                       .embed_dim = 4,
                                                       .hops = 2,
                                                       .margin = 1,
                                                       .init = nn::init::normal(0.7)},
                                       [](nn::MemNN& m) {
                                         return Parts{{"find.question", &m.find.question},
                                                      {"find.last", &m.find.last},
                                                      {"find.match", &m.find.match},
                                                      {"respond.question", &m.respond.question},
                                                      {"respond.last", &m.respond.last},
                                                      {"respond.earlier", &m.respond.earlier},
                                                      {"respond.match", &m.respond.match},
                                                      {"candidates", &m.candidates},
                                                      {"answers", &m.answers}};
                                       });
       }},
      {"Universal Transformer for stories",
       [](const nn::Scope& at) {
         return story_model<nn::UniversalQa>(
             at,
             nn::UniversalQaConfig{.vocab_size = kStoryWords,
                                   .words = 4,
                                   .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 8},
                                   .universal = {.steps = 2, .adaptive = true}},
             [](nn::UniversalQa& m) {
               return Parts{{"words", &m.words},
                            {"answer", &m.answer},
                            {"encoder.halt", &m.encoder.halt},
                            {"encoder.norm", &m.encoder.norm}};
             });
       }},
      {"NTM",
       [](const nn::Scope& at) {
         return machine<nn::Ntm>(at,
                                 nn::NtmConfig{.input_size = 3,
                                               .output_size = 2,
                                               .slots = 5,
                                               .slot_dim = 4,
                                               .hidden_size = 6,
                                               .lstm = false},
                                 [](nn::Ntm& m) {
                                   return Parts{{"controller", &m.controller.layer},
                                                {"heads", &m.heads},
                                                {"out", &m.out}};
                                 });
       }},
      {"DNC",
       [](const nn::Scope& at) {
         return machine<nn::Dnc>(
             at,
             nn::DncConfig{
                 .input_size = 3, .output_size = 2, .slots = 5, .slot_dim = 4, .hidden_size = 6},
             [](nn::Dnc& m) {
               return Parts{{"interface", &m.interface}, {"out", &m.out}};
             });
       }},
      {"LSTM",
       [](const nn::Scope& at) {
         return machine<nn::Lstm>(
             at, nn::LstmConfig{.input_size = 3, .output_size = 2, .hidden_size = 6},
             [](nn::Lstm& m) {
               return Parts{{"out", &m.out}};
             });
       }},
      {"StoryReader",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::StoryReader>(
             at, kStoryWords, 4, [](const nn::Scope& place, int64_t in, int64_t out) {
               return nn::Lstm(place, {.input_size = in, .output_size = out, .hidden_size = 6});
             });
         return {[m] { return (*m)(stories()).logits; }, {{"embedding", &m->embedding}}};
       }},
      {"additive score",
       [](const nn::Scope& at) {
         return sequence_attention(at, nn::Score::additive, true, true, true, false);
       }},
      {"score general",
       [](const nn::Scope& at) {
         return sequence_attention(at, nn::Score::general, false, false, true, false);
       }},
      {"score location",
       [](const nn::Scope& at) {
         return sequence_attention(at, nn::Score::location, false, true, false, false);
       }},
      {"score local_p",
       [](const nn::Scope& at) {
         return sequence_attention(at, nn::Score::local_p, false, false, true, true);
       }},
      {"copy gate",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::CopyGate>(at, 2, 3, 4);
         const Tensor c = randn({2, 2}, f64), h = randn({2, 3}, f64), x = randn({2, 4}, f64);
         return {[m, c, h, x] { return (*m)(c, h, x); },
                 {{"context", &m->context}, {"state", &m->state}, {"input", &m->input}}};
       }},
      {"copy attention",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::CopyAttention>(at, 3, 4);
         const Tensor h = randn({2, 5, 3}, f64), memory = randn({2, 6, 4}, f64);
         return {[m, h, memory] { return (*m)(h, m->keys(memory), memory, {}).context; },
                 {{"query", &m->query}, {"key", &m->key}}};
       }},
      {"mixture of experts",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::MixtureOfExperts>(
             at, nn::FeedForwardOptions{.embed_dim = 4, .ffn_dim = 8},
             nn::MixtureOptions{.num_experts = 2});
         const Tensor x = randn({2, 3, 4}, f64);
         return {[m, x] { return (*m)(x).out; },
                 {{"router", &m->router},
                  {"experts.0", &m->experts[0]},
                  {"experts.1", &m->experts[1]}}};
       }},
      {"Seq2Seq",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::Seq2Seq>(at, nn::Seq2SeqConfig{.source_vocab_size = 8,
                                                                            .target_vocab_size = 8,
                                                                            .embed_dim = 4,
                                                                            .hidden_size = 6,
                                                                            .copy = true});
         return {[m] { return m->loss(pairs()); },
                 {{"bridge", &m->bridge},
                  {"bridge_cell", &m->bridge_cell},
                  {"combine", &m->decoder.combine},
                  {"attention.query", &m->decoder.attention.query},
                  {"copy.context", &m->decoder.copy->context}}};
       }},
      {"Transformer",
       [](const nn::Scope& at) -> Model {
         const auto m = std::make_shared<nn::Seq2SeqTransformer>(
             at, nn::Seq2SeqTransformerConfig{
                     .source_vocab_size = 8,
                     .target_vocab_size = 8,
                     .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 1},
                     .copy = true});
         return {[m] { return m->loss(pairs()); },
                 {{"copy_attention.key", &m->decoder.copy_attention->key},
                  {"copy.input", &m->decoder.copy->input},
                  {"encoder.norm", &m->encoder.norm}}};
       }},
  };
  return all;
}

bool has_parameters(const nn::Params& params, const std::string& path) {
  for (const nn::Param& p : params.all())
    if (p.path.starts_with(path + ".")) return true;
  return false;
}

}  // namespace

TEST_CASE("every part is wrapped and replaced, and has the name of its parameters") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    manual_seed(1);
    nn::Params params(2);
    const Model model = row.make(params / "m");
    params.to(f64);
    params.eval();
    const Tensor before = model.run();
    for (const auto& entry : model.parts) {  // not a structured binding: clang 14
      CAPTURE(entry.first);
      CHECK(has_parameters(params, "m." + entry.first));
      nn::AnyLayer& part = *entry.second;
      REQUIRE(part);
      const nn::AnyLayer own = part;
      part = [own](const Tensor& x) { return own(x); };
      CHECK(difference(model.run(), before) < 1e-12);
      part = [own](const Tensor& x) { return 3 * own(x) + 1; };
      CHECK(difference(model.run(), before) > 1e-6);
      part = own;
      CHECK(difference(model.run(), before) == 0);
    }
  }
}

TEST_CASE("a replaced part is trained") {
  nn::Params params(1);
  nn::KeyValue model(params / "m", {.vocab_size = kStoryWords, .words = 4, .embed_dim = 4});
  const nn::AnyLayer embedding = model.embedding;
  const nn::Linear adapter(params / "adapter", 4, 4, {.bias = false});
  model.embedding = [embedding, adapter](const Tensor& ids) {
    const Tensor e = embedding(ids);
    return e + adapter(e);
  };
  params.to(f64);
  testing::check_each_alone([&](const data::StoryBatch& batch) { return model(batch); });
  testing::check_gradients(params, [&](const data::StoryBatch& b) { return model.loss(b); });
}

TEST_CASE("an answer layer that is an embedding's weight needs an embedding, or a replacement") {
  const nn::AnyLayer zero = [](const Tensor& ids) {
    Shape shape = Shape::filled(ids.dim() + 1, 4);
    for (int i = 0; i < ids.dim(); ++i) shape[i] = ids.size(i);
    return zeros(shape);
  };
  const nn::AnyLayer answer = [](const Tensor& u) { return zeros({u.size(0), kStoryWords}); };
  nn::Params params(1);
  nn::KeyValue key_value(params / "kv",
                         {.vocab_size = kStoryWords, .words = 4, .embed_dim = 4, .tied = true});
  CHECK(!key_value.answer);
  key_value.embedding = zero;
  CHECK(error_of<ValueError>([&] { key_value(stories()); }) ==
        "key_value: the answer layer is the weight of `embedding`, which is not an nn::Embedding "
        "any more; replace `answer`, too (in kv)");
  key_value.answer = answer;
  CHECK(max(abs(key_value(stories()).logits)).item() == 0);

  nn::MemN2N memn2n(params / "m", {.vocab_size = kStoryWords, .embed_dim = 4, .words = 4});
  CHECK(!memn2n.answer);
  memn2n.words.back() = zero;
  CHECK(error_of<ValueError>([&] { memn2n(stories()); }) ==
        "memn2n: the answer layer is the weight of `words.back()`, which is not an nn::Embedding "
        "any more; replace `answer`, too (in m)");
  memn2n.answer = answer;
  CHECK(max(abs(memn2n(stories()).logits)).item() == 0);
}

}  // namespace tapehead::replace_parts_test
