#include "tapehead/nn/activation_layers.h"
#include "tapehead/nn/embedding_bag.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/padding.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Layer bag(const nn::Scope& at, const nn::EmbeddingBagOptions& options) {
  return [layer = nn::EmbeddingBag(at, 5, 3, options)](const Tensors& x) {
    return Tensors{layer(x[0], x.size() > 1 ? x[1] : Tensor(), x.size() > 2 ? x[2] : Tensor())};
  };
}

constexpr auto kSum = EmbeddingBagMode::sum, kMean = EmbeddingBagMode::mean,
               kMax = EmbeddingBagMode::max;

}  // namespace

// clang-format off
const Family kLayers("layers", {}, {
  {"ReLU", [](const nn::Scope&) { return one(nn::ReLU{}); }},
  {"ReLU6", [](const nn::Scope&) { return one(nn::ReLU6{}); }},
  {"GELU", [](const nn::Scope&) { return one(nn::GELU{}); }},
  {"GELU/tanh", [](const nn::Scope&) { return one(nn::GELU{.approximate = "tanh"}); }},
  {"SiLU", [](const nn::Scope&) { return one(nn::SiLU{}); }},
  {"Mish", [](const nn::Scope&) { return one(nn::Mish{}); }},
  {"ELU", [](const nn::Scope&) { return one(nn::ELU{0.7}); }},
  {"SELU", [](const nn::Scope&) { return one(nn::SELU{}); }},
  {"CELU", [](const nn::Scope&) { return one(nn::CELU{0.5}); }},
  {"LeakyReLU", [](const nn::Scope&) { return one(nn::LeakyReLU{0.2}); }},
  {"Sigmoid", [](const nn::Scope&) { return one(nn::Sigmoid{}); }},
  {"Tanh", [](const nn::Scope&) { return one(nn::Tanh{}); }},
  {"Hardtanh", [](const nn::Scope&) { return one(nn::Hardtanh{-0.5, 1.5}); }},
  {"Hardswish", [](const nn::Scope&) { return one(nn::Hardswish{}); }},
  {"Hardsigmoid", [](const nn::Scope&) { return one(nn::Hardsigmoid{}); }},
  {"Hardshrink", [](const nn::Scope&) { return one(nn::Hardshrink{0.3}); }},
  {"Softshrink", [](const nn::Scope&) { return one(nn::Softshrink{0.3}); }},
  {"Tanhshrink", [](const nn::Scope&) { return one(nn::Tanhshrink{}); }},
  {"Softplus", [](const nn::Scope&) { return one(nn::Softplus{1.5}); }},
  {"Softsign", [](const nn::Scope&) { return one(nn::Softsign{}); }},
  {"LogSigmoid", [](const nn::Scope&) { return one(nn::LogSigmoid{}); }},
  {"Threshold", [](const nn::Scope&) { return one(nn::Threshold{0.2, -1.5}); }},
  {"GLU", [](const nn::Scope&) { return one(nn::GLU{}); }},
  {"GLU/axis", [](const nn::Scope&) { return one(nn::GLU{.axis = 1}); }},
  {"Softmax", [](const nn::Scope&) { return one(nn::Softmax{0}); }},
  {"Softmin", [](const nn::Scope&) { return one(nn::Softmin{-1}); }},
  {"LogSoftmax", [](const nn::Scope&) { return one(nn::LogSoftmax{1}); }},
  {"Softmax2d", [](const nn::Scope&) { return one(nn::Softmax2d{}); }},
  {"PReLU", [](const nn::Scope& at) { return one(nn::PReLU(at)); }},
  {"PReLU/channels", [](const nn::Scope& at) { return one(nn::PReLU(at, {.num_parameters = 4, .init = 0.1})); }},
  {"RReLU/eval", [](const nn::Scope& at) { return one(nn::RReLU(at, {.lower = 0.1, .upper = 0.5})); }},
  {"ReflectionPad1d", [](const nn::Scope&) { return one(nn::ReflectionPad1d{2, 1}); }},
  {"ReplicationPad1d", [](const nn::Scope&) { return one(nn::ReplicationPad1d{1, 3}); }},
  {"CircularPad1d", [](const nn::Scope&) { return one(nn::CircularPad1d{2, 1}); }},
  {"ConstantPad1d", [](const nn::Scope&) { return one(nn::ConstantPad1d{{1, -1}, 1.5}); }},
  {"ZeroPad1d", [](const nn::Scope&) { return one(nn::ZeroPad1d{2}); }},
  {"ReflectionPad2d", [](const nn::Scope&) { return one(nn::ReflectionPad2d{1, 2, 0, 1}); }},
  {"ReplicationPad2d", [](const nn::Scope&) { return one(nn::ReplicationPad2d{1, 0, 2, 1}); }},
  {"CircularPad2d", [](const nn::Scope&) { return one(nn::CircularPad2d{1, 1, 0, 2}); }},
  {"ZeroPad2d", [](const nn::Scope&) { return one(nn::ZeroPad2d{0, 1, 2, 0}); }},
  {"ReflectionPad3d", [](const nn::Scope&) { return one(nn::ReflectionPad3d{1}); }},
  {"ReplicationPad3d", [](const nn::Scope&) { return one(nn::ReplicationPad3d{1}); }},
  {"CircularPad3d", [](const nn::Scope&) { return one(nn::CircularPad3d{1}); }},
  {"ConstantPad3d", [](const nn::Scope&) { return one(nn::ConstantPad3d{1, -2}); }},
  {"Embedding", [](const nn::Scope& at) { return one(nn::Embedding(at, 5, 3, {.padding_idx = 1})); }},
  {"Embedding/scale_grad_by_freq", [](const nn::Scope& at) { return one(nn::Embedding(at, 5, 3, {.scale_grad_by_freq = true})); }},
  {"Embedding/max_norm", [](const nn::Scope& at) { return one(nn::Embedding(at, 5, 3, {.max_norm = 0.5, .norm_type = 1})); }},
  {"EmbeddingBag/sum", [](const nn::Scope& at) { return bag(at, {.mode = kSum}); }},
  {"EmbeddingBag/mean", [](const nn::Scope& at) { return bag(at, {.mode = kMean}); }},
  {"EmbeddingBag/max", [](const nn::Scope& at) { return bag(at, {.mode = kMax}); }},
  {"EmbeddingBag/sum/offsets", [](const nn::Scope& at) { return bag(at, {.mode = kSum, .padding_idx = 3}); }},
  {"EmbeddingBag/mean/offsets", [](const nn::Scope& at) { return bag(at, {.mode = kMean, .padding_idx = 3}); }},
  {"EmbeddingBag/max/offsets", [](const nn::Scope& at) { return bag(at, {.mode = kMax, .padding_idx = 3}); }},
  {"EmbeddingBag/last", [](const nn::Scope& at) { return bag(at, {.include_last_offset = true}); }},
  {"EmbeddingBag/weights", [](const nn::Scope& at) { return bag(at, {.mode = kSum}); }},
});

}  // namespace tapehead::parity
