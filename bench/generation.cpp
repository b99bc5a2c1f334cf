// Measures the speed of generation with caches for GPT-2 (12 layers of 768, random weights), near
// the start and the end of its context, and the time to sample a token of its vocabulary. Exits
// with 1 if the tokens without caches differ.
//
//   generation
//   generation --tokens 128 --prompt 64 --dtype bf16   # for bench/generation.py: one line of JSON
#include <tapehead/tapehead.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

using namespace tapehead;

namespace {

constexpr int64_t kVocab = 50257;

// Median speed in tokens per second after `context` tokens.
double speed(const nn::Gpt& gpt, int64_t context) {
  const NoGradGuard off;
  auto caches = gpt.caches();
  Tensor ids = randint(kVocab, {1, context});
  std::vector<double> times;
  for (int i = 0; i < 24; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Tensor logits = gpt(ids, caches);
    ids = argmax(logits.select(1, logits.size(1) - 1), -1, true);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (i > 0) times.push_back(time.count());  // the first call reads the context
  }
  std::nth_element(times.begin(), times.begin() + 11, times.end());
  return 1 / times[11];
}

// Milliseconds to sample a token.
double draw_time(const nn::SamplingOptions& options) {
  Generator generator{1, 0};
  const Tensor logits = randn({1, kVocab}, f32, generator) * 4;
  constexpr int kDraws = 50;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kDraws; ++i) nn::sample(logits, {{}}, options, generator);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return 1e3 * time.count() / kDraws;
}

std::vector<int64_t> written(const nn::Gpt& gpt, bool cached) {
  return nn::generate(cached ? nn::with_caches(gpt) : nn::without_caches(gpt), {464, 2068, 7586},
                      {.sampling = {.temperature = 0}, .length = 20})[0];
}

// Seconds to generate `tokens` tokens, greedily, for each of `batch` prompts.
double generation_time(const nn::Gpt& gpt, int64_t prompt, int64_t batch, int64_t tokens) {
  const std::vector<int64_t> ids(static_cast<size_t>(prompt), 464);
  const auto start = std::chrono::steady_clock::now();
  nn::generate(nn::with_caches(gpt), ids, {.sampling = {.temperature = 0}, .length = tokens},
               batch);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures the speed of generation for GPT-2.");
  int64_t prompt = 64, batch = 1, tokens = 0;
  int threads = 0, rounds = 1;
  std::string dtype = "f32";
  app.add_option("--tokens", tokens, "generates this many, and prints the times as JSON");
  app.add_option("--prompt", prompt, "tokens of the prompt")->capture_default_str();
  app.add_option("--batch", batch, "sequences")->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str();
  app.add_option("--dtype", dtype)->check(CLI::IsMember({"f32", "bf16"}))->capture_default_str();
  app.add_option("--threads", threads, "0: as many as CPUs")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (threads > 0) set_num_threads(threads);
  nn::Params params(1);
  const nn::Gpt gpt(params / "gpt", {.vocab_size = kVocab});
  params.eval();
  if (dtype == "bf16") params.to(bf16);
  for (int round = 0; tokens > 0 && round < rounds; ++round) {
    if (round == 0) generation_time(gpt, prompt, batch, 4);
    const double first = generation_time(gpt, prompt, batch, 1);
    const double all = generation_time(gpt, prompt, batch, tokens);
    fmt::print("{{\"first_ms\": {:.3f}, \"all_ms\": {:.3f}}}\n", 1e3 * first, 1e3 * all);
  }
  if (tokens > 0) return 0;
  const bool same = written(gpt, true) == written(gpt, false);
  fmt::print("with caches and without: {}\n", same ? "the same tokens" : "OTHER tokens");
  const double near = speed(gpt, 50), far = speed(gpt, 1000);
  fmt::print("at 50 tokens {:.1f} tokens/s, at 1,000 {:.1f}: {:.2f} of it\n", near, far,
             far / near);
  fmt::print("drawing a token: {:.2f} ms, of the top 50 {:.2f} ms, of the top 90 % {:.2f} ms\n",
             draw_time({}), draw_time({.top_k = 50}), draw_time({.top_p = 0.9}));
  return !same;
}
