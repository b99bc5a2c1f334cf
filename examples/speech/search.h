// From sound to text: the searches of examples/speech.cpp.
#pragma once

#include "tapehead/examples/speech/letter_model.h"
#include "tapehead/examples/speech/model.h"

namespace speech {

// A recognised text, and where each of its letters was heard.
struct Transcript {
  std::vector<int64_t> letters;
  std::vector<std::vector<float>> weights;  // of encoded frames, a row for each letter
};

// Recognises batches of features.
struct Searcher {
  const Recogniser& model;
  const Frontend& frontend;
  const LetterModel* language_model;  // or null
  Options options;
  int64_t beam = 1;
  double lm_weight = 0;

  Searcher(const Recogniser& m, const Frontend& f, const LetterModel* lm, const Options& t)
      : model(m),
        frontend(f),
        language_model(lm),
        options(t),
        beam(t.beam),
        lm_weight(lm == nullptr ? 0 : t.lm_weight) {}

  // The transcripts of clips, in their order.
  std::vector<Transcript> operator()(const std::vector<Clip>& clips) const {
    const nn::EvalGuard eval(model.params);
    std::optional<nn::EvalGuard> eval_lm;
    if (language_model != nullptr) eval_lm.emplace(language_model->params);
    std::vector<int64_t> order(clips.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(
        order, {}, [&](int64_t i) { return clips[static_cast<size_t>(i)].features.size(0); });
    std::vector<Transcript> found(clips.size());
    std::vector<Tensor> features;
    features.reserve(clips.size());
    for (const Clip& c : clips) features.push_back(padded(frontend.normalized(c.features)));
    const data::TokenLists none(clips.size());
    for (size_t at = 0; at < order.size();) {
      std::vector<int64_t> which;
      int64_t longest = 0;
      for (; at < order.size(); which.push_back(order[at++])) {
        longest = std::max(longest, features[static_cast<size_t>(order[at])].size(0));
        if (!which.empty() && longest * static_cast<int64_t>(which.size() + 1) > 16'000) break;
      }
      std::vector<Transcript> some = batch(data::speech_batch(features, none, which));
      for (size_t i = 0; i < some.size(); ++i)
        found[static_cast<size_t>(which[i])] = std::move(some[i]);
    }
    return found;
  }
  Transcript one(const Tensor& features) const { return (*this)({{.features = features}})[0]; }

 private:
  // Features of at least as many frames as the encoder takes: repeats the quietest value.
  Tensor padded(const Tensor& x) const {
    const int64_t missing = model.encoder.least_frames() - x.size(0);
    if (missing <= 0) return x;
    return cat({x, full({missing, x.size(1)}, x.amin().item())}, 0);
  }

  std::vector<Transcript> batch(const data::SpeechBatch& b) const {
    const nn::EncodedFrames frames = model.encode(b.features, b.feature_lengths);
    if (model.transducer) return with_transducer(frames);
    return model.decoder ? with_attention(frames) : with_ctc(frames);
  }

  std::vector<Transcript> with_transducer(const nn::EncodedFrames& frames) const {
    std::vector<nn::AlignedHypothesis> best;
    if (beam == 1 && lm_weight == 0) {
      best = model.transducer->greedy_search(frames.out, frames.lengths);
    } else {
      best = first_of_each(model.transducer->beam_search(
          frames.out, frames.lengths,
          {.beam = beam, .token_bonus = options.token_bonus, .language_model = fused()}));
    }
    std::vector<Transcript> all;
    all.reserve(best.size());
    for (const nn::AlignedHypothesis& h : best)
      all.push_back({h.tokens, peaks(h.timesteps, frames.out.size(1))});
    return all;
  }

  static std::vector<std::vector<float>> peaks(const std::vector<int64_t>& at, int64_t steps) {
    std::vector<std::vector<float>> rows;
    for (const int64_t t : at) {
      rows.emplace_back(static_cast<size_t>(steps), 0.0F);
      rows.back()[static_cast<size_t>(t)] = 1;
    }
    return rows;
  }

  static std::vector<nn::AlignedHypothesis> first_of_each(
      std::vector<std::vector<nn::AlignedHypothesis>> lists) {
    std::vector<nn::AlignedHypothesis> best;
    best.reserve(lists.size());
    for (auto& list : lists) best.push_back(std::move(list.at(0)));
    return best;
  }

  // The language model, for searches of symbols.
  nn::SymbolLanguageModel fused() const {
    if (lm_weight == 0) return {};
    return {.model = [this](const Tensor& ids) { return language_model->gpt(ids); },
            .weight = lm_weight,
            .eos = data::kEos};
  }

  std::vector<Transcript> with_ctc(const nn::EncodedFrames& frames) const {
    const Tensor log_probs = model.ctc_log_probs(frames);
    std::vector<nn::AlignedHypothesis> best;
    if (options.letters == "one") {
      best = likeliest_letters(log_probs, frames.lengths);
    } else if (beam == 1 && lm_weight == 0) {
      best = nn::ctc_greedy_search(log_probs, frames.lengths);
    } else {
      best = first_of_each(nn::ctc_beam_search(log_probs, frames.lengths,
                                               {.beam = beam,
                                                .beam_tokens = 12,
                                                .token_bonus = options.token_bonus,
                                                .language_model = fused()}));
    }
    std::vector<Transcript> all;
    for (size_t i = 0; i < best.size(); ++i)
      all.push_back({best[i].tokens, heard(log_probs[static_cast<int64_t>(i)], best[i])});
    return all;
  }

  // The one letter of each recording that explains all of its frames best.
  static std::vector<nn::AlignedHypothesis> likeliest_letters(const Tensor& log_probs,
                                                              const Tensor& lengths) {
    const int64_t B = log_probs.size(0), V = log_probs.size(2);
    const Tensor by_frame = log_probs.transpose(0, 1), one = ones({B}, i64);
    std::vector<Tensor> losses;
    for (int64_t letter = data::kSpecials; letter < V; ++letter)
      losses.push_back(ctc_loss(by_frame, full({B, 1}, letter, i64), lengths, one,
                                {.reduction = Reduction::none}));
    const auto letters = (argmin(stack(losses), 0) + int64_t{data::kSpecials}).to_vector<int64_t>();
    std::vector<nn::AlignedHypothesis> all;
    for (int64_t b = 0; b < B; ++b) {
      const int64_t letter = letters[static_cast<size_t>(b)];
      const auto path =
          nn::ctc_align(log_probs[b].narrow(0, 0, lengths[b].item<int64_t>()), {letter});
      all.push_back({{letter}, nn::ctc_timesteps(path)});
    }
    return all;
  }

  // The probability of each letter from the frame in which it begins to the next letter's.
  static std::vector<std::vector<float>> heard(const Tensor& log_probs,
                                               const nn::AlignedHypothesis& h) {
    const int64_t steps = log_probs.size(0);
    const Tensor p = exp(log_probs);
    std::vector<std::vector<float>> rows;
    for (size_t i = 0; i < h.tokens.size(); ++i) {
      std::vector<float> row(static_cast<size_t>(steps), 0.0F);
      const int64_t end = i + 1 < h.tokens.size() ? h.timesteps[i + 1] : steps;
      for (int64_t t = h.timesteps[i]; t < end; ++t)
        row[static_cast<size_t>(t)] = p[t][h.tokens[i]].item<float>();
      rows.push_back(std::move(row));
    }
    return rows;
  }

  std::vector<Transcript> with_attention(const nn::EncodedFrames& frames) const {
    nn::BeamOptions o{.beam = beam,
                      .length_penalty = options.length_penalty,
                      .max_length = frames.out.size(1) + 5,
                      .bos = data::kBos,
                      .eos = data::kEos,
                      .suppress = {data::kPad, data::kUnk, data::kBos}};
    if (options.letters == "one") {
      o.max_length = 1;
      o.suppress.push_back(data::kEos);
    }
    if (model.ctc && beam > 1 && model.ctc_weight > 0) {
      o.decoder_weight = 1 - model.ctc_weight;
      o.scorers.push_back(nn::ctc_scorer(model.ctc_log_probs(frames), frames.lengths,
                                         {.weight = model.ctc_weight, .eos = data::kEos}));
    }
    if (lm_weight > 0)
      o.scorers.push_back(
          nn::language_model_scorer(nn::with_caches(language_model->gpt), {.weight = lm_weight}));
    std::vector<Transcript> all;
    for (nn::Hypothesis& h : model.decoder->search(model.start(frames), o)) {
      h.attention.resize(h.tokens.size());  // without eos
      all.push_back({std::move(h.tokens), std::move(h.attention)});
    }
    return all;
  }
};

}  // namespace speech
