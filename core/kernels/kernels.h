// The table through which computing code reaches kernels: the files of this folder are compiled
// once for each instruction set, and the best that the machine has is chosen at start-up.
//
// An elementwise kernel is a row in lists.h; that row declares it, tests it and benchmarks it.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/additive.h"
#include "tapehead/core/kernels/attention.h"
#include "tapehead/core/kernels/bag.h"
#include "tapehead/core/kernels/entity.h"
#include "tapehead/core/kernels/lists.h"
#include "tapehead/core/kernels/norm.h"
#include "tapehead/core/kernels/optim.h"
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/kernels/recurrent.h"
#include "tapehead/core/kernels/reduce.h"
#include "tapehead/core/kernels/rows.h"
#include "tapehead/core/kernels/slots.h"

namespace tapehead::kernels {

/// The inner loop of an elementwise op over n elements. data[0] is the result, then the operands;
/// strides are in bytes, in the same order. The result may be one of the operands. `numbers` are
/// the op's.
using Loop = void (*)(char* const* data, const int64_t* strides, int64_t n, const double* numbers);

#define TAPEHEAD_ENUM(name, ...) name,
enum class Unary : uint8_t { TAPEHEAD_UNARY_KERNELS(TAPEHEAD_ENUM) count };
enum class Predicate : uint8_t { TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_ENUM) count };
enum class Activation : uint8_t { TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ENUM) count };
enum class Binary : uint8_t { TAPEHEAD_BINARY_KERNELS(TAPEHEAD_ENUM) count };
enum class Compare : uint8_t { TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_ENUM) count };
enum class Gradient : uint8_t { TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_ENUM) count };
enum class Ternary : uint8_t { TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_ENUM) count };
#undef TAPEHEAD_ENUM

/// The kernels of one instruction set. An entry is null where the type is not supported.
struct Table {
  const char* isa;
  const Loop (*unary)[kDTypes];  // [Unary][DType], and so on
  const Loop (*predicate)[kDTypes];
  const Loop (*activation)[kDTypes];
  const Loop (*binary)[kDTypes];
  const Loop (*compare)[kDTypes];
  const Loop (*gradient)[kDTypes];
  const Loop (*ternary)[kDTypes];
  const Loop* where;                   // [DType]: condition ? x : y
  const Loop (*cast)[kDTypes];         // [from][to]
  const Reducer (*reduce)[kDTypes];    // [Reduce][DType]; tile is null where not supported
  const Reducer (*two_pass)[kDTypes];  // the same from Reduce::var on
  const NormKernels* norm;             // [DType]: f32, f64, bf16
  const RowKernels* rows;              // [DType]: f32, f64, bf16
  const RandomKernels* random;
  const CellKernels<float>* cells_f32;
  const CellKernels<double>* cells_f64;
  const AdditiveKernels<float>* additive_f32;
  const AdditiveKernels<double>* additive_f64;
  const BagKernels<float>* bag_f32;
  const BagKernels<double>* bag_f64;
  const EntityKernels<float>* entity_f32;
  const EntityKernels<double>* entity_f64;
  const SlotKernels<float>* slots_f32;
  const SlotKernels<double>* slots_f64;
  const AttentionKernels<float>* attention_f32;
  const AttentionKernels<double>* attention_f64;
  const OptimKernels* optim;
};

/// The kernels in use: those of TAPEHEAD_ISA (baseline, avx2, avx512), else the best that the CPU
/// runs. Throws ValueError when TAPEHEAD_ISA names one that it does not.
const Table& table();

inline Loop loop(Unary op, DType d) {
  return table().unary[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Predicate op, DType d) {
  return table().predicate[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Activation op, DType d) {
  return table().activation[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Binary op, DType d) {
  return table().binary[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Compare op, DType d) {
  return table().compare[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Gradient op, DType d) {
  return table().gradient[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop loop(Ternary op, DType d) {
  return table().ternary[static_cast<int>(op)][static_cast<int>(d)];
}
inline Loop where_loop(DType d) { return table().where[static_cast<int>(d)]; }
inline Loop cast_loop(DType from, DType to) {
  return table().cast[static_cast<int>(from)][static_cast<int>(to)];
}
inline const Reducer& reducer(Reduce op, DType dtype) {
  const auto rows = op < Reduce::var
                        ? table().reduce + static_cast<int>(op)
                        : table().two_pass + (static_cast<int>(op) - static_cast<int>(Reduce::var));
  return (*rows)[static_cast<int>(dtype)];
}
/// Of float or double.
template <class T>
const CellKernels<T>& cells() {
  if constexpr (std::is_same_v<T, float>) return *table().cells_f32;
  else return *table().cells_f64;
}
template <class T>
const AdditiveKernels<T>& additive() {
  if constexpr (std::is_same_v<T, float>) return *table().additive_f32;
  else return *table().additive_f64;
}
template <class T>
const BagKernels<T>& bag() {
  if constexpr (std::is_same_v<T, float>) return *table().bag_f32;
  else return *table().bag_f64;
}
template <class T>
const EntityKernels<T>& entity() {
  if constexpr (std::is_same_v<T, float>) return *table().entity_f32;
  else return *table().entity_f64;
}
template <class T>
const SlotKernels<T>& slots() {
  if constexpr (std::is_same_v<T, float>) return *table().slots_f32;
  else return *table().slots_f64;
}
template <class T>
const AttentionKernels<T>& attention() {
  if constexpr (std::is_same_v<T, float>) return *table().attention_f32;
  else return *table().attention_f64;
}
/// Of a floating type.
inline const RowKernels& rows(DType dtype) { return table().rows[static_cast<int>(dtype)]; }

inline const NormKernels& norm(DType dtype) { return table().norm[static_cast<int>(dtype)]; }

}  // namespace tapehead::kernels
