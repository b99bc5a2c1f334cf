#include "tapehead/data/detail/normalizer.h"

#include <fmt/format.h>

#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/detail/unicode_classes.h"

namespace tapehead::data::tokenizing {
namespace {

using namespace unicode;

std::string without(std::string_view text, bool (*member)(char32_t)) {
  std::u32string points = code_points(text);
  std::erase_if(points, member);
  return to_utf8(points);
}

std::string lowered(std::string_view text) { return to_utf8(lower_each(code_points(text))); }

struct BertOptions {
  bool clean, space_cjk, strip_accents, lower;
};

/// The normalization of BERT's BasicTokenizer (Devlin et al. 2019).
std::string bert(std::string_view line, const BertOptions& options) {
  std::u32string points;
  for (const char32_t c : code_points(line)) {
    if (options.clean && (c == 0 || is_control(c))) continue;
    if (options.clean && is_white_space(c)) {
      points += U' ';
    } else if (options.space_cjk && is_cjk(c)) {
      points += {U' ', c, U' '};
    } else {
      points += c;
    }
  }
  std::string text = to_utf8(points);
  if (options.strip_accents) {
    text = without(normal_form(text, NormalForm::kNfd), is_nonspacing_mark);
  }
  return options.lower ? lowered(text) : text;
}

std::string stripped(std::string_view text, bool left, bool right) {
  const std::u32string points = code_points(text);
  size_t begin = 0, end = points.size();
  while (left && begin < end && is_white_space(points[begin])) ++begin;
  while (right && begin < end && is_white_space(points[end - 1])) --end;
  return to_utf8(std::u32string_view(points).substr(begin, end - begin));
}

/// A normalizer from a function that expands a text by at most a small factor.
template <class F>
Normalizer bounded(F normalize) {
  return [normalize](const std::string& text, size_t) { return normalize(text); };
}

Normalizer normal_form_of(NormalForm form) {
  return bounded([form](const std::string& text) { return normal_form(text, form); });
}

Normalizer bert_of(const JsonView& from) {
  const bool lower = from.boolean_or("lowercase", true);
  const BertOptions options = {from.boolean_or("clean_text", true),
                               from.boolean_or("handle_chinese_chars", true),
                               from.boolean_or("strip_accents", lower), lower};
  return bounded([options](const std::string& text) { return bert(text, options); });
}

Normalizer sequence_of(const JsonView& from) {
  std::vector<Normalizer> parts;
  for (const JsonView& part : from.at("normalizers").items()) {
    parts.push_back(make_normalizer(part));
  }
  return [parts](const std::string& text, size_t most) {
    std::string out = text;
    for (const Normalizer& part : parts) out = part(out, most);
    return out;
  };
}

/// Only normalizers that may expand a text by a large factor check the limit.
Normalizer make_unchecked(const JsonView& from) {
  const JsonView type = from.at("type");
  const std::string& name = type.text();
  if (name == "Sequence") return sequence_of(from);
  if (name == "NFC") return normal_form_of(NormalForm::kNfc);
  if (name == "NFD") return normal_form_of(NormalForm::kNfd);
  if (name == "NFKC") return normal_form_of(NormalForm::kNfkc);
  if (name == "NFKD") return normal_form_of(NormalForm::kNfkd);
  if (name == "Lowercase") return bounded(lowered);
  if (name == "StripAccents") {
    return bounded([](const std::string& text) { return without(text, is_combining_mark); });
  }
  if (name == "Strip") {
    return bounded([left = from.boolean_or("strip_left", true),
                    right = from.boolean_or("strip_right", true)](const std::string& text) {
      return stripped(text, left, right);
    });
  }
  if (name == "Prepend") {
    return bounded([prefix = from.at("prepend").text()](const std::string& text) {
      return text.empty() ? text : prefix + text;
    });
  }
  if (name == "Replace") {
    return
        [what = plain_pattern(from), with = from.at("content").text()](
            const std::string& text, size_t most) { return replace_all(text, what, with, most); };
  }
  if (name == "BertNormalizer") return bert_of(from);
  if (name == "ByteLevel") return bounded(to_byte_level);
  type.fail(
      fmt::format("the normalizer '{}' is not supported; Sequence, NFC, NFD, NFKC, NFKD, "
                  "Lowercase, StripAccents, Strip, Prepend, Replace, BertNormalizer and "
                  "ByteLevel are",
                  name));
}

}  // namespace

std::string replace_all(std::string_view text, std::string_view what, std::string_view with,
                        size_t most) {
  std::string out;
  size_t begin = 0;
  while (!what.empty()) {
    const size_t at = text.find(what, begin);
    if (at == std::string_view::npos) break;
    out.append(text.substr(begin, at - begin)).append(with);
    begin = at + what.size();
    if (out.size() > most) return out;
  }
  return out.append(text.substr(begin));
}

Normalizer make_normalizer(const JsonView& from) {
  return [normalize = make_unchecked(from), place = from.place()](const std::string& text,
                                                                  size_t most) {
    std::string out = normalize(text, most);
    check_growth(out.size(), most, place);
    return out;
  };
}

}  // namespace tapehead::data::tokenizing
