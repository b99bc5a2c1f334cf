#!/usr/bin/env python3
"""Losses."""
from recorder import *

REDUCTIONS = ("mean", "sum", "none")
SHAPE = (5, 6)


def signs(*shape):
    """Labels, 1 and -1."""
    n = torch.Size(shape).numel()
    return given((torch.arange(n) * 5 % 7 % 2 * 2 - 1).reshape(shape))


def probabilities(*shape):
    return uniform(0.05, 0.95, *shape)


x, y, p = normal(*SHAPE), normal(*SHAPE), probabilities(*SHAPE)
classes = integers(6, 5)
weight = fixed(uniform(0.5, 2, 6))
labels = given([[3, 0, -1, 1, -1, 0], [-1, 0, 0, 2, 1, 0], [5, 4, 3, 2, 1, 0], [1, 1, -1, 0, 0, 0], [2, -1, 2, 2, 2, 2]])
log_p = uniform(-4, 0, *SHAPE)

for reduction in REDUCTIONS:
    r = {"reduction": reduction}
    case(f"mse_loss/{reduction}", F.mse_loss, x, y, **r)
    case(f"l1_loss/{reduction}", F.l1_loss, x, y, **r)
    case(f"smooth_l1_loss/{reduction}", F.smooth_l1_loss, x, y, beta=0.7, **r)
    case(f"huber_loss/{reduction}", F.huber_loss, x, y, delta=0.8, **r)
    case(f"binary_cross_entropy/{reduction}", F.binary_cross_entropy, p, fixed(probabilities(*SHAPE)), **r)
    case(f"binary_cross_entropy_with_logits/{reduction}", F.binary_cross_entropy_with_logits, x, p, **r)
    case(f"kl_div/{reduction}", F.kl_div, log_p, p, **r)
    case(f"kl_div/log_target/{reduction}", F.kl_div, log_p, uniform(-4, 0, *SHAPE), log_target=True, **r)
    case(f"poisson_nll_loss/{reduction}", F.poisson_nll_loss, x, y, **r)
    case(f"gaussian_nll_loss/{reduction}", F.gaussian_nll_loss, x, y, uniform(0.2, 2, *SHAPE), **r)
    case(f"soft_margin_loss/{reduction}", F.soft_margin_loss, x, signs(*SHAPE), **r)
    case(f"hinge_embedding_loss/{reduction}", F.hinge_embedding_loss, x, signs(*SHAPE), margin=0.7, **r)
    case(f"margin_ranking_loss/{reduction}", F.margin_ranking_loss, x, y, signs(*SHAPE), margin=0.3, **r)
    case(f"multi_margin_loss/{reduction}", F.multi_margin_loss, x, classes, weight=weight, margin=0.8, p=2,
         second=False, **r)
    case(f"multilabel_margin_loss/{reduction}", F.multilabel_margin_loss, x, labels, second=False, **r)
    case(f"multilabel_soft_margin_loss/{reduction}", F.multilabel_soft_margin_loss, x, p, weight=weight, **r)
    case(f"triplet_margin_loss/{reduction}", F.triplet_margin_loss, x, y, normal(*SHAPE), **r)
    case(f"cosine_embedding_loss/{reduction}", F.cosine_embedding_loss, x, y, signs(5), margin=0.1, **r)
    case(f"nll_loss/{reduction}", F.nll_loss, log_p, classes, weight=weight, ignore_index=2, **r)
    case(f"cross_entropy/{reduction}", F.cross_entropy, x, classes, weight=weight, ignore_index=2,
         label_smoothing=0.1, **r)

case("binary_cross_entropy/weight", F.binary_cross_entropy, p, fixed(probabilities(*SHAPE)), weight=weight)
case("binary_cross_entropy/ends", F.binary_cross_entropy, given([0., 1., 0., 1.]), fixed(given([0., 1., 1., 0.])),
     second=False)
case("binary_cross_entropy_with_logits/weights", F.binary_cross_entropy_with_logits, x, p, weight=weight,
     pos_weight=fixed(uniform(1, 3, 6)))
