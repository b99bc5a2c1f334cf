// Conversions between element types, and the blocks through which elementwise kernels read and
// write operands that are converted or strided.
#include "tapehead/core/kernels/half.h"
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline void convert(const T* x, T* out, int64_t n) {
  run_elements(Copied(), out, 0, n, x);
}
template <class From, class To>
inline void convert(const From* x, To* out, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<To>(x[i]);
}
inline void convert(const float16* x, float* out, int64_t n) { widen_halves(x, out, n); }
inline void convert(const float* x, float16* out, int64_t n) { narrow_to_halves(x, out, n); }

// By the bits of the value: GCC does not vectorise stores of structures.
template <class T>
inline void fill(char* out, T value, int64_t n) {
  using Bits =
      std::conditional_t<sizeof(T) == 2, uint16_t,
                         std::conditional_t<sizeof(T) == 4, uint32_t,
                                            std::conditional_t<sizeof(T) == 8, uint64_t, uint8_t>>>;
  const Bits bits = __builtin_bit_cast(Bits, value);
  for (int64_t i = 0; i < n; ++i) reinterpret_cast<Bits*>(out)[i] = bits;
}

// Out-of-range values of integer types are whatever the CPU produces; any nonzero value is true.
template <class From, class To>
void cast_loop(char* const* data, const int64_t* strides, int64_t n, const double*) {
  if (strides[0] == sizeof(To) && strides[1] == sizeof(From)) {
    return convert(reinterpret_cast<const From*>(data[1]), reinterpret_cast<To*>(data[0]), n);
  }
  if (strides[0] == sizeof(To) && strides[1] == 0)
    return fill(data[0], static_cast<To>(*reinterpret_cast<const From*>(data[1])), n);
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<To*>(data[0] + i * strides[0]) =
        static_cast<To>(*reinterpret_cast<const From*>(data[1] + i * strides[1]));
}

// Types without kernels of their own are converted only from and to the type that computes them.
constexpr bool is_direct(DType a, DType b) {
  return kernel_type(a) == b || kernel_type(b) == a || (kernel_type(a) == a && kernel_type(b) == b);
}

// Same-type copies depend only on the element size: they share instances.
template <class From, class To>
constexpr Loop cast_entry() {
  if constexpr (dtype_of<From>() != dtype_of<To>()) {
    if constexpr (is_direct(dtype_of<From>(), dtype_of<To>())) return cast_loop<From, To>;
    else return nullptr;
  } else if constexpr (sizeof(From) == 8) {
    return cast_loop<int64_t, int64_t>;
  } else if constexpr (sizeof(From) == 4) {
    return cast_loop<int32_t, int32_t>;
  } else if constexpr (sizeof(From) == 2) {
    return cast_loop<int16_t, int16_t>;
  } else {
    return cast_loop<uint8_t, uint8_t>;
  }
}

// Copies elements of one size, or converts between bf16 and f32, in which bf16 is computed.
Loop block_cast(int64_t from, int64_t to) {
  if (from == to)
    return from == 8   ? cast_entry<int64_t, int64_t>()
           : from == 4 ? cast_entry<int32_t, int32_t>()
           : from == 2 ? cast_entry<bfloat16, bfloat16>()
                       : cast_entry<uint8_t, uint8_t>();
  return from == 2 ? cast_loop<bfloat16, float> : cast_loop<float, bfloat16>;
}

void run_cast(int64_t from, int64_t to, char* in, int64_t in_stride, char* out, int64_t out_stride,
              int64_t n) {
  char* const data[] = {out, in};
  const int64_t strides[] = {out_stride, in_stride};
  block_cast(from, to)(data, strides, n, nullptr);
}

}  // namespace

void run_blocks(const BlockPlan& plan, char* const* data, const int64_t* strides, int64_t n,
                const double* numbers) {
  constexpr int64_t kBlock = 512;
  alignas(64) char buffers[4][kBlock * 8];
  char* at[4];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = n - begin < kBlock ? n - begin : kBlock;
    for (int k = 0; k < plan.operands; ++k) {
      char* const from = data[k] + begin * strides[k];
      const bool direct = strides[k] == plan.stored[k] && plan.stored[k] == plan.computed[k];
      at[k] = direct ? from : buffers[k];
      const bool filled = k == 0 || (strides[k] == 0 && begin > 0);
      if (!direct && !filled)
        run_cast(plan.stored[k], plan.computed[k], from, strides[k], at[k], plan.computed[k],
                 count);
    }
    plan.loop(at, plan.computed, count, numbers);
    if (at[0] == buffers[0])
      run_cast(plan.computed[0], plan.stored[0], at[0], plan.computed[0],
               data[0] + begin * strides[0], strides[0], count);
  }
}

#define TAPEHEAD_CASTS(From)                                                               \
  {cast_entry<From, float>(),   cast_entry<From, double>(),  cast_entry<From, bfloat16>(), \
   cast_entry<From, int64_t>(), cast_entry<From, int32_t>(), cast_entry<From, uint8_t>(),  \
   cast_entry<From, bool>(),    cast_entry<From, float16>(), cast_entry<From, int16_t>(),  \
   cast_entry<From, int8_t>()},
// bool is read as a byte: GCC 12 does not vectorise loops over bool.
extern const CastKernels cast_kernels = {
    {TAPEHEAD_CASTS(float) TAPEHEAD_CASTS(double) TAPEHEAD_CASTS(bfloat16) TAPEHEAD_CASTS(int64_t)
         TAPEHEAD_CASTS(int32_t) TAPEHEAD_CASTS(uint8_t) TAPEHEAD_CASTS(uint8_t)
             TAPEHEAD_CASTS(float16) TAPEHEAD_CASTS(int16_t) TAPEHEAD_CASTS(int8_t)}};
#undef TAPEHEAD_CASTS

}  // namespace tapehead::kernels::TAPEHEAD_ISA
