#include "tapehead/nn/memory/memnn.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/bags.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

const MemNNConfig& checked(const Scope& at, const MemNNConfig& c) {
  nn::at(at, [&] {
    if (c.vocab_size < 1 || c.words < 1 || c.embed_dim < 1 || c.hops < 1 || !(c.margin > 0))
      throw ValueError(fmt::format(
          "memnn: vocab_size = {}, words = {}, embed_dim = {}, hops = {}, margin = {}; all must "
          "be at least 1, the margin above 0",
          c.vocab_size, c.words, c.embed_dim, c.hops, c.margin));
  });
  return c;
}

// [B, M] of 0 and 1 times [B, M, C]: the sum of the rows that are 1, [B, C].
Tensor rows_of(const Tensor& which, const Tensor& rows) {
  return matmul(which.unsqueeze(1), rows).squeeze(1);
}

// 1 where a sentence is older than the one that `which` has; 0 for all when it has none.
Tensor older_than(const Tensor& ages, const Tensor& which) {
  const Tensor age = sum(ages * which, -1, true), any = sum(which, -1, true);
  return any * (ages > age).to(which.dtype());
}

// bool [B, M]: neither padding nor found.
Tensor left(const Tensor& found, const data::StoryBatch& batch) {
  return ~padding_mask(batch.sentences, found.size(1)) & (found == 0);
}

}  // namespace

Tensor MemNN::Found::counts() const { return sum(all, -1); }

void MemNN::Found::add(const Tensor& chosen) {
  const Tensor any = sum(chosen, -1, true);
  before = before + any * (last - before);
  last = last + any * (chosen - last);
  all = all + chosen;
}

MemNN::Query MemNN::make_query(const Scope& at, const MemNNConfig& c) {
  const EmbeddingOptions words{.padding_idx = 0, .init = c.init};
  return {.question = Embedding(at / "question", c.vocab_size, c.embed_dim, words),
          .last = Embedding(at / "last", c.vocab_size, c.embed_dim, words),
          .earlier = Embedding(at / "earlier", c.vocab_size, c.embed_dim, words),
          .step = at.param("step", {c.hops + 1, c.embed_dim}, c.init),
          .match = Linear(at / "match", c.embed_dim, c.embed_dim)};
}

MemNN::Texts MemNN::read(const Query& query, const data::StoryBatch& batch) const {
  return {.question = detail::bags("memnn", query.question, batch.question, places_),
          .last = detail::bags("memnn", query.last, batch.story, places_),
          .earlier = detail::bags("memnn", query.earlier, batch.story, places_)};
}

Tensor MemNN::encode(const Query& query, const Texts& texts, const Found& found) const {
  const Tensor x = texts.question + rows_of(found.last, texts.last) +
                   rows_of(found.all - found.last, texts.earlier) +
                   embedding(query.step, found.counts().to(i64));
  return config_.nonlinear ? tanh(query.match(tanh(x))) : query.match(x);
}

MemNN::MemNN(Scope at, const MemNNConfig& config)
    : find(make_query(at / "find", checked(at, config))),
      respond(make_query(at / "respond", config)),
      candidates(Embedding(at / "candidates", config.vocab_size, config.embed_dim,
                           {.padding_idx = 0, .init = config.init})),
      answers(Linear(at / "answers", config.embed_dim, config.vocab_size,
                     {.bias = false, .init = config.init})),
      newer(at.param("newer", {config.embed_dim}, config.init)),
      older(at.param("older", {config.embed_dim}, config.init)),
      older_still(at.param("older_still", {config.embed_dim}, config.init)),
      stop(at.param("stop", {config.embed_dim}, config.init)),
      at_(std::move(at)),
      config_(config),
      places_(position_encoding(config.words, config.embed_dim)) {}

MemNN::Found MemNN::nothing(const data::StoryBatch& batch) const {
  const Tensor none = zeros(batch.ages.shape(), stop.dtype());
  return {none, none, none};
}

Tensor MemNN::read_candidates(const data::StoryBatch& batch) const {
  const Tensor bags = detail::bags("memnn", candidates, batch.story, places_);
  return config_.nonlinear ? tanh(bags) : bags;
}

MemNN::Scores MemNN::score(const Tensor& e, const Tensor& sentences, const Found& found,
                           const data::StoryBatch& batch) const {
  const Tensor ages = batch.ages.to(e.dtype());
  const auto along = [&](const Tensor& feature) { return matmul(e, feature).unsqueeze(1); };
  return {.sentences = matmul(sentences, e.unsqueeze(-1)).squeeze(-1) +
                       along(older) * older_than(ages, found.last) +
                       along(older_still) * older_than(ages, found.before),
          .stop = along(stop),
          .newer = along(newer)};
}

