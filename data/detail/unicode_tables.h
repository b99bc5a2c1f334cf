// Where the Unicode tables behind Hugging Face's tokenizers differ from utf8proc's. Theirs come
// from libraries of several ages: normal forms and BERT's classes are of Unicode 9 or before, the
// classes of patterns of Unicode 16, lower case of Unicode 17. Ids must not depend on that.
// The tables are exact for a utf8proc of Unicode 15.0; a newer one may differ in what it newly
// assigns.
#pragma once

#include <span>

namespace tapehead::data::unicode {

struct Range {
  char32_t first, last;
};

/// Code points to add to a class of utf8proc, and to remove from it; in increasing order.
struct Difference {
  std::span<const Range> added, removed;
};

struct LowerCase {
  char32_t upper, lower;
};

extern const Difference kLetters, kNumbers, kMarks;           // \p{L}, \p{N}, \p{M} in patterns
extern const Difference kCapitals, kSmall;                    // [\p{Lu}\p{Lt}], \p{Ll}
extern const Difference kDigits;                              // the pre-tokenizer Digits
extern const Difference kWordCharacters;                      // \w
extern const Difference kPunctuation, kControl, kNonspacing;  // BERT's
extern const Difference kCombining;                           // what StripAccents removes
extern const Difference kForeign;                             // unknown to the normal forms
extern const std::span<const LowerCase> kLowerCases;

}  // namespace tapehead::data::unicode
