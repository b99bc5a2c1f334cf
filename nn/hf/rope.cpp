// Rotary embeddings in config.json.
#include <cmath>

#include "tapehead/autograd/rotary.h"
#include "tapehead/nn/hf/detail/config_io.h"

namespace tapehead::nn::hf {
namespace {

constexpr const char* kOriginal = "original_max_position_embeddings";

constexpr std::pair<const char*, RopeScaling::Kind> kKinds[] = {{"default", RopeScaling::none},
                                                                {"linear", RopeScaling::linear},
                                                                {"llama3", RopeScaling::llama3},
                                                                {"yarn", RopeScaling::yarn}};

void kind_field(ConfigIo& io, RopeScaling::Kind& kind) {
  const char* field = io.has("rope_type") ? "rope_type" : "type";
  std::string type = "default";
  for (const auto& [name, each] : kKinds)
    if (each == kind) type = name;
  if (io.reading()) io.word("type", type, "default");
  io.word("rope_type", type, type);
  bool found = false;
  for (const auto& [name, each] : kKinds)
    if (type == name) {
      kind = each;
      found = true;
    }
  io.check(found, field, "default, linear, llama3 and yarn are supported");
}

// Peng et al. 2023, 3.4; DeepSeek-V2 divides by the factor computed from mscale_all_dim.
void magnitude_field(ConfigIo& io, RopeScaling& s) {
  constexpr const char* kFactor = "attention_factor";
  if (!io.reading()) {
    if (s.magnitude) io.number(kFactor, s.magnitude);
    return;
  }
  double scale = 0, all = 0;
  io.number("mscale", scale, 0);
  io.number("mscale_all_dim", all, 0);
  io.ignore({kFactor});
  const auto of = [&](double m) { return s.factor <= 1 ? 1 : 0.1 * m * std::log(s.factor) + 1; };
  if (io.has(kFactor)) io.number(kFactor, s.magnitude);
  else if (scale != 0 && all != 0) s.magnitude = of(scale) / of(all);
}

void scaling_fields(ConfigIo& io, RopeScaling& s, int64_t original) {
  kind_field(io, s.kind);
  if (s.kind == RopeScaling::none) return io.ignore({"factor", kOriginal});
  io.number("factor", s.factor);
  io.check(s.factor > 0, "factor", "it must be positive");
  if (io.reading() || s.kind != RopeScaling::linear)
    io.count(kOriginal, s.original_length, original);
  if (s.kind == RopeScaling::llama3) {
    io.number("low_freq_factor", s.low_frequency);
    io.number("high_freq_factor", s.high_frequency);
    io.check(s.high_frequency > s.low_frequency, "high_freq_factor",
             "it must be above low_freq_factor");
  } else if (s.kind == RopeScaling::yarn) {
    io.number("beta_fast", s.beta_fast, s.beta_fast);
    io.number("beta_slow", s.beta_slow, s.beta_slow);
    magnitude_field(io, s);
    io.only("truncate", true);
  }
}

}  // namespace

void ConfigIo::rope(std::optional<RopeOptions>& value, int64_t context) {
  if (!reading()) {
    if (!value) return;
    number("rope_theta", value->base);
    Json& scaling = (*out_)["rope_scaling"];
    if (value->scaling.kind == RopeScaling::none) return;
    ConfigIo inner(scaling = Json::object());
    return scaling_fields(inner, value->scaling, context);
  }
  RopeOptions& rope = value.emplace();
  number("rope_theta", rope.base, rope.base);
  int64_t original = context;
  count(kOriginal, original, context);
  only("partial_rotary_factor", 1.0);
  ignore({"rope_scaling", "rope_parameters"});
  const char* name = has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  if (has(name)) {
    Fields fields = fields_->within(name);
    ConfigIo inner(fields);
    inner.number("rope_theta", rope.base, rope.base);
    inner.only("partial_rotary_factor", 1.0);
    scaling_fields(inner, rope.scaling, original);
    fields.finish();
  }
  check(rope.base > 0, "rope_theta", "it must be positive");
}

}  // namespace tapehead::nn::hf
