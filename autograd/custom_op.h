// Custom ops: a struct with a forward and a backward, like torch.autograd.Function. The ops of the
// library are written in the same way.
//
//   struct Softsign : CustomOp {                       // y = x / (1 + |x|), dx = dy / (1 + |x|)^2
//     Tensor forward(const Tensor& x) { save(x); return x / (1 + abs(x)); }
//     Tensor backward(const Tensor& dy) const { return dy / square(1 + abs(saved(0))); }
//   };
//   Tensor softsign(const Tensor& x) { return apply<Softsign>(x); }
//
// forward     takes tensors, vectors of tensors and other arguments, in any order; returns a
//             Tensor, or a std::array or vector of Tensors. It runs without recording. Values
//             needed by backward are saved with save() or in members.
// backward    takes the gradient of each result, or all of them as Grads&; returns one gradient for
//             each tensor operand, in order, as a Tensor, a std::array of Tensors, or Grads. An
//             undefined Tensor means no gradient. A gradient may have a shape that the operand
//             broadcast to, or another floating type: the engine reduces and converts it. If
//             backward uses differentiable ops, it can be differentiated again. The gradient of an
//             unused result is zeros, or an undefined Tensor if the op declares
//             `static constexpr bool kUndefinedGrads = true`.
// batching    how vmap() runs the op once for all elements, see batching.h; by default, on each.
// name        `static constexpr const char* kName` is the op's name in messages; by default, the
//             name of the type.
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/batching.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"

namespace tapehead {

/// The base class of ops; see above.
class CustomOp : public detail::Node {
 public:
  static constexpr Batching kBatching = Batching::each;  ///< see batching.h

 protected:
  /// Saves a tensor, which may be an operand or a result, for backward; returns it.
  const Tensor& save(const Tensor& t) {
    saved_.emplace_back(t);
    return t;
  }
  /// The i-th saved tensor. Throws GraphError if it was changed in place since, or if forward saved
  /// fewer.
  Tensor saved(size_t i) const {
    if (i >= saved_.size()) [[unlikely]]
      throw_not_saved(i);
    return saved_[i].get(*this);
  }
  /// Declares a result of forward that has no gradient, such as positions stored as floating
  /// numbers: it does not track gradients. Results that are not floating never do.
  void mark_non_differentiable(const Tensor& result);
  /// Returns the buffer in which the gradient of operand i accumulates (initially zeros), for a
  /// backward that writes only a small part of it, or whose operand is used by many ops. If it is
  /// defined, backward adds to it in place and returns an undefined Tensor for the operand. It is
  /// undefined in anomaly mode and while backward is recorded; then backward must return the
  /// gradient.
  Tensor grad_buffer(size_t i) const;
  /// Adds a' b, for a [..., K, M] and b [..., K, N], to the gradient of operand i. Products with
  /// few rows K are deferred and computed together, such as those of a weight that is used in every
  /// step of a loop. Returns false if backward must return the gradient instead.
  bool accumulate_matmul(size_t i, const Tensor& a, const Tensor& b) const;
  /// The type in which the gradient of operand i is best returned: that of the operand, or f32 if
  /// the operand was converted from f32 to bf16.
  DType gradient_type(size_t i) const;

 private:
  template <class Op, class... A>
  friend auto apply(const A&... args);
  void release_saved() final {
    for (auto& s : saved_) s.release();
    forget();
  }
  void prepare_reuse() final {
    Node::prepare_reuse();
    saved_.clear();
    constants_.reset();
  }
  void named(uint32_t output, const std::string& name) final {
    for (auto& s : saved_) s.name_output(output, name);
  }
  [[noreturn]] void throw_not_saved(size_t i) const;
  /// Releases other values that the op keeps for backward.
  virtual void forget() {}

