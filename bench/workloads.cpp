// Times training steps of common models and prints one JSON line for each, with the names, shapes
// and output format of the PyTorch programs that they are compared with (bench/versus.py).
//
//   workloads [--only a,b] [--precision fp32] [--threads N] [--seconds S] [--capture]
//
// --capture times captured steps (autograd/capture.h), taking turns with plain ones, whose times
// are reported as plain_ms_per_step.
#include <tapehead/tapehead.h>

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "tapehead/examples/caption/options.h"
#include "tapehead/examples/speech/model.h"

using namespace tapehead;

namespace {

// A training step and the number of items that it processes.
struct Workload {
  std::string name;
  double items;  // per step
  std::string unit;
  nn::Params params;
  std::function<Tensor()> loss;
};

// Numbers in 0..10006 by a formula that the PyTorch programs share.
Tensor formula_numbers(const Shape& shape) {
  const Tensor k = arange(shape.numel());
  return ((31 * square(k) + 7919 * k) % 10007).reshape(shape);
}
Tensor formula_ids(int64_t n, const Shape& shape) { return formula_numbers(shape) % n; }
// Numbers in -1..1.
Tensor formula(const Shape& shape) { return formula_numbers(shape).to(f32) / 5003 - 1; }

// Fills the parameters, so that the first loss is that of the same model in PyTorch.
void fill_by_formula(const nn::Params& params) {
  const NoGradGuard off;
  for (const nn::Param& p : params.trainable()) {
    const auto columns = static_cast<double>(p.value.numel() / p.value.size(0));
    const bool vector = p.value.dim() == 1;  // a bias, or the weight of a norm
    const bool norm = vector && p.path.ends_with("weight");
    p.value.copy_(formula(p.value.shape()) * (vector ? 0.1 : std::sqrt(3 / columns)) +
                  (norm ? 1 : 0));
  }
}

// 16 layers of 32 with tanh: dominated by the overhead per op.
Workload mlp_tiny() {
  nn::Params params;
  const auto layers = std::make_shared<std::vector<nn::Linear>>(
      nn::stack<nn::Linear>(params / "layers", 16, 32, 32));
  const Tensor input = randn({8, 32});
  return {"mlp_tiny", 8, "row", params, [=] {
            Tensor x = input;
            for (const nn::Linear& layer : *layers) x = tanh(layer(x));
            return mean(square(x));
          }};
}

// A bidirectional LSTM, a decoder with additive attention, and a vocabulary of 6,000.
struct Seq2Seq {
  static constexpr int64_t V = 6000, E = 256, H = 256;
  nn::Embedding source, target;
  nn::Rnn encoder;
  nn::Cell cell;
  nn::SequenceAttention attention;
  nn::Linear out;

  explicit Seq2Seq(const nn::Scope& at)
      : source(at / "source", V, E, {.init = nn::init::normal(0.02)}),
        target(at / "target", V, E, {.init = nn::init::normal(0.02)}),
        encoder(at / "encoder", E, H, {.bidirectional = true}),
        cell(at / "cell", E + 2 * H, H),
        attention(at / "attention", {.score = nn::Score::additive,
                                     .query_dim = H,
                                     .memory_dim = 2 * H,
                                     .attention_dim = H}),
        out(at / "out", 3 * H, V) {}

