#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/nn/speech/detail/frames.h"
#include "tapehead/nn/speech/detail/prefix_tree.h"
#include "tapehead/nn/speech/transducer.h"

namespace tapehead::nn {
namespace {

// The number of frames of each sequence.
std::vector<int64_t> checked_lengths(const Tensor& frames, const Tensor& lengths,
                                     const TransducerOptions& o) {
  if (frames.dim() != 3)
    throw ShapeError(fmt::format("transducer: frames are {}; expected [B, T, {}]",
                                 frames.shape().str(), o.encoder_dim));
  const int64_t B = frames.size(0), T = frames.size(1);
  if (!lengths.defined()) return std::vector(static_cast<size_t>(B), T);
  return core::check_lengths("transducer", lengths, B, T).to_vector<int64_t>();
}

void check_max_symbols(int64_t max_symbols) {
  if (max_symbols < 1)
    throw ValueError(
        fmt::format("transducer: max_symbols = {}; it must be at least 1", max_symbols));
}

[[noreturn]] void throw_unknown(int64_t sequence, int64_t frame) {
  throw ValueError(fmt::format("transducer: the logits of sequence {}, frame {} contain NaN or inf",
                               sequence, frame));
}

// Selects rows of outputs [N, 1, H] and their states.
RnnOutput select_rows(const RnnOutput& from, const std::vector<int64_t>& rows) {
  const Tensor at = from_vector(rows);
  const RnnState& s = from.state;
  return {index_select(from.out, 0, at),
          {index_select(s.h, 1, at), s.c.defined() ? index_select(s.c, 1, at) : s.c}};
}

RnnOutput replace_rows(const RnnOutput& old, const std::vector<int64_t>& rows,
                       const RnnOutput& with) {
  const Tensor at = from_vector(rows);
  const RnnState &s = old.state, &w = with.state;
  return {index_copy(old.out, 0, at, with.out),
          {index_copy(s.h, 1, at, w.h), s.c.defined() ? index_copy(s.c, 1, at, w.c) : s.c}};
}

RnnOutput join_rows(const std::vector<RnnOutput>& parts) {
  std::vector<Tensor> out, h, c;
  for (const RnnOutput& part : parts) {
    out.push_back(part.out);
    h.push_back(part.state.h);
    if (part.state.c.defined()) c.push_back(part.state.c);
  }
  return {cat(out, 0), {cat(h, 1), c.empty() ? Tensor() : cat(c, 1)}};
}

// Log-probabilities [N, V] of the next symbol in frame t of sequences, given predictions [N, 1, H].
Tensor log_probs_of(const TransducerJoiner& joiner, const Tensor& frames, int64_t t,
                    const std::vector<int64_t>& sequences, const Tensor& predictions) {
  const Tensor now = index_select(frames.slice(1, t, t + 1), 0, from_vector(sequences));
  return log_softmax(joiner(now, predictions).flatten(1), -1);
}

// The prefixes of one sequence, which a beam search extends.
class PrefixBeam {
 public:
  // A prefix after some of the frames.
  struct Path {
    int64_t node;
    double score, best;              // log-probabilities of all alignments, and of the best one
    std::vector<int64_t> timesteps;  // of the best one
    int64_t row;                     // of the predictor's outputs and states
  };
  // A prefix extended by a token.
  struct Extension {
    int64_t parent, token;  // parent: its index in live()
    double score, rank;
  };

  PrefixBeam(const TransducerBeamOptions& o, int64_t blank)
      : o_(o), blank_(blank), tree_(o.token_bonus) {
    beam_.push_back({.node = 0, .score = 0, .best = 0, .timesteps = {}, .row = 0});
  }

  // Those after the last frame, best first.
  std::vector<Path>& beam() { return beam_; }
  // Those in the frame whose next symbol is to be read.
  const std::vector<Path>& live() const { return live_; }
  detail::PrefixTree& tree() { return tree_; }

