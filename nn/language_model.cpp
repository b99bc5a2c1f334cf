#include "tapehead/nn/language_model.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {

Tensor next_logits(const char* op, const LanguageModel& model, const Tensor& ids) {
  if (!model.next)
    throw ValueError(fmt::format(
        "{}: the model has no next function; use with_caches() or without_caches()", op));
  const Tensor logits = model.next(ids);
  if (logits.dim() != 3 || logits.size(0) != ids.size(0) || logits.size(1) < 1 ||
      logits.size(2) < 1)
    throw ShapeError(
        fmt::format("{}: the model returned logits {} for ids {}; expected [{}, {}, V]", op,
                    logits.shape().str(), ids.shape().str(), ids.size(0), ids.size(1)));
  return logits.select(1, -1);
}

LanguageModel without_caches(std::function<Tensor(const Tensor& ids)> model) {
  const auto all = std::make_shared<Tensor>();
  return {.next =
              [model = std::move(model), all](const Tensor& ids) {
                *all = all->defined() ? cat({*all, ids}, 1) : ids;
                return model(*all).slice(1, all->size(1) - ids.size(1), all->size(1));
              },
          .reorder = [all](const Tensor& rows) { *all = index_select(*all, 0, rows); }};
}

}  // namespace tapehead::nn
