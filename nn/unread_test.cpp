// Elements that an op or layer is documented not to read, such as padding, may hold anything: NaN
// and infinities there change no result, no gradient with or without create_graph, and no second
// derivative.
#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <limits>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/linear_attention.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/convolution.h"
#include "tapehead/nn/memory/dmn.h"
#include "tapehead/nn/memory/dnc.h"
#include "tapehead/nn/memory/entity_memory.h"
#include "tapehead/nn/memory/ntm.h"
#include "tapehead/nn/models/universal.h"
#include "tapehead/nn/sequence_attention.h"
#include "tapehead/nn/transformer.h"
#include "tapehead/tests/op_inputs.h"

namespace tapehead::unread_test {

namespace {

using Tensors = std::vector<Tensor>;

// The inputs of one call, whose unread elements are filled with a value.
class Subject {
 public:
  explicit Subject(double fill) : fill_(fill) { manual_seed(1); }

  /// A random operand, whose `parts` are filled with the value.
  Tensor operand(const Shape& shape, const std::function<Tensors(const Tensor&)>& parts = {}) {
    Tensor x = randn(shape, f64);
    if (parts)
      for (Tensor& part : parts(x)) part.fill_(fill_);
    inputs.push_back(x.set_requires_grad());
    return x;
  }
  /// x [B, T, ...], or with T at another axis; steps from each length on are unread.
  Tensor padded(const Shape& shape, const std::vector<int64_t>& lengths, int64_t axis = 1) {
    return operand(shape, [&](const Tensor& x) {
      Tensors parts;
      for (size_t b = 0; b < lengths.size(); ++b)
        parts.push_back(x[static_cast<int64_t>(b)].slice(axis - 1, {lengths[b], x.size(axis)}));
      return parts;
    });
  }
  /// A layer, whose parameters become inputs too.
  template <class Layer, class... Options>
  const Layer& layer(std::deque<Layer>& keep, const Options&... options) {
    keep.emplace_back(params_ / "m", options...);
    params_.to(f64);
    for (const nn::Param& p : params_.all()) inputs.push_back(p.value);
    return keep.back();
  }

  Tensors inputs;

