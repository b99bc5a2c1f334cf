// Streaming decoding: text from tokens as they are generated, up to a stop string.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

struct TextStreamOptions {
  std::vector<std::string> stop = {};  ///< the text ends before the first occurrence of any
  /// Called with each new piece of text as soon as it is final: a possible beginning of a stop
  /// string and an incomplete character are held back.
  std::function<void(std::string_view piece)> on_text = {};
};

/// Decodes one generated sequence. A stop string may span tokens or end within one.
///
///   data::TextStream text([&](std::span<const int64_t> ids) { return bpe.decode(ids); },
///                       {.stop = {"\n\n"}, .on_text = print});
///   nn::generate(model, prompt, {.on_token = [&](int64_t, int64_t id) { return text.push(id); }});
///   text.finish();
/// Example: data::TextStream text([](std::span<const int64_t> ids) { return
///     std::string(ids.begin(), ids.end()); }, {.stop = {"c"}}); for (const int64_t id : {97, 98,
///     99}) text.push(id); text.text()  // ab
class TextStream {
 public:
  /// Decodes the tokens of a sequence, or its last tokens, to text. Further tokens must only append
  /// to the text, except for an incomplete character at its end. The text of a token may depend on
  /// the few tokens before it, and the first one may lack its space, but not on distant ones: only
  /// recent tokens are decoded again, so that the time is linear in the number of tokens.
  using Decode = std::function<std::string(std::span<const int64_t> ids)>;

  /// Throws ValueError for an empty stop string.
  explicit TextStream(Decode decode, TextStreamOptions options = {});

  /// Appends a token. Returns false once a stop string has been found.
  bool push(int64_t token);
  /// Ends the sequence: emits the text that was held back.
  void finish();

  /// The text emitted so far, without the stop string; complete once finished or stopped.
  const std::string& text() const { return text_; }
  bool stopped() const { return stopped_; }

 private:
  void give(std::string_view text);
  std::string_view not_given(const std::string& text);
  void forget(std::string_view text);

  Decode decode_;
  TextStreamOptions options_;
  std::vector<int64_t> tokens_;  // the last tokens, which are decoded again each time
  size_t limit_;                 // the number at which forget() is called
  std::string given_;            // the part of their text that was emitted
  std::string text_;
  bool stopped_ = false;
};

}  // namespace tapehead::data