// The next sentence of each story as 1, zeros where it has ended.
Tensor MemNN::choose(int64_t hop, const Scores& scores, const Found& found,
                     const data::StoryBatch& batch) const {
  const int64_t B = found.all.size(0), M = found.all.size(1);
  const auto s = scores.sentences.to_vector<double>(), stops = scores.stop.to_vector<double>(),
             leads = scores.newer.to_vector<double>();
  const auto counts = found.counts().to_vector<int64_t>();
  const auto may = left(found.all, batch).to_vector<int64_t>();
  std::vector<double> chosen(s.size());
  for (int64_t b = 0; b < B; ++b) {
    const auto story = static_cast<size_t>(b);
    if (counts[story] < hop) continue;
    std::optional<size_t> best;
    for (auto i = static_cast<size_t>(b * M); i < static_cast<size_t>((b + 1) * M); ++i)
      if (may[i] && (!best || s[i] + leads[story] > s[*best])) best = i;
    if (best && (hop == 0 || s[*best] >= stops[story])) chosen[*best] = 1;
  }
  return from_vector(chosen, {B, M}).to(found.all.dtype());
}

StoryOutput MemNN::operator()(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    StoryOutput answered;
    Found found = nothing(batch);
    {
      const NoGradGuard off;
      const Texts texts = read(find, batch);
      const Tensor all = read_candidates(batch);
      for (int64_t hop = 0; hop < config_.hops; ++hop) {
        const Tensor next =
            choose(hop, score(encode(find, texts, found), all, found, batch), found, batch);
        if (sum(next).item() == 0) break;
        answered.attention_weights.push_back(next);
        found.add(next);
      }
    }
    answered.logits = answers(encode(respond, read(respond, batch), found));
    return answered;
  });
}

// Of one hop, the sum over the batch; adds the supports to what was found.
Tensor MemNN::hop_loss(int64_t hop, const Scores& scores, Found& found, const Tensor& support,
                       const data::StoryBatch& batch) const {
  const DType type = scores.sentences.dtype();
  const Tensor live = (found.counts() == hop).unsqueeze(1);
  const Tensor has = live & (support >= 0).unsqueeze(1);
  const Tensor right = (arange(found.all.size(1)) == support.unsqueeze(1)) & has;
  const Tensor rivals = left(found.all, batch) & live & ~right;
  const Tensor one = right.to(type), &s = scores.sentences;
  const Tensor of_right = sum(s * one, -1, true);
  const Tensor age = sum(batch.ages.to(type) * one, -1, true);
  const Tensor order = where(batch.ages.to(type) > age, 1.0, -1.0).to(type);
  const Tensor lead = where(has, of_right - s + scores.newer * order, scores.stop - s);
  Tensor loss = sum(relu(config_.margin - lead) * rivals.to(type));
  if (hop > 0) loss = loss + sum(relu(config_.margin - (of_right - scores.stop)) * has.to(type));
  found.add(one);
  return loss;
}

Tensor MemNN::loss(const data::StoryBatch& batch) const {
  return nn::at(at_, [&] {
    const int64_t B = batch.story.size(0), K = batch.supports.size(1);
    for (int64_t b = 0; b < B; ++b)
      if (K == 0 || batch.supports[b][0].item() < 0)
        throw ValueError(fmt::format(
            "memnn: story {} of the batch has no support; it learns from stories that have", b));
    Found found = nothing(batch);
    const Texts texts = read(find, batch);
    const Tensor all = read_candidates(batch);
    Tensor total = zeros({}, all.dtype());
    for (int64_t hop = 0; hop < std::min(config_.hops, K + 1); ++hop) {
      const Tensor support = hop < K ? batch.supports.select(1, hop) : full({B}, -1);
      const Scores scores = score(encode(find, texts, found), all, found, batch);
      total = total + hop_loss(hop, scores, found, support, batch);
    }
    const Tensor words = answers(encode(respond, read(respond, batch), found));
    const Tensor right = batch.answer.unsqueeze(1), of_right = gather(words, 1, right);
    const Tensor rivals = (arange(words.size(1)) != right).to(words.dtype());
    total = total + sum(relu(config_.margin - (of_right - words)) * rivals);
    return total / static_cast<double>(B);
  });
}

}  // namespace tapehead::nn
