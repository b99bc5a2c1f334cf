// Recurrent cells. LSTM: Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000). GRU:
// Cho et al. 2014, with the reset gate applied after the product as in cuDNN and PyTorch.
#include "tapehead/core/kernels/recurrent.h"

#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void tanh_forward(const CellForward<T>& s) {
#pragma GCC ivdep
  for (int64_t j = 0; j < s.n; ++j) s.h_out[j] = tanh_of(s.gates[j]);
}

template <class T>
void tanh_backward(const CellBackward<T>& s) {
#pragma GCC ivdep
  for (int64_t j = 0; j < s.n; ++j) {
    const T y = tanh_of(s.gates[j]);
    s.dgates[j] = s.dh[j] * (1 - y * y);
    s.dh_in[j] = 0;
  }
}

template <class T>
void relu_forward(const CellForward<T>& s) {
#pragma GCC ivdep
  for (int64_t j = 0; j < s.n; ++j) s.h_out[j] = s.gates[j] < 0 ? T(0) : s.gates[j];
}

template <class T>
void relu_backward(const CellBackward<T>& s) {
#pragma GCC ivdep
  for (int64_t j = 0; j < s.n; ++j) {
    s.dgates[j] = s.gates[j] > 0 ? s.dh[j] : T(0);
    s.dh_in[j] = 0;
  }
}

// i, f, o = sigmoid, g = tanh; c' = f c + i g; h' = o tanh(c')
template <class T>
void lstm_forward(const CellForward<T>& s) {
  const int64_t n = s.n;
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    const T i = sigmoid_of(s.gates[j]), f = sigmoid_of(s.gates[n + j]);
    const T g = tanh_of(s.gates[2 * n + j]), o = sigmoid_of(s.gates[3 * n + j]);
    const T c = f * s.c[j] + i * g;
    s.c_out[j] = c;
    s.h_out[j] = o * tanh_of(c);
  }
}

template <class T>
void lstm_backward(const CellBackward<T>& s) {
  const int64_t n = s.n;
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    const T i = sigmoid_of(s.gates[j]), f = sigmoid_of(s.gates[n + j]);
    const T g = tanh_of(s.gates[2 * n + j]), o = sigmoid_of(s.gates[3 * n + j]);
    const T y = tanh_of(f * s.c[j] + i * g);
    const T dc = s.dc[j] + s.dh[j] * o * (1 - y * y);
    s.dgates[j] = dc * g * i * (1 - i);
    s.dgates[n + j] = dc * s.c[j] * f * (1 - f);
    s.dgates[2 * n + j] = dc * i * (1 - g * g);
    s.dgates[3 * n + j] = s.dh[j] * y * o * (1 - o);
    s.dc_in[j] = dc * f;
    s.dh_in[j] = 0;
  }
}

// r, z = sigmoid(gates + hidden_gates); m = tanh(gates + r hidden_gates); h' = (1 - z) m + z h
template <class T>
void gru_forward(const CellForward<T>& s) {
  const int64_t n = s.n;
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    const T r = sigmoid_of(s.gates[j] + s.hidden_gates[j]);
    const T z = sigmoid_of(s.gates[n + j] + s.hidden_gates[n + j]);
    const T m = tanh_of(s.gates[2 * n + j] + r * s.hidden_gates[2 * n + j]);
    s.h_out[j] = m + z * (s.h[j] - m);
  }
}

template <class T>
void gru_backward(const CellBackward<T>& s) {
  const int64_t n = s.n;
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    const T r = sigmoid_of(s.gates[j] + s.hidden_gates[j]);
    const T z = sigmoid_of(s.gates[n + j] + s.hidden_gates[n + j]);
    const T through = s.hidden_gates[2 * n + j];
    const T m = tanh_of(s.gates[2 * n + j] + r * through);
    const T dm = s.dh[j] * (1 - z) * (1 - m * m);
    const T dz = s.dh[j] * (s.h[j] - m) * z * (1 - z);
    const T dr = dm * through * r * (1 - r);
    s.dgates[j] = s.dhidden_gates[j] = dr;
    s.dgates[n + j] = s.dhidden_gates[n + j] = dz;
    s.dgates[2 * n + j] = dm;
    s.dhidden_gates[2 * n + j] = dm * r;
    s.dh_in[j] = s.dh[j] * z;
  }
}

}  // namespace

extern const CellKernels<float> cells_f32 = {
    {tanh_forward<float>, relu_forward<float>, lstm_forward<float>, gru_forward<float>},
    {tanh_backward<float>, relu_backward<float>, lstm_backward<float>, gru_backward<float>}};
extern const CellKernels<double> cells_f64 = {
    {tanh_forward<double>, relu_forward<double>, lstm_forward<double>, gru_forward<double>},
    {tanh_backward<double>, relu_backward<double>, lstm_backward<double>, gru_backward<double>}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
