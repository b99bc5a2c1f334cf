#include "tapehead/nn/mixture.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/any_stack.h"

namespace tapehead::nn {
namespace {

const FeedForwardOptions& checked(const Scope& at, const FeedForwardOptions& expert,
                                  const MixtureOptions& o) {
  nn::at(at, [&] {
    if (expert.kernel_size > 1)
      throw ValueError(
          fmt::format("mixture: experts see one position at a time, not a kernel of {}; leave "
                      "`mixture` or `kernel_size` out",
                      expert.kernel_size));
    if (o.num_experts < 1 || o.top_k < 1 || o.top_k > o.num_experts)
      throw ValueError(
          fmt::format("mixture: {} experts of {} for each token; at least 1, and not "
                      "more than there are",
                      o.top_k, o.num_experts));
    if (!(o.capacity_factor >= 0))
      throw ValueError(fmt::format(
          "mixture: the capacity factor is {}; it must be at least 0, which is no limit",
          o.capacity_factor));
  });
  return expert;
}

// The assignment of N tokens to K experts each. Choice n K + j is the j-th of token n.
struct Choices {
  std::vector<std::vector<int64_t>> of_expert;  // choices within the expert's capacity
  std::vector<int64_t> tokens;
  int64_t dropped = 0;
};

Choices group(const Tensor& chosen, const MixtureOptions& o) {
  const std::vector<int64_t> experts = chosen.to_vector<int64_t>();
  const auto count = static_cast<size_t>(o.num_experts);
  const double share = static_cast<double>(experts.size()) / static_cast<double>(count);
  const double limit = o.capacity_factor > 0 ? std::ceil(o.capacity_factor * share) : INFINITY;
  Choices choices{std::vector<std::vector<int64_t>>(count), std::vector<int64_t>(count, 0), 0};
  for (size_t i = 0; i < experts.size(); ++i) {
    const auto e = static_cast<size_t>(experts[i]);
    ++choices.tokens[e];
    if (static_cast<double>(choices.of_expert[e].size()) < limit)
      choices.of_expert[e].push_back(static_cast<int64_t>(i));
    else ++choices.dropped;
  }
  return choices;
}

}  // namespace

MixtureOfExperts::MixtureOfExperts(Scope at, const FeedForwardOptions& expert,
                                   const MixtureOptions& options)
    : router(Linear(at / "router", checked(at, expert, options).embed_dim, options.num_experts,
                    {.bias = false, .init = expert.init ? expert.init : init::fan_in_uniform()})),
      experts(detail::any_stack<FeedForward>(at / "experts", options.num_experts, expert)),
      at_(std::move(at)),
      embed_dim_(expert.embed_dim),
      options_(options) {}

MoeOutput MixtureOfExperts::operator()(const Tensor& x) const {
  return nn::at(at_, [&] {
    const int64_t C = embed_dim_, K = options_.top_k;
    if (x.dim() < 1 || x.size(-1) != C)
      throw ShapeError(fmt::format("mixture: x is {}; expected [..., {}]", x.shape().str(), C));
    if (x.numel() == 0)
      return MoeOutput{x, ones({}, x.dtype()), std::vector<int64_t>(experts.size(), 0), 0};
    const Tensor rows = x.reshape({x.numel() / C, C});
    const Tensor probabilities = softmax(router(rows), -1);
    const auto [best, chosen] = topk(probabilities, K);
    const Tensor gates = (K > 1 ? best / sum(best, {-1}, true) : best).flatten();
    const Choices choices = group(chosen, options_);

    std::vector<Tensor> results;
    std::vector<int64_t> tokens;  // the token of each row of results
    for (size_t e = 0; e < experts.size(); ++e) {
      const std::vector<int64_t>& mine = choices.of_expert[e];
      if (mine.empty()) continue;
      const size_t first = tokens.size();
      for (const int64_t choice : mine) tokens.push_back(choice / K);
      const Tensor read =
          index_select(rows, 0,
                       from_vector(std::vector<int64_t>(
                           tokens.begin() + static_cast<int64_t>(first), tokens.end())));
      const Tensor weight = index_select(gates, 0, from_vector(mine)).unsqueeze(1);
      results.push_back(weight * experts[e](read));
    }
    const Tensor out =
        index_add(zeros(rows.shape(), x.dtype()), 0, from_vector(tokens), cat(results));

    std::vector<double> shares;
    for (const int64_t n : choices.tokens)
      shares.push_back(static_cast<double>(n * options_.num_experts) /
                       static_cast<double>(chosen.numel()));
    const Tensor balance =
        sum(mean(probabilities, {0}) * from_vector(shares).to(probabilities.dtype()));
    return MoeOutput{out.reshape(x.shape()), balance, choices.tokens, choices.dropped};
  });
}

}  // namespace tapehead::nn
