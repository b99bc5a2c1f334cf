// LayerFixture of simple ops, a step of a DNC passes over its B N N links about twenty times and
// over its memory thirty, forward and backward, and keeps several tensors of their sizes. Here each
// row is made, used and forgotten at once.
//
// B batch, N slots, R heads.
#include "tapehead/nn/memory/detail/fused.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/recompute_vjp.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/parallel.h"
#include "tapehead/nn/memory/slots_kernel.h"

namespace tapehead::nn::detail {
namespace {

std::vector<Tensor> plain_cosines(const std::vector<Tensor>& in) {
  const auto scaled = [](const Tensor& rows) {
    return rows * rsqrt(sum(square(rows), -1, true) + kernels::kEmptySlot);
  };
  return {matmul(scaled(in[1]), scaled(in[0]).transpose(1, 2))};
}

std::vector<Tensor> plain_write(const std::vector<Tensor>& in) {
  const Tensor &weights = in[1], &erase = in[2], &add = in[3];
  Tensor kept = in[0];
  for (int64_t r = 0; r < weights.size(1); ++r)
    kept = kept * (1 - weights.select(1, r).unsqueeze(2) * erase.slice(1, r, r + 1));
  return {kept + matmul(weights.transpose(1, 2), add)};
}

std::vector<Tensor> plain_links(const std::vector<Tensor>& in) {
  const Tensor &links = in[0], &precedence = in[1], &written = in[2], &read = in[3];
  const Tensor after = written.unsqueeze(2), others = 1 - eye(written.size(1), written.dtype());
  const Tensor kept = (1 - after - written.unsqueeze(1)) * links;
  const Tensor next = (kept + after * precedence.unsqueeze(1)) * others;
  return {next, matmul(read, next), matmul(read, next.transpose(1, 2))};
}

// Of a memory, and keys or weights of each head.
kernels::SlotSizes sizes(const std::vector<Tensor>& in) {
  return {in[1].size(1), in[0].size(1), in[0].size(2)};
}

Tensor zeros_of(const Tensor& t) { return core::full(t.shape(), 0, t.dtype()); }

// What t has of sequence b.
template <class T>
T* part(const Tensor& t, int64_t b) {
  return t.data<T>() + b * (t.numel() / t.size(0));
}

// Calls f<float> or f<double>(b) for each sequence of a batch.
template <class F>
void for_each_sequence(const Tensor& batch, F f) {
  visit_wide(batch.dtype(), [&]<class T>() {
    core::parallel_for(batch.size(0), [&](int64_t b) { f.template operator()<T>(b); });
  });
}

// What the three share: operands are contiguous, f32 or f64.
template <class Op>
struct MemoryOp : CustomOp {
  static constexpr bool kUndefinedGrads = true;

  std::vector<Tensor> forward(const std::vector<Tensor>& in) {
    for (const Tensor& t : in) save(t);
    return static_cast<Op*>(this)->make(in);
  }
  Grads backward(Grads& dy) const {
    std::vector<Tensor> in;
    for (size_t i = 0; i < Op::kOperands; ++i) in.push_back(saved(i));
    if (is_grad_enabled()) return recompute_vjp(Op::kPlain, in, {dy.data(), dy.size()});
    return static_cast<const Op*>(this)->gradients(in, dy);
  }
};

struct Cosines : MemoryOp<Cosines> {
  static constexpr const char* kName = "content_weights";
  static constexpr size_t kOperands = 2;
  static constexpr auto kPlain = plain_cosines;

  Tensor slot_scales, key_scales;

  std::vector<Tensor> make(const std::vector<Tensor>& in) {
    const int64_t B = in[0].size(0), N = in[0].size(1), R = in[1].size(1);
    const DType dtype = in[0].dtype();
    const Tensor cosines = core::empty({B, R, N}, dtype);
    slot_scales = core::empty({B, N}, dtype);
    key_scales = core::empty({B, R}, dtype);
    for_each_sequence(in[0], [&]<class T>(int64_t b) {
      kernels::slots<T>().cosine_forward({.memory = part<T>(in[0], b),
                                          .keys = part<T>(in[1], b),
                                          .slot_scales = part<T>(slot_scales, b),
                                          .key_scales = part<T>(key_scales, b),
                                          .cosines = part<T>(cosines, b),
                                          .sizes = sizes(in)});
    });
    return {save(cosines)};
  }
  Grads gradients(const std::vector<Tensor>& in, const Grads& dy) const {
    const Tensor d = core::contiguous(dy[0]), cosines = saved(2);
    const Tensor dmemory = core::empty_like(in[0]), dkeys = zeros_of(in[1]);
    for_each_sequence(d, [&]<class T>(int64_t b) {
      kernels::slots<T>().cosine_backward({.memory = part<T>(in[0], b),
                                           .keys = part<T>(in[1], b),
                                           .slot_scales = part<T>(slot_scales, b),
                                           .key_scales = part<T>(key_scales, b),
                                           .cosines = part<T>(cosines, b),
                                           .dcosines = part<T>(d, b),
                                           .dmemory = part<T>(dmemory, b),
                                           .dkeys = part<T>(dkeys, b),
                                           .sizes = sizes(in)});
    });
    return {dmemory, dkeys};
  }
  void forget() override { slot_scales = key_scales = {}; }
};

struct Write : MemoryOp<Write> {
  static constexpr const char* kName = "write_memory";
  static constexpr size_t kOperands = 4;
  static constexpr auto kPlain = plain_write;

