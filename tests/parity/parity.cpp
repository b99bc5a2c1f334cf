#include "tapehead/tests/parity/parity.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/formats/safetensors.h"

namespace tapehead::parity {
namespace {

struct Registered {
  std::string name;
  std::vector<Case> cases;
  std::vector<LayerCase> layers;
};

std::deque<Registered>& families() {
  static std::deque<Registered> all;
  return all;
}

/// What is recorded of one case.
struct Record {
  std::map<std::string, Tensor> tensors;  // "x0", "y0", "dx0", "ddx0", "ddy0", "param.weight", …
  double tolerance = 0, f32_factor = 0;
  bool second = false, training = true;

  const Tensor* find(const std::string& name) const {
    const auto at = tensors.find(name);
    return at == tensors.end() ? nullptr : &at->second;
  }
  Tensors inputs(DType dtype) const {
    Tensors x;
    while (const Tensor* next = find(fmt::format("x{}", x.size())))
      x.push_back(is_floating(next->dtype()) ? next->to(dtype).clone() : *next);
    return x;
  }
};

std::map<std::string, Record> read_records(const std::string& family) {
  const SafeTensors file =
      read_safetensors(fmt::format("{}/tests/parity/{}.safetensors", TAPEHEAD_SOURCE_ROOT, family));
  std::map<std::string, Record> records;
  for (const auto& [name, settings] : file.metadata) {
    Record& record = records[name];
    std::istringstream in(settings);
    in >> record.tolerance >> record.f32_factor >> record.second >> record.training;
    REQUIRE(in);
  }
  for (const auto& [name, value] : file.tensors) {
    const size_t colon = name.rfind(':');
    records.at(name.substr(0, colon)).tensors[name.substr(colon + 1)] = value;
  }
  return records;
}

/// Multiples of 1 / 64 in -1 .. 1, as filled() of recorder.py.
Tensor filled(const Shape& shape, uint32_t salt, DType dtype) {
  const Tensor out = empty(shape, f64);
  for (int64_t i = 0; i < out.numel(); ++i) {
    const uint32_t k = static_cast<uint32_t>(i) * 2654435761U + salt * 40503U + 12345U;
    out.data<double>()[i] = (static_cast<int>(k / 65536 % 129) - 64) / 64.0;
  }
  return out.to(dtype);
}

/// Compares the results of one case in one dtype with its record.
class Comparison {
 public:
  Comparison(std::string name, const Record& record, DType dtype)
      : name_(std::move(name)), record_(record), dtype_(dtype) {
    int64_t largest = 1;
    for (const auto& [key, x] : record.tensors) largest = std::max(largest, x.numel());
    tolerance_ = dtype == f64 ? record.tolerance
                              : record.f32_factor * 16 * std::numeric_limits<float>::epsilon() *
                                    std::sqrt(static_cast<double>(largest));
  }

  /// `found` may be undefined, which stands for zeros.
  void check(const std::string& key, const Tensor& found) {
    checked_.insert(key);
    const Tensor* expected = record_.find(key);
    if (!expected && !found.defined()) return;
    if (!expected) return expect_zero(key, found);
    if (!found.defined()) return expect_zero(key + " (missing here)", *expected);
    if (found.shape() != expected->shape())
      return fail(key, fmt::format("has shape {}, PyTorch's {}", found.shape(), expected->shape()));
    const auto is = found.to_vector<double>(), want = expected->to_vector<double>();
    double scale = 1;
    for (const double w : want)
      if (std::isfinite(w)) scale = std::max(scale, std::abs(w));
    for (size_t i = 0; i < want.size(); ++i) {
      const bool same = is[i] == want[i] || (std::isnan(is[i]) && std::isnan(want[i]));
      if (!same && !(std::abs(is[i] - want[i]) <= tolerance_ * scale))
        return fail(key,
                    fmt::format("element {} is {:.17g}, PyTorch's {:.17g}", i, is[i], want[i]));
    }
  }
  /// Every recorded result must have been compared.
  void finish() {
    for (const auto& [key, x] : record_.tensors)
      if (key[0] != 'x' && !key.starts_with("param.") && !checked_.contains(key))
        fail(key, "was not computed");
  }
  DType dtype() const { return dtype_; }

 private:
  void expect_zero(const std::string& key, const Tensor& x) {
    for (const double v : x.to_vector<double>())
      if (v != 0) return fail(key, fmt::format("is {}, but zero on the other side", v));
  }
  void fail(const std::string& key, const std::string& what) {
    FAIL_CHECK(fmt::format("{} in {}: {} {}", name_, tapehead::name(dtype_), key, what));
  }

