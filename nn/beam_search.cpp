#include "tapehead/nn/beam_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// A continuation of a hypothesis, `row` of the step's log-probabilities, by one token.
struct Candidate {
  int64_t row, link, token;
  double sum;  // of scores
};

// A chosen token and its predecessor: sequences are read backwards.
struct Link {
  int64_t parent, token;
  std::vector<float> attention;
};
constexpr int64_t kStart = -1;  // the link of a hypothesis without tokens

// The input of a step: for each hypothesis, the row of the previous step that it continues, and its
// last token.
struct Rows {
  std::vector<int64_t> from, tokens;
  bool stay = false;            // each row continues itself
  bool same_sequences = false;  // each row belongs to the same sequence as before
};

// The indices of the `want` largest of p[0..V), in decreasing order; ties by index.
void greatest(const float* p, int64_t V, size_t want, std::vector<int64_t>& best) {
  best.clear();
  for (int64_t v = 0; v < V; ++v) {
    if (best.size() == want && !(p[v] > p[best.back()])) continue;
    if (best.size() == want) best.pop_back();
    best.insert(std::upper_bound(best.begin(), best.end(), v,
                                 [p](int64_t x, int64_t y) { return p[x] > p[y]; }),
                v);
  }
}

class Search {
 public:
  Search(int64_t batch, const BeamOptions& o)
      : o_(o), sequences_(static_cast<size_t>(batch)), rows_of_(static_cast<size_t>(batch)) {
    for (size_t b = 0; b < sequences_.size(); ++b) {
      sequences_[b].live.push_back({static_cast<int64_t>(b), kStart, 0});
      rows_of_[b] = b;
    }
  }

  // The hypotheses of the next step; empty when the search is over.
  Rows advance(const Tensor& log_probs, const Tensor& attention) {
    const bool full = length_++ == o_.max_length;
    Rows next;
    std::vector<size_t> rows_of;
    for (size_t b = 0; b < sequences_.size(); ++b) {
      Sequence& s = sequences_[b];
      if (s.done) continue;
      std::vector<Live> live;
      for (const Candidate& c : candidates(log_probs, s)) {
        if (static_cast<int64_t>(live.size()) == o_.beam) break;
        if (c.token == o_.eos) {
          finish(s, c, attention);
          if (o_.beam == 1) break;  // greedy
          continue;
        }
        live.push_back({c.row, static_cast<int64_t>(links_.size()), c.sum});
        links_.push_back({c.link, c.token, attention_row(attention, c.row)});
      }
      if (full) continue;  // unfinished hypotheses are not extended
      if (live.empty() && s.finished == 0)
        throw ValueError(
            fmt::format("beam_search: sequence {} cannot be continued after {} tokens: every token "
                        "is suppressed or has a logit of -inf",
                        b, length_ - 1));
      s.live = std::move(live);
      // Unlikely hypotheses that end early do not stop a likely one that goes on.
      s.done = s.finished >= o_.beam &&
               (s.live.empty() ||
                s.best.score >= penalized(s.live[0].sum, static_cast<size_t>(length_)));
      if (s.done) continue;
      for (Live& h : s.live) {
        next.from.push_back(std::exchange(h.row, static_cast<int64_t>(next.from.size())));
        next.tokens.push_back(links_[static_cast<size_t>(h.link)].token);
        rows_of.push_back(b);
      }
    }
    next.same_sequences = rows_of == rows_of_;
    next.stay = next.same_sequences;
    for (size_t i = 0; next.stay && i < next.from.size(); ++i)
      next.stay = next.from[i] == static_cast<int64_t>(i);
    rows_of_ = std::move(rows_of);
    return next;
  }

  // Sequences without a finished hypothesis get their best unfinished one.
  std::vector<Hypothesis> results() {
    std::vector<Hypothesis> all;
    for (Sequence& s : sequences_) {
      if (s.finished == 0 && !s.live.empty()) {
        s.best = read_back(s.live[0].link);  // sorted by score
        s.best.score = penalized(s.live[0].sum, s.best.tokens.size());
      }
      all.push_back(std::move(s.best));
    }
    return all;
  }

 private:
  struct Live {
    int64_t row, link;  // row of the next step's log-probabilities; link of its last token
    double sum;
  };
  struct Sequence {
    std::vector<Live> live;  // in order of decreasing score
    Hypothesis best = {.score = kNever};
    int64_t finished = 0;  // number of finished hypotheses
    bool done = false;
  };

