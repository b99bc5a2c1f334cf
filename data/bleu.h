// BLEU, equal to sacreBLEU's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct BleuOptions {
  bool lowercase = false;  ///< put both sides into lower case first
};

/// A corpus BLEU and what it is made of, each array from unigrams to 4-grams.
struct BleuScore {
  double score = 0;                    ///< 0..100
  std::array<double, 4> precisions{};  ///< 0..100, smoothed
  std::array<int64_t, 4> correct{};    ///< n-grams that a reference has too
  std::array<int64_t, 4> total{};      ///< n-grams of the hypotheses
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;  ///< in 13a tokens
  int64_t references = 1;                               ///< for each hypothesis
  bool lowercase = false;

  /// `BLEU = 38.20 70.1/45.2/… (BP = 1.000 ratio = 1.002 hyp_len = … ref_len = …)`, as sacreBLEU
  /// prints it.
  std::string to_string() const;
  /// What a reader needs to compare scores: `nrefs:1|case:lc|eff:no|tok:13a|smooth:exp`.
  std::string signature() const;
};

/// Corpus BLEU (Papineni et al. 2002, "BLEU: a method for automatic evaluation of machine
/// translation") as sacreBLEU computes it by default (Post 2018, "A call for clarity in reporting
/// BLEU scores"): mteval-v13a's tokens and its exponential smoothing of orders without a match
/// (Chen and Cherry 2014, method 3). Lines are detokenized text. Throws ValueError when there are
/// no lines or not as many references as hypotheses, FormatError for a line that is not UTF-8.
double bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
            const BleuOptions& options = {});

/// The same with its parts.
BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::string> references, const BleuOptions& options = {});

/// Against several references: references[r][i] is the r-th one for hypotheses[i]. An n-gram counts
/// as often as the one reference that has it most; of the lengths the closest counts.
BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::vector<std::string>> references,
                     const BleuOptions& options = {});

/// The tokens in which BLEU counts: mteval-v13a's, as sacreBLEU's tokenizer "13a" gives them.
std::vector<std::string> tokenize_13a(std::string_view line);

}  // namespace tapehead::data
