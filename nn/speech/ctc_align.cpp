#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/speech/ctc_search.h"
#include "tapehead/nn/speech/detail/frames.h"

namespace tapehead::nn {

namespace detail {

LogProbs::LogProbs(const char* op, const Tensor& log_probs, const Tensor& lengths, int64_t blank)
    : op_(op) {
  core::check_floating(op, log_probs);
  if (log_probs.dim() != 3 || log_probs.size(2) < 1)
    throw ShapeError(fmt::format("{}: log_probs have shape {}; they must be [B, T, C]", op,
                                 log_probs.shape().str()));
  if (blank < 0 || blank >= log_probs.size(2))
    throw IndexError(
        fmt::format("{}: blank = {} is outside 0..{}", op, blank, log_probs.size(2) - 1));
  const int64_t B = log_probs.size(0), T = log_probs.size(1);
  if (lengths.defined()) frames_ = core::check_lengths(op, lengths, B, T).to_vector<int64_t>();
  else frames_.assign(static_cast<size_t>(B), T);
  x_ = core::contiguous(log_probs.detach().to(wide_type(log_probs.dtype())));
}

void LogProbs::read(int64_t b, int64_t t, std::vector<double>& frame) const {
  const int64_t C = classes();
  frame.resize(static_cast<size_t>(C));
  visit_wide(x_.dtype(), [&]<class T>() {
    const T* from = x_.data<T>() + (b * x_.size(1) + t) * C;
    for (int64_t c = 0; c < C; ++c) frame[static_cast<size_t>(c)] = static_cast<double>(from[c]);
  });
  for (int64_t c = 0; c < C; ++c)
    if (std::isnan(frame[static_cast<size_t>(c)]))
      throw ValueError(fmt::format("{}: log_probs[{}, {}, {}] is NaN", op_, b, t, c));
}

std::vector<int64_t> best_alignment(const LogProbs& x, int64_t b,
                                    const std::vector<int64_t>& targets, int64_t blank) {
  const int64_t T = x.frames(b);
  // States: a blank, then each target followed by a blank.
  const size_t states = 2 * targets.size() + 1;
  const auto symbol = [&](size_t s) { return s % 2 == 0 ? blank : targets[s / 2]; };
  // from[t, s]: by how many states the best path advanced to reach s in frame t.
  std::vector<uint8_t> from(static_cast<size_t>(T) * states);
  std::vector<double> score(states, kImpossible), before(states), frame;
  score[0] = 0;  // before the first frame: a path may begin with state 0 or 1
  for (int64_t t = 0; t < T; ++t) {
    x.read(b, t, frame);
    before.swap(score);
    for (size_t s = 0; s < states; ++s) {
      const bool skips = t > 0 && s >= 2 && s % 2 == 1 && symbol(s) != symbol(s - 2);
      size_t best = 0;
      for (size_t step = 1; step <= std::min<size_t>(s, skips ? 2 : 1); ++step)
        if (before[s - step] > before[s - best]) best = step;
      from[static_cast<size_t>(t) * states + s] = static_cast<uint8_t>(best);
      score[s] = before[s - best] + frame[static_cast<size_t>(symbol(s))];
    }
  }
  size_t s = states - 1;
  if (states > 1 && score[s - 1] > score[s]) --s;
  if (score[s] == kImpossible) return {};
  std::vector<int64_t> path(static_cast<size_t>(T));
  for (size_t t = path.size(); t-- > 0; s -= from[t * states + s]) path[t] = symbol(s);
  return path;
}

}  // namespace detail

std::vector<int64_t> ctc_align(const Tensor& log_probs, const std::vector<int64_t>& targets,
                               int64_t blank) {
  if (log_probs.dim() != 2)
    throw ShapeError(fmt::format("ctc_align: log_probs have shape {}; they must be [T, C]",
                                 log_probs.shape().str()));
  const detail::LogProbs x("ctc_align", log_probs.unsqueeze(0), {}, blank);
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == blank)
      throw IndexError(fmt::format(
          "ctc_align: targets[{}] = {} is the blank; targets hold symbols only", i, blank));
    if (targets[i] < 0 || targets[i] >= x.classes())
      throw IndexError(fmt::format("ctc_align: targets[{}] = {} is outside 0..{}", i, targets[i],
                                   x.classes() - 1));
  }
  std::vector<int64_t> path = detail::best_alignment(x, 0, targets, blank);
  if (path.empty() && (x.frames(0) > 0 || !targets.empty()))
    throw ValueError(
        fmt::format("ctc_align: no alignment of {} targets to {} frames has a probability above 0; "
                    "each target needs a frame, and equal neighbours a blank between them",
                    targets.size(), x.frames(0)));
  return path;
}

std::vector<int64_t> ctc_timesteps(const std::vector<int64_t>& alignment, int64_t blank) {
  std::vector<int64_t> frames;
  for (size_t t = 0; t < alignment.size(); ++t)
    if (alignment[t] != blank && (t == 0 || alignment[t] != alignment[t - 1]))
      frames.push_back(static_cast<int64_t>(t));
  return frames;
}

}  // namespace tapehead::nn
