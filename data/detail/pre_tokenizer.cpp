#include "tapehead/data/detail/pre_tokenizer.h"

#include <fmt/format.h>

#include "tapehead/data/detail/growth.h"
#include "tapehead/data/detail/split_pattern.h"
#include "tapehead/data/detail/unicode_classes.h"

namespace tapehead::data::tokenizing {
namespace {

/// A stretch of a piece, in code points: [begin, end), and whether the delimiter matched it.
struct Stretch {
  size_t begin, end;
  bool match;
};

/// A pre-tokenizer that expands the pieces by at most a small factor.
using BoundedSplitter = std::function<void(std::vector<Piece>&)>;

/// Splits a piece into stretches that cover it.
using Cut = std::function<std::vector<Stretch>(std::u32string_view)>;

enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };

Behavior behavior_of(const JsonView& from) {
  static const std::pair<const char*, Behavior> names[] = {
      {"Isolated", Behavior::kIsolated},
      {"Removed", Behavior::kRemoved},
      {"MergedWithPrevious", Behavior::kMergedWithPrevious},
      {"MergedWithNext", Behavior::kMergedWithNext},
      {"Contiguous", Behavior::kContiguous}};
  const JsonView field = from.at("behavior");
  for (const auto& [name, behavior] : names) {
    if (field.text() == name) return behavior;
  }
  field.fail(
      fmt::format("'{}' is not supported; Isolated, Removed, MergedWithPrevious, "
                  "MergedWithNext and Contiguous are",
                  field.text()));
}

/// Joins or drops stretches according to the behavior. Only the first of consecutive matches is
/// merged with its neighbour.
std::vector<Stretch> arrange(const std::vector<Stretch>& cut, Behavior behavior) {
  std::vector<Stretch> out;
  for (size_t i = 0; i < cut.size(); ++i) {
    const bool after_match = i > 0 && cut[i - 1].match;
    const bool joins =
        !out.empty() &&
        ((behavior == Behavior::kContiguous && cut[i].match == after_match) ||
         (behavior == Behavior::kMergedWithPrevious && cut[i].match && !after_match) ||
         (behavior == Behavior::kMergedWithNext && after_match && !cut[i].match));
    if (joins) {
      out.back().end = cut[i].end;
    } else if (behavior != Behavior::kRemoved || !cut[i].match) {
      out.push_back(cut[i]);
    }
  }
  return out;
}

/// Replaces each piece by its stretches.
BoundedSplitter splitter(Cut cut, Behavior behavior) {
  return [cut = std::move(cut), behavior](std::vector<Piece>& pieces) {
    std::vector<Piece> out;
    out.reserve(pieces.size());
    for (const Piece& piece : pieces) {
      const std::u32string text = code_points(piece.text);
      for (const Stretch& s : arrange(cut(text), behavior)) {
        if (s.begin == s.end) continue;
        out.push_back({to_utf8(std::u32string_view(text).substr(s.begin, s.end - s.begin)),
                       piece.first && s.begin == 0});
      }
    }
    pieces = std::move(out);
  };
}

/// Each character of the class is a match; other characters form runs.
Cut by_class(bool (*member)(char32_t)) {
  return [member](std::u32string_view text) {
    std::vector<Stretch> out;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool match = member(text[i]);
      if (!match && !out.empty() && !out.back().match) {
        out.back().end = i + 1;
      } else {
        out.push_back({i, i + 1, match});
      }
    }
    return out;
  };
}

Cut by_string(std::u32string delimiter, bool invert) {
  return [delimiter = std::move(delimiter), invert](std::u32string_view text) {
    std::vector<Stretch> out;
    for (size_t begin = 0; begin < text.size();) {
      const size_t found = delimiter.empty() ? text.npos : text.find(delimiter, begin);
      const bool there = found != text.npos;
      const size_t at = there ? found : text.size();
      if (at > begin) out.push_back({begin, at, invert});
      if (there) out.push_back({at, at + delimiter.size(), !invert});
      begin = there ? at + delimiter.size() : text.size();
    }
    return out;
  };
}

Cut by_pattern(SplitPattern pattern) {
  return [pattern](std::u32string_view text) {
    std::vector<Stretch> out;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = pattern.end_of_piece(text, begin);
      out.push_back({begin, end, true});
      begin = end;
    }
    return out;
  };
}

/// Words, and runs of other characters; white space is dropped.
std::vector<Stretch> cut_words(std::u32string_view text) {
  using namespace unicode;
  std::vector<Stretch> out;
  const auto kind = [](char32_t c) { return is_word(c) ? 2 : is_white_space(c) ? 1 : 0; };
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    const int of_run = kind(text[begin]);
    for (end = begin + 1; end < text.size() && kind(text[end]) == of_run;) ++end;
    out.push_back({begin, end, of_run == 1});
  }
  return out;
}

