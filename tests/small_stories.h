// Stories for the tests of memory networks, and checks shared by these networks.
#pragma once

#include <doctest/doctest.h>

#include <numeric>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::testing {

constexpr int64_t kStoryWords = 9;  // ids in small_stories() are smaller

/// Stories of one to four sentences of up to four words, with up to two supporting facts.
inline std::vector<data::Story> small_stories() {
  return {{.sentences = {{1, 2, 3}, {4, 5}, {6, 1, 2, 7}},
           .question = {8, 1},
           .answer = 3,
           .supports = {2, 0}},
          {.sentences = {{5, 6, 5, 2}}, .question = {3, 8, 4}, .answer = 6, .supports = {0}},
          {.sentences = {{7}, {1, 3}, {2, 2, 8}, {4, 1, 6}},
           .question = {8},
           .answer = 1,
           .supports = {3, 1}}};
}

inline data::StoryBatch batch_of(const std::vector<data::Story>& stories) {
  std::vector<int64_t> which(stories.size());
  std::iota(which.begin(), which.end(), 0);
  return data::story_batch(stories, which);
}

/// Checks that a story has the same answer alone as in a batch, and that padding has no influence.
/// `answer` runs the model.
template <class F>
void check_each_alone(const F& answer) {
  const std::vector<data::Story> stories = small_stories();
  const nn::StoryOutput together = answer(batch_of(stories));
  for (size_t i = 0; i < stories.size(); ++i) {
    CAPTURE(i);
    const auto row = static_cast<int64_t>(i);
    const nn::StoryOutput alone = answer(batch_of({stories[i]}));
    CHECK(max(abs(together.logits[row] - alone.logits[0])).item() < 1e-12);
    REQUIRE(together.attention_weights.size() >= alone.attention_weights.size());
    for (size_t hop = 0; hop < alone.attention_weights.size(); ++hop) {
      const Tensor all = together.attention_weights[hop][row];
      const auto n = static_cast<int64_t>(stories[i].sentences.size());
      CHECK(max(abs(all.slice(0, 0, n) - alone.attention_weights[hop][0])).item() < 1e-12);
      CHECK(sum(abs(all.slice(0, n, all.size(0)))).item() == 0);
    }
  }
}

/// Checks the gradients of a model's loss with respect to all parameters, which are f64. The
/// stories differ in the number of sentences only, because padding within a sentence would appear
/// to have a gradient.
template <class F>
void check_gradients(const nn::Params& params, const F& loss) {
  const data::StoryBatch batch =
      batch_of({{.sentences = {{1, 2, 3}, {4, 5, 1}, {6, 1, 2}},
                 .question = {8, 1},
                 .answer = 3,
                 .supports = {2, 0}},
                {.sentences = {{5, 6, 5}}, .question = {3, 8}, .answer = 6, .supports = {0}},
                {.sentences = {{7, 3, 4}, {1, 3, 2}, {2, 2, 8}, {4, 1, 6}},
                 .question = {8, 2},
                 .answer = 1,
                 .supports = {3, 1}}});
  std::vector<Tensor> inputs;
  for (const nn::Param& p : params.trainable()) inputs.push_back(p.value);
  gradcheck([&](const std::vector<Tensor>&) { return loss(batch); }, inputs);
}

}  // namespace tapehead::testing
