#include "tapehead/nn/speech/detail/prefix_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn::detail {

int64_t PrefixTree::child(int64_t parent, int64_t token) {
  for (const int64_t at : node(parent).children)
    if (node(at).token == token) return at;
  const auto made = std::ssize(nodes_);
  nodes_.push_back({.parent = parent, .token = token, .bonus = bonus(parent, token)});
  nodes_[static_cast<size_t>(parent)].children.push_back(made);
  return made;
}

std::vector<int64_t> PrefixTree::tokens(int64_t at) const {
  std::vector<int64_t> list;
  for (; at != 0; at = node(at).parent) list.push_back(node(at).token);
  std::reverse(list.begin(), list.end());
  return list;
}

void PrefixTree::read(int64_t at, std::vector<double> next, double end) {
  nodes_[static_cast<size_t>(at)].next = std::move(next);
  nodes_[static_cast<size_t>(at)].end = end;
  read_.push_back(at);
}

void PrefixTree::keep(const std::vector<int64_t>& prefixes) {
  std::erase_if(read_, [&](int64_t at) {
    if (std::ranges::find(prefixes, at) != prefixes.end()) return false;
    nodes_[static_cast<size_t>(at)].next = {};
    return true;
  });
}

void check_fusion(const char* op, const SymbolLanguageModel& lm, double token_bonus,
                  int64_t symbols) {
  if (lm.model && !lm.ids.empty() && std::ssize(lm.ids) != symbols)
    throw ShapeError(fmt::format("{}: language_model.ids has {} ids for {} symbols", op,
                                 lm.ids.size(), symbols));
  if (!std::isfinite(lm.weight) || lm.weight < 0 || !std::isfinite(token_bonus))
    throw ValueError(
        fmt::format("{}: language_model.weight = {} and token_bonus = {}; both must be finite, and "
                    "the weight not negative",
                    op, lm.weight, token_bonus));
}

void read_prefixes(const char* op, const SymbolLanguageModel& lm, int64_t symbols, int64_t blank,
                   const std::vector<Prefix>& prefixes) {
  std::vector<std::pair<Prefix, std::vector<int64_t>>> list;  // with their tokens
  size_t longest = 0;
  for (const Prefix& p : prefixes) {
    if (p.tree->is_read(p.node)) continue;
    list.emplace_back(p, p.tree->tokens(p.node));
    longest = std::max(longest, list.back().second.size());
  }
  if (list.empty()) return;
  const auto id = [&](int64_t symbol) {
    return lm.ids.empty() ? symbol : lm.ids[static_cast<size_t>(symbol)];
  };
  const int64_t N = std::ssize(list), L = static_cast<int64_t>(longest) + 1;
  std::vector<int64_t> ids(static_cast<size_t>(N * L), lm.bos), ends;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::vector<int64_t>& tokens = list[i].second;
    const size_t row = i * static_cast<size_t>(L);
    for (size_t k = 0; k < tokens.size(); ++k) ids[row + 1 + k] = id(tokens[k]);
    ends.push_back(static_cast<int64_t>(row + tokens.size()));
  }
  const Tensor logits = lm.model(from_vector(ids, {N, L}));
  if (logits.dim() != 3 || logits.size(0) != N || logits.size(1) != L)
    throw ShapeError(fmt::format(
        "{}: the language model returned logits {} for ids [{}, {}]; expected [{}, {}, V]", op,
        logits.shape().str(), N, L, N, L));
  const int64_t V = logits.size(2);
  const auto check_id = [&](int64_t at, const std::string& of) {
    if (at < 0 || at >= V)
      throw IndexError(
          fmt::format("{}: id {} of {} is outside the language model's 0..{}", op, at, of, V - 1));
  };
  for (int64_t c = 0; c < symbols; ++c)
    if (c != blank) check_id(id(c), fmt::format("symbol {}", c));
  if (lm.eos) check_id(*lm.eos, "eos");
  const std::vector<double> p =
      log_softmax(index_select(logits.flatten(0, 1), 0, from_vector(ends)), -1).to_vector<double>();
  for (size_t i = 0; i < list.size(); ++i) {
    const double* row = p.data() + i * static_cast<size_t>(V);
    if (std::isnan(row[0]))  // then all are
      throw ValueError(
          fmt::format("{}: the language model's logits contain NaN or inf, or are all -inf", op));
    std::vector<double> next;
    for (int64_t c = 0; c < symbols; ++c) next.push_back(c == blank ? 0 : lm.weight * row[id(c)]);
    list[i].first.tree->read(list[i].first.node, std::move(next),
                             lm.eos ? lm.weight * row[*lm.eos] : 0);
  }
}

}  // namespace tapehead::nn::detail
