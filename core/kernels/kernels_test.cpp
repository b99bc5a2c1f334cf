// Tests every elementwise kernel of elementwise_kernels.h against its long double reference, on
// every instruction set of this CPU: each type, lengths around the vector sizes at any alignment,
// contiguous, broadcast and strided operands, special values.
#include "tapehead/core/kernels/elementwise_kernels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>

#include "tapehead/tests/kernel_list.h"
#include "tapehead/tests/on_each_isa.h"

namespace tapehead::kernels {
namespace {

constexpr int64_t kMost = 1000;  // elements per call
constexpr int64_t kRoom = 3 * kMost + 8;

// Strides, in elements, of the result and the operands.
using Steps = std::array<int64_t, 4>;

// One call on its own memory, which starts `shift` elements after an aligned address.
template <class T>
class Call {
 public:
  Call(const ListedKernel& kernel, int64_t n, const Steps& steps, int64_t shift = 0)
      : kernel_(kernel), n_(n), steps_(steps), shift_(shift) {}

  void draw(std::mt19937& bits) {
    std::uniform_real_distribution<double> number(kernel_.from, kernel_.to);
    for (int k = 1; k <= kernel_.operands; ++k)
      for (int64_t i = 0; i < n_ * steps_[k] || i < 1; ++i) {
        const double x = number(bits);
        // Negative values would wrap around.
        set(k, i, static_cast<T>(std::is_same_v<T, uint8_t> ? std::abs(x) : x));
      }
  }
  void set(int operand, int64_t at, T value) {
    std::memcpy(memory_[operand] + (shift_ + at) * int64_t{sizeof(T)}, &value, sizeof(T));
  }
  double operand(int k, int64_t i) const {
    T value;
    std::memcpy(&value, memory_[k] + (shift_ + i * steps_[k]) * int64_t{sizeof(T)}, sizeof(T));
    return static_cast<double>(value);
  }
  Number wanted(int64_t i) const {
    double x[4] = {};
    for (int k = 1; k <= kernel_.operands; ++k) x[k] = operand(k, i);
    const Number exact = kernel_.reference(x[1], x[2], x[3], kernel_.numbers.data());
    return as_element(kernel_.is_predicate ? boolean : dtype_of<T>(), exact);
  }
  double result(int64_t i) const {
    const char* at = memory_[0] + (shift_ + i * steps_[0]) * result_size();
    if (kernel_.is_predicate) return *at;
    T value;
    std::memcpy(&value, at, sizeof(T));
    return static_cast<double>(value);
  }

  void run() {
    char* data[4];
    int64_t strides[4];
    for (int k = 0; k <= kernel_.operands; ++k) {
      const int64_t size = k == 0 ? result_size() : sizeof(T);
      data[k] = memory_[k] + shift_ * size;
      strides[k] = steps_[k] * size;
    }
    std::memset(memory_[0], kMark, sizeof memory_[0]);
    kernel_.loops[static_cast<int>(dtype_of<T>())](data, strides, n_, kernel_.numbers.data());
  }
  // True if nothing outside of the results was written.
  bool stays_inside() const {
    static char rest[sizeof memory_[0]];
    std::memcpy(rest, memory_[0], sizeof rest);
    const auto size = static_cast<size_t>(result_size());
    for (int64_t i = 0; i < n_; ++i)
      std::memset(rest + (shift_ + i * steps_[0]) * result_size(), kMark, size);
    return rest[0] == kMark && std::memcmp(rest, rest + 1, sizeof rest - 1) == 0;
  }

 private:
  static constexpr char kMark = 0x5a;

  int64_t result_size() const { return kernel_.is_predicate ? 1 : int64_t{sizeof(T)}; }