  Tensor loss(const Tensor& from, const Tensor& to, const Tensor& wanted) const {
    const nn::AttentionMemory memory = attention.prepare(encoder(source(from)).out);
    const std::vector<Tensor> embedded = unbind(target(to), 1);
    nn::RnnState state{zeros({from.size(0), H}), zeros({from.size(0), H})};
    std::vector<Tensor> outs;
    for (const Tensor& x : embedded) {
      const Tensor context = attention(state.h, memory).context;
      state = cell(cat({x, context}, -1), state);
      outs.push_back(cat({state.h, context}, -1));
    }
    return cross_entropy(out(tapehead::stack(outs, 1)), wanted);
  }
};

Workload seq2seq_lstm_attn() {
  nn::Params params;
  const auto model = std::make_shared<Seq2Seq>(params.root());
  const Tensor from = randint(Seq2Seq::V, {64, 20}), to = randint(Seq2Seq::V, {64, 20}),
               wanted = randint(Seq2Seq::V, {64, 20});
  return {"seq2seq_lstm_attn", 64 * 20, "tok", params,
          [=] { return model->loss(from, to, wanted); }};
}

// GPT-2's blocks with a tied head.
Workload gpt(const char* name, const nn::GptConfig& config, int64_t batch, int64_t length) {
  nn::Params params;
  const auto model = std::make_shared<nn::Gpt>(params / "gpt", config);
  const Tensor ids = randint(config.vocab_size, {batch, length});
  const Tensor next = randint(config.vocab_size, {batch, length});
  return {name, static_cast<double>(batch * length), "tok", params,
          [=] { return model->loss(ids, next); }};
}
Workload gpt_char() {
  return gpt("gpt_char",
             {.vocab_size = 65,
              .context = 64,
              .transformer = {.embed_dim = 128, .num_heads = 4, .num_layers = 4}},
             12, 64);
}
Workload gpt_char_big() {
  return gpt("gpt_char_big",
             {.vocab_size = 65,
              .context = 256,
              .transformer = {.embed_dim = 384, .num_heads = 6, .num_layers = 6}},
             16, 256);
}
Workload gpt2_124m() { return gpt("gpt2_124m", {.vocab_size = 50257}, 4, 64); }

// A Vision Transformer on images of MNIST's size.
Workload vit_mnist() {
  nn::Params params;
  const auto model = std::make_shared<nn::Vit>(
      params / "vit",
      nn::VitConfig{
          .image_size = {28, 28},
          .patch_size = {4, 4},
          .num_channels = 1,
          .num_classes = 10,
          .transformer = {
              .embed_dim = 128, .num_heads = 4, .num_layers = 6, .activation = nn::gelu_tanh}});
  const Tensor images = randn({128, 1, 28, 28}), labels = randint(10, {128});
  return {"vit_mnist", 128, "img", params, [=] { return model->loss(images, labels); }};
}

// A memory network of three hops over stories of fifty sentences.
Workload memn2n_babi() {
  constexpr int64_t kVocab = 180, kMemory = 50, kWords = 7, kBatch = 32;
  nn::Params params;
  const auto model = std::make_shared<nn::MemN2N>(
      params / "memn2n",
      nn::MemN2NConfig{.vocab_size = kVocab, .memory = kMemory, .words = kWords});
  const data::StoryBatch batch{
      .story = randint(kVocab, {kBatch, kMemory, kWords}),
      .sentences = full({kBatch}, kMemory, i64),
      .ages = (kMemory - 1 - arange(kMemory)).expand({kBatch, kMemory}).contiguous(),
      .question = randint(kVocab, {kBatch, kWords}),
      .answer = randint(kVocab, {kBatch})};
  return {"memn2n_babi", kBatch, "q", params, [=] { return model->loss(batch); }};
}

// Causal attention alone, of eight heads over T positions.
Workload attention(const char* name, int64_t T) {
  nn::Params params;
  std::vector<Tensor> x;
  for (const char* part : {"q", "k", "v"})
    x.push_back(params.root().param(part, {1, 8, T, 64}, nn::init::normal(0.5)));
  return {name, static_cast<double>(T), "pos", params, [=] {
            return sum(scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true}).out);
          }};
}
Workload attn_1k() { return attention("attn_1k", 1024); }
Workload attn_4k() { return attention("attn_4k", 4096); }

Workload classifier(const char* name, const nn::Params& params, const nn::Sequential& net,
                    const Tensor& images) {
  const int64_t count = images.size(0);
  const Tensor labels = randint(10, {count});
  return {name, static_cast<double>(count), "img", params,
          [=] { return cross_entropy(net(images), labels); }};
}

