#include "tapehead/nn/speech/ctc_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/nn/speech/detail/frames.h"
#include "tapehead/nn/speech/detail/prefix_tree.h"

namespace tapehead::nn {
namespace {

using detail::kImpossible;
using detail::log_add;
using detail::LogProbs;

// A set of prefixes of one sequence, and their extension frame by frame.
class PrefixSearch {
 public:
  PrefixSearch(const CtcBeamOptions& o, int64_t classes)
      : o_(o), tree_(o.token_bonus), child_(static_cast<size_t>(classes), -1) {
    beam_.push_back({.node = 0, .blank = 0, .symbol = kImpossible});
    for (int64_t c = 0; c < classes; ++c)
      if (c != o.blank) symbols_.push_back(c);
  }

  void advance(const std::vector<double>& frame);
  std::vector<int64_t> beam() const {
    std::vector<int64_t> nodes;
    for (const Live& l : beam_) nodes.push_back(l.node);
    return nodes;
  }
  detail::PrefixTree& tree() { return tree_; }
  std::vector<AlignedHypothesis> results() const;

 private:
  // Log-probabilities of the alignments of a prefix that end with a blank, and with its last
  // symbol.
  struct Live {
    int64_t node;
    double blank, symbol;
  };
  struct Candidate {
    int64_t node, token;  // token: -1, or that which extends the node
    double blank, symbol, rank;
  };

  void extend(size_t at, const std::vector<double>& frame);

  const CtcBeamOptions& o_;
  detail::PrefixTree tree_;
  std::vector<Live> beam_;
  std::vector<int64_t> symbols_;  // those that may extend a prefix, once a frame has sorted them
  // Scratch: candidates, of which the first are those of the beam; for each symbol the position in
  // the beam of the prefix extended by it, or -1.
  std::vector<Candidate> candidates_;
  std::vector<int64_t> child_;
};

void PrefixSearch::advance(const std::vector<double>& frame) {
  if (o_.beam_tokens > 0 && o_.beam_tokens < std::ssize(symbols_)) {
    const auto greater = [&](int64_t a, int64_t b) {
      const double x = frame[static_cast<size_t>(a)], y = frame[static_cast<size_t>(b)];
      return x != y ? x > y : a < b;
    };
    std::nth_element(symbols_.begin(), symbols_.begin() + o_.beam_tokens, symbols_.end(), greater);
  }
  candidates_.clear();
  for (const Live& l : beam_) {
    const int64_t token = tree_.token(l.node);
    const double total = log_add(l.blank, l.symbol);
    candidates_.push_back(
        {.node = l.node,
         .token = -1,
         .blank = total + frame[static_cast<size_t>(o_.blank)],
         .symbol = token < 0 ? kImpossible : l.symbol + frame[static_cast<size_t>(token)],
         .rank = 0});
  }
  for (size_t i = 0; i < beam_.size(); ++i) extend(i, frame);
  for (size_t i = 0; i < beam_.size(); ++i)
    candidates_[i].rank =
        log_add(candidates_[i].blank, candidates_[i].symbol) + tree_.bonus(candidates_[i].node);
  const size_t kept = std::min(candidates_.size(), static_cast<size_t>(o_.beam));
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<int64_t>(kept),
                    candidates_.end(), [](const Candidate& a, const Candidate& b) {
                      if (a.rank != b.rank) return a.rank > b.rank;
                      return a.node != b.node ? a.node < b.node : a.token < b.token;
                    });
  beam_.clear();
  for (size_t i = 0; i < kept && candidates_[i].rank > kImpossible; ++i) {
    const Candidate& c = candidates_[i];
    beam_.push_back({c.token < 0 ? c.node : tree_.child(c.node, c.token), c.blank, c.symbol});
  }
  tree_.keep(beam());
}

// Extends a prefix of the beam by each symbol. If the longer prefix is in the beam, too, the
// probabilities of both are added.
void PrefixSearch::extend(size_t at, const std::vector<double>& frame) {
  const Live& l = beam_[at];
  const auto each_child = [&](auto f) {
    for (size_t i = 0; i < beam_.size(); ++i)
      if (beam_[i].node != 0 && tree_.parent(beam_[i].node) == l.node)
        f(child_[static_cast<size_t>(tree_.token(beam_[i].node))], static_cast<int64_t>(i));
  };
  each_child([](int64_t& slot, int64_t i) { slot = i; });
  const int64_t last = tree_.token(l.node);
  const double total = log_add(l.blank, l.symbol);
  const size_t count = o_.beam_tokens > 0
                           ? std::min(symbols_.size(), static_cast<size_t>(o_.beam_tokens))
                           : symbols_.size();
  for (size_t i = 0; i < count; ++i) {
    const int64_t c = symbols_[i];
    // A repeated symbol is one token, unless a blank separates the two.
    const double score = (c == last ? l.blank : total) + frame[static_cast<size_t>(c)];
    if (score == kImpossible) continue;
    if (const int64_t known = child_[static_cast<size_t>(c)]; known >= 0) {
      double& sum = candidates_[static_cast<size_t>(known)].symbol;
      sum = log_add(sum, score);
    } else {
      candidates_.push_back({.node = l.node,
                             .token = c,
                             .blank = kImpossible,
                             .symbol = score,
                             .rank = score + tree_.bonus(l.node, c)});
    }
  }
  each_child([](int64_t& slot, int64_t) { slot = -1; });
}

std::vector<AlignedHypothesis> PrefixSearch::results() const {
  std::vector<AlignedHypothesis> all;
  for (const Live& l : beam_)
    all.push_back({.tokens = tree_.tokens(l.node),
                   .timesteps = {},
                   .score = log_add(l.blank, l.symbol) + tree_.bonus(l.node) + tree_.end(l.node)});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  all.resize(std::min(all.size(), static_cast<size_t>(o_.nbest)));
  return all;
}

// Calls the language model for the new prefixes of all searches.
void read_beams(std::vector<PrefixSearch>& searches, const CtcBeamOptions& o, int64_t classes) {
  std::vector<detail::Prefix> prefixes;
  for (PrefixSearch& s : searches)
    for (const int64_t node : s.beam()) prefixes.push_back({&s.tree(), node});
  detail::read_prefixes("ctc_beam_search", o.language_model, classes, o.blank, prefixes);
}

void check_ctc_options(const CtcBeamOptions& o, int64_t classes) {
  if (o.beam < 1 || o.nbest < 1 || o.nbest > o.beam || o.beam_tokens < 0)
    throw ValueError(
        fmt::format("ctc_beam_search: beam = {}, nbest = {} and beam_tokens = {}; nbest must be in "
                    "1..beam, and beam_tokens not negative",
                    o.beam, o.nbest, o.beam_tokens));
  detail::check_fusion("ctc_beam_search", o.language_model, o.token_bonus, classes);
}

}  // namespace

