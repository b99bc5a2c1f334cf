#include "tapehead/nn/beam_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// One more token of a hypothesis: the row it continues, and the sum of log-probabilities.
struct Candidate {
  int64_t row, token;
  double sum;
};

// Where a token came from, so that sequences can be read backwards.
struct Link {
  int64_t parent, token;
  std::vector<float> attention;
};

class Search {
 public:
  Search(int64_t batch, const BeamOptions& o)
      : o_(o),
        batch_(batch),
        sums_(static_cast<size_t>(batch * o.beam), kNever),
        best_(static_cast<size_t>(batch)),
        finished_(static_cast<size_t>(batch)) {
    for (int64_t b = 0; b < batch; ++b)
      sums_[static_cast<size_t>(b * o.beam)] = 0;  // the others are copies
  }

  bool done() const {
    return std::all_of(finished_.begin(), finished_.end(), [&](int64_t n) { return n >= o_.beam; });
  }

  // Takes a step's log-probabilities; gives the rows to go on with and their new tokens. Hypotheses
  // of the greatest length only end, or stay as they are.
  void advance(const Tensor& log_probs, const Tensor& attention, std::vector<int64_t>& rows,
               std::vector<int64_t>& tokens) {
    const bool full = static_cast<int64_t>(steps_.size()) == o_.max_length;
    std::vector<Link> links(sums_.size());
    for (size_t i = 0; i < links.size(); ++i) links[i].parent = static_cast<int64_t>(i);
    std::vector<double> sums(sums_.size(), kNever);
    for (int64_t b = 0; b < batch_; ++b) {
      int64_t kept = 0;
      for (const Candidate& c : candidates(log_probs, b)) {
        if (kept == o_.beam) break;
        if (c.token == o_.eos) {
          if (kept < o_.beam) finish(b, c, attention);
          continue;
        }
        const int64_t row = b * o_.beam + kept++;
        sums[static_cast<size_t>(row)] = c.sum;
        links[static_cast<size_t>(row)] = {c.row, c.token, attention_row(attention, c.row)};
      }
    }
    if (full) return;
    for (size_t i = 0; i < links.size(); ++i) {
      rows[i] = links[i].parent;
      tokens[i] = links[i].token;
    }
    sums_ = std::move(sums);
    steps_.push_back(std::move(links));
  }

  // Sentences without an end get their best unfinished hypothesis.
  std::vector<Hypothesis> results() {
    for (int64_t b = 0; b < batch_; ++b) {
      if (finished_[static_cast<size_t>(b)] > 0) continue;
      const auto first = sums_.begin() + b * o_.beam;
      const int64_t row = std::max_element(first, first + o_.beam) - sums_.begin();
      Hypothesis h = read_back(row);
      h.score = penalized(sums_[static_cast<size_t>(row)], h.tokens.size());
      best_[static_cast<size_t>(b)] = std::move(h);
    }
    return std::move(best_);
  }

 private:
  double penalized(double sum, size_t length) const {
    return sum / std::pow((5.0 + static_cast<double>(length)) / 6.0, o_.length_penalty);
  }

  // The best 2 beam continuations of sentence b: enough, since at most beam of them end.
  std::vector<Candidate> candidates(const Tensor& log_probs, int64_t b) const {
    std::vector<Candidate> all;
    if (finished_[static_cast<size_t>(b)] >= o_.beam) return all;
    const int64_t V = log_probs.size(1), want = std::min(2 * o_.beam, V);
    std::vector<int64_t> order(static_cast<size_t>(V));
    for (int64_t row = b * o_.beam; row < (b + 1) * o_.beam; ++row) {
      const double sum = sums_[static_cast<size_t>(row)];
      if (sum == kNever) continue;
      const float* p = log_probs.data<float>() + row * V;
      for (int64_t v = 0; v < V; ++v) order[static_cast<size_t>(v)] = v;
      std::partial_sort(order.begin(), order.begin() + want, order.end(),
                        [p](int64_t x, int64_t y) { return p[x] != p[y] ? p[x] > p[y] : x < y; });
      for (int64_t i = 0; i < want; ++i) {
        const int64_t token = order[static_cast<size_t>(i)];
        const double with = sum + static_cast<double>(p[token]);
        if (with == kNever) break;
        all.push_back({row, token, with});
      }
    }
    std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.sum > y.sum; });
    const auto most = static_cast<size_t>(2 * o_.beam);
    if (all.size() > most) all.resize(most);
    return all;
  }

  void finish(int64_t b, const Candidate& c, const Tensor& attention) {
    const auto at = static_cast<size_t>(b);
    const double score = penalized(c.sum, steps_.size());
    if (finished_[at]++ == 0 || score > best_[at].score) {
      best_[at] = read_back(c.row);
      best_[at].score = score;
      if (attention.defined()) best_[at].attention.push_back(attention_row(attention, c.row));
    }
  }

  static std::vector<float> attention_row(const Tensor& attention, int64_t row) {
    if (!attention.defined()) return {};
    const int64_t S = attention.size(1);
    const float* from = attention.data<float>() + row * S;
    return {from, from + S};
  }

  Hypothesis read_back(int64_t row) const {
    Hypothesis h;
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      const Link& link = (*step)[static_cast<size_t>(row)];
      h.tokens.push_back(link.token);
      if (!link.attention.empty()) h.attention.push_back(link.attention);
      row = link.parent;
    }
    std::reverse(h.tokens.begin(), h.tokens.end());
    std::reverse(h.attention.begin(), h.attention.end());
    return h;
  }

  BeamOptions o_;
  int64_t batch_;
  std::vector<double> sums_;  // [B, beam]
  std::vector<Hypothesis> best_;
  std::vector<int64_t> finished_;  // hypotheses that ended, by sentence
  std::vector<std::vector<Link>> steps_;
};