BoundedSplitter split(const JsonView& from) {
  const JsonView pattern = from.at("pattern");
  const Behavior behavior = behavior_of(from);
  const bool invert = from.boolean_or("invert", false);
  const auto regex = pattern.find("Regex");
  if (!regex) return splitter(by_string(code_points(plain_pattern(from)), invert), behavior);
  const auto known = find_split_pattern(regex->text());
  if (!known) {
    regex->fail(fmt::format("the regular expression {} is not supported; those of {} are",
                            regex->text(), known_split_patterns()));
  }
  // The matches of a supported pattern leave no gaps, so keeping them gives the same result as
  // isolating them.
  if (behavior == Behavior::kIsolated || (behavior == Behavior::kRemoved && invert)) {
    return splitter(by_pattern(*known), Behavior::kIsolated);
  }
  from.fail("a regular expression is supported with behavior Isolated, or Removed and invert");
}

BoundedSplitter byte_level(bool prefix_space, bool use_regex) {
  const SplitPattern gpt2{SplitPattern::kGpt2};
  const BoundedSplitter cut = splitter(by_pattern(gpt2), Behavior::kIsolated);
  return [=](std::vector<Piece>& pieces) {
    for (Piece& piece : pieces) {
      if (prefix_space && !piece.text.starts_with(' ')) piece.text.insert(0, " ");
    }
    if (use_regex) cut(pieces);
    for (Piece& piece : pieces) piece.text = to_byte_level(piece.text);
  };
}

BoundedSplitter metaspace(const JsonView& from) {
  const std::string mark = from.text_or("replacement", "\u2581");
  const std::u32string mark_points = code_points(mark);
  if (mark_points.size() != 1) from.at("replacement").fail("must be one character");
  const Prepend scheme = prepend_scheme(from);
  const BoundedSplitter cut =
      from.boolean_or("split", true)
          ? splitter(by_string(mark_points, false), Behavior::kMergedWithNext)
          : nullptr;
  return [=](std::vector<Piece>& pieces) {
    for (Piece& piece : pieces) {
      std::string text;
      for (const char c : piece.text) c == ' ' ? text += mark : text += c;
      const bool wanted = scheme == Prepend::kAlways || (scheme == Prepend::kFirst && piece.first);
      if (wanted && !text.starts_with(mark)) text.insert(0, mark);
      piece.text = std::move(text);
    }
    if (cut) cut(pieces);
  };
}

PreTokenizer sequence(const JsonView& from) {
  std::vector<PreTokenizer> parts;
  for (const JsonView& part : from.at("pretokenizers").items()) {
    parts.push_back(make_pre_tokenizer(part));
  }
  return [parts = std::move(parts)](std::vector<Piece>& pieces, size_t most) {
    for (const PreTokenizer& part : parts) part(pieces, most);
  };
}

/// BERT's pre-tokenizer: drops white space and splits off punctuation.
BoundedSplitter bert() {
  return [words = splitter(by_class(unicode::is_white_space), Behavior::kRemoved),
          marks = splitter(by_class(unicode::is_punctuation), Behavior::kIsolated)](
             std::vector<Piece>& pieces) {
    words(pieces);
    marks(pieces);
  };
}

BoundedSplitter make_bounded(const JsonView& from) {
  using namespace unicode;
  const JsonView type = from.at("type");
  const std::string& name = type.text();
  if (name == "ByteLevel") {
    return byte_level(from.boolean_or("add_prefix_space", true),
                      from.boolean_or("use_regex", true));
  }
  if (name == "Split") return split(from);
  if (name == "Metaspace") return metaspace(from);
  if (name == "BertPreTokenizer") return bert();
  if (name == "Whitespace") return splitter(cut_words, Behavior::kRemoved);
  if (name == "WhitespaceSplit") return splitter(by_class(is_white_space), Behavior::kRemoved);
  if (name == "Punctuation") return splitter(by_class(is_punctuation), behavior_of(from));
  if (name == "Digits") {
    const bool each = from.boolean_or("individual_digits", false);
    return splitter(by_class(is_digit), each ? Behavior::kIsolated : Behavior::kContiguous);
  }
  type.fail(
      fmt::format("the pre-tokenizer '{}' is not supported; Sequence, ByteLevel, Split, "
                  "Metaspace, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation and "
                  "Digits are",
                  name));
}

}  // namespace

std::string plain_pattern(const JsonView& component) {
  const JsonView pattern = component.at("pattern");
  if (const auto text = pattern.find("String")) return text->text();
  pattern.fail("a plain String is supported here, a regular expression is not");
}

Prepend prepend_scheme(const JsonView& metaspace) {
  const auto scheme = metaspace.find("prepend_scheme");
  if (!scheme) {
    return metaspace.boolean_or("add_prefix_space", true) ? Prepend::kAlways : Prepend::kNever;
  }
  if (scheme->text() == "always") return Prepend::kAlways;
  if (scheme->text() == "first") return Prepend::kFirst;
  if (scheme->text() == "never") return Prepend::kNever;
  scheme->fail(fmt::format("'{}' is not one of always, first and never", scheme->text()));
}

size_t bytes_of(const std::vector<Piece>& pieces) {
  size_t bytes = 0;
  for (const Piece& piece : pieces) bytes += piece.text.size();
  return bytes;
}

PreTokenizer make_pre_tokenizer(const JsonView& from) {
  if (from.at("type").text() == "Sequence") return sequence(from);
  return [cut = make_bounded(from), place = from.place()](std::vector<Piece>& pieces, size_t most) {
    cut(pieces);
    check_growth(bytes_of(pieces), most, place);
  };
}

}  // namespace tapehead::data::tokenizing