std::vector<AlignedHypothesis> ctc_greedy_search(const Tensor& log_probs, const Tensor& lengths,
                                                 int64_t blank) {
  const LogProbs x("ctc_greedy_search", log_probs, lengths, blank);
  std::vector<AlignedHypothesis> all(static_cast<size_t>(x.batch()));
  core::parallel_for(x.batch(), [&](int64_t b) {
    AlignedHypothesis& h = all[static_cast<size_t>(b)];
    std::vector<int64_t> path;
    std::vector<double> frame;
    for (int64_t t = 0; t < x.frames(b); ++t) {
      x.read(b, t, frame);
      const auto best = std::max_element(frame.begin(), frame.end());
      path.push_back(best - frame.begin());
      h.score += *best;
    }
    h.timesteps = ctc_timesteps(path, blank);
    for (const int64_t t : h.timesteps) h.tokens.push_back(path[static_cast<size_t>(t)]);
  });
  return all;
}

std::vector<std::vector<AlignedHypothesis>> ctc_beam_search(const Tensor& log_probs,
                                                            const Tensor& lengths,
                                                            const CtcBeamOptions& o) {
  const NoGradGuard off;
  const LogProbs x("ctc_beam_search", log_probs, lengths, o.blank);
  check_ctc_options(o, x.classes());
  const auto batch = static_cast<size_t>(x.batch());
  std::vector<PrefixSearch> searches(batch, PrefixSearch(o, x.classes()));
  int64_t longest = 0;
  for (int64_t b = 0; b < x.batch(); ++b) longest = std::max(longest, x.frames(b));
  std::vector<std::vector<double>> scratch(batch);
  const auto advance = [&](int64_t b, int64_t from, int64_t to) {
    const auto at = static_cast<size_t>(b);
    for (int64_t t = from; t < std::min(to, x.frames(b)); ++t) {
      x.read(b, t, scratch[at]);
      searches[at].advance(scratch[at]);
    }
  };
  const SymbolLanguageModel& lm = o.language_model;
  const bool reads = lm.model && lm.weight > 0;
  // Without a language model, sequences do not have to keep step.
  const int64_t step = reads ? 1 : std::max<int64_t>(longest, 1);
  for (int64_t t = 0; t < longest; t += step) {
    if (reads) read_beams(searches, o, x.classes());
    core::parallel_for(x.batch(), [&](int64_t b) { advance(b, t, t + step); });
  }
  if (reads && lm.eos) read_beams(searches, o, x.classes());
  std::vector<std::vector<AlignedHypothesis>> all(batch);
  core::parallel_for(x.batch(), [&](int64_t b) {
    const auto at = static_cast<size_t>(b);
    all[at] = searches[at].results();
    for (AlignedHypothesis& h : all[at])
      h.timesteps = ctc_timesteps(detail::best_alignment(x, b, h.tokens, o.blank), o.blank);
  });
  return all;
}

}  // namespace tapehead::nn
