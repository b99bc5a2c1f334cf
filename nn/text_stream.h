// Text out of tokens as they come, up to a stop string.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::nn {

struct TextStreamOptions {
  std::vector<std::string> stop = {};  ///< the text ends before the first of them that comes
  /// Gets the text piece by piece, as soon as it is certain: what may become a stop string, and a
  /// character of which some bytes are to come, are held back.
  std::function<void(std::string_view piece)> on_text = {};
};

/// The text of one generated sequence. A stop string may span tokens, or end within one.
///
///   nn::TextStream text([&](std::span<const int64_t> ids) { return bpe.decode(ids); },
///                       {.stop = {"\n\n"}, .on_text = print});
///   nn::generate(model, prompt, {.on_token = [&](int64_t, int64_t id) { return text.push(id); }});
///   text.finish();
class TextStream {
 public:
  /// The text of the tokens of a sequence, or of the last of them; more tokens only add to it, but
  /// for characters at its end that are incomplete. What a token adds may depend on those just
  /// before it, and the first one may lack its space, but the text of the last tokens must not
  /// depend on what is far before them. So the time is linear in the number of tokens.
  using Decode = std::function<std::string(std::span<const int64_t> ids)>;

  /// Throws ValueError for an empty stop string.
  explicit TextStream(Decode decode, TextStreamOptions options = {});

  /// Takes the next token; false once a stop string has come.
  bool push(int64_t token);
  /// There are no more tokens: gives out what was held back.
  void finish();

  /// What was given out: all of the text once finished or stopped, without the stop string.
  const std::string& text() const { return text_; }
  bool stopped() const { return stopped_; }

 private:
  void give(std::string_view text);
  std::string_view not_given(const std::string& text);
  void forget(std::string_view text);

  Decode decode_;
  TextStreamOptions options_;
  std::vector<int64_t> tokens_;  // the last ones, which are decoded each time
  size_t limit_;                 // how many of them are too many
  std::string given_;            // what was given out of their text
  std::string text_;
  bool stopped_ = false;
};

}  // namespace tapehead::nn
