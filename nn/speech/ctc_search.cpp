#include "tapehead/nn/speech/ctc_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/nn/speech/detail/frames.h"

namespace tapehead::nn {
namespace {

using detail::kImpossible;
using detail::log_add;
using detail::LogProbs;

// A set of prefixes of one sequence, and their extension frame by frame.
class PrefixSearch {
 public:
  PrefixSearch(const CtcBeamOptions& o, int64_t classes)
      : o_(o), child_(static_cast<size_t>(classes), -1) {
    nodes_.push_back({});
    beam_.push_back({.node = 0, .blank = 0, .symbol = kImpossible});
    for (int64_t c = 0; c < classes; ++c)
      if (c != o.blank) symbols_.push_back(c);
  }

  void advance(const std::vector<double>& frame);
  // The prefixes of the beam that the language model has not read yet.
  std::vector<int64_t> unread() const {
    std::vector<int64_t> nodes;
    for (const Live& l : beam_)
      if (node(l.node).next.empty()) nodes.push_back(l.node);
    return nodes;
  }
  std::vector<int64_t> tokens(int64_t at) const {
    std::vector<int64_t> list;
    for (; at != 0; at = node(at).parent) list.push_back(node(at).token);
    std::reverse(list.begin(), list.end());
    return list;
  }
  // What the language model says of a prefix: weighted log-probabilities of each symbol, and of the
  // end.
  void read(int64_t at, std::vector<double> next, double end) {
    nodes_[static_cast<size_t>(at)].next = std::move(next);
    nodes_[static_cast<size_t>(at)].end = end;
  }
  std::vector<AlignedHypothesis> results() const;

 private:
  struct Node {
    int64_t parent = 0, token = -1;
    double bonus = 0;  // what is added to the acoustic score: language model and token_bonus
    std::vector<double> next = {};
    double end = 0;
    std::vector<int64_t> children = {};
  };
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

  const Node& node(int64_t at) const { return nodes_[static_cast<size_t>(at)]; }
  double bonus(const Node& from, int64_t token) const {
    const double read = from.next.empty() ? 0 : from.next[static_cast<size_t>(token)];
    return from.bonus + read + o_.token_bonus;
  }
  void extend(size_t at, const std::vector<double>& frame);
  int64_t child(int64_t parent, int64_t token);

  const CtcBeamOptions& o_;
  std::vector<Node> nodes_;  // a tree; node 0 is the empty prefix
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
    const Node& n = node(l.node);
    const double total = log_add(l.blank, l.symbol);
    candidates_.push_back(
        {.node = l.node,
         .token = -1,
         .blank = total + frame[static_cast<size_t>(o_.blank)],
         .symbol = n.token < 0 ? kImpossible : l.symbol + frame[static_cast<size_t>(n.token)],
         .rank = 0});
  }
  for (size_t i = 0; i < beam_.size(); ++i) extend(i, frame);
  for (size_t i = 0; i < beam_.size(); ++i)
    candidates_[i].rank =
        log_add(candidates_[i].blank, candidates_[i].symbol) + node(candidates_[i].node).bonus;
  const size_t kept = std::min(candidates_.size(), static_cast<size_t>(o_.beam));
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<int64_t>(kept),
                    candidates_.end(), [](const Candidate& a, const Candidate& b) {
                      if (a.rank != b.rank) return a.rank > b.rank;
                      return a.node != b.node ? a.node < b.node : a.token < b.token;
                    });
  const std::vector<Live> before = std::exchange(beam_, {});
  for (size_t i = 0; i < kept && candidates_[i].rank > kImpossible; ++i) {
    const Candidate& c = candidates_[i];
    beam_.push_back({c.token < 0 ? c.node : child(c.node, c.token), c.blank, c.symbol});
  }
  // What was read of prefixes that left the beam is not needed until they return.
  for (const Live& l : before)
    if (std::ranges::find(beam_, l.node, &Live::node) == beam_.end())
      nodes_[static_cast<size_t>(l.node)].next = {};
}

// Extends a prefix of the beam by each symbol. If the longer prefix is in the beam, too, the
// probabilities of both are added.
void PrefixSearch::extend(size_t at, const std::vector<double>& frame) {
  const Live& l = beam_[at];
  const Node& n = node(l.node);
  const auto each_child = [&](auto f) {
    for (size_t i = 0; i < beam_.size(); ++i)
      if (beam_[i].node != 0 && node(beam_[i].node).parent == l.node)
        f(child_[static_cast<size_t>(node(beam_[i].node).token)], static_cast<int64_t>(i));
  };
  each_child([](int64_t& slot, int64_t i) { slot = i; });
  const double total = log_add(l.blank, l.symbol);
  const size_t count = o_.beam_tokens > 0
                           ? std::min(symbols_.size(), static_cast<size_t>(o_.beam_tokens))
                           : symbols_.size();
  for (size_t i = 0; i < count; ++i) {
    const int64_t c = symbols_[i];
    // A repeated symbol is one token, unless a blank separates the two.
    const double score = (c == n.token ? l.blank : total) + frame[static_cast<size_t>(c)];
    if (score == kImpossible) continue;
    if (const int64_t known = child_[static_cast<size_t>(c)]; known >= 0) {
      double& sum = candidates_[static_cast<size_t>(known)].symbol;
      sum = log_add(sum, score);
    } else {
      candidates_.push_back({.node = l.node,
                             .token = c,
                             .blank = kImpossible,
                             .symbol = score,
                             .rank = score + bonus(n, c)});
    }
  }
  each_child([](int64_t& slot, int64_t) { slot = -1; });
}

