// Rotary embeddings in config.json.
#include <cmath>

#include "tapehead/nn/hf/detail/gpt.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kOriginal = "original_max_position_embeddings";

constexpr std::pair<const char*, RopeScaling::Kind> kKinds[] = {{"default", RopeScaling::none},
                                                                {"linear", RopeScaling::linear},
                                                                {"llama3", RopeScaling::llama3},
                                                                {"yarn", RopeScaling::yarn}};

RopeScaling::Kind kind_of(Fields& fields) {
  const char* field = fields.has("rope_type") ? "rope_type" : "type";
  const std::string type = fields.word("rope_type", fields.word("type", "default"));
  for (const auto& [name, kind] : kKinds)
    if (type == name) return kind;
  fields.fail(field, "default, linear, llama3 and yarn are supported");
}

// Peng et al. 2023, 3.4; DeepSeek-V2 divides by that of another dimension.
std::optional<double> magnitude_of(Fields& fields, double factor) {
  const double scale = fields.number("mscale", 0), all = fields.number("mscale_all_dim", 0);
  const auto of = [&](double s) { return factor <= 1 ? 1 : 0.1 * s * std::log(factor) + 1; };
  if (fields.has("attention_factor")) return fields.number("attention_factor");
  fields.ignore({"attention_factor"});
  if (scale != 0 && all != 0) return of(scale) / of(all);
  return {};
}

RopeScaling scaling_of(Fields& fields, int64_t original) {
  RopeScaling s{.kind = kind_of(fields)};
  if (s.kind == RopeScaling::none) {
    fields.ignore({"factor", kOriginal});
    return s;
  }
  s.factor = fields.number("factor");
  if (!(s.factor > 0)) fields.fail("factor", "it must be positive");
  s.original_length = fields.count(kOriginal, original);
  if (s.kind == RopeScaling::llama3) {
    s.low_frequency = fields.number("low_freq_factor");
    s.high_frequency = fields.number("high_freq_factor");
    if (!(s.high_frequency > s.low_frequency))
      fields.fail("high_freq_factor", "it must be above low_freq_factor");
  } else if (s.kind == RopeScaling::yarn) {
    s.beta_fast = fields.number("beta_fast", s.beta_fast);
    s.beta_slow = fields.number("beta_slow", s.beta_slow);
    s.magnitude = magnitude_of(fields, s.factor);
    fields.only("truncate", true);
  }
  return s;
}

}  // namespace

RopeOptions read_rope(Fields& fields, int64_t context) {
  RopeOptions rope{.base = fields.number("rope_theta", 10000)};
  const int64_t original = fields.count(kOriginal, context);
  fields.only("partial_rotary_factor", 1.0);
  fields.ignore({"rope_scaling", "rope_parameters"});
  const char* name = fields.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  if (fields.has(name)) {
    Fields inner = fields.within(name);
    rope.base = inner.number("rope_theta", rope.base);
    inner.only("partial_rotary_factor", 1.0);
    rope.scaling = scaling_of(inner, original);
    inner.finish();
  }
  if (!(rope.base > 0)) fields.fail("rope_theta", "it must be positive");
  return rope;
}

void write_rope(const RopeOptions& rope, Json& config) {
  const RopeScaling& s = rope.scaling;
  config["rope_theta"] = rope.base;
  config["rope_scaling"] = nullptr;
  if (s.kind == RopeScaling::none) return;
  Json out = {{"factor", s.factor}};
  for (const auto& [name, kind] : kKinds)
    if (s.kind == kind) out["rope_type"] = name;
  if (s.kind != RopeScaling::linear) out[kOriginal] = s.original_length;
  if (s.kind == RopeScaling::llama3) {
    out["low_freq_factor"] = s.low_frequency;
    out["high_freq_factor"] = s.high_frequency;
  } else if (s.kind == RopeScaling::yarn) {
    out["beta_fast"] = s.beta_fast;
    out["beta_slow"] = s.beta_slow;
    if (s.magnitude) out["attention_factor"] = *s.magnitude;
  }
  config["rope_scaling"] = out;
}

}  // namespace tapehead::nn::hf
