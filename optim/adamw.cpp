#include "tapehead/optim/adamw.h"

#include "tapehead/optim/detail/adam_step.h"

namespace tapehead::optim {

AdamW::AdamW(const ParamList& params, const AdamWOptions& options,
             const std::vector<GroupRule<AdamWOptions>>& groups)
    : Optimizer("AdamW", params, options, {"exp_avg", "exp_avg_sq", {"max_exp_avg_sq", "amsgrad"}},
                groups) {}

void AdamW::update_all(Step& step) { detail::adam_step<AdamWOptions>(step, true); }

}  // namespace tapehead::optim