int64_t PrefixSearch::child(int64_t parent, int64_t token) {
  for (const int64_t at : node(parent).children)
    if (node(at).token == token) return at;
  const auto made = std::ssize(nodes_);
  nodes_.push_back({.parent = parent, .token = token, .bonus = bonus(node(parent), token)});
  nodes_[static_cast<size_t>(parent)].children.push_back(made);
  return made;
}

std::vector<AlignedHypothesis> PrefixSearch::results() const {
  std::vector<AlignedHypothesis> all;
  for (const Live& l : beam_)
    all.push_back({.tokens = tokens(l.node),
                   .timesteps = {},
                   .score = log_add(l.blank, l.symbol) + node(l.node).bonus + node(l.node).end});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  all.resize(std::min(all.size(), static_cast<size_t>(o_.nbest)));
  return all;
}

// Calls the language model for the new prefixes of all searches.
void read_prefixes(std::vector<PrefixSearch>& searches, const CtcBeamOptions& o, int64_t classes) {
  const CtcLanguageModel& lm = o.language_model;
  struct New {
    PrefixSearch* search;
    int64_t node;
    std::vector<int64_t> tokens;
  };
  std::vector<New> list;
  size_t longest = 0;
  for (PrefixSearch& s : searches)
    for (const int64_t node : s.unread()) {
      list.push_back({&s, node, s.tokens(node)});
      longest = std::max(longest, list.back().tokens.size());
    }
  if (list.empty()) return;
  const auto id = [&](int64_t symbol) {
    return lm.ids.empty() ? symbol : lm.ids[static_cast<size_t>(symbol)];
  };
  const int64_t N = std::ssize(list), L = static_cast<int64_t>(longest) + 1;
  std::vector<int64_t> ids(static_cast<size_t>(N * L), lm.bos), ends;
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t row = i * static_cast<size_t>(L), count = list[i].tokens.size();
    for (size_t k = 0; k < count; ++k) ids[row + 1 + k] = id(list[i].tokens[k]);
    ends.push_back(static_cast<int64_t>(row + count));
  }
  const Tensor logits = lm.model(from_vector(ids, {N, L}));
  if (logits.dim() != 3 || logits.size(0) != N || logits.size(1) != L)
    throw ShapeError(fmt::format(
        "ctc_beam_search: the language model returned logits {} for ids [{}, {}]; expected [{}, "
        "{}, V]",
        logits.shape().str(), N, L, N, L));
  const int64_t V = logits.size(2);
  const auto check_id = [V](int64_t at, const std::string& of) {
    if (at < 0 || at >= V)
      throw IndexError(fmt::format(
          "ctc_beam_search: id {} of {} is outside the language model's 0..{}", at, of, V - 1));
  };
  for (int64_t c = 0; c < classes; ++c)
    if (c != o.blank) check_id(id(c), fmt::format("symbol {}", c));
  if (lm.eos) check_id(*lm.eos, "eos");
  const std::vector<double> p =
      log_softmax(index_select(logits.flatten(0, 1), 0, from_vector(ends)), -1).to_vector<double>();
  for (size_t i = 0; i < list.size(); ++i) {
    const double* row = p.data() + i * static_cast<size_t>(V);
    if (std::isnan(row[0]))  // then all are
      throw ValueError(
          "ctc_beam_search: the language model's logits contain NaN or inf, or are all -inf");
    std::vector<double> next;
    for (int64_t c = 0; c < classes; ++c) next.push_back(c == o.blank ? 0 : lm.weight * row[id(c)]);
    list[i].search->read(list[i].node, std::move(next), lm.eos ? lm.weight * row[*lm.eos] : 0);
  }
}

void check_ctc_options(const CtcBeamOptions& o, int64_t classes) {
  if (o.beam < 1 || o.nbest < 1 || o.nbest > o.beam || o.beam_tokens < 0)
    throw ValueError(
        fmt::format("ctc_beam_search: beam = {}, nbest = {} and beam_tokens = {}; nbest must be in "
                    "1..beam, and beam_tokens not negative",
                    o.beam, o.nbest, o.beam_tokens));
  const CtcLanguageModel& lm = o.language_model;
  if (lm.model && !lm.ids.empty() && std::ssize(lm.ids) != classes)
    throw ShapeError(fmt::format("ctc_beam_search: language_model.ids has {} ids for {} symbols",
                                 lm.ids.size(), classes));
  if (!std::isfinite(lm.weight) || lm.weight < 0 || !std::isfinite(o.token_bonus))
    throw ValueError(
        fmt::format("ctc_beam_search: language_model.weight = {} and token_bonus = {}; both must "
                    "be finite, and the weight not negative",
                    lm.weight, o.token_bonus));
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
  const CtcLanguageModel& lm = o.language_model;
  const bool reads = lm.model && lm.weight > 0;
  // Without a language model, sequences do not have to keep step.
  const int64_t step = reads ? 1 : std::max<int64_t>(longest, 1);
  for (int64_t t = 0; t < longest; t += step) {
    if (reads) read_prefixes(searches, o, x.classes());
    core::parallel_for(x.batch(), [&](int64_t b) { advance(b, t, t + step); });
  }
  if (reads && lm.eos) read_prefixes(searches, o, x.classes());
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
