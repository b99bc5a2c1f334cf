#include "tapehead/optim/adam.h"

#include "tapehead/optim/detail/adam_step.h"

namespace tapehead::optim {

Adam::Adam(const ParamList& params, const AdamOptions& options,
           const std::vector<GroupRule<AdamOptions>>& groups)
    : Optimizer("Adam", params, options, {"exp_avg", "exp_avg_sq", {"max_exp_avg_sq", "amsgrad"}},
                groups) {}

void Adam::update_all(Step& step) { detail::adam_step<AdamOptions>(step, false); }

}  // namespace tapehead::optim
