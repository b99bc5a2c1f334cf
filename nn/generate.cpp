#include "tapehead/nn/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

using TokenRows = std::vector<std::vector<int64_t>>;

void check(const SamplingOptions& o) {
  const auto fail = [](const char* name, double value, const char* range) {
    throw ValueError(fmt::format("sample: {} is {}; it must be {}", name, value, range));
  };
  if (!(o.repetition_penalty > 0)) fail("repetition_penalty", o.repetition_penalty, "positive");
  if (!(o.temperature >= 0)) fail("temperature", o.temperature, "at least 0");
  if (o.top_k < 0) fail("top_k", static_cast<double>(o.top_k), "at least 0");
  if (!(o.top_p > 0 && o.top_p <= 1)) fail("top_p", o.top_p, "in 0..1, and not 0");
  if (!(o.min_p >= 0 && o.min_p <= 1)) fail("min_p", o.min_p, "in 0..1");
}

// One row of logits.
int64_t draw(std::vector<float>& logits, const std::vector<int64_t>& before,
             const SamplingOptions& o, double uniform) {
  if (o.repetition_penalty != 1)
    for (const int64_t token : std::set<int64_t>(before.begin(), before.end())) {
      float& x = logits[static_cast<size_t>(token)];
      const auto penalty = static_cast<float>(o.repetition_penalty);
      x = x > 0 ? x / penalty : x * penalty;
    }
  const auto best = std::max_element(logits.begin(), logits.end());
  if (o.temperature == 0) return best - logits.begin();

  // The most probable first, equal ones in the order of their ids.
  std::vector<int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](int64_t i) { return logits[static_cast<size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return logit(a) > logit(b); });
  if (o.top_k > 0 && o.top_k < static_cast<int64_t>(order.size()))
    order.resize(static_cast<size_t>(o.top_k));
  std::vector<double> weight;
  for (const int64_t i : order)
    weight.push_back(std::exp(static_cast<double>(logit(i) - *best) / o.temperature));
  const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
  double mass = 0;
  size_t kept = 0;
  while (kept < weight.size() && mass < o.top_p * all && (kept == 0 || weight[kept] >= o.min_p))
    mass += weight[kept++];
  double rest = uniform * mass;
  for (size_t i = 0; i + 1 < kept; ++i)
    if ((rest -= weight[i]) < 0) return order[i];
  return order[kept - 1];
}

}  // namespace

std::vector<int64_t> sample(const Tensor& logits, const std::vector<std::vector<int64_t>>& before,
                            const SamplingOptions& options, Generator& generator) {
  check(options);
  if (logits.dim() != 2 || logits.size(1) < 1 ||
      logits.size(0) != static_cast<int64_t>(before.size()))
    throw ShapeError(fmt::format("sample: logits are {} for {} rows; expected [B, V]",
                                 logits.shape().str(), before.size()));
  const std::vector<float> all = logits.to_vector<float>();
  const std::vector<double> uniform = rand({logits.size(0)}, f64, generator).to_vector<double>();
  const int64_t V = logits.size(1);
  std::vector<int64_t> tokens;
  for (size_t row = 0; row < before.size(); ++row) {
    const auto first = all.begin() + static_cast<int64_t>(row) * V;
    std::vector<float> one(first, first + V);
    for (const float x : one)
      if (std::isnan(x))
        throw ValueError(fmt::format("sample: the logits of row {} hold NaN", row));
    tokens.push_back(draw(one, before[row], options, uniform[row]));
  }
  return tokens;
}

std::vector<std::vector<int64_t>> generate(const LanguageModel& model,
                                           const std::vector<int64_t>& prompt,
                                           const GenerateOptions& o, int64_t copies,
                                           Generator& generator) {
  if (prompt.empty() || copies < 1)
    throw ValueError(
        fmt::format("generate: a prompt of {} tokens, {} copies; both must be at least 1",
                    prompt.size(), copies));
  return generate_all(model, TokenRows(static_cast<size_t>(copies), prompt), o, generator);
}

namespace {

// The sequences of one call.
class Writing {
 public:
  Writing(const TokenRows& prompts, const GenerateOptions& o)
      : o_(o), seen_(prompts), made_(prompts.size()), ended_(prompts.size(), o.length < 1) {
    const auto shorter = [](const auto& a, const auto& b) { return a.size() < b.size(); };
    read_ = std::min_element(prompts.begin(), prompts.end(), shorter)->size();
    for (const auto& prompt : prompts) lengths_.push_back(prompt.size());
  }

  bool done() const { return std::find(ended_.begin(), ended_.end(), false) == ended_.end(); }

  // What the model reads first: [B, T].
  Tensor first() const {
    std::vector<int64_t> ids;
    for (const auto& row : seen_)
      ids.insert(ids.end(), row.begin(), row.begin() + static_cast<int64_t>(read_));
    return from_vector(ids, {std::ssize(seen_), static_cast<int64_t>(read_)});
  }

  // Takes what was drawn; gives what the model reads next, [B, 1].
  Tensor advance(std::vector<int64_t> tokens) {
    for (size_t row = 0; row < tokens.size(); ++row) {
      if (read_ < lengths_[row]) tokens[row] = seen_[row][read_];
      else if (!ended_[row]) take(row, tokens[row]);
    }
    ++read_;
    return from_vector(tokens).unsqueeze(1);
  }

  const TokenRows& seen() const { return seen_; }
  TokenRows& made() { return made_; }

 private:
  void take(size_t row, int64_t token) {
    if (std::find(o_.stop.begin(), o_.stop.end(), token) != o_.stop.end()) {
      ended_[row] = true;
      return;
    }
    seen_[row].push_back(token);
    made_[row].push_back(token);
    const bool go_on = !o_.on_token || o_.on_token(static_cast<int64_t>(row), token);
    ended_[row] = !go_on || std::ssize(made_[row]) == o_.length;
  }

  const GenerateOptions& o_;
  TokenRows seen_, made_;
  std::vector<bool> ended_;
  std::vector<size_t> lengths_;  // of the prompts
  size_t read_ = 0;              // positions that the model has read, of every row
};

}  // namespace

std::vector<std::vector<int64_t>> generate_all(const LanguageModel& model, const TokenRows& prompts,
                                               const GenerateOptions& o, Generator& generator) {
  for (size_t i = 0; i < prompts.size(); ++i)
    if (prompts[i].empty())
      throw ValueError(
          fmt::format("generate_all: prompt {} is empty; it must have a token at least", i));
  if (prompts.empty()) return {};
  const NoGrad off;
  Writing writing(prompts, o);
  for (Tensor ids = writing.first(); !writing.done();) {
    const Tensor logits = model.next(ids);
    ids = writing.advance(
        sample(logits.select(1, logits.size(1) - 1), writing.seen(), o.sampling, generator));
  }
  return std::move(writing.made());
}

}  // namespace tapehead::nn
