#include "tapehead/nn/speech/scorers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/speech/detail/frames.h"

namespace tapehead::nn {
namespace {

using detail::kImpossible;
using detail::log_add;

// Prefix scores of CTC for the hypotheses of a search.
class CtcPrefixes {
 public:
  CtcPrefixes(const Tensor& log_probs, const Tensor& lengths, const CtcScorerOptions& o)
      : x_("ctc_scorer", log_probs, lengths, o.blank), o_(o) {
    if (o.eos < 0 || o.eos >= x_.classes())
      throw IndexError(
          fmt::format("ctc_scorer: eos = {} is outside 0..{}", o.eos, x_.classes() - 1));
    for (int64_t b = 0; b < x_.batch(); ++b) prefixes_.push_back(empty_prefix(b));
  }

  Tensor scores(const Tensor& tokens) {
    if (tokens.numel() != std::ssize(prefixes_))
      throw ShapeError(
          fmt::format("ctc_scorer: {} tokens for {} hypotheses; a scorer is for one search, of the "
                      "batch of log_probs",
                      tokens.numel(), prefixes_.size()));
    const std::vector<int64_t> last = tokens.to_vector<int64_t>();
    if (started_)
      for (size_t i = 0; i < last.size(); ++i) extend(prefixes_[i], last[i]);
    started_ = true;
    std::vector<Tensor> rows;
    for (const Prefix& prefix : prefixes_) rows.push_back(next_scores(prefix));
    return rows.empty() ? empty({0, x_.classes()}, f64) : stack(rows, 0);
  }

  void reorder(const Tensor& rows) {
    std::vector<Prefix> chosen;
    for (const int64_t row : rows.to_vector<int64_t>())
      chosen.push_back(prefixes_[static_cast<size_t>(row)]);
    prefixes_ = std::move(chosen);
  }

 private:
  // A prefix of sequence b. For t = 0..T, the log-probability that the first t frames are aligned
  // to exactly the prefix, ending with its last token or with a blank.
  struct Prefix {
    int64_t b, last = -1;
    double score = 0;  // that of all sequences that begin with the prefix
    std::vector<double> token = {}, blank = {};
  };

  Prefix empty_prefix(int64_t b) {
    const int64_t T = x_.frames(b), C = x_.classes();
    Prefix p{.b = b};
    p.token.assign(static_cast<size_t>(T) + 1, kImpossible);
    p.blank.assign(1, 0);
    const Tensor probabilities = empty({T, C}, f64);
    std::vector<double> frame;
    for (int64_t t = 0; t < T; ++t) {
      x_.read(b, t, frame);
      p.blank.push_back(p.blank.back() + frame[static_cast<size_t>(o_.blank)]);
      for (int64_t c = 0; c < C; ++c)
        probabilities.data<double>()[t * C + c] = std::exp(frame[static_cast<size_t>(c)]);
    }
    probabilities_.push_back(probabilities);
    return p;
  }
  double log_prob(const Prefix& p, size_t frame, int64_t symbol) const {
    const Tensor& of = probabilities_[static_cast<size_t>(p.b)];
    return std::log(of.data<double>()[static_cast<int64_t>(frame) * of.size(1) + symbol]);
  }
  // The log-probability that a token, which follows the prefix, may begin after t frames: a
  // repeated token needs a blank before it.
  static double ready(const Prefix& p, size_t t, int64_t token) {
    return token == p.last ? p.blank[t] : log_add(p.blank[t], p.token[t]);
  }

  void extend(Prefix& p, int64_t token) const {
    Prefix next{.b = p.b, .last = token, .score = kImpossible};
    next.token.push_back(kImpossible), next.blank.push_back(kImpossible);
    for (size_t t = 1; t < p.blank.size(); ++t) {
      const double begun = ready(p, t - 1, token), emitted = log_prob(p, t - 1, token);
      const double before = next.token[t - 1], blanks = next.blank[t - 1];
      next.score = log_add(next.score, begun + emitted);
      next.token.push_back(log_add(before, begun) + emitted);
      next.blank.push_back(log_add(blanks, before) + log_prob(p, t - 1, o_.blank));
    }
    p = std::move(next);
  }

  // Relative to the score of the prefix, [V].
  Tensor next_scores(const Prefix& p) const {
    const int64_t T = x_.frames(p.b);
    if (p.score == kImpossible) return full({x_.classes()}, kImpossible, f64);
    const Tensor weights = empty({1, T}, f64);
    double most = kImpossible;
    for (size_t t = 0; t < static_cast<size_t>(T); ++t) most = std::max(most, ready(p, t, -1));
    // Probabilities are added, not their logarithms, so that this is a product of matrices.
    for (int64_t t = 0; t < T; ++t)
      weights.data<double>()[t] =
          most == kImpossible ? 0 : std::exp(ready(p, static_cast<size_t>(t), -1) - most);
    const Tensor scores =
        log(matmul(weights, probabilities_[static_cast<size_t>(p.b)]))[0] + (most - p.score);
    double* const score = scores.data<double>();
    if (p.last >= 0) {
      double repeated = kImpossible;
      for (size_t t = 0; t < static_cast<size_t>(T); ++t)
        repeated = log_add(repeated, ready(p, t, p.last) + log_prob(p, t, p.last));
      score[p.last] = repeated - p.score;
    }
    score[o_.blank] = kImpossible;
    score[o_.eos] = log_add(p.token.back(), p.blank.back()) - p.score;
    return scores;
  }

  detail::LogProbs x_;
  CtcScorerOptions o_;
  std::vector<Tensor> probabilities_;  // of each sequence, f64 [T, V]
  std::vector<Prefix> prefixes_;
  bool started_ = false;
};

}  // namespace

Scorer ctc_scorer(const Tensor& log_probs, const Tensor& lengths, const CtcScorerOptions& options) {
  const NoGradGuard off;
  const auto prefixes = std::make_shared<CtcPrefixes>(log_probs, lengths, options);
  return {.next =
              [prefixes](const Tensor& tokens) {
                const NoGradGuard no_grad;
                return prefixes->scores(tokens);
              },
          .reorder = [prefixes](const Tensor& rows, bool) { prefixes->reorder(rows); },
          .weight = options.weight};
}

Scorer language_model_scorer(const LanguageModel& model,
                             const LanguageModelScorerOptions& options) {
  if (!model.next || !model.reorder)
    throw ValueError(
        "language_model_scorer: the model needs next and reorder; use with_caches() or "
        "without_caches()");
  const Tensor ids = options.ids.empty() ? Tensor() : from_vector(options.ids);
  return {.next =
              [model, ids](const Tensor& tokens) {
                const NoGradGuard off;
                const Tensor own = ids.defined() ? index_select(ids, 0, tokens) : tokens;
                const Tensor p =
                    log_softmax(next_logits("language_model_scorer", model, own.unsqueeze(1)), -1);
                return ids.defined() ? index_select(p, 1, ids) : p;
              },
          .reorder = [model](const Tensor& rows, bool) { model.reorder(rows); },
          .weight = options.weight};
}

}  // namespace tapehead::nn