  SmallVector<detail::SavedTensor, 2> saved_;
  std::unique_ptr<std::vector<Tensor>> constants_;  // until the op is recorded
};

/// The base class of ops whose operands broadcast along leading axes, such as elementwise ones.
class BroadcastingOp : public CustomOp {
 public:
  static constexpr Batching kBatching = Batching::broadcast;
};

namespace detail {

std::string type_name(const std::type_info& type);
/// Assigns the node its sequence number and attaches it to the results but the constants.
void finish_record(const Ref<Node>& node, std::span<Tensor> results, std::span<SavedTensor> saved,
                   const std::vector<Tensor>* constants = nullptr);
/// Detaches results that are not recorded.
void finish_unrecorded(std::span<Tensor> results);
/// Turns results that share elements with an operand into views of its root. [views.cpp]
void link_views(std::span<Tensor> results, const Tensor& operand);

template <class F>
void each_tensor(const F& f, const Tensor& t) {
  f(t);
}
template <class F>
void each_tensor(const F& f, const std::vector<Tensor>& list) {
  for (const Tensor& t : list) f(t);
}
template <class F>
void each_tensor(const F& f, std::span<const Tensor> list) {
  for (const Tensor& t : list) f(t);
}
template <class F, class T>
requires(!std::derived_from<T, Tensor>) void each_tensor(const F&, const T&) {}

inline std::span<Tensor> results_of(Tensor& t) { return {&t, 1}; }
template <size_t N>
std::span<Tensor> results_of(std::array<Tensor, N>& list) {
  return list;
}
inline std::span<Tensor> results_of(std::vector<Tensor>& list) {
  return {list.data(), list.size()};
}

inline Grads to_grads(Tensor g) {
  Grads out;
  out.push_back(std::move(g));
  return out;
}
template <size_t N>
Grads to_grads(std::array<Tensor, N> list) {
  Grads out;
  for (Tensor& t : list) out.push_back(std::move(t));
  return out;
}
inline Grads to_grads(Grads g) { return g; }

template <class Op, class Gradient>
constexpr bool kBackwardTakes = requires(Op& op, Gradient& g) {
  op.backward(g);
};
// Whether backward takes the gradients of all results as one Grads&.
template <class Op>
constexpr bool kTakesAll = kBackwardTakes<Op, Grads> && !kBackwardTakes<Op, Tensor>;

// The number of parameters of a backward.
template <class>
struct Arity;
template <class C, class R, class... A>
struct Arity<R (C::*)(A...) const> : std::integral_constant<size_t, sizeof...(A)> {};
template <class C, class R, class... A>
struct Arity<R (C::*)(A...)> : std::integral_constant<size_t, sizeof...(A)> {};

// Whether backward has one parameter per result. A vector of results requires Grads&.
template <class Op, class Results>
constexpr bool fits_results() {
  using Method = decltype(&Op::backward);
  if constexpr (requires(Results r) { std::tuple_size<Results>::value; })
    return kTakesAll<Op> || Arity<Method>::value == std::tuple_size<Results>::value;
  else if constexpr (std::is_same_v<Results, Tensor>)
    return kTakesAll<Op> || Arity<Method>::value == 1;
  else return kTakesAll<Op>;
}

template <class Op>
class OpNode final : public Op {
 public:
  const char* op_name() const override {
    if constexpr (requires { Op::kName; }) return Op::kName;
    else {
      static const std::string name = type_name(typeid(Op));
      return name.c_str();
    }
  }
  bool takes_undefined_grads() const override {
    if constexpr (requires { Op::kUndefinedGrads; }) return Op::kUndefinedGrads;
    else return false;
  }
  bool takes_wider_grads() const override {
    if constexpr (requires { Op::kWiderGrads; }) return Op::kWiderGrads;
    else return false;
  }
  Grads run_backward(Grads& grads) override {
    if constexpr (kTakesAll<Op>) {
      return to_grads(this->backward(grads));
    } else {
      return [&]<size_t... I>(std::index_sequence<I...>) {
        return to_grads(this->backward(grads[I]...));
      }
      (std::make_index_sequence<Arity<decltype(&Op::backward)>::value>());
    }
  }
};

/// The node of an op that is about to run. In a captured step (capture.h), it is in the memory of
/// that of the same op in the recording.
template <class Op>
Ref<OpNode<Op>> make_node() {
  using N = OpNode<Op>;
  if constexpr (std::is_nothrow_default_constructible_v<N>) {
    auto node = Ref<N>::adopt(::new (node_block(typeid(N), sizeof(N))) N);
    if (recording) [[unlikely]]
      record_node(*node);
    return node;
  } else {
    auto node = Ref<N>::adopt(new N);
    if (recording) [[unlikely]]
      record_new_node(*node);
    return node;
  }
}

/// What forward() returns.
template <class Op, class... A>
using Results = std::decay_t<decltype(std::declval<Op&>().forward(std::declval<const A&>()...))>;

/// The RunOn of an op.
template <class Op, class... A>
bool run_on(const Argument* arguments, std::vector<Tensor>& operands, const Batch* batch);

/// apply() for operands some of which vmap() maps.
template <class Results, class... A>
[[gnu::cold]] Results apply_mapped(RunOn run, Batching batching, const A*... args) {
  std::array<Argument, sizeof...(A)> arguments{Argument{args, kKindOf<A>}...};
  std::vector<Tensor> list = run_mapped(run, batching, arguments);
  if constexpr (std::is_same_v<Results, std::vector<Tensor>>) {
    return list;
  } else {
    Results results;
    for (size_t i = 0; Tensor & t : results_of(results)) t = std::move(list[i++]);
    return results;
  }
}

}  // namespace detail

/// Runs an op, and records it if any operand tracks gradients and recording is enabled.
template <class Op, class... A>
auto apply(const A&... args) {
  static_assert(std::derived_from<Op, CustomOp>, "an op derives from CustomOp");
  static_assert(
      requires { &Op::backward; }, "an op needs a backward");
  bool tracked = false;
  if (is_grad_enabled())
    (detail::each_tensor([&](const Tensor& t) { tracked |= t.requires_grad(); }, args), ...);
  if (detail::use_log) [[unlikely]] {
    bool mapped = false;
    (detail::each_tensor([&](const Tensor& t) { mapped |= detail::note_use(t); }, args), ...);
    if (mapped)
      return detail::apply_mapped<detail::Results<Op, A...>>(detail::run_on<Op, A...>,
                                                             Op::kBatching, &args...);
  }

  const auto run = [&](detail::OpNode<Op>& node) {
    auto out = [&] {
      const NoGradGuard off;
      return node.forward(args...);
    }();
    static_assert(detail::fits_results<Op, decltype(out)>(),
                  "backward takes the gradient of each result, or all of them as Grads&");
    if (detail::anomaly_mode) [[unlikely]] {
      std::vector<Tensor> operands;
      (detail::each_tensor([&](const Tensor& t) { operands.push_back(t); }, args), ...);
      detail::watch_forward(node, operands, detail::results_of(out));
    }
    return out;
  };
  const auto link = [&](auto& out) {
    const std::span<Tensor> results = detail::results_of(out);
    for (const Tensor& result : results)
      if (result.defined() && result.impl()->storage->is_shared()) {
        (detail::each_tensor([&](const Tensor& t) { detail::link_views(results, t); }, args), ...);
        break;
      }
  };
  if (!tracked) {
    detail::OpNode<Op> node;  // needed no longer than forward runs
    auto out = run(node);
    detail::finish_unrecorded(detail::results_of(out));
    link(out);
    return out;
  }
  const auto node = detail::make_node<Op>();
  auto out = run(*node);
  const auto results = detail::results_of(out);

  (detail::each_tensor([&](const Tensor& t) { node->add_operand(t, results); }, args), ...);
  detail::finish_record(node, results, {node->saved_.data(), node->saved_.size()},
                        node->constants_.get());
  node->constants_.reset();
  link(out);
  return out;
}

namespace detail {

template <class Op, class... A>
[[gnu::cold]] bool run_on(const Argument* arguments, std::vector<Tensor>& operands,
                          const Batch* batch) {
  const auto call = [&](auto&&... args) {
    if constexpr (Op::kBatching == Batching::adjusted)
      if (batch && !Op::batch(*batch, args...)) return false;
    auto results = apply<Op>(args...);
    replace_by(operands, results_of(results));
    return true;
  };
  return [&]<size_t... I>(std::index_sequence<I...>) {
    constexpr bool kChange = Op::kBatching == Batching::adjusted;
    return call(value_of<A, kChange>(arguments[I], operands)...);
  }
  (std::index_sequence_for<A...>());
}

}  // namespace detail
}  // namespace tapehead
