// The examples in the comments of the public headers, as tools/reference.py collects them.
#pragma once

#include <tapehead/tapehead.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// What an example results in: the elements of its tensors, numbers or texts, and the shapes, each
/// separated by "; ".
struct Shown {
  std::string values, shapes;
};

inline Shown shown(const tapehead::Tensor& x) {
  if (!x.defined()) return {"undefined", "undefined"};
  const std::string text = x.str();
  return {text.substr(0, text.rfind(tapehead::name(x.dtype()))), x.shape().str()};
}
template <class T>
requires std::is_arithmetic_v<T> Shown shown(T number) {
  if constexpr (std::is_floating_point_v<T>) return {fmt::format("{:g}", number), ""};
  else return {fmt::format("{}", number), ""};
}
inline Shown shown(std::string_view text) { return {std::string(text), ""}; }
/// A list, as [1, 2].
template <class T>
requires(!requires(const T& x) { x.shape(); }) Shown shown(const std::vector<T>& list) {
  std::string all;
  for (const T& x : list) all += (all.empty() ? "" : ", ") + shown(x).values;
  return {"[" + all + "]", ""};
}
template <class Tensors>
requires requires(const Tensors& xs) { xs.begin()->shape(), xs.size(); }
Shown shown(const Tensors& tensors) {
  Shown all;
  for (const tapehead::Tensor& x : tensors) {
    const Shown one = shown(x);
    if (!all.values.empty()) all.values += "; ", all.shapes += "; ";
    all.values += one.values, all.shapes += one.shapes;
  }
  return all;
}
inline Shown shown(const tapehead::ValuesAndIndices& x) {
  return shown(std::vector<tapehead::Tensor>{x.values, x.indices});
}
template <class Output>
requires requires(const Output& output) { output.out.shape(); }
Shown shown(const Output& output) { return shown(output.out); }

struct Example {
  const char* where;  ///< "autograd/ops/prod.h:12"
  Shown (*run)(const tapehead::nn::Scope& at, const tapehead::data::StoryBatch& stories);
  const char* expected;  ///< the text after `//`; "" if there is none
};

extern const std::vector<Example> kExamples0, kExamples1;  // of every second header each
