// How vmap() runs an op once for all elements. An op says so by its base class, or by a function
// that makes its arguments fit operands with one more axis in front, the mapped one:
//
//   struct Softsign : BroadcastingOp { … };   // instead of CustomOp: forward computes elementwise
//
//   struct Reverse : CustomOp {               // forward(const Tensor& x, int axis)
//     static constexpr Batching kBatching = Batching::adjusted;
//     static bool batch(const Batch&, Tensor& x, int& axis) { ++axis; return true; }
//
// Others run on each element, and their results are stacked.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/autograd/node.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// See above.
enum class Batching : uint8_t {
  each,       ///< the op runs on each element
  broadcast,  ///< leading axes of the operands broadcast
  adjusted,   ///< `static bool batch(const Batch&, arguments&…)` adjusts the arguments
};

/// The operands of an op whose arguments are adjusted.
struct Batch {
  int64_t size;                 ///< of the mapped axis
  std::vector<bool> is_mapped;  ///< whether each tensor operand has it, in front

  /// Operand number `i` with the mapped axis: a view of one that does not have it.
  Tensor expanded(const Tensor& operand, size_t i) const;
};

namespace detail {

/// A reference to something else may be written to, so it must not be passed on for each element.
enum class ArgumentKind : uint8_t { tensor, list, reference, value };
template <class A>
constexpr ArgumentKind kKindOf =
    std::derived_from<A, Tensor>               ? ArgumentKind::tensor
    : std::same_as<A, std::vector<Tensor>>     ? ArgumentKind::list
    : std::is_pointer_v<A>                     ? ArgumentKind::reference
    : std::same_as<A, std::span<const Tensor>> ? ArgumentKind::reference
                                               : ArgumentKind::value;
/// An argument of an op, of any type, and its place among the tensor operands.
struct Argument {
  const void* value;
  ArgumentKind kind;
  size_t first = 0, count = 0;
};
/// The argument with other operands; a copy if it is to be changed.
template <class A, bool kChange>
decltype(auto) value_of(const Argument& a, std::vector<Tensor>& operands) {
  if constexpr (kKindOf<A> == ArgumentKind::tensor) {
    return (operands[a.first]);
  } else if constexpr (kKindOf<A> == ArgumentKind::list) {
    const auto from = operands.begin() + static_cast<std::ptrdiff_t>(a.first);
    return std::vector<Tensor>(from, from + static_cast<std::ptrdiff_t>(a.count));
  } else if constexpr (kChange) {
    return A(*static_cast<const A*>(a.value));
  } else {
    return (*static_cast<const A*>(a.value));
  }
}
/// Moves the results of an op to where its operands were.
void replace_by(std::vector<Tensor>& operands, std::span<Tensor> results);

/// Runs an op with other operands, and replaces these by the results. Returns false if `batch` is
/// not null and the op cannot adjust its arguments to it.
using RunOn = bool (*)(const Argument* arguments, std::vector<Tensor>& operands,
                       const Batch* batch);
/// Runs an op some of whose operands vmap() maps.
std::vector<Tensor> run_mapped(RunOn run, Batching batching, std::span<Argument> arguments);
/// Whether ops on the tensor are computed for all elements of a call of vmap().
bool is_mapped(const Tensor& t);
/// Whether vmap() maps any of the tensors.
template <class... T>
bool any_mapped(const T&... tensors) {
  return use_log && (is_mapped(tensors) || ...);
}

}  // namespace detail
}  // namespace tapehead