  std::vector<Tensor> make(const std::vector<Tensor>& in) {
    const Tensor out = core::empty_like(in[0]);
    for_each_sequence(out, [&]<class T>(int64_t b) {
      kernels::slots<T>().write_forward({.memory = part<T>(in[0], b),
                                         .weights = part<T>(in[1], b),
                                         .erase = part<T>(in[2], b),
                                         .add = part<T>(in[3], b),
                                         .out = part<T>(out, b),
                                         .sizes = sizes(in)});
    });
    return {out};
  }
  Grads gradients(const std::vector<Tensor>& in, const Grads& dy) const {
    const Tensor d = core::contiguous(dy[0]);
    const Tensor row = core::empty({in[0].size(0), in[0].size(2)}, d.dtype());
    const Tensor dmemory = core::empty_like(in[0]), dweights = core::empty_like(in[1]),
                 derase = zeros_of(in[2]), dadd = zeros_of(in[3]);
    for_each_sequence(d, [&]<class T>(int64_t b) {
      kernels::slots<T>().write_backward({.memory = part<T>(in[0], b),
                                          .weights = part<T>(in[1], b),
                                          .erase = part<T>(in[2], b),
                                          .add = part<T>(in[3], b),
                                          .dout = part<T>(d, b),
                                          .dmemory = part<T>(dmemory, b),
                                          .dweights = part<T>(dweights, b),
                                          .derase = part<T>(derase, b),
                                          .dadd = part<T>(dadd, b),
                                          .row = part<T>(row, b),
                                          .sizes = sizes(in)});
    });
    return {dmemory, dweights, derase, dadd};
  }
};

struct Links : MemoryOp<Links> {
  static constexpr const char* kName = "follow_links";
  static constexpr size_t kOperands = 4;
  static constexpr auto kPlain = plain_links;

  static kernels::SlotSizes link_sizes(const std::vector<Tensor>& in) {
    return {in[3].size(1), in[3].size(2), 0};
  }
  std::vector<Tensor> make(const std::vector<Tensor>& in) {
    const Tensor next = core::empty_like(in[0]), backward = zeros_of(in[3]),
                 forward = core::empty_like(in[3]);
    for_each_sequence(next, [&]<class T>(int64_t b) {
      kernels::slots<T>().link_forward({.links = part<T>(in[0], b),
                                        .precedence = part<T>(in[1], b),
                                        .written = part<T>(in[2], b),
                                        .read = part<T>(in[3], b),
                                        .next = part<T>(next, b),
                                        .backward = part<T>(backward, b),
                                        .forward = part<T>(forward, b),
                                        .sizes = link_sizes(in)});
    });
    return {next, backward, forward};
  }
  Grads gradients(const std::vector<Tensor>& in, const Grads& dy) const {
    const auto given = [&](const Tensor& g, const Tensor& like) {
      return g.defined() ? core::contiguous(g) : zeros_of(like);
    };
    const Tensor dbackward = given(dy[1], in[3]), dforward = given(dy[2], in[3]);
    const Tensor dlinks = dy[0].defined() ? core::clone(dy[0]) : zeros_of(in[0]);
    const Tensor row = core::empty_like(in[1]);
    const Tensor dprecedence = zeros_of(in[1]), dwritten = zeros_of(in[2]), dread = zeros_of(in[3]);
    for_each_sequence(dlinks, [&]<class T>(int64_t b) {
      kernels::slots<T>().link_backward({.links = part<T>(in[0], b),
                                         .precedence = part<T>(in[1], b),
                                         .written = part<T>(in[2], b),
                                         .read = part<T>(in[3], b),
                                         .dbackward = part<T>(dbackward, b),
                                         .dforward = part<T>(dforward, b),
                                         .dlinks = part<T>(dlinks, b),
                                         .dprecedence = part<T>(dprecedence, b),
                                         .dwritten = part<T>(dwritten, b),
                                         .dread = part<T>(dread, b),
                                         .row = part<T>(row, b),
                                         .sizes = link_sizes(in)});
    });
    return {dlinks, dprecedence, dwritten, dread};
  }
};

template <class Op>
std::vector<Tensor> fused(const std::vector<Tensor>& in) {
  std::vector<Tensor> wide;
  const DType given = in[0].dtype(), dtype = wide_type(given);
  wide.reserve(in.size());
  for (const Tensor& t : in) wide.push_back(t.to(dtype).contiguous());
  std::vector<Tensor> out = apply<Op>(wide);
  for (Tensor& t : out) t = t.to(given);
  return out;
}

}  // namespace

Tensor cosines(const Tensor& memory, const Tensor& keys) {
  return fused<Cosines>({memory, keys})[0];
}

Tensor written_memory(const Tensor& memory, const Tensor& weights, const Tensor& erase,
                      const Tensor& add) {
  return fused<Write>({memory, weights, erase, add})[0];
}

std::vector<Tensor> linked(const Tensor& links, const Tensor& precedence, const Tensor& written,
                           const Tensor& read) {
  return fused<Links>({links, precedence, written, read});
}

}  // namespace tapehead::nn::detail