// [N, V] in f32, to be read element by element.
Tensor log_probs_of(const Tensor& logits, const std::vector<int64_t>& suppress) {
  Tensor p = log_softmax(logits, -1).to(f32).contiguous();
  for (const int64_t token : suppress) {
    if (token < 0 || token >= p.size(1))
      throw IndexError(
          fmt::format("beam_search: suppress holds {}, outside 0..{}", token, p.size(1) - 1));
    for (int64_t row = 0; row < p.size(0); ++row)
      p.data<float>()[row * p.size(1) + token] = static_cast<float>(kNever);
  }
  return p;
}

// One step for N hypotheses: the last token of each, and the row of the step before that each goes
// on from (of the first step: the sequence).
using StepFn = std::function<DecoderStep(const std::vector<int64_t>& tokens,
                                         const std::vector<int64_t>& rows)>;

std::vector<Hypothesis> search_by(const StepFn& step, int64_t batch, const BeamOptions& o) {
  if (o.beam < 1 || o.max_length < 1)
    throw ValueError(
        fmt::format("beam_search: beam = {} and max_length = {}; both must be at least 1", o.beam,
                    o.max_length));
  const auto n = static_cast<size_t>(batch * o.beam);
  std::vector<int64_t> rows(n), tokens(n, o.bos);
  for (size_t i = 0; i < n; ++i) rows[i] = static_cast<int64_t>(i) / o.beam;
  Search search(batch, o);
  for (int64_t length = 0; length <= o.max_length && !search.done(); ++length) {
    const DecoderStep out = step(tokens, rows);
    search.advance(log_probs_of(out.logits, o.suppress),
                   out.attention.defined() ? out.attention.to(f32).contiguous() : Tensor(), rows,
                   tokens);
  }
  return search.results();
}

// Whether each row goes on from itself.
bool stay(const std::vector<int64_t>& rows) {
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != static_cast<int64_t>(i)) return false;
  return true;
}

}  // namespace

std::vector<Hypothesis> beam_search(const DecoderFn& decoder, const DecoderState& state,
                                    int64_t batch, const BeamOptions& o) {
  const NoGrad no_grad;
  DecoderState now = state;
  const auto step = [&](const std::vector<int64_t>& tokens, const std::vector<int64_t>& rows) {
    if (!stay(rows))
      for (Tensor& t : now) t = index_select(t, 0, from_vector(rows));
    return decoder(from_vector(tokens), now);
  };
  return search_by(step, batch, o);
}

std::vector<Hypothesis> beam_search(const LanguageModel& model, const Tensor& prompts,
                                    const BeamOptions& o) {
  if (prompts.dim() != 2 || prompts.size(1) < 1)
    throw ShapeError(fmt::format("beam_search: prompts are {}; expected [B, T], T at least 1",
                                 prompts.shape().str()));
  if (!model.reorder)
    throw ValueError(
        "beam_search: the model has no reorder function; with_caches() and without_caches() make "
        "it");
  const NoGrad no_grad;
  bool first = true;
  // The prompts are read once each, then copied to the hypotheses of each.
  const auto step = [&](const std::vector<int64_t>& tokens,
                        const std::vector<int64_t>& rows) -> DecoderStep {
    const Tensor order = from_vector(rows);
    if (first) {
      first = false;
      const Tensor logits = model.next(prompts);
      const Tensor last = logits.select(1, logits.size(1) - 1);
      if (!stay(rows)) model.reorder(order);
      return {index_select(last, 0, order), {}};
    }
    if (!stay(rows)) model.reorder(order);
    return {model.next(from_vector(tokens).unsqueeze(1)).squeeze(1), {}};
  };
  return search_by(step, prompts.size(0), o);
}

}  // namespace tapehead::nn
