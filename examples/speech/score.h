// Scores of examples/speech.cpp: the errors of transcripts.
#pragma once

#include "tapehead/examples/speech/listen.h"

namespace speech {

struct Errors {
  double wer, cer, exact;
};

inline std::vector<std::string> texts_of(const std::vector<Transcript>& found, const Corpus& c) {
  std::vector<std::string> texts;
  texts.reserve(found.size());
  for (const Transcript& f : found) texts.push_back(c.decode(f.letters));
  return texts;
}

inline Errors errors_of(const std::vector<std::string>& texts, const Part& part) {
  const std::vector<std::string> wanted = part.texts();
  double right = 0;
  for (size_t i = 0; i < texts.size(); ++i) right += texts[i] == wanted[i] ? 1 : 0;
  return {data::wer(texts, wanted), data::cer(texts, wanted),
          right / static_cast<double>(texts.size())};
}

inline const char* metric_of(Kind kind) {
  return kind == Kind::folder ? "wer" : kind == Kind::strings ? "digit_error" : "exact_match";
}
inline double value_of(Kind kind, const Errors& e) {
  return kind == Kind::folder ? e.wer : kind == Kind::strings ? e.cer : e.exact;
}

// Prints a row about what was found in a part, and writes the transcripts and their errors.
inline double report_part(const Searcher& search, const std::vector<Transcript>& found,
                          const Corpus& c, const Part& part, const Options& t,
                          const std::string& out) {
  const std::vector<std::string> texts = texts_of(found, c);
  const Errors e = errors_of(texts, part);
  const bool with_lm = search.lm_weight > 0;
  fmt::print("{:<12} {:>5} utterances  {:<16}  WER {:5.2f} %  CER {:5.2f} %  right {:5.1f} %\n",
             part.name, texts.size(),
             fmt::format("beam {}{}", search.beam, with_lm ? " with lm" : ""), 100 * e.wer,
             100 * e.cer, 100 * e.exact);
  std::vector<std::string> lines;
  for (size_t i = 0; i < texts.size(); ++i)
    lines.push_back(fmt::format("{}\t{}\t{}", part.clips[i].id, texts[i], part.clips[i].text));
  const std::string path = fmt::format("{}/{}{}", out, part.name, with_lm ? "-lm" : "");
  data::write_lines(path + ".txt", lines);
  data::write_lines(path + "-errors.txt",
                    {data::visualize_alignment(t.kind == Kind::folder
                                                   ? data::word_errors(texts, part.texts())
                                                   : data::character_errors(texts, part.texts()))});
  return value_of(t.kind, e);
}

// Tests each part, without and with the language model, and draws its first utterances. Returns the
// value of the first part, with the language model if there is one.
inline double test(const Searcher& search, const Corpus& c, const Options& t,
                   const std::string& out) {
  std::optional<double> first;
  for (const Part& part : c.tests) {
    Searcher alone = search;
    alone.lm_weight = 0;
    std::vector<Transcript> found = alone(part.clips);
    double value = report_part(alone, found, c, part, t, out);
    if (search.lm_weight > 0) {
      found = search(part.clips);
      value = report_part(search, found, c, part, t, out);
    }
    if (!first) first = value;
    const size_t some = std::min<size_t>(3, found.size());
    draw(search, c, std::span(part.clips).first(some), std::span(found).first(some),
         fmt::format("{}/alignment-{}.svg", out, part.name));
  }
  return *first;
}

}  // namespace speech