  double penalized(double sum, size_t length) const {
    return sum / std::pow((5.0 + static_cast<double>(length)) / 6.0, o_.length_penalty);
  }

  // The best 2 * beam continuations of a sequence, which suffice since at most `beam` of them end.
  std::vector<Candidate> candidates(const Tensor& log_probs, const Sequence& s) {
    std::vector<Candidate> all;
    const int64_t V = log_probs.size(1);
    const int64_t enough = std::min(o_.beam, std::ssize(s.live) * V);
    const auto most = static_cast<size_t>(2 * enough);
    for (const Live& h : s.live) {
      const float* p = log_probs.data<float>() + h.row * V;
      greatest(p, V, most, order_);
      for (const int64_t token : order_) {
        const double with = h.sum + static_cast<double>(p[token]);
        if (with == kNever) break;
        all.push_back({h.row, h.link, token, with});
      }
    }
    std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.sum > y.sum; });
    if (all.size() > most) all.resize(most);
    return all;
  }

  void finish(Sequence& s, const Candidate& c, const Tensor& attention) {
    const double score = penalized(c.sum, static_cast<size_t>(length_ - 1));
    if (s.finished++ > 0 && score <= s.best.score) return;
    s.best = read_back(c.link);
    s.best.score = score;
    if (attention.defined()) s.best.attention.push_back(attention_row(attention, c.row));
  }

  static std::vector<float> attention_row(const Tensor& attention, int64_t row) {
    if (!attention.defined()) return {};
    const int64_t S = attention.size(1);
    const float* from = attention.data<float>() + row * S;
    return {from, from + S};
  }

  Hypothesis read_back(int64_t link) const {
    Hypothesis h;
    while (link != kStart) {
      const Link& l = links_[static_cast<size_t>(link)];
      h.tokens.push_back(l.token);
      if (!l.attention.empty()) h.attention.push_back(l.attention);
      link = l.parent;
    }
    std::reverse(h.tokens.begin(), h.tokens.end());
    std::reverse(h.attention.begin(), h.attention.end());
    return h;
  }

  BeamOptions o_;
  std::vector<Sequence> sequences_;
  std::vector<size_t> rows_of_;  // the sequence of each row
  std::vector<Link> links_;
  int64_t length_ = 0;          // number of steps; hypotheses have one token less
  std::vector<int64_t> order_;  // scratch
};

void check(const DecoderStep& step, int64_t rows, const BeamOptions& o) {
  const auto &logits = step.logits, &attention = step.attention;
  if (!logits.defined() || logits.dim() != 2 || logits.size(0) != rows || logits.size(1) < 1)
    throw ShapeError(fmt::format(
        "beam_search: the decoder returned logits {} for {} hypotheses; expected [{}, V]",
        logits.defined() ? logits.shape().str() : "(undefined)", rows, rows));
  if (attention.defined() && (attention.dim() != 2 || attention.size(0) != rows))
    throw ShapeError(fmt::format(
        "beam_search: the decoder's attention is {} for {} hypotheses; expected [{}, S]",
        attention.shape().str(), rows, rows));
  const int64_t V = logits.size(1);
  const auto check_token = [&](const char* what, int64_t token) {
    if (token < 0 || token >= V)
      throw IndexError(fmt::format("beam_search: {} {}, outside 0..{}", what, token, V - 1));
  };
  check_token("eos is", o.eos);
  for (const int64_t token : o.suppress) check_token("suppress contains", token);
}

void check_scorers(const BeamOptions& o) {
  for (const Scorer& scorer : o.scorers)
    if (!scorer.next || !scorer.reorder)
      throw ValueError("beam_search: a scorer needs both next and reorder");
  for (size_t i = 0; i <= o.scorers.size(); ++i) {
    const double weight = i < o.scorers.size() ? o.scorers[i].weight : o.decoder_weight;
    if (!std::isfinite(weight) || weight < 0)
      throw ValueError(
          fmt::format("beam_search: the weight of {} is {}; it must be finite and not negative",
                      i < o.scorers.size() ? fmt::format("scorer {}", i) : "the decoder", weight));
  }
}