  void begin_frame() { live_ = std::exchange(beam_, {}); }
  // Takes the live prefixes to the next frame by the blank. log_probs: V for each.
  void leave_frame(const double* log_probs, int64_t symbols);
  // Those extensions of live prefixes that may still come into the beam, at most as many as it
  // holds, which take their place.
  std::vector<Extension> extend(const double* log_probs, int64_t symbols, int64_t frame,
                                int64_t first_row);
  void end_frame();
  std::vector<AlignedHypothesis> results() const;

 private:
  double rank(const Path& p) const { return p.score + tree_.bonus(p.node); }
  double least_rank() const;

  const TransducerBeamOptions& o_;
  int64_t blank_;
  detail::PrefixTree tree_;
  std::vector<Path> beam_, live_;
  std::unordered_map<int64_t, size_t> place_;  // in beam_, of the prefixes that have left the frame
};

void PrefixBeam::leave_frame(const double* log_probs, int64_t symbols) {
  for (size_t i = 0; i < live_.size(); ++i) {
    Path p = live_[i];
    const double blank = log_probs[static_cast<int64_t>(i) * symbols + blank_];
    if (blank == detail::kImpossible) continue;
    p.score += blank, p.best += blank;
    const auto [known, is_new] = place_.try_emplace(p.node, beam_.size());
    if (is_new) {
      beam_.push_back(std::move(p));
      continue;
    }
    Path& same = beam_[known->second];
    same.score = detail::log_add(same.score, p.score);
    if (p.best > same.best) same.best = p.best, same.timesteps = std::move(p.timesteps);
  }
}

// The rank that a prefix must exceed to come into the beam.
double PrefixBeam::least_rank() const {
  if (std::ssize(beam_) < o_.beam) return detail::kImpossible;
  std::vector<double> ranks;
  for (const Path& p : beam_) ranks.push_back(rank(p));
  std::nth_element(ranks.begin(), ranks.begin() + o_.beam - 1, ranks.end(), std::greater<>());
  return ranks[static_cast<size_t>(o_.beam - 1)];
}

std::vector<PrefixBeam::Extension> PrefixBeam::extend(const double* log_probs, int64_t symbols,
                                                      int64_t frame, int64_t first_row) {
  const double least = least_rank();
  std::vector<Extension> all;
  for (size_t i = 0; i < live_.size(); ++i)
    for (int64_t c = 0; c < symbols; ++c) {
      if (c == blank_) continue;
      const auto parent = static_cast<int64_t>(i);
      const double score = live_[i].score + log_probs[parent * symbols + c];
      const double rank = score + tree_.bonus(live_[i].node, c);
      if (rank > least) all.push_back({parent, c, score, rank});
    }
  const auto kept = std::min<int64_t>(std::ssize(all), o_.beam);
  std::partial_sort(all.begin(), all.begin() + kept, all.end(),
                    [](const Extension& a, const Extension& b) {
                      if (a.rank != b.rank) return a.rank > b.rank;
                      return a.parent != b.parent ? a.parent < b.parent : a.token < b.token;
                    });
  all.resize(static_cast<size_t>(kept));
  const std::vector<Path> before = std::exchange(live_, {});
  for (const Extension& e : all) {
    const Path& parent = before[static_cast<size_t>(e.parent)];
    live_.push_back({.node = tree_.child(parent.node, e.token),
                     .score = e.score,
                     .best = parent.best + log_probs[e.parent * symbols + e.token],
                     .timesteps = parent.timesteps,
                     .row = first_row + std::ssize(live_)});
    live_.back().timesteps.push_back(frame);
  }
  return all;
}

void PrefixBeam::end_frame() {
  std::ranges::sort(beam_, [this](const Path& a, const Path& b) {
    const double x = rank(a), y = rank(b);
    return x != y ? x > y : a.node < b.node;
  });
  if (std::ssize(beam_) > o_.beam) beam_.resize(static_cast<size_t>(o_.beam));
  live_.clear();
  place_.clear();
  std::vector<int64_t> nodes;
  for (const Path& p : beam_) nodes.push_back(p.node);
  tree_.keep(nodes);
}

std::vector<AlignedHypothesis> PrefixBeam::results() const {
  std::vector<AlignedHypothesis> all;
  for (const Path& p : beam_)
    all.push_back({tree_.tokens(p.node), p.timesteps, rank(p) + tree_.end(p.node)});
  std::ranges::stable_sort(all, std::greater<>(), &AlignedHypothesis::score);
  all.resize(std::min(all.size(), static_cast<size_t>(o_.nbest)));
  return all;
}

// Beam search of a batch, frame by frame.
class BatchSearch {
 public:
  BatchSearch(const Transducer& model, const TransducerOptions& sizes, const Tensor& frames,
              std::vector<int64_t> lengths, const TransducerBeamOptions& o)
      : model_(model),
        sizes_(sizes),
        frames_(frames),
        lengths_(std::move(lengths)),
        o_(o),
        beams_(lengths_.size(), PrefixBeam(o, sizes.blank)) {}

