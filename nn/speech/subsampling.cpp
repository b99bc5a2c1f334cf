#include "tapehead/nn/speech/subsampling.h"

#include <fmt/format.h>

#include <utility>

#include "tapehead/autograd/detail/padding.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"

namespace tapehead::nn {
namespace {

void check_frames(const char* layer, const Tensor& x, int64_t features) {
  if (x.dim() != 3 || x.size(2) != features)
    throw ShapeError(
        fmt::format("{}: x is {}; expected [B, T, {}]", layer, x.shape().str(), features));
}

// The lengths of sequences that a layer shortens; undefined ones remain so.
template <class F>
Tensor shortened(const Tensor& lengths, F f) {
  if (!lengths.defined()) return lengths;
  std::vector<int64_t> list = lengths.to_vector<int64_t>();
  for (int64_t& length : list) length = f(length);
  return from_vector(list);
}

// Pairs of frames [B, T, C], joined: [B, ceil(T / 2), 2 C].
Tensor joined_pairs(const Tensor& x) {
  const Tensor even = x.size(1) % 2 == 0 ? x : pad(x, {0, 0, 0, 1});
  return even.reshape({even.size(0), even.size(1) / 2, 2 * even.size(2)});
}

int64_t paired(int64_t frames) { return (frames + 1) / 2; }
int64_t halved(int64_t frames) { return (frames - 1) / 2; }

Scope checked_subsampling(Scope at, int64_t features, int64_t channels, int64_t outputs) {
  return nn::at(at, [&] {
    if (features < ConvSubsampling::kLeast || channels < 1 || outputs < 1)
      throw ValueError(
          fmt::format("conv_subsampling: {} features, {} channels and {} outputs; expected at "
                      "least {}, 1 and 1",
                      features, channels, outputs, ConvSubsampling::kLeast));
    return at;
  });
}

}  // namespace

PyramidalLstm::PyramidalLstm(Scope at, int64_t input_size, const PyramidalLstmOptions& o)
    : at_(std::move(at)), input_size_(input_size), dropout_(o.dropout) {
  nn::at(at_, [&] {
    if (o.num_layers < 1 || o.hidden_size < 1 || o.base_layers < 0)
      throw ValueError(
          fmt::format("pyramidal_lstm: num_layers = {}, hidden_size = {} and base_layers = {}; "
                      "expected at least 1, 1 and 0",
                      o.num_layers, o.hidden_size, o.base_layers));
  });
  int64_t size = input_size;
  if (o.base_layers > 0) {
    base.emplace_back(
        at_ / "base", size, o.hidden_size,
        RnnOptions{.num_layers = o.base_layers, .bidirectional = true, .dropout = o.dropout});
    size = 2 * o.hidden_size;
  }
  for (int64_t i = 0; i < o.num_layers; ++i, size = 2 * o.hidden_size)
    layers.emplace_back(at_ / "layers" / i, 2 * size, o.hidden_size,
                        RnnOptions{.bidirectional = true});
}

EncodedFrames PyramidalLstm::operator()(const Tensor& x, const Tensor& lengths) const {
  return call_at(at_, [&] {
    check_frames("pyramidal_lstm", x, input_size_);
    // The outputs of an Rnn are zeros past the lengths; so is its input here, before it is paired.
    EncodedFrames y{tapehead::detail::zero_padding("pyramidal_lstm", x, lengths), lengths};
    for (const Rnn& rnn : base) y.out = rnn(y.out, y.lengths).out;
    bool first = base.empty();
    for (const Rnn& rnn : layers) {
      if (!std::exchange(first, false)) y.out = dropout(y.out, dropout_, at_.training());
      y.lengths = shortened(y.lengths, paired);
      y.out = rnn(joined_pairs(y.out), y.lengths).out;
    }
    return y;
  });
}

int64_t PyramidalLstm::output_length(int64_t frames) const {
  for (size_t i = 0; i < layers.size(); ++i) frames = paired(frames);
  return frames;
}

ConvSubsampling::ConvSubsampling(Scope at, int64_t input_size, int64_t channels,
                                 int64_t output_size)
    : conv1(checked_subsampling(at, input_size, channels, output_size) / "conv1", 1, channels, 3,
            {.stride = 2}),
      conv2(at / "conv2", channels, channels, 3, {.stride = 2}),
      out(at / "out", channels * halved(halved(input_size)), output_size),
      at_(std::move(at)),
      input_size_(input_size) {}

EncodedFrames ConvSubsampling::operator()(const Tensor& x, const Tensor& lengths) const {
  return call_at(at_, [&] {
    constexpr const char* kName = "conv_subsampling";
    check_frames(kName, x, input_size_);
    if (x.size(1) < kLeast)
      throw ValueError(
          fmt::format("{}: x has {} frames; at least {} are needed", kName, x.size(1), kLeast));
    Tensor valid = lengths;
    if (lengths.defined()) {
      valid = core::check_lengths(kName, lengths, x.size(0), x.size(1));
      for (int64_t b = 0; b < valid.size(0); ++b)
        if (const int64_t n = valid.data<int64_t>()[b]; n < kLeast)
          throw ValueError(fmt::format("{}: lengths[{}] = {}; at least {} frames are needed", kName,
                                       b, n, kLeast));
    }
    const Tensor in = tapehead::detail::zero_padding(x, valid).unsqueeze(1);
    const Tensor y = relu(conv2(relu(conv1(in))));  // [B, C, T', F']
    const Tensor shorter = shortened(valid, output_length);
    return EncodedFrames{tapehead::detail::zero_padding(out(y.transpose(1, 2).flatten(2)), shorter),
                         shorter};
  });
}

int64_t ConvSubsampling::output_length(int64_t frames) {
  return frames < kLeast ? 0 : halved(halved(frames));
}

}  // namespace tapehead::nn
