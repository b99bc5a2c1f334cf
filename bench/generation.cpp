// How fast GPT-2 (12 layers of 768, random weights) writes with its caches, near the start of its
// context and far into it; and whether it writes the same without them. Exits with 1 when it does
// not.
#include <tapehead/tapehead.h>

#include <algorithm>
#include <chrono>

using namespace tapehead;

namespace {

constexpr int64_t kVocab = 50257;

// Tokens a second after `context` tokens: the median of those that follow.
double speed(const nn::Gpt& gpt, int64_t context) {
  const NoGrad off;
  auto caches = gpt.caches();
  Tensor ids = randint(kVocab, {1, context});
  std::vector<double> times;
  for (int i = 0; i < 24; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Tensor logits = gpt(ids, caches);
    ids = argmax(logits.select(1, logits.size(1) - 1), -1, true);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (i > 0) times.push_back(time.count());  // the first reads the context
  }
  std::nth_element(times.begin(), times.begin() + 11, times.end());
  return 1 / times[11];
}

std::vector<int64_t> written(const nn::Gpt& gpt, bool cached) {
  return nn::generate(cached ? nn::with_caches(gpt) : nn::without_caches(gpt), {464, 2068, 7586},
                      {.sampling = {.temperature = 0}, .length = 20})[0];
}

}  // namespace

int main() {
  nn::Params params(1);
  const nn::Gpt gpt(params / "gpt", {.vocab = kVocab});
  params.eval();
  const bool same = written(gpt, true) == written(gpt, false);
  fmt::print("with caches and without: {}\n", same ? "the same tokens" : "OTHER tokens");
  const double near = speed(gpt, 50), far = speed(gpt, 1000);
  fmt::print("at 50 tokens {:.1f} tokens/s, at 1,000 {:.1f}: {:.2f} of it\n", near, far,
             far / near);
  return !same;
}