  const ListedKernel& kernel_;
  int64_t n_;
  Steps steps_;
  int64_t shift_;
  alignas(64) inline static char memory_[4][kRoom * 8];
};

template <class T>
void check(const ListedKernel& kernel, int64_t n, const Steps& steps, int64_t shift,
           std::mt19937& bits) {
  Call<T> call(kernel, n, steps, shift);
  call.draw(bits);
  call.run();
  CAPTURE(n);
  CAPTURE(shift);
  CHECK(call.stays_inside());
  for (int64_t i = 0; i < n; ++i) {
    const Number wanted = call.wanted(i);
    if (std::isnan(wanted) && std::isnan(call.result(i))) continue;
    if (std::abs(call.result(i) - wanted) <= tolerance(kernel, dtype_of<T>(), wanted)) continue;
    CAPTURE(i);
    CAPTURE(call.operand(1, i));
    CAPTURE(call.operand(2, i));
    CHECK(call.result(i) == static_cast<double>(wanted));
    return;
  }
}

// Calls f.operator()<T>(kernel) for every kernel and type of every instruction set.
template <class F>
void each_kernel(F f) {
  on_each_isa([&] {
    for (const ListedKernel& kernel : listed_kernels()) {
      CAPTURE(kernel.name);
      for (int d = 0; d < kDTypes; ++d) {
        if (!kernel.loops[d]) continue;
        CAPTURE(std::string(name(static_cast<DType>(d))));
        visit(static_cast<DType>(d), [&]<class T>() { f.template operator()<T>(kernel); });
      }
    }
  });
}

constexpr Steps kSideBySide{1, 1, 1, 1};
constexpr Steps kSteps[] = {{1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}, {1, 1, 0, 0},
                            {1, 0, 0, 0}, {1, 2, 1, 3}, {2, 1, 1, 1}, {3, 3, 2, 2}};

// Kernels whose reference is also correct for infinities and NaN.
bool takes_specials(const ListedKernel& kernel) {
  static const std::set<std::string> others = {"binary.add", "binary.sub", "binary.mul",
                                               "binary.div"};
  return kernel.name.starts_with("unary.") || kernel.name.starts_with("predicate.") ||
         kernel.name.starts_with("compare.") || others.contains(kernel.name);
}

template <class T>
std::vector<double> specials() {
  using Limits = std::numeric_limits<std::conditional_t<std::is_same_v<T, double>, double, float>>;
  std::vector<double> list = {0,
                              1,
                              Limits::infinity(),
                              Limits::max() * 0.99,
                              Limits::min(),
                              4 * Limits::denorm_min(),
                              0.5,
                              88.5,
                              104,
                              3e5};
  for (size_t i = 0, n = list.size(); i < n; ++i) list.push_back(-list[i]);
  list.push_back(std::nan(""));
  return list;
}

}  // namespace

TEST_CASE("every elementwise kernel computes its reference, at any length, place and stride") {
  std::mt19937 bits(1);
  each_kernel([&]<class T>(const ListedKernel& kernel) {
    for (int64_t n = 0; n <= 67; ++n) check<T>(kernel, n, kSideBySide, n % 5, bits);
    check<T>(kernel, kMost, kSideBySide, 0, bits);
    for (const Steps& steps : kSteps) check<T>(kernel, 100, steps, 1, bits);
  });
}

TEST_CASE("elementwise kernels take NaN, infinities, denormals and the largest numbers") {
  each_kernel([&]<class T>(const ListedKernel& kernel) {
    if (!is_floating(dtype_of<T>()) || !takes_specials(kernel)) return;
    const std::vector<double> x = specials<T>(), y = kernel.operands > 1 ? x : std::vector{0.0};
    Call<T> call(kernel, static_cast<int64_t>(x.size() * y.size()), kSideBySide);
    int64_t i = 0;
    for (const double a : x)
      for (const double b : y)
        call.set(1, i, static_cast<T>(a)), call.set(2, i++, static_cast<T>(b));
    call.run();
    for (i = 0; i < static_cast<int64_t>(x.size() * y.size()); ++i) {
      const Number exact = call.wanted(i);
      const double wanted = static_cast<double>(static_cast<T>(static_cast<double>(exact))),
                   got = call.result(i);
      // Subnormal numbers may be flushed to 0.
      const double tiny = dtype_of<T>() == f64 ? 0x1p-1021 : 0x1p-125;
      if (got == wanted || (std::isnan(got) && std::isnan(wanted))) continue;
      if (std::abs(got - exact) <= tolerance(kernel, dtype_of<T>(), exact) + tiny) continue;
      CAPTURE(call.operand(1, i));
      CAPTURE(call.operand(2, i));
      CHECK(got == wanted);
    }
  });
}

TEST_CASE("every f16 number converts to f32 and back, and what lies between two is rounded") {
  constexpr int64_t kFinite = 0x7c00;  // from 0 up
  on_each_isa([&] {
    std::vector<float16> halves(0x10000), back(0x10000);
    std::vector<float> wide(0x10000);
    const auto run = [](Loop loop, const void* from, int64_t from_size, void* to, int64_t size) {
      char* const data[] = {static_cast<char*>(to), static_cast<char*>(const_cast<void*>(from))};
      const int64_t strides[] = {size, from_size};
      loop(data, strides, 0x10000, nullptr);
    };
    const auto value = [](int64_t bits) {  // 2^(exponent - 25) times the significand
      const int64_t exponent = std::max<int64_t>(bits >> 10, 1);
      const int64_t significand = (bits & 0x3ff) + (bits >> 10 ? 0x400 : 0);
      return std::ldexp(static_cast<double>(significand), static_cast<int>(exponent - 25));
    };
    for (size_t i = 0; i < halves.size(); ++i) halves[i].bits = static_cast<uint16_t>(i);
    run(cast_loop(f16, f32), halves.data(), 2, wide.data(), 4);
    run(cast_loop(f32, f16), wide.data(), 4, back.data(), 2);
    bool right = true, same = true, rounds = true;
    for (int64_t i = 0; i < 0x10000; ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t size = i & 0x7fff;
      const double wanted = size < kFinite ? value(size) : size == kFinite ? INFINITY : NAN;
      if (size > kFinite) right &= std::isnan(wide[at]);
      else right &= wide[at] == (i < 0x8000 ? wanted : -wanted);
      same &= size > kFinite ? std::isnan(static_cast<float>(back[at])) : back[at].bits == i;
    }
    CHECK(right);
    CHECK(same);
    for (const double place : {-0.25, 0.0, 0.25}) {  // around the middle of two neighbours
      for (int64_t i = 0; i < kFinite; ++i) {
        const double gap = value(i + 1) - value(i);
        wide[static_cast<size_t>(i)] = static_cast<float>(-(value(i) + gap * (0.5 + place)));
      }
      run(cast_loop(f32, f16), wide.data(), 4, back.data(), 2);
      for (int64_t i = 0; i < kFinite; ++i) {
        const int64_t up = place > 0 || (place == 0 && i % 2 == 1);
        rounds &= back[static_cast<size_t>(i)].bits == 0x8000 + i + up;
      }
    }
    CHECK(rounds);
  });
}

}  // namespace tapehead::kernels
