#include "tapehead/nn/memory/addressing.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/memory/detail/fused.h"

namespace tapehead::nn {
namespace {

constexpr double kNoWeight = 1e-16;  // added to weights before the logarithm

struct Operand {
  const char* name;
  const Tensor& value;
  Shape expected;
};

void check(const char* function, std::initializer_list<Operand> operands) {
  for (const Operand& o : operands)
    if (o.value.shape() != o.expected)
      throw ShapeError(fmt::format("{}: {} is {}; expected {}", function, o.name,
                                   o.value.shape().str(), o.expected.str()));
}

// The first operand gives the sizes; it only has to have as many axes as it should.
void check_axes(const char* function, const char* name, const Tensor& value, const char* axes,
                int count) {
  if (value.dim() != count)
    throw ShapeError(
        fmt::format("{}: {} is {}; expected {}", function, name, value.shape().str(), axes));
}

// x moved up by `by` positions along the last axis, with ones coming in.
Tensor moved(const Tensor& x, int64_t by) {
  return pad(x.slice(-1, 0, std::max<int64_t>(x.size(-1) - by, 0)), {std::min(by, x.size(-1)), 0},
             1);
}

}  // namespace

Tensor content_weights(const Tensor& memory, const Tensor& keys, const Tensor& strengths) {
  constexpr const char* kName = "content_weights";
  check_axes(kName, "memory", memory, "[B, N, W]", 3);
  check_axes(kName, "keys", keys, "[B, R, W]", 3);
  check(kName, {{"keys", keys, {memory.size(0), keys.size(1), memory.size(2)}},
                {"strengths", strengths, {memory.size(0), keys.size(1)}}});
  return softmax(detail::cosines(memory, keys) * strengths.unsqueeze(-1), -1);
}

Tensor interpolate_weights(const Tensor& content, const Tensor& previous, const Tensor& gates) {
  constexpr const char* kName = "interpolate_weights";
  check_axes(kName, "content", content, "[B, R, N]", 3);
  check(kName, {{"previous", previous, content.shape()},
                {"gates", gates, {content.size(0), content.size(1)}}});
  return lerp(previous, content, gates.unsqueeze(-1));
}

Tensor shift_weights(const Tensor& weights, const Tensor& shifts) {
  constexpr const char* kName = "shift_weights";
  check_axes(kName, "weights", weights, "[B, R, N]", 3);
  check_axes(kName, "shifts", shifts, "[B, R, 2 S + 1]", 3);
  const int64_t N = weights.size(2), count = shifts.size(2), S = count / 2;
  check(kName, {{"shifts", shifts, {weights.size(0), weights.size(1), count}}});
  if (count % 2 == 0 || count > N)
    throw ShapeError(fmt::format(
        "shift_weights: {} shifts of {} slots; expected an odd number, at most that of the slots",
        count, N));
  const Tensor circle = cat({weights.slice(2, N - S, N), weights, weights.slice(2, 0, S)}, 2);
  Tensor out;
  for (int64_t k = 0; k < count; ++k) {  // s(k - S) takes slot i - (k - S) to i
    const Tensor part = shifts.slice(2, k, k + 1) * circle.slice(2, 2 * S - k, 2 * S - k + N);
    out = k == 0 ? part : out + part;
  }
  return out;
}

Tensor sharpen_weights(const Tensor& weights, const Tensor& exponents) {
  constexpr const char* kName = "sharpen_weights";
  check_axes(kName, "weights", weights, "[B, R, N]", 3);
  check(kName, {{"exponents", exponents, {weights.size(0), weights.size(1)}}});
  // Even weights to a high power are all 0 in f32; their logarithms are not.
  return softmax(exponents.unsqueeze(-1) * log(weights + kNoWeight), -1);
}

Tensor read_memory(const Tensor& memory, const Tensor& weights) {
  constexpr const char* kName = "read_memory";
  check_axes(kName, "memory", memory, "[B, N, W]", 3);
  check_axes(kName, "weights", weights, "[B, R, N]", 3);
  check(kName, {{"weights", weights, {memory.size(0), weights.size(1), memory.size(1)}}});
  return matmul(weights, memory);
}

Tensor write_memory(const Tensor& memory, const Tensor& weights, const Tensor& erase,
                    const Tensor& add) {
  constexpr const char* kName = "write_memory";
  check_axes(kName, "memory", memory, "[B, N, W]", 3);
  check_axes(kName, "weights", weights, "[B, R, N]", 3);
  const int64_t B = memory.size(0), N = memory.size(1), W = memory.size(2), R = weights.size(1);
  check(kName,
        {{"weights", weights, {B, R, N}}, {"erase", erase, {B, R, W}}, {"add", add, {B, R, W}}});
  return detail::written_memory(memory, weights, erase, add);
}

Tensor next_usage(const Tensor& usage, const Tensor& written, const Tensor& read,
                  const Tensor& free_gates) {
  constexpr const char* kName = "next_usage";
  check_axes(kName, "usage", usage, "[B, N]", 2);
  check_axes(kName, "read", read, "[B, R, N]", 3);
  const int64_t B = usage.size(0), N = usage.size(1), R = read.size(1);
  check(kName, {{"written", written, {B, N}},
                {"read", read, {B, R, N}},
                {"free_gates", free_gates, {B, R}}});
  const Tensor kept = prod(1 - free_gates.unsqueeze(-1) * read, 1);
  return lerp(usage, 1, written) * kept;
}

Tensor allocation_weights(const Tensor& usage) {
  check_axes("allocation_weights", "usage", usage, "[B, N]", 2);
  const int64_t N = usage.size(1);
  const auto [rising, order] = sort(usage, 1);
  // Products of all before, of ever longer runs: no division or logarithm that a 0 would spoil.
  Tensor before = moved(rising, 1);
  for (int64_t run = 1; run < N; run *= 2) before = before * moved(before, run);
  return scatter_add(zeros(usage.shape(), usage.dtype()), 1, order, (1 - rising) * before);
}

FollowedLinks follow_links(const TemporalLinks& links, const Tensor& written, const Tensor& read) {
  constexpr const char* kName = "follow_links";
  check_axes(kName, "written", written, "[B, N]", 2);
  check_axes(kName, "read", read, "[B, R, N]", 3);
  const int64_t B = written.size(0), N = written.size(1);
  check(kName, {{"links", links.links, {B, N, N}},
                {"precedence", links.precedence, {B, N}},
                {"read", read, {B, read.size(1), N}}});
  const std::vector<Tensor> out = detail::linked(links.links, links.precedence, written, read);
  const Tensor precedence = (1 - sum(written, 1, true)) * links.precedence + written;
  return {{out[0], precedence}, out[1], out[2]};
}

}  // namespace tapehead::nn
