#include "tapehead/nn/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {
namespace {

using TokenRows = std::vector<std::vector<int64_t>>;

constexpr float kMaxFloat = std::numeric_limits<float>::max();

void check_tokens(const char* op, const std::string& what, std::span<const int64_t> tokens,
                  size_t V) {
  for (const int64_t token : tokens)
    if (token < 0 || token >= static_cast<int64_t>(V))
      throw IndexError(
          fmt::format("{}: {} is {}, outside of the vocabulary 0..{}", op, what, token, V - 1));
}

void check(const SamplingOptions& o) {
  const auto fail = [](const char* name, double value, const char* range) {
    throw ValueError(fmt::format("sample: {} is {}; it must be {}", name, value, range));
  };
  if (!(o.repetition_penalty > 0 && o.repetition_penalty <= kMaxFloat))
    fail("repetition_penalty", o.repetition_penalty, "positive and finite");
  if (!(o.temperature >= 0 && std::isfinite(o.temperature)))
    fail("temperature", o.temperature, "at least 0 and finite");
  if (o.top_k < 0) fail("top_k", static_cast<double>(o.top_k), "at least 0");
  if (!(o.top_p > 0 && o.top_p <= 1)) fail("top_p", o.top_p, "above 0 and at most 1");
  if (!(o.min_p >= 0 && o.min_p <= 1)) fail("min_p", o.min_p, "in 0..1");
}

void check(std::span<const float> logits, size_t row) {
  bool possible = false;
  for (const float x : logits) {
    if (std::isnan(x) || x == INFINITY)
      throw ValueError(fmt::format("sample: the logits of row {} contain {}", row,
                                   std::isnan(x) ? "NaN" : "inf"));
    possible |= x != -INFINITY;
  }
  if (!possible)
    throw ValueError(fmt::format(
        "sample: the logits of row {} are all -inf; at least one token must be possible", row));
}

void penalize(std::span<float> logits, std::span<const int64_t> before, double penalty) {
  const auto by = static_cast<float>(penalty);
  for (const int64_t token : std::set<int64_t>(before.begin(), before.end())) {
    float& x = logits[static_cast<size_t>(token)];
    // Clamped, so that a possible token does not become -inf.
    if (x != -INFINITY) x = std::clamp(x > 0 ? x / by : x * by, -kMaxFloat, kMaxFloat);
  }
}

struct Candidate {
  int64_t token;
  float logit;
  double weight;  // the probability divided by that of the most probable token
};

// Orders by decreasing probability, then by id.
bool comes_first(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

double mass_of(std::span<const Candidate> some) {
  double mass = 0;
  for (const Candidate& c : some) mass += c.weight;
  return mass;
}

// The number of most probable tokens that reach this mass, or all. A partial selection: moves them
// to the front, the least probable of them last.
size_t reach(std::span<Candidate> all, double mass) {
  size_t first = 0,
         last = all.size();  // the mass before `first` is too small, that before `last` suffices
  size_t parts = 64;         // usually few tokens suffice; otherwise bisect
  while (last - first > 1) {
    const size_t middle = first + std::max<size_t>(1, (last - first) / std::exchange(parts, 2));
    const auto part = all.subspan(first, last - first);
    std::nth_element(part.begin(), part.begin() + static_cast<int64_t>(middle - first), part.end(),
                     comes_first);
    const double more = mass_of(part.first(middle - first));
    if (more >= mass) {
      last = middle;
    } else {
      first = middle;
      mass -= more;
    }
  }
  return last;
}

// Samples from one row of logits.
int64_t draw(std::span<const float> logits, const SamplingOptions& o, double uniform) {
  const auto best = std::max_element(logits.begin(), logits.end());
  if (o.temperature == 0) return best - logits.begin();
  std::vector<Candidate> all;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double weight = std::exp(static_cast<double>(logits[i] - *best) / o.temperature);
    if (weight > 0) all.push_back({static_cast<int64_t>(i), logits[i], weight});
  }
  if (o.top_k > 0 && o.top_k < std::ssize(all)) {
    std::nth_element(all.begin(), all.begin() + o.top_k, all.end(), comes_first);
    all.resize(static_cast<size_t>(o.top_k));
  }
  const double mass = mass_of(all);
  std::erase_if(all, [&](const Candidate& c) { return c.weight < o.min_p; });
  std::span<Candidate> kept = all;
  if (o.top_p < 1) kept = kept.first(reach(kept, o.top_p * mass));
  const double drawn = uniform * mass_of(kept);
  // The first token whose cumulative mass is strictly above the draw.
  return kept[reach(kept, std::nextafter(drawn, INFINITY)) - 1].token;
}

}  // namespace

std::vector<int64_t> sample(const Tensor& logits, const std::vector<std::vector<int64_t>>& before,
                            const SamplingOptions& options, Generator& generator) {
  check(options);
  if (logits.dim() != 2 || logits.size(1) < 1 ||
      logits.size(0) != static_cast<int64_t>(before.size()))
    throw ShapeError(fmt::format("sample: logits are {} for {} rows; expected [B, V]",
                                 logits.shape().str(), before.size()));
  std::vector<float> all = logits.to_vector<float>();
  const std::vector<double> uniform = rand({logits.size(0)}, f64, generator).to_vector<double>();
  const auto V = static_cast<size_t>(logits.size(1));
  std::vector<int64_t> tokens;
  for (size_t row = 0; row < before.size(); ++row) {
    const auto one = std::span(all).subspan(row * V, V);
    check(one, row);
    check_tokens("sample", "a token before row " + std::to_string(row), before[row], V);
    if (options.repetition_penalty != 1) penalize(one, before[row], options.repetition_penalty);
    tokens.push_back(draw(one, options, uniform[row]));
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

// The state of the sequences of one call.
class Writing {
 public:
  Writing(const TokenRows& prompts, const GenerateOptions& o)
      : o_(o), seen_(prompts), made_(prompts.size()), ended_(prompts.size(), o.length < 1) {
    const auto shorter = [](const auto& a, const auto& b) { return a.size() < b.size(); };
    read_ = std::min_element(prompts.begin(), prompts.end(), shorter)->size();
    for (const auto& prompt : prompts) lengths_.push_back(prompt.size());
  }

  bool done() const { return std::find(ended_.begin(), ended_.end(), false) == ended_.end(); }

  // The first input of the model: [B, T].
  Tensor first() const {
    std::vector<int64_t> ids;
    for (const auto& row : seen_)
      ids.insert(ids.end(), row.begin(), row.begin() + static_cast<int64_t>(read_));
    return from_vector(ids, {std::ssize(seen_), static_cast<int64_t>(read_)});
  }

  // Appends the sampled tokens and returns the next input of the model, [B, 1].
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
  size_t read_ = 0;              // number of positions that the model has read of each row
};

}  // namespace

std::vector<std::vector<int64_t>> generate_all(const LanguageModel& model, const TokenRows& prompts,
                                               const GenerateOptions& o, Generator& generator) {
  for (size_t i = 0; i < prompts.size(); ++i)
    if (prompts[i].empty())
      throw ValueError(
          fmt::format("generate_all: prompt {} is empty; it needs at least one token", i));
  if (prompts.empty()) return {};
  const NoGradGuard off;
  Writing writing(prompts, o);
  for (Tensor ids = writing.first(); !writing.done();) {
    const Tensor logits = next_logits("generate", model, ids);
    check_tokens("generate", "a stop token", o.stop, static_cast<size_t>(logits.size(1)));
    ids = writing.advance(sample(logits, writing.seen(), o.sampling, generator));
  }
  return std::move(writing.made());
}

}  // namespace tapehead::nn