  std::vector<std::vector<AlignedHypothesis>> run();

 private:
  void frame(int64_t t);
  // Lets the language model read prefixes of sequences, if there is one.
  void read(const std::vector<detail::Prefix>& prefixes) const;

  const Transducer& model_;
  const TransducerOptions& sizes_;
  const Tensor& frames_;
  std::vector<int64_t> lengths_;
  const TransducerBeamOptions& o_;
  std::vector<PrefixBeam> beams_;
  RnnOutput predictions_;  // of the prefixes of all beams, by Path::row
};

void BatchSearch::read(const std::vector<detail::Prefix>& prefixes) const {
  const SymbolLanguageModel& lm = o_.language_model;
  if (lm.model && lm.weight > 0)
    detail::read_prefixes("transducer", lm, sizes_.num_symbols, sizes_.blank, prefixes);
}

void BatchSearch::frame(int64_t t) {
  const int64_t V = sizes_.num_symbols;
  std::vector<int64_t> active;
  for (int64_t b = 0; b < std::ssize(beams_); ++b)
    if (t < lengths_[static_cast<size_t>(b)]) active.push_back(b);
  const auto beam_of = [&](int64_t b) -> PrefixBeam& { return beams_[static_cast<size_t>(b)]; };
  for (const int64_t b : active) beam_of(b).begin_frame();
  std::vector<RnnOutput> steps{predictions_};  // of the live prefixes, one sequence after the other
  int64_t rows = predictions_.out.size(0);     // of all steps
  for (int64_t n = 0;; ++n) {
    std::vector<int64_t> sequences;
    std::vector<detail::Prefix> prefixes;
    for (const int64_t b : active)
      for (const PrefixBeam::Path& p : beam_of(b).live()) {
        sequences.push_back(b);
        prefixes.push_back({&beam_of(b).tree(), p.node});
      }
    if (sequences.empty()) break;
    const bool extends = n < o_.max_symbols;
    if (extends) read(prefixes);
    const RnnOutput& last = steps.back();
    const std::vector<double> log_probs =
        log_probs_of(model_.joiner, frames_, t, sequences, last.out).to_vector<double>();
    std::vector<int64_t> parents, tokens;
    int64_t row = 0;
    for (const int64_t b : active) {
      PrefixBeam& beam = beam_of(b);
      const int64_t live = std::ssize(beam.live());
      const double* own = log_probs.data() + row * V;
      for (int64_t i = 0; i < live; ++i)
        if (std::isnan(own[i * V])) throw_unknown(b, t);  // then all are
      beam.leave_frame(own, V);
      if (extends)
        for (const PrefixBeam::Extension& e : beam.extend(own, V, t, rows + std::ssize(parents))) {
          parents.push_back(row + e.parent);
          tokens.push_back(e.token);
        }
      row += live;
    }
    if (parents.empty()) break;
    steps.push_back(
        model_.predictor(from_vector(tokens).unsqueeze(1), select_rows(last, parents).state));
    rows += std::ssize(parents);
  }
  std::vector<int64_t> kept;
  for (const int64_t b : active) {
    beam_of(b).end_frame();
    if (t + 1 == lengths_[static_cast<size_t>(b)]) continue;
    for (PrefixBeam::Path& p : beam_of(b).beam())
      kept.push_back(std::exchange(p.row, std::ssize(kept)));
  }
  predictions_ = select_rows(join_rows(steps), kept);
}

std::vector<std::vector<AlignedHypothesis>> BatchSearch::run() {
  std::vector<std::vector<AlignedHypothesis>> all;
  if (beams_.empty()) return all;
  int64_t rows = 0;
  for (size_t b = 0; b < beams_.size(); ++b)
    if (lengths_[b] > 0) beams_[b].beam().front().row = rows++;
  predictions_ = model_.predictor(full({rows, 1}, sizes_.blank, i64));
  for (int64_t t = 0; t < std::ranges::max(lengths_); ++t) frame(t);
  std::vector<detail::Prefix> last;
  for (PrefixBeam& beam : beams_)
    for (const PrefixBeam::Path& p : beam.beam()) last.push_back({&beam.tree(), p.node});
  if (o_.language_model.eos) read(last);
  for (const PrefixBeam& beam : beams_) all.push_back(beam.results());
  return all;
}

}  // namespace

std::vector<AlignedHypothesis> Transducer::greedy_search(const Tensor& frames,
                                                         const Tensor& lengths,
                                                         int64_t max_symbols) const {
  const NoGradGuard off;
  return call_at(at_, [&] {
    check_max_symbols(max_symbols);
    const std::vector<int64_t> length = checked_lengths(frames, lengths, options_);
    const int64_t B = frames.size(0), T = frames.size(1);
    std::vector<AlignedHypothesis> all(static_cast<size_t>(B));
    if (B == 0) return all;
    RnnOutput last = predictor(full({B, 1}, options_.blank, i64));
    for (int64_t t = 0; t < T; ++t) {
      std::vector<int64_t> rows;  // sequences that have not left the frame yet
      for (int64_t b = 0; b < B; ++b)
        if (t < length[static_cast<size_t>(b)]) rows.push_back(b);
      for (int64_t n = 0; n < max_symbols && !rows.empty(); ++n) {
        const auto [values, symbols] = max(
            log_probs_of(joiner, frames, t, rows, index_select(last.out, 0, from_vector(rows))), 1);
        const std::vector<double> scores = values.to_vector<double>();
        const std::vector<int64_t> best = symbols.to_vector<int64_t>();
        std::vector<int64_t> emitting, emitted;
        for (size_t i = 0; i < rows.size(); ++i) {
          AlignedHypothesis& h = all[static_cast<size_t>(rows[i])];
          if (std::isnan(scores[i])) throw_unknown(rows[i], t);
          h.score += scores[i];
          if (best[i] == options_.blank) continue;
          h.tokens.push_back(best[i]);
          h.timesteps.push_back(t);
          emitting.push_back(rows[i]);
          emitted.push_back(best[i]);
        }
        rows = emitting;
        if (rows.empty()) break;
        last = replace_rows(
            last, rows,
            predictor(from_vector(emitted).unsqueeze(1), select_rows(last, rows).state));
      }
    }
    return all;
  });
}

std::vector<std::vector<AlignedHypothesis>> Transducer::beam_search(
    const Tensor& frames, const Tensor& lengths, const TransducerBeamOptions& o) const {
  const NoGradGuard off;
  return call_at(at_, [&] {
    check_max_symbols(o.max_symbols);
    if (o.beam < 1 || o.nbest < 1 || o.nbest > o.beam)
      throw ValueError(fmt::format("transducer: beam = {} and nbest = {}; nbest must be in 1..beam",
                                   o.beam, o.nbest));
    detail::check_fusion("transducer", o.language_model, o.token_bonus, options_.num_symbols);
    std::vector<int64_t> length = checked_lengths(frames, lengths, options_);
    return BatchSearch(*this, options_, frames, std::move(length), o).run();
  });
}

}  // namespace tapehead::nn
