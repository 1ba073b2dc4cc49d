"""A function of NumPy arrays as one of tensors, for second routes that share nothing with the solutions."""

from __future__ import annotations

import numpy as np
import torch


class Outside(torch.autograd.Function):
    """`function` of NumPy arrays as a function of tensors, its slope by central differences."""

    @staticmethod
    def forward(ctx, function, *tensors):
        ctx.function, ctx.arrays = function, [t.detach().double().numpy() for t in tensors]
        ctx.dtypes = [t.dtype for t in tensors]
        return torch.as_tensor(np.asarray(function(*ctx.arrays))).to(tensors[0].dtype)

    @staticmethod
    def backward(ctx, upstream):
        weights = upstream.double().numpy()
        slopes = []
        for position, array in enumerate(ctx.arrays):
            slope = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                step = 1e-5 * max(1.0, abs(array[index]) * 1e-2)
                values = []
                for sign in (1, -1):
                    moved = [a.copy() for a in ctx.arrays]
                    moved[position][index] += sign * step
                    values.append(ctx.function(*moved))
                slope[index] = (weights * (values[0] - values[1])).sum() / (2 * step)
            slopes.append(torch.as_tensor(slope))
        return None, *(s.to(d) for s, d in zip(slopes, ctx.dtypes, strict=True))