// LeNet-5 with ReLU and maxima.
Workload lenet_mnist() {
  nn::Params params;
  const nn::Sequential net(
      params / "net",
      {nn::Conv2d{1, 6, 5, {.padding = 2}}, nn::ReLU{}, nn::MaxPool2d{2}, nn::Conv2d{6, 16, 5},
       nn::ReLU{}, nn::MaxPool2d{2}, nn::Flatten{}, nn::Linear{400, 120}, nn::ReLU{},
       nn::Linear{120, 84}, nn::ReLU{}, nn::Linear{84, 10}});
  return classifier("lenet_mnist", params, net, randn({64, 1, 28, 28}));
}

// Two convolutions beside a shortcut (He et al. 2016).
struct ResidualBlock {
  nn::Conv2d conv1, conv2, shortcut;
  nn::BatchNorm2d norm1, norm2;

  ResidualBlock(const nn::Scope& at, int64_t from, int64_t to, int64_t stride)
      : conv1(at / "conv1", from, to, 3, {.stride = stride, .padding = 1, .bias = false}),
        conv2(at / "conv2", to, to, 3, {.padding = 1, .bias = false}),
        shortcut(at / "shortcut", from, to, 1, {.stride = stride, .bias = false}),
        norm1(at / "norm1", to),
        norm2(at / "norm2", to) {}
  Tensor operator()(const Tensor& x) const {
    return relu(norm2(conv2(relu(norm1(conv1(x))))) + shortcut(x));
  }
};

// A residual network of eight layers on images of CIFAR's size.
Workload resnet8_cifar() {
  nn::Params params;
  const auto block = [](int64_t from, int64_t to, int64_t stride) {
    return [=](const nn::Scope& at) { return ResidualBlock(at, from, to, stride); };
  };
  const nn::Sequential net(
      params / "net", {nn::Conv2d{3, 16, 3, {.padding = 1, .bias = false}}, nn::BatchNorm2d{16},
                       nn::ReLU{}, block(16, 16, 1), block(16, 32, 2), block(32, 64, 2),
                       nn::AdaptiveAvgPool2d{1}, nn::Flatten{}, nn::Linear{64, 10}});
  return classifier("resnet8_cifar", params, net, randn({64, 3, 32, 32}));
}

// examples/caption.cpp with soft attention on images of 64×64, without dropout.
Workload caption_emoji() {
  constexpr int64_t kVocab = 1000, kTokens = 12;
  caption::Options t;
  t.model.dropout = 0;
  train::Options o;
  o.data = "emoji";
  caption::set_defaults(t, o);
  t.model.side = 64;
  nn::Params params;
  const auto model = std::make_shared<caption::Captioner>(params.root(), t.model, kVocab);
  fill_by_formula(params);
  const Tensor images = (formula({t.batch, 3, 64, 64}) + 1) / 2,
               captions = formula_ids(kVocab - 4, {t.batch, kTokens + 1}) + 4;
  return {"caption_emoji", static_cast<double>(t.batch), "img", params,
          [=] { return model->loss(images, captions, 0); }};
}

// examples/speech.cpp with CTC and attention on sentences of 4 s, without dropout.
Workload speech_joint() {
  constexpr int64_t kVocab = 32, kBatch = 24, kFrames = 667, kLetters = 45;
  speech::Options t;
  t.dropout = 0;
  train::Options o;
  o.data = "corpus";
  speech::set_defaults(t, o);
  nn::Params params;
  const auto model = std::make_shared<speech::Recogniser>(params.root(), t, kVocab);
  fill_by_formula(params);
  const data::SpeechBatch batch{.features = formula({kBatch, kFrames, t.mels}),
                                .feature_lengths = full({kBatch}, kFrames, i64),
                                .tokens = formula_ids(kVocab - 4, {kBatch, kLetters}) + 4,
                                .token_lengths = full({kBatch}, kLetters, i64)};
  return {"speech_joint", kBatch, "utt", params, [=] { return model->loss(batch, t); }};
}

// Seconds that passed, and those of the processor, of all threads.
struct Duration {
  double wall, cpu;
};

