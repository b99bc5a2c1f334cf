// Declares families of kernels. The header of a family defines a struct of function pointers and,
// below it, one row:
//
//   template <class T>
//   struct AdditiveKernels {
//     T (*score)(const T* key, const T* query, const T* v, int64_t n);
//   };
//   TAPEHEAD_KERNELS_WIDE(additive, AdditiveKernels, "additive_scores")
//
// The row declares the constants additive_f32 and additive_f64, which are defined once for each
// instruction set: in x_kernel.cpp beside x_kernel.h, or in the header itself below
// #ifdef TAPEHEAD_ISA. It adds their entries to the kernel table, defines the accessor
// kernels::additive<T>(), and names the ops whose test cases exercise the family:
// tests/kernel_families_test.cpp uses them to compare instruction sets, bench/kernels to time them.
//
//   TAPEHEAD_KERNELS(name, type, ops)           one struct, `name_kernels`; kernels::name()
//   TAPEHEAD_KERNELS_WIDE(name, type, ops)      type<float> and type<double>; kernels::name<T>()
//   TAPEHEAD_KERNELS_FLOATING(name, type, ops)  one type for f32, f64, bf16; kernels::name(dtype)
//
// Ops convert f16 to f32 for these families and back (kernel_type() of loop.h).
//
// A family with faster kernels for an instruction set extension (levels.h) names it after the ops,
// as in
//
//   TAPEHEAD_KERNELS(gemm, GemmKernels, "matmul", amx)
//
// and defines amx::gemm_kernels in a separate file, listed in kernel_extensions. Null pointers in
// it, and CPUs without the extension, fall back to the next best level.
#pragma once

#include "tapehead/core/kernels/levels.h"

#ifdef TAPEHEAD_ISA  // a kernel file: defines the kernels of its own instruction set

#define TAPEHEAD_KERNEL_ENTRY(name, symbol, type, ...) \
  namespace tapehead::kernels::TAPEHEAD_ISA {          \
  extern const type symbol;                            \
  }
#define TAPEHEAD_ACCESSOR(...)

#else

#include "tapehead/core/kernels/entry.h"

#define TAPEHEAD_DECLARE_KERNELS(level, symbol, type) \
  namespace level {                                   \
  extern const type symbol;                           \
  }
#define TAPEHEAD_CANDIDATE(level, symbol, type) {Level::level, &level::symbol},
#if defined(__x86_64__)
#define TAPEHEAD_EXTENSION(f, symbol, type, ...) __VA_OPT__(f(__VA_ARGS__, symbol, type))
#else
#define TAPEHEAD_EXTENSION(f, symbol, type, ...)
#endif
#define TAPEHEAD_KERNEL_ENTRY(name, symbol, type, ops, ...)                                \
  namespace tapehead::kernels {                                                            \
  TAPEHEAD_INSTRUCTION_SETS(TAPEHEAD_DECLARE_KERNELS, symbol, type)                        \
  TAPEHEAD_EXTENSION(TAPEHEAD_DECLARE_KERNELS, symbol, type, __VA_ARGS__)                  \
  inline constexpr Candidate symbol##_candidates[] = {                                     \
      TAPEHEAD_EXTENSION(TAPEHEAD_CANDIDATE, symbol, type, __VA_ARGS__)                    \
          TAPEHEAD_INSTRUCTION_SETS(TAPEHEAD_CANDIDATE, symbol, type)};                    \
  inline constinit EntryOf<type> symbol##_entry{#name, #symbol, ops, symbol##_candidates}; \
  inline const bool symbol##_is_listed = list_entry(symbol##_entry);                       \
  }
#define TAPEHEAD_ACCESSOR(...)  \
  namespace tapehead::kernels { \
  __VA_ARGS__                   \
  }

#endif

#define TAPEHEAD_KERNELS(name, type, ...)                        \
  TAPEHEAD_KERNEL_ENTRY(name, name##_kernels, type, __VA_ARGS__) \
  TAPEHEAD_ACCESSOR(inline const type& name() { return name##_kernels_entry.get(); })

#define TAPEHEAD_KERNELS_WIDE(name, type, ...)                               \
  TAPEHEAD_KERNEL_ENTRY(name, name##_f32, type<float>, __VA_ARGS__)          \
  TAPEHEAD_KERNEL_ENTRY(name, name##_f64, type<double>, __VA_ARGS__)         \
  TAPEHEAD_ACCESSOR(template <class T> const type<T>& name() {               \
    if constexpr (sizeof(T) == sizeof(float)) return name##_f32_entry.get(); \
    else return name##_f64_entry.get();                                      \
  })

#define TAPEHEAD_KERNELS_FLOATING(name, type, ...)            \
  TAPEHEAD_KERNEL_ENTRY(name, name##_f32, type, __VA_ARGS__)  \
  TAPEHEAD_KERNEL_ENTRY(name, name##_f64, type, __VA_ARGS__)  \
  TAPEHEAD_KERNEL_ENTRY(name, name##_bf16, type, __VA_ARGS__) \
  TAPEHEAD_ACCESSOR(inline const type& name(DType dtype) {    \
    if (dtype == DType::f32) return name##_f32_entry.get();   \
    if (dtype == DType::f64) return name##_f64_entry.get();   \
    if (dtype != DType::bf16) no_kernels(#name, dtype);       \
    return name##_bf16_entry.get();                           \
  })