  std::string name_;
  const Record& record_;
  DType dtype_;
  double tolerance_;
  std::set<std::string> checked_;
};

/// An input, with its key in the record: "x0", or "param.weight".
using Input = std::pair<std::string, Tensor>;

uint32_t salt_of(const std::string& key) {
  uint32_t salt = 100;
  for (const char c : key) salt += static_cast<unsigned char>(c);
  return salt;
}

/// Checks outputs, gradients and second gradients.
void compare(const Record& record, const Tensors& outputs, const std::vector<Input>& inputs,
             Comparison& comparison) {
  Tensors results, dys, leaves;
  std::vector<std::string> keys;
  for (size_t i = 0; i < outputs.size(); ++i) {
    comparison.check(fmt::format("y{}", i), outputs[i]);
    if (!outputs[i].requires_grad()) continue;
    results.push_back(outputs[i]);
    dys.push_back(filled(outputs[i].shape(), static_cast<uint32_t>(i + 1), outputs[i].dtype()));
    dys.back().set_requires_grad();
  }
  for (const auto& [key, x] : inputs) {
    if (!x.requires_grad()) continue;
    keys.push_back(key);
    leaves.push_back(x);
  }
  if (results.empty() || leaves.empty()) return;
  const Tensors dxs = grad(results, leaves,
                           {.gradients = dys, .create_graph = record.second, .allow_unused = true});
  Tensor total;
  for (size_t k = 0; k < dxs.size(); ++k) {
    comparison.check("d" + keys[k], dxs[k]);
    if (!dxs[k].defined()) continue;
    const Tensor term = sum(dxs[k] * filled(dxs[k].shape(), salt_of(keys[k]), dxs[k].dtype()));
    total = total.defined() ? total + term : term;
  }
  if (!record.second || !total.defined() || !total.requires_grad()) return;
  for (size_t k = 0; k < dys.size(); ++k) {
    keys.push_back(fmt::format("y{}", k));
    leaves.push_back(dys[k]);
  }
  const Tensors seconds = grad({total}, leaves, {.allow_unused = true});
  for (size_t k = 0; k < seconds.size(); ++k) comparison.check("dd" + keys[k], seconds[k]);
}

/// The inputs with their keys; those whose gradients were recorded are tracked.
std::vector<Input> tracked(const Record& record, const Tensors& x) {
  std::vector<Input> inputs;
  for (const Tensor& one : x) {
    inputs.emplace_back(fmt::format("x{}", inputs.size()), one);
    if (record.find("d" + inputs.back().first)) inputs.back().second.set_requires_grad();
  }
  return inputs;
}

void run(const Case& one, const Record& record, DType dtype) {
  Comparison comparison(one.name, record, dtype);
  const Tensors x = record.inputs(dtype);
  const auto inputs = tracked(record, x);
  compare(record, one.call(x), inputs, comparison);
  comparison.finish();
}

void run(const LayerCase& one, const Record& record, DType dtype) {
  Comparison comparison(one.name, record, dtype);
  const nn::Params params;
  const Layer layer = one.make(params.root());
  if (!record.training) params.eval();
  std::vector<NamedTensor> state;
  for (const auto& [key, value] : record.tensors)
    if (key.starts_with("param.")) state.emplace_back(key.substr(6), value);
  params.load(state, one.name, {});
  params.to(dtype);
  const Tensors x = record.inputs(dtype);
  auto inputs = tracked(record, x);
  const Tensors outputs = layer(x);
  for (const auto& [key, value] : record.tensors)
    if (key.starts_with("after.")) comparison.check(key, params[key.substr(6)]);
  for (const nn::Param& p : params.trainable()) inputs.emplace_back("param." + p.path, p.value);
  compare(record, outputs, inputs, comparison);
  comparison.finish();
}

template <class C>
void run_in_each_dtype(const C& one, std::map<std::string, Record>& records) {
  const auto at = records.find(one.name);
  if (at == records.end()) {
    FAIL_CHECK(std::string(one.name), " was not recorded");
    return;
  }
  for (const DType dtype : {f64, f32}) {
    try {
      run(one, at->second, dtype);
    } catch (const Error& error) {
      FAIL_CHECK(std::string(one.name), " in ", std::string(name(dtype)), ": ",
                 std::string(error.what()));
    }
  }
  records.erase(at);
}

}  // namespace

Family::Family(const char* name, std::initializer_list<Case> cases,
               std::initializer_list<LayerCase> layers) {
  families().push_back({name, cases, layers});
}

TEST_CASE("results of PyTorch") {
  for (const Registered& family : families()) {
    CAPTURE(family.name);
    auto records = read_records(family.name);
    for (const Case& one : family.cases) run_in_each_dtype(one, records);
    for (const LayerCase& one : family.layers) run_in_each_dtype(one, records);
    for (const auto& [name, record] : records) FAIL_CHECK(name, " is recorded, but not tested");
  }
}

}  // namespace tapehead::parity
