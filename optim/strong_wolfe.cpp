#include <algorithm>
#include <cmath>
#include <utility>

#include "tapehead/optim/detail/strong_wolfe.h"

namespace tapehead::optim::detail {
namespace {

constexpr double kDecrease = 1e-4, kCurvature = 0.9;

// The minimum in [least, most] of the cubic with the losses and slopes of two points; their middle
// if it has none.
double cubic_minimum(const LinePoint& a, const LinePoint& b, double least, double most) {
  const LinePoint &left = a.t <= b.t ? a : b, &right = a.t <= b.t ? b : a;
  const double bend = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.t - right.t);
  const double square = bend * bend - left.slope * right.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const double root = std::sqrt(square);
  const double at = right.t - (right.t - left.t) * ((right.slope + root - bend) /
                                                    (right.slope - left.slope + 2 * root));
  return std::min(std::max(at, least), most);
}

class Search {
 public:
  Search(const LineSearch& search, const LinePoint& start) : search_(search), start_(start) {}

  LinePoint run(double t) {
    LinePoint previous = start_, now = search_.evaluate(t);
    for (; evaluations_ < search_.max_evaluations; ++evaluations_) {
      if (falls_short(now) || (evaluations_ > 1 && now.loss >= previous.loss))
        return zoom(previous, now);
      if (is_flat(now)) return now;
      if (now.slope >= 0) return zoom(previous, now);
      const double least = now.t + 0.01 * (now.t - previous.t);
      const double next = cubic_minimum(previous, now, least, now.t * 10);
      previous = std::exchange(now, search_.evaluate(next));
    }
    return start_.loss <= now.loss ? start_ : now;
  }

 private:
  bool falls_short(const LinePoint& p) const {
    return p.loss > start_.loss + kDecrease * p.t * start_.slope;
  }
  bool is_flat(const LinePoint& p) const { return std::abs(p.slope) <= -kCurvature * start_.slope; }

  // Narrows a bracket that contains such a point.
  LinePoint zoom(LinePoint first, LinePoint second) {
    LinePoint bracket[] = {std::move(first), std::move(second)};
    const auto best = [&] { return bracket[0].loss <= bracket[1].loss ? 0 : 1; };
    int low = best();
    bool stuck = false;
    for (; evaluations_ < search_.max_evaluations; ++evaluations_) {
      const auto [least, most] = std::minmax(bracket[0].t, bracket[1].t);
      if ((most - least) * search_.direction_size < search_.tolerance_change) break;
      const double t =
          inside(cubic_minimum(bracket[0], bracket[1], least, most), least, most, stuck);
      LinePoint now = search_.evaluate(t);
      if (falls_short(now) || now.loss >= bracket[low].loss) {
        bracket[1 - low] = std::move(now);
        low = best();
        continue;
      }
      if (is_flat(now)) return now;
      if (now.slope * (bracket[1 - low].t - bracket[low].t) >= 0) bracket[1 - low] = bracket[low];
      bracket[low] = std::move(now);
    }
    return bracket[low];
  }

  // Moves t away from the ends of the bracket if it comes close to one for the second time, or
  // reaches it.
  static double inside(double t, double least, double most, bool& stuck) {
    const double margin = 0.1 * (most - least);
    const bool close = std::min(most - t, t - least) < margin;
    const bool move = close && (stuck || t >= most || t <= least);
    stuck = close && !move;
    if (!move) return t;
    return most - t < t - least ? most - margin : least + margin;
  }

  const LineSearch& search_;
  const LinePoint& start_;
  int64_t evaluations_ = 0;  // after the first
};

}  // namespace

LinePoint strong_wolfe(const LineSearch& search, const LinePoint& start, double t) {
  return Search(search, start).run(t);
}

}  // namespace tapehead::optim::detail