 private:
  double fill_;
  nn::Params params_{3};
};

struct Unread {
  const char* name;
  std::function<Tensors(Subject&)> results;
  bool second = true;
};

const std::vector<int64_t> kLengths{4, 2, 1};
Tensor lengths() { return from_vector(kLengths); }

Tensors results_of(RnnCell cell, bool reverse, Subject& s) {
  const int64_t wide = 3 * (cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1);
  const Tensor x = s.padded({3, 4, 2}, kLengths);
  const RnnWeights w{s.operand({wide, 2}), s.operand({wide, 3}), s.operand({wide}),
                     s.operand({wide})};
  const RnnResult r = recurrent(cell, x, w, {}, {}, {.lengths = lengths(), .reverse = reverse});
  return {r.out, r.h};
}

Tensors attended(Subject& s, AttentionOptions o) {
  const Tensor q = s.operand({3, 4, 2, 3}), k = s.padded({3, 2, 4, 3}, kLengths, 2),
               v = s.padded({3, 2, 4, 3}, kLengths, 2);
  o.lengths = lengths();
  return {scaled_dot_product_attention(q, k, v, o).out};
}

// With unread keys at both ends, outside of every query's window.
Tensors windowed(Subject& s, const AttentionOptions& o) {
  const auto outside = [](const Tensor& x) { return Tensors{x.slice(2, 0, 3), x.slice(2, 7, 9)}; };
  const Tensor q = s.operand({1, 2, 2, 3}), k = s.operand({1, 2, 9, 3}, outside),
               v = s.operand({1, 2, 9, 2}, outside);
  return {scaled_dot_product_attention(q, k, v, o).out};
}

Tensors class_loss(Subject& s, bool logs, Reduction reduction, double smoothing) {
  const Tensor x = s.operand({3, 4}, [](const Tensor& t) { return Tensors{t[1]}; });
  const Tensor target = tensor({2, -100, 0}), weight = tensor({1., 2., 3., 0.5}, f64);
  if (logs) return {nll_loss(x, target, {.weight = weight, .reduction = reduction})};
  return {cross_entropy(x, target,
                        {.weight = weight, .label_smoothing = smoothing, .reduction = reduction})};
}

Tensors looked_at(nn::Score score, Subject& s) {
  std::deque<nn::SequenceAttention> keep;
  const auto& attention =
      s.layer(keep, nn::SequenceAttentionOptions{.score = score, .query_dim = 3, .memory_dim = 3});
  const auto memory = attention.prepare(s.padded({3, 4, 3}, kLengths), lengths());
  return {attention(s.operand({3, 3}), memory, 1).context};
}

template <class Machine, class Config>
Tensors machine_results(Subject& s, const Config& config) {
  std::deque<Machine> keep;
  const auto& machine = s.layer(keep, config);
  return {machine(s.padded({3, 4, 2}, kLengths), {.lengths = lengths()}).out};
}

nn::TransformerOptions small_transformer() {
  return {.embed_dim = 4, .num_heads = 2, .ffn_dim = 5, .num_layers = 2};
}

// Zeroes outputs at padding, whose values are unspecified.
Tensor real(const Tensor& x) { return masked_fill(x, padding_mask(lengths(), 4).unsqueeze(2), 0); }

std::vector<Unread> table() {
  std::vector<Unread> out;
  for (const RnnCell cell : {RnnCell::tanh, RnnCell::relu, RnnCell::lstm, RnnCell::gru})
    for (const bool reverse : {false, true})
      out.push_back({"recurrent", [=](Subject& s) { return results_of(cell, reverse, s); }});
  out.push_back({"rnn", [](Subject& s) {
                   std::deque<nn::Rnn> keep;
                   const auto& rnn =
                       s.layer(keep, 2, 3, nn::RnnOptions{.num_layers = 2, .bidirectional = true});
                   return Tensors{rnn(s.padded({3, 4, 2}, kLengths), lengths()).out};
                 }});
  out.push_back({"entity_memory", [](Subject& s) {
                   const Tensor x = s.padded({3, 4, 2}, kLengths);
                   const nn::EntityWeights w{s.operand({2, 2}), s.operand({2, 2}),
                                             s.operand({2, 2}), s.operand({2, 2}), s.operand({2})};
                   const nn::EntityMemory m = nn::entity_memory(x, w, lengths());
                   return Tensors{m.memory, m.gates};
                 }});
  for (const bool causal : {false, true})
    for (const FeatureMap& feature :
         {FeatureMap(), FeatureMap([](const Tensor& x) { return exp(x); })})
      out.push_back({"linear_attention", [=](Subject& s) {
                       const Tensor q = s.operand({3, 4, 3, 2}),
                                    k = s.padded({3, 2, 4, 2}, kLengths, 2),
                                    v = s.padded({3, 2, 4, 3}, kLengths, 2);
                       return Tensors{linear_attention(
                           q, k, v, {.causal = causal, .lengths = lengths(), .feature = feature})};
                     }});
  out.push_back({"attention", [](Subject& s) { return attended(s, {}); }});
  out.push_back({"attention, causal and capped",
                 [](Subject& s) { return attended(s, {.causal = true, .softcap = 3}); }});
  out.push_back({"attention with a table and sinks", [](Subject& s) {
                   RelativePositions table{.keys = s.operand({3, 3}), .values = s.operand({3, 3})};
                   return attended(s, {.relative = table, .sinks = s.operand({4})});
                 }});
  out.push_back({"attention with a score function", [](Subject& s) {
                   return attended(
                       s, {.score = [](const Tensor& x, const ScoresAt&) { return x * 2; }});
                 }});
  out.push_back({"attention in a window", [](Subject& s) {
                   return windowed(s, {.window = {.before = 1, .after = 1}, .start = 4});
                 }});
  out.push_back({"attention, causal in a window", [](Subject& s) {
                   return windowed(s, {.causal = true, .window = {.before = 1}, .start = 4});
                 }});
  for (const bool logs : {false, true})
    for (const Reduction r : {Reduction::mean, Reduction::sum, Reduction::none})
      for (const double smoothing : {0.0, 0.1})
        out.push_back({logs ? "nll_loss" : "cross_entropy",
                       [=](Subject& s) { return class_loss(s, logs, r, smoothing); }});
  out.push_back(
      {"embedding_bag", [](Subject& s) {
         const auto row = [](int64_t i) { return [i](const Tensor& x) { return Tensors{x[i]}; }; };
         const Tensor weight = s.operand({4, 3}, row(1)), ids = tensor({{0, 3, 1}, {2, 0, 1}});
         return Tensors{embedding_bag(weight, ids, s.operand({3, 3}, row(2)), {.padding_idx = 1})};
       }});
  out.push_back(
      {"masked_fill", [](Subject& s) {
         const Tensor x = s.operand({2, 3}, [](const Tensor& t) { return Tensors{t[1]}; });
         return Tensors{masked_fill(x, tensor({{false}, {true}}), 2)};
       }});
  out.push_back(
      {"where", [](Subject& s) {
         const Tensor x = s.operand({2, 3}, [](const Tensor& t) { return Tensors{t[1]}; });
         const Tensor y = s.operand({2, 3}, [](const Tensor& t) { return Tensors{t[0]}; });
         return Tensors{where(tensor({{true}, {false}}), x, y)};
       }});
  out.push_back(
      {"index_select and gather", [](Subject& s) {
         const Tensor x = s.operand({3, 2}, [](const Tensor& t) { return Tensors{t[1]}; });
         return Tensors{index_select(x, 0, tensor({2, 0, 2})),
                        gather(x, 0, tensor({{0, 2}, {2, 0}}))};
       }});
  out.push_back({"depthwise convolution", [](Subject& s) {
                   std::deque<nn::DepthwiseConv> keep;
                   const auto& conv = s.layer(keep, 2);
                   return Tensors{conv(s.padded({3, 4, 2}, kLengths), lengths())};
                 }});
  for (const nn::Score score :
       {nn::Score::none, nn::Score::dot, nn::Score::general, nn::Score::concat, nn::Score::additive,
        nn::Score::location, nn::Score::local_m, nn::Score::local_p})
    out.push_back({nn::name(score), [=](Subject& s) { return looked_at(score, s); }});
  out.push_back(
      {"lstm as a machine", [](Subject& s) {
         return machine_results<nn::Lstm>(
             s,
             nn::LstmConfig{.input_size = 2, .output_size = 2, .hidden_size = 3, .num_layers = 1});
       }});
  out.push_back({"ntm", [](Subject& s) {
                   return machine_results<nn::Ntm>(s, nn::NtmConfig{.input_size = 2,
                                                                    .output_size = 2,
                                                                    .slots = 3,
                                                                    .slot_dim = 2,
                                                                    .hidden_size = 3});
                 }});
  out.push_back({"dnc", [](Subject& s) {
                   return machine_results<nn::Dnc>(s, nn::DncConfig{.input_size = 2,
                                                                    .output_size = 2,
                                                                    .slots = 3,
                                                                    .slot_dim = 2,
                                                                    .hidden_size = 3});
                 }});
  out.push_back({"attention gru", [](Subject& s) {
                   std::deque<nn::AttentionGru> keep;
                   const auto& gru = s.layer(keep, 2);
                   const Tensor facts = s.padded({3, 4, 2}, kLengths);
                   return Tensors{gru(facts, s.padded({3, 4}, kLengths), lengths())};
                 }});
  out.push_back({"multi-head attention to a memory", [](Subject& s) {
                   std::deque<nn::MultiHeadAttention> keep;
                   const auto& attention =
                       s.layer(keep, nn::MultiHeadOptions{.embed_dim = 4, .num_heads = 2});
                   const Tensor x = s.operand({3, 2, 4}), memory = s.padded({3, 4, 4}, kLengths);
                   return Tensors{attention(x, memory, {.lengths = lengths()})};
                 }});
  out.push_back({"transformer decoder", [](Subject& s) {
                   std::deque<nn::TransformerDecoder> keep;
                   const auto& decoder = s.layer(keep, small_transformer());
                   const Tensor x = s.operand({3, 2, 4}), memory = s.padded({3, 4, 4}, kLengths);
                   return Tensors{decoder(x, memory, {.lengths = lengths()}).out};
                 }});
  out.push_back({"universal encoder", [](Subject& s) {
                   std::deque<nn::UniversalEncoder> keep;
                   const auto& encoder =
                       s.layer(keep, small_transformer(),
                               nn::UniversalOptions{.steps = 2, .adaptive = true});
                   const auto made = encoder(s.padded({3, 4, 4}, kLengths), {.lengths = lengths()});
                   return Tensors{real(made.out), made.ponder_cost};
                 }});
  return out;
}

// Results, gradients without and with create_graph, and second derivatives.
Tensors all_of(const Unread& row, double fill) {
  Subject s(fill);
  const Tensors results = row.results(s);
  Tensors out = results;
  Tensor loss = zeros({}, f64);
  for (const Tensor& r : results) loss = loss + sum(square(r));
  const auto add = [&](const Tensors& grads) {
    for (const Tensor& g : grads) out.push_back(g.defined() ? g : zeros({}, f64));
  };
  add(grad({loss}, s.inputs, {.retain_graph = true, .allow_unused = true}));
  const Tensors first = grad({loss}, s.inputs, {.create_graph = true, .allow_unused = true});
  add(first);
  Tensor norm = zeros({}, f64);
  for (const Tensor& g : first)
    if (g.defined() && g.requires_grad()) norm = norm + sum(square(g));
  if (norm.requires_grad()) add(grad({norm}, s.inputs, {.allow_unused = true}));
  return out;
}

}  // namespace

TEST_CASE("what is not read may hold anything") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const Unread& row : table()) {
    const Tensors wanted = all_of(row, 0);
    for (const Tensor& t : wanted) CHECK(all(isfinite(t)).item() == 1);
    for (const double fill : {std::nan(""), kInf, -kInf}) {
      INFO(std::string(row.name) << " with " << fill);
      const Tensors got = all_of(row, fill);
      REQUIRE(got.size() == wanted.size());
      for (size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        const auto d = op_tests::difference(op_tests::to_array(got[i]),
                                            op_tests::to_array(wanted[i]), {1e-12, 1e-12});
        if (d) FAIL_CHECK(*d);
      }
    }
  }
}

}  // namespace tapehead::unread_test
