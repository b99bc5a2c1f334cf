// The options of examples/speech.cpp, and their defaults for each kind of data.
#pragma once

#include <tapehead/tapehead.h>

#include <filesystem>
#include <string>
#include <vector>

namespace speech {

using namespace tapehead;
using train::Keep;

// What the recordings are.
enum class Kind { tones, digits, strings, folder };

struct Options {
  std::string model, encoder, join, normalize, letters, train = "", dev = "", test = "",
                                                        lm_text = "";
  int64_t hidden_size = 0, num_layers = 0, channels = 0, embed_dim = 64, decoder_size = 0;
  int64_t num_heads = 4, kernel_size = 15, conv_filters = 10, joint_dim = 160;
  int64_t rate = 0, mels = 40, frames = 0, examples = 0;
  int64_t lm_epochs = 12, lm_size = 128, lm_layers = 3;
  double shift = 0, frame_length = 0, warp = -1, mask = -1, noise = -1, dropout = -1,
         smoothing = 0.05, scheduled = 0, guided = -1;
  double ctc_weight = 0.3, lm_weight = -1, token_bonus = 0, length_penalty = -100;
  double lr = 0, average = -1, weight_decay = 1e-3, minutes = 0, max_seconds = 20;
  int64_t beam = 0;
  bool lm = false, strict = false, interactive = false;
  std::vector<std::string> transcribe;
  Kind kind = Kind::tones;
};

inline void add_model_options(train::Cli& cli, Options& t) {
  cli.option("--model", t.model, {"las", "ctc", "joint", "conformer", "transducer"},
             "las: attention; joint: CTC and attention; conformer: joint, with a Conformer encoder "
             "(ctc; folders joint)",
             Keep::fixed);
  cli.option(
      "--encoder", t.encoder, {"lstm", "pyramid", "conformer", "transformer"},
      "lstm: convolutions and LSTM layers; pyramid: LSTM layers that halve the frames (lstm)",
      Keep::fixed);
  cli.option("--hidden-size", t.hidden_size, train::kSize,
             "size of the encoder: of each direction of an LSTM, or of a Conformer or Transformer "
             "(tones 48, digits 192, strings 128, folders 224, with a Conformer or Transformer "
             "144)",
             Keep::fixed);
  cli.option("--num-layers", t.num_layers, train::kSize,
             "layers of the encoder (tones 1, digits 2, folders 3, with a Conformer or "
             "Transformer 6)",
             Keep::fixed);
  cli.option("--channels", t.channels, train::kSize,
             "channels of the first convolutions (64; tones 16)", Keep::fixed);
  cli.option("--num-heads", t.num_heads, train::kSize,
             "attention heads of a Conformer or Transformer (4)", Keep::fixed);
  cli.option("--kernel-size", t.kernel_size, train::kSize,
             "frames of a Conformer's convolutions (15)", Keep::fixed);
  cli.option("--decoder-size", t.decoder_size, train::kSize,
             "hidden size of the attention decoder, or of a transducer's prediction network "
             "(tones 64, digits 96, folders 224)",
             Keep::fixed);
  cli.option("--embed-dim", t.embed_dim, train::kSize, "size of the letters' embeddings (64)",
             Keep::fixed);
  cli.option("--conv-filters", t.conv_filters, {0, 1000},
             "filters of location-aware attention (10); 0: attention to the content only",
             Keep::fixed);
  cli.option("--joint-dim", t.joint_dim, train::kSize, "size of a transducer's joint network (160)",
             Keep::fixed);
  cli.option(
      "--ctc-weight", t.ctc_weight, train::kPart,
      "weight of CTC in the loss of joint models, and in their search with --beam above 1 (0.3)");
}

inline void add_data_options(train::Cli& cli, Options& t) {
  cli.option("--join", t.join, "recordings of digits in a string: N, or a range such as 3-7",
             Keep::fixed);
  cli.option("--examples", t.examples, {1, 10'000'000},
             "number of sequences of tones (2500) or of strings of digits (1000) in an epoch",
             Keep::fixed);
  cli.option("--train", t.train,
             "folders of --data, or Common Voice's splits, for training: one, or several separated "
             "by commas; by default the first whose name begins with train",
             Keep::fixed);
  cli.option("--dev", t.dev, "the same for choosing the best weights", Keep::fixed);
  cli.option("--test", t.test, "the same for testing; by default all that begin with test");
  cli.option("--rate", t.rate, {1000, 192000},
             "samples per second (8000; folders 16000); other recordings are resampled",
             Keep::fixed);
  cli.option("--mels", t.mels, {7, 512}, "number of filters of the log-mel features (40)",
             Keep::fixed);
  cli.option("--shift", t.shift, {1, 100},
             "milliseconds between frames (tones 5, digits 8, folders 6, with las 10)",
             Keep::fixed);
  cli.option("--frame-length", t.frame_length, {1, 1000}, "milliseconds of a frame (25; tones 20)",
             Keep::fixed);
  cli.option("--normalize", t.normalize, {"utterance", "speaker", "corpus"},
             "whose mean and variance the features are normalised with (corpus; folders utterance)",
             Keep::fixed);
  cli.option("--warp", t.warp, {0, 0.5},
             "largest relative change of tempo and frequencies in training "
             "(tones 0, digits 0.1, strings 0.15, folders 0.18)");
  cli.option("--noise", t.noise, train::kPart,
             "share of the recordings to which noise and another loudness of each frequency are "
             "added in training (0.3; folders 0.5, tones 0)");
  cli.option("--mask", t.mask, {0, 1},
             "share of the frames and of the features that a mask of SpecAugment may cover "
             "(tones 0, digits 0.2, folders 0.15)");
  cli.option("--max-seconds", t.max_seconds, {0.1, 3600},
             "longest recording in seconds (20); longer ones are left out");
  cli.flag("--strict", t.strict,
           "fail if recordings lack transcripts, or are too long, or too short for CTC");
}

inline void add_training_options(train::Cli& cli, Options& t) {
  cli.option("--frames", t.frames, {1, 10'000'000},
             "frames of a batch, before --warp (tones 4000, digits 2000, folders 3200); a longer "
             "recording is a batch of its own",
             Keep::fixed);
  cli.option("--minutes", t.minutes, {0, 100'000},
             "length of the recogniser's training, instead of --epochs; 0: --epochs", Keep::fixed);
  cli.option("--dropout", t.dropout, train::kPart,
             "dropout probability (tones 0, digits 0.4, strings 0.3, folders 0.1)");
  cli.option("--smoothing", t.smoothing, train::kPart,
             "label smoothing of the attention decoder (0.05)");
  cli.option("--guided-attention", t.guided, {0, 100},
             "weight at first of a loss for attention that does not go steadily through the "
             "recording; 0 after a quarter of the training (0; las of folders 2)");
  cli.option("--scheduled-sampling", t.scheduled, train::kPart,
             "probability with which the decoder reads its own letter in training");
  cli.option("--lr", t.lr, train::kPositive,
             "learning rate (tones 0.006, digits 0.003, folders 0.0015)");
  cli.option("--weight-decay", t.weight_decay, {0, 100}, "decoupled weight decay (0.001)");
  cli.option("--average", t.average, {0, 0.999999},
             "decay of the average of the weights (0.995; tones 0.98); 0: no average", Keep::fixed);
}

inline void add_search_options(train::Cli& cli, Options& t) {
  cli.option("--beam", t.beam, {1, 1000}, "beam width (1; folders 8); 1: greedy search");
  cli.option("--letters", t.letters, {"any", "one"},
             "one: the search finds one letter in each recording (any; digits one)");
  cli.flag("--lm", t.lm, "also train a language model of letters, for --lm-weight", Keep::fixed);
  cli.option("--lm-text", t.lm_text,
             "file of further sentences for it, without those of dev and test", Keep::fixed);
  cli.option("--lm-size", t.lm_size, train::kSize, "its width (128)", Keep::fixed);
  cli.option("--lm-layers", t.lm_layers, {1, 100}, "its layers (3)", Keep::fixed);
  cli.option("--lm-epochs", t.lm_epochs, {1, 100'000}, "its passes over the sentences (12)",
             Keep::fixed);
  cli.option("--lm-weight", t.lm_weight, {0, 100},
             "weight of the language model in the search (0.3; las 0.1)");
  cli.option(
      "--token-bonus", t.token_bonus, {-100, 100},
      "added for each letter in the searches of CTC alone and of transducers, unless greedy");
  cli.option("--length-penalty", t.length_penalty, {-10, 10},
             "length penalty of searches with attention (0; las of folders 1)");
  cli.files("--transcribe", t.transcribe, "print what is said in these recordings");
  cli.flag("--interactive", t.interactive,
           "transcribe standard input, raw 16-bit samples of one channel at the model's --rate",
           Keep::no);
}

inline Kind kind_of(const Options& t, const train::Options& o) {
  if (!o.data) return Kind::tones;
  if (!std::filesystem::is_directory(*o.data + "/recordings")) return Kind::folder;
  return t.join.empty() ? Kind::digits : Kind::strings;
}

// Whether recordings or standard input are transcribed; with --eval, without other data.
inline bool uses_model(const Options& t) { return t.interactive || !t.transcribe.empty(); }

inline void check_kind(const Options& t) {
  if (!t.join.empty() && t.kind != Kind::strings)
    throw ValueError("--join: joins recordings of digits; give their folder with --data");
  if (t.normalize == "speaker" && t.kind != Kind::folder)
    throw ValueError("--normalize speaker: only recordings in folders have speakers");
  if (t.lm && t.lm_text.empty() && (t.kind == Kind::tones || t.kind == Kind::strings))
    throw ValueError("--lm: generated sequences are no sentences; give a file with --lm-text");
}

// The defaults that differ between kinds of data and models.
inline void set_defaults(Options& t, train::Options& o) {
  t.kind = kind_of(t, o);
  const bool folder = t.kind == Kind::folder, tones = t.kind == Kind::tones;
  if (!o.eval || !uses_model(t)) check_kind(t);
  train::set_default(t.model, "", folder ? "joint" : "ctc");
  train::set_default(t.encoder, "", t.model == "conformer" ? "conformer" : "lstm");
  if (t.normalize == "speaker" && t.noise > 0)
    throw ValueError("--noise: is not for features that are normalised by --normalize speaker");
  train::set_default(t.letters, "",
                     t.kind == Kind::digits && t.model != "transducer" && !t.lm ? "one" : "any");
  if (t.letters == "one" && (t.model == "transducer" || t.lm))
    throw ValueError(
        fmt::format("--letters one: {}", t.lm ? "a letter is no sentence; leave out --lm"
                                              : "the search of transducers finds any number"));
  if (!t.lm && (t.lm_weight > 0 || !t.lm_text.empty()))
    throw ValueError(fmt::format("--lm-{}: there is no language model; give --lm",
                                 t.lm_weight > 0 ? "weight" : "text"));
  if (t.ctc_weight == 1 && t.model != "las" && t.model != "ctc")
    throw ValueError(fmt::format(
        "--ctc-weight 1: leaves nothing to train the rest of {}; take --model ctc", t.model));
  const bool recurrent = t.encoder == "lstm" || t.encoder == "pyramid";
  train::set_default(t.normalize, "", folder ? "utterance" : "corpus");
  const bool digits = t.kind == Kind::digits;
  train::set_default(t.hidden_size, 0,
                     folder   ? (recurrent ? 224 : 144)
                     : tones  ? 48
                     : digits ? 192
                              : 128);
  train::set_default(t.num_layers, 0, folder ? (recurrent ? 3 : 6) : tones ? 1 : 2);
  train::set_default(t.channels, 0, tones ? 16 : 64);
  train::set_default(t.decoder_size, 0, folder ? 224 : tones ? 64 : 96);
  train::set_default(t.examples, 0, tones ? 2500 : 1000);
  train::set_default(t.rate, 0, folder ? 16000 : 8000);
  // Attention alone learns sooner where to look among fewer frames and with a guide, and its search
  // prefers what ends early.
  const bool las_of_folder = folder && t.model == "las";
  train::set_default(t.shift, 0.0, tones ? 5.0 : !folder ? 8.0 : las_of_folder ? 10.0 : 6.0);
  train::set_default(t.guided, -1.0, las_of_folder ? 2.0 : 0.0);
  train::set_default(t.frame_length, 0.0, tones ? 20.0 : 25.0);
  train::set_default(t.warp, -1.0, tones ? 0.0 : digits ? 0.1 : folder ? 0.18 : 0.15);
  train::set_default(t.noise, -1.0, tones || t.normalize == "speaker" ? 0.0 : folder ? 0.5 : 0.3);
  train::set_default(t.mask, -1.0, tones ? 0.0 : folder ? 0.15 : 0.2);
  train::set_default(t.frames, 0, folder ? 3200 : tones ? 4000 : 2000);
  train::set_default(t.dropout, -1.0, tones ? 0.0 : folder ? 0.1 : digits ? 0.4 : 0.3);
  train::set_default(t.lr, 0.0, folder ? 1.5e-3 : tones ? 6e-3 : 3e-3);
  train::set_default(t.average, -1.0, tones ? 0.98 : 0.995);
  train::set_default(t.beam, 0, folder ? 8 : 1);
  train::set_default(t.lm_weight, -1.0, !t.lm ? 0.0 : t.model == "las" ? 0.1 : 0.3);
  train::set_default(t.length_penalty, -100.0, las_of_folder ? 1.0 : 0.0);
  if (!o.epochs && !o.steps) o.epochs = folder ? 30 : tones ? 7 : digits ? 80 : 50;
}

}  // namespace speech
