#include "tapehead/optim/state_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::optim {
namespace {

constexpr size_t kNamed = 20;  // maximum number of names in an error

std::string list(const char* what, const std::vector<std::string>& names, const char* between) {
  if (names.empty()) return "";
  std::string out = what;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i) out += (i ? between : "") + names[i];
  if (names.size() > kNamed) out += fmt::format(" and {} more", names.size() - kNamed);
  return out + "; ";
}

}  // namespace

struct StateReader::Unread {
  std::unordered_map<std::string, Tensor> tensors;
  std::unordered_map<std::string, double> numbers;
};

StateReader::StateReader(std::string owner, const StateDict& state)
    : owner_(std::move(owner)),
      unread_(std::make_unique<Unread>(Unread{{state.tensors.begin(), state.tensors.end()},
                                              {state.numbers.begin(), state.numbers.end()}})) {}

StateReader::~StateReader() = default;

std::string StateReader::name_of(const nn::Param& param, const std::string& ending) const {
  for (const std::string& tie : param.ties)
    if (unread_->tensors.contains(tie + ending) || unread_->numbers.contains(tie + ending))
      return tie;
  return param.path;
}

double StateReader::number(const std::string& name) {
  const auto found = unread_->numbers.extract(name);
  if (found) return found.mapped();
  missing_.push_back(name);
  return 0;
}

int64_t StateReader::count(const std::string& name) {
  const double n = number(name);
  if (n >= 0 && n <= 0x1p53 && n == std::floor(n)) return static_cast<int64_t>(n);
  different_.push_back(fmt::format("{} is {}, which is not a count", name, n));
  return 0;
}

Tensor StateReader::tensor(const std::string& name, const std::optional<Shape>& shape,
                           DType dtype) {
  const auto found = unread_->tensors.extract(name);
  if (!found || !found.mapped().defined()) {
    missing_.push_back(name);
    return {};
  }
  const Tensor& value = found.mapped();
  const Shape& wanted = shape ? *shape : value.shape();
  if (value.shape() == wanted && value.dtype() == dtype) return core::clone(value);
  different_.push_back(fmt::format("{} is {} {} in the state, {} {} here", name,
                                   value.shape().str(), tapehead::name(value.dtype()), wanted.str(),
                                   tapehead::name(dtype)));
  return {};
}

void StateReader::finish() {
  std::vector<std::string> unexpected;
  for (const auto& [name, value] : unread_->tensors) unexpected.push_back(name);
  for (const auto& [name, value] : unread_->numbers) unexpected.push_back(name);
  if (missing_.empty() && unexpected.empty() && different_.empty()) return;
  std::sort(unexpected.begin(), unexpected.end());
  throw FormatError(fmt::format("{}: the state does not fit: {}{}{}nothing was loaded", owner_,
                                list("missing ", missing_, ", "),
                                list("unexpected ", unexpected, ", "), list("", different_, "; ")));
}

}  // namespace tapehead::optim