case("kl_div/batchmean", F.kl_div, log_p, p, reduction="batchmean")
case("poisson_nll_loss/full", F.poisson_nll_loss, x, uniform(1.2, 4, *SHAPE), full=True)
case("poisson_nll_loss/rate", F.poisson_nll_loss, uniform(0.2, 3, *SHAPE), fixed(uniform(0, 4, *SHAPE)),
     log_input=False, full=True, eps=1e-3)
case("gaussian_nll_loss/full", F.gaussian_nll_loss, x, y, uniform(0.2, 2, 5), full=True)
case("gaussian_nll_loss/small", F.gaussian_nll_loss, x, y, uniform(0.1, 0.9, 1, 6), eps=0.5)
case("multi_margin_loss/1", F.multi_margin_loss, x, classes, second=False)
case("triplet_margin_loss/swap", F.triplet_margin_loss, x, y, normal(*SHAPE), margin=0.5, p=3, eps=0.1, swap=True)
case("triplet_margin_with_distance_loss", F.triplet_margin_with_distance_loss, x, y, normal(*SHAPE), margin=0.5,
     swap=True, distance_function=lambda a, b: (a - b).square().sum(-1))
case("cross_entropy/probabilities", F.cross_entropy, x, p, weight=weight, label_smoothing=0.1)
case("cross_entropy/class axis", F.cross_entropy, normal(2, 6, 3), integers(6, 2, 3), weight=weight)
case("linear_cross_entropy", F.linear_cross_entropy, normal(7, 4), normal(6, 4), integers(6, 7),
     linear_bias=normal(6), weight=weight, ignore_index=2, label_smoothing=0.1)


def ctc(x, targets, input_lengths, target_lengths, **options):
    return F.ctc_loss(x.log_softmax(-1), targets, input_lengths, target_lengths, **options)


lengths, target_lengths = given([7, 6, 7]), given([3, 0, 2])
padded = given([[1, 1, 2], [0, 0, 0], [3, 1, 0]])
for reduction in REDUCTIONS:
    case(f"ctc_loss/{reduction}", ctc, normal(7, 3, 4), padded, lengths, target_lengths, reduction=reduction,
         second=False)
case("ctc_loss/concatenated", ctc, normal(7, 3, 4), given([1, 1, 2, 0, 1]), lengths, target_lengths, blank=3,
     second=False)
case("ctc_loss/one", ctc, normal(7, 4), given([1, 2]), given(7), given(2), second=False)
case("ctc_loss/zero_infinity", ctc, normal(3, 2, 4), given([[1, 1, 2], [1, 2, 3]]), given([3, 3]), given([3, 3]),
     zero_infinity=True, second=False)


def rnnt(logits, targets, logit_lengths, target_lengths, blank, reduction="mean", fused_log_softmax=True):
    """The formula; PyTorch has no such loss, and torchaudio's has no second derivatives."""
    losses = []
    for x, target, T, U in zip(logits, targets.tolist(), logit_lengths.tolist(), target_lengths.tolist()):
        p = x.log_softmax(-1) if fused_log_softmax else x
        node = {(0, 0): p.new_zeros(())}
        for t in range(T):
            for u in range(U + 1):
                ways = [node[t - 1, u] + p[t - 1, u, blank]] if t > 0 else []
                ways += [node[t, u - 1] + p[t, u - 1, target[u - 1]]] if u > 0 else []
                if ways:
                    node[t, u] = torch.stack(ways).logsumexp(0)
        losses.append(-node[T - 1, U] - p[T - 1, U, blank])
    losses = torch.stack(losses)
    return losses if reduction == "none" else getattr(losses, reduction)()


lengths, target_lengths = given([4, 3, 2]), given([3, 0, 2])
padded = given([[1, 1, 0], [0, 0, 0], [0, 1, 0]])
for reduction in REDUCTIONS:
    case(f"rnnt_loss/{reduction}", rnnt, normal(3, 4, 4, 3), padded, lengths, target_lengths, blank=2,
         reduction=reduction)
case("rnnt_loss/log_probs", rnnt, uniform(-3, -1, 3, 4, 4, 3), padded, lengths, target_lengths, blank=2,
     fused_log_softmax=False)

layer("AdaptiveLogSoftmaxWithLoss", nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=True), normal(6, 8),
      given([11, 0, 4, 2, 8, 6]))
save()
