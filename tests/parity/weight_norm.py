#!/usr/bin/env python3
"""Layers with weight and spectral normalisation (torch.nn.utils.weight_norm and spectral_norm)."""
import warnings

from recorder import *
from torch.nn.utils import spectral_norm, weight_norm

warnings.filterwarnings("ignore", category=FutureWarning)

# PyTorch's second derivative of a weight with norms along axis 0 fails its own gradgradcheck.
layer("weight_norm", weight_norm(nn.Linear(3, 4)), normal(2, 3), second=False)
layer("weight_norm/whole", weight_norm(nn.Linear(3, 4, bias=False), dim=None), normal(2, 3))
layer("weight_norm/axis", weight_norm(nn.Conv1d(2, 3, 2), dim=1), normal(2, 2, 4))
layer("weight_norm/name", weight_norm(nn.LSTM(3, 2), "weight_hh_l0"), normal(4, 2, 3),
      call=lambda m, x: m(x)[0], second=False)
layer("spectral_norm", spectral_norm(nn.Linear(3, 4)), normal(2, 3))
layer("spectral_norm/eval", spectral_norm(nn.Conv1d(2, 3, 2)), normal(2, 2, 4), training=False)
layer("spectral_norm/axis", spectral_norm(nn.ConvTranspose1d(2, 3, 2), n_power_iterations=3, eps=1e-3), normal(2, 2, 4))
save()