Duration duration_of(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t start_of_cpu = std::clock();
  f();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - start_of_cpu) / CLOCKS_PER_SEC};
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void run(const Workload& w, double seconds, const std::string& precision, bool captured) {
  optim::AdamW opt(w.params, {.lr = 1e-3, .weight_decay = 0.01});
  double loss = 0;
  const auto step = [&] {
    const Tensor l = precision == "bf16" ? autocast(bf16, w.loss) : w.loss();
    l.backward();
    opt.step();
    opt.zero_grad();
    loss = l.item();
  };
  auto captured_step = capture(step);
  reset_peak_memory();
  step();
  const double first_loss = loss;
  for (int i = 0; i < 2; ++i) step();
  std::vector<double> times, cpu_times, plain_times;
  constexpr size_t kTurn = 5;  // steps of a kind in a row
  for (double spent = 0; (spent < seconds && times.size() < 400) || times.size() < 5;
       spent += times.back()) {
    const Duration d = captured ? duration_of([&] { captured_step(); }) : duration_of(step);
    times.push_back(d.wall), cpu_times.push_back(d.cpu);
    for (size_t i = 0; captured && times.size() % kTurn == 0 && i < kTurn; ++i)
      plain_times.push_back(duration_of(step).wall);
  }
  if (!std::isfinite(loss)) throw GraphError(w.name + ": the loss is not finite");
  const auto rounded = [](double ms) { return std::round(ms * 1e4) / 1e4; };
  const double median = median_of(times);
  fmt::print(
      R"({{"workload":"{}","peer":"tapehead","mode":"{}","ms_per_step":{},"cpu_ms_per_step":{},)"
      R"("rate":{},"unit":"{}/s","params":{},"peak_bytes":{},"first_loss":{},"loss":{},"n":{}{}}})"
      "\n",
      w.name, precision, rounded(median * 1e3), rounded(median_of(cpu_times) * 1e3),
      std::round(w.items / median * 10) / 10, w.unit, w.params.count(), memory_stats().peak_bytes,
      first_loss, loss, times.size(),
      captured ? fmt::format(R"(,"plain_ms_per_step":{},"replays":{})",
                             rounded(median_of(plain_times) * 1e3), captured_step.stats().replays)
               : "");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times training steps of common models.", "workloads");
  std::vector<std::string> only;
  std::string precision = "fp32";
  int threads = 2;
  double seconds = 6;
  app.add_option("--only", only, "names, separated by commas")->delimiter(',');
  app.add_option("--precision", precision, "fp32, or bf16: autocast")
      ->check(CLI::IsMember({"fp32", "bf16"}));
  app.add_option("--threads", threads, "")->capture_default_str();
  bool captured = false;
  app.add_flag("--capture", captured, "time captured steps and plain ones");
  app.add_option("--seconds", seconds, "for each workload")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  set_num_threads(threads);
  const std::pair<std::string, Workload (*)()> all[] = {{"gpt_char", gpt_char},
                                                        {"gpt_char_big", gpt_char_big},
                                                        {"gpt2_124m", gpt2_124m},
                                                        {"memn2n_babi", memn2n_babi},
                                                        {"vit_mnist", vit_mnist},
                                                        {"seq2seq_lstm_attn", seq2seq_lstm_attn},
                                                        {"attn_1k", attn_1k},
                                                        {"attn_4k", attn_4k},
                                                        {"mlp_tiny", mlp_tiny},
                                                        {"lenet_mnist", lenet_mnist},
                                                        {"resnet8_cifar", resnet8_cifar},
                                                        {"caption_emoji", caption_emoji},
                                                        {"speech_joint", speech_joint}};
  std::vector<std::string> names;
  for (const auto& [name, make] : all) names.push_back(name);
  for (const std::string& name : only)
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      fmt::print(stderr, "workloads: no workload '{}'; there are {}\n", name,
                 fmt::join(names, ", "));
      return 2;
    }
  for (const auto& [name, make] : all) {
    if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) continue;
    manual_seed(0);
    run(make(), seconds, precision, captured);
  }
}
