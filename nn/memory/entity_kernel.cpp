#include "tapehead/nn/memory/entity_kernel.h"

#include "tapehead/core/kernels/math.h"
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
T phi(T x, T slope) {
  return x > 0 ? x : slope * x;
}

template <class T>
void forward(const EntityForward<T>& f) {
  const T *s = f.sentence, *input = f.input, *slopes = f.slopes;
  for (int64_t j = 0; j < f.slots; ++j) {
    const int64_t at = j * f.width;
    const T *h = f.h + at, *key = f.keys + at, *key_input = f.key_input + at;
    T *pre = f.pre + at, *out = f.h_out + at;
    const T g = sigmoid_of(lane_sum<T>(f.width, [=](int64_t c) { return s[c] * (h[c] + key[c]); }));
#pragma GCC ivdep
    for (int64_t c = 0; c < f.width; ++c) {
      const T x = pre[c] + key_input[c] + input[c];
      pre[c] = x;
      out[c] = h[c] + g * phi(x, slopes[c]);
    }
    const T square = lane_sum<T>(f.width, [=](int64_t c) { return out[c] * out[c]; });
    const T scale = 1 / __builtin_sqrt(square + T(kEntityEps));
    for (int64_t c = 0; c < f.width; ++c) out[c] *= scale;
    f.gates[j] = g;
    f.scales[j] = scale;
  }
}

template <class T>
void backward(const EntityBackward<T>& b) {
  const T *s = b.sentence, *slopes = b.slopes;
  T *ds = b.dsentence, *dinput = b.dinput, *dslopes = b.dslopes;
  for (int64_t j = 0; j < b.slots; ++j) {
    const int64_t at = j * b.width;
    const T *h = b.h + at, *key = b.keys + at, *pre = b.pre + at;
    T *dh = b.dh + at, *dpre = b.dpre + at, *dkey = b.dkeys + at, *dkey_input = b.dkey_input + at;
    const T g = b.gates[j], scale = b.scales[j];
    // Of the row before it was scaled.
    const T along = scale * scale * lane_sum<T>(b.width, [=](int64_t c) {
                      return dh[c] * (h[c] + g * phi(pre[c], slopes[c]));
                    });
#pragma GCC ivdep
    for (int64_t c = 0; c < b.width; ++c)
      dh[c] = scale * (dh[c] - along * (h[c] + g * phi(pre[c], slopes[c])));
    const T dg = lane_sum<T>(b.width, [=](int64_t c) { return dh[c] * phi(pre[c], slopes[c]); });
    const T dlogit = (dg + (b.dgates ? b.dgates[j] : T(0))) * g * (1 - g);
#pragma GCC ivdep
    for (int64_t c = 0; c < b.width; ++c) {
      const T d = dh[c] * g, x = pre[c], through = x > 0 ? d : slopes[c] * d;
      dslopes[c] += x > 0 ? T(0) : d * x;
      dpre[c] = through;
      dinput[c] += through;
      dkey_input[c] += through;
      ds[c] += dlogit * (h[c] + key[c]);
      dkey[c] += dlogit * s[c];
      dh[c] += dlogit * s[c];
    }
  }
}

}  // namespace

extern const EntityKernels<float> entity_f32 = {forward<float>, backward<float>};
extern const EntityKernels<double> entity_f64 = {forward<double>, backward<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
