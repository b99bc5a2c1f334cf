// BLEU, identical to sacreBLEU's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct BleuOptions {
  bool lowercase = false;  ///< convert hypotheses and references to lower case
};

/// A corpus BLEU score and its components. Arrays are for unigrams to 4-grams.
struct BleuScore {
  double score = 0;                    ///< 0..100
  std::array<double, 4> precisions{};  ///< 0..100, smoothed
  std::array<int64_t, 4> correct{};    ///< n-grams that match a reference
  std::array<int64_t, 4> total{};      ///< n-grams of the hypotheses
  double brevity_penalty = 1;          ///< factor for translations that are too short
  int64_t hypothesis_length = 0, reference_length = 0;  ///< in 13a tokens
  int64_t references = 1;                               ///< number per hypothesis
  bool lowercase = false;

  /// `BLEU = 38.20 70.1/45.2/… (BP = 1.000 ratio = 1.002 hyp_len = … ref_len = …)`, as sacreBLEU
  /// prints it.
  std::string to_string() const;
  /// sacreBLEU's signature of the settings: `nrefs:1|case:lc|eff:no|tok:13a|smooth:exp`.
  std::string signature() const;
};

/// Corpus BLEU (Papineni et al. 2002, "BLEU: a method for automatic evaluation of machine
/// translation") as sacreBLEU computes it by default (Post 2018, "A call for clarity in reporting
/// BLEU scores"): with mteval-v13a's tokenizer and exponential smoothing of orders without a match
/// (Chen and Cherry 2014, method 3). Lines are detokenized text. Throws ValueError if there are no
/// lines or the numbers of hypotheses and references differ, FormatError for a line that is not
/// UTF-8.
/// Example: data::bleu(std::vector<std::string>{"the cat sat on the mat"},
///     std::vector<std::string>{"the cat sat on a mat"})  // 53.7285
double bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
            const BleuOptions& options = {});

/// Corpus BLEU with its components.
/// Example: data::bleu_score(std::vector<std::string>{"the cat sat"}, std::vector<std::string>{"the
///     cat sat down"}).brevity_penalty  // 0.716531
BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::string> references, const BleuOptions& options = {});

/// Corpus BLEU against several references: references[r][i] is the r-th reference of hypotheses[i].
/// Counts of n-grams are clipped to their maximum over the references; the closest reference length
/// is used.
BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::vector<std::string>> references,
                     const BleuOptions& options = {});

/// BLEU's tokens: those of mteval-v13a, as in sacreBLEU's tokenizer "13a". Throws FormatError for
/// text that is not UTF-8.
/// Example: data::tokenize_13a("It's 3.5%, is it?")  // [It's, 3.5, %, ,, is, it, ?]
std::vector<std::string> tokenize_13a(std::string_view line);

}  // namespace tapehead::data