// Adds the scores of the scorers to log-probabilities p [N, V].
Tensor with_scores(Tensor p, const Tensor& tokens, const BeamOptions& o) {
  if (o.decoder_weight == 0) p = zeros_like(p);  // also where it is -inf
  else if (o.decoder_weight != 1) p = p * o.decoder_weight;
  for (size_t i = 0; i < o.scorers.size(); ++i) {
    if (o.scorers[i].weight == 0) continue;
    const Tensor scores = o.scorers[i].next(tokens);
    if (!scores.defined() || scores.shape() != p.shape())
      throw ShapeError(fmt::format("beam_search: scorer {} returned {}; expected {}", i,
                                   scores.defined() ? scores.shape().str() : "(undefined)",
                                   p.shape().str()));
    p = p + scores.to(f32) * o.scorers[i].weight;
    const std::vector<double> most = amax(p, {1}).to_vector<double>();
    for (size_t row = 0; row < most.size(); ++row)
      if (!(most[row] < -kNever))
        throw ValueError(
            fmt::format("beam_search: scorer {} returned NaN or inf for hypothesis {}", i, row));
  }
  return p;
}

// Scores [N, V] in f32: log-probabilities, and what is added to them.
Tensor scores_of(const Tensor& logits, const Tensor& tokens, const BeamOptions& o) {
  Tensor p = log_softmax(logits, -1).to(f32).contiguous();
  // If a logit is NaN or inf, or all are -inf, the whole row becomes NaN.
  for (int64_t row = 0; row < p.size(0); ++row)
    if (std::isnan(p.data<float>()[row * p.size(1)]))
      throw ValueError(fmt::format(
          "beam_search: the logits of hypothesis {} contain NaN or inf, or are all -inf", row));
  p = with_scores(p, tokens, o);
  for (const int64_t token : o.suppress) {
    for (int64_t row = 0; row < p.size(0); ++row)
      p.data<float>()[row * p.size(1) + token] = static_cast<float>(kNever);
  }
  return p;
}

}  // namespace

std::vector<Hypothesis> beam_search(const Decoder& decoder, int64_t batch, const BeamOptions& o) {
  if (o.beam < 1 || o.max_length < 1)
    throw ValueError(
        fmt::format("beam_search: beam = {} and max_length = {}; both must be at least 1", o.beam,
                    o.max_length));
  if (batch < 0 || !std::isfinite(o.length_penalty))
    throw ValueError(
        fmt::format("beam_search: a batch of {} and length_penalty = {}; the batch must not be "
                    "negative, and the penalty finite",
                    batch, o.length_penalty));
  check_scorers(o);
  const NoGradGuard off;
  Search search(batch, o);
  Rows rows{.tokens = std::vector<int64_t>(static_cast<size_t>(batch), o.bos), .stay = true};
  while (!rows.tokens.empty()) {
    const Tensor tokens = from_vector(rows.tokens);
    if (!rows.stay) {
      const Tensor from = from_vector(rows.from);
      decoder.reorder(from, rows.same_sequences);
      for (const Scorer& scorer : o.scorers)
        if (scorer.weight != 0) scorer.reorder(from, rows.same_sequences);
    }
    const DecoderStep out = decoder.next(tokens);
    check(out, std::ssize(rows.tokens), o);
    rows = search.advance(scores_of(out.logits, tokens, o),
                          out.attention.defined() ? out.attention.to(f32).contiguous() : Tensor());
  }
  return search.results();
}

std::vector<Hypothesis> beam_search(const LanguageModel& model, const Tensor& prompts,
                                    const BeamOptions& o) {
  if (prompts.dim() != 2 || prompts.size(1) < 1)
    throw ShapeError(fmt::format("beam_search: prompts are {}; expected [B, T], T at least 1",
                                 prompts.shape().str()));
  if (!model.reorder)
    throw ValueError(
        "beam_search: the model has no reorder function; use with_caches() or without_caches()");
  if (!o.scorers.empty())
    throw ValueError(
        "beam_search: scorers would not see the prompts; use the overload for a Decoder");
  bool first = true;
  const Decoder decoder{.next = [&](const Tensor& tokens) -> DecoderStep {
                          const Tensor ids =
                              std::exchange(first, false) ? prompts : tokens.unsqueeze(1);
                          return {next_logits("beam_search", model, ids), {}};
                        },
                        .reorder = [&](const Tensor& rows, bool) { model.reorder(rows); }};
  return beam_search(decoder, prompts.size(0), o);
}

}  // namespace tapehead::nn
