"""dfa on an mlp in plain numpy, written from the paper's equations alone: no torch, no autograd.

a_l = h_{l-1} W_lᵀ + b_l,  h_l = f(a_l),  y = h_L Wᵀ + b,  e = (p - t) / N
δa_l = (e B_l) ⊙ f'(a_l),  ΔW_l = δa_lᵀ h_{l-1},  ΔW = eᵀ h_L
"""

import numpy as np


def train(W, b, B, x, t, *, steps, nonlin, criterion, optimizer, rate):
    """Changes W and b (lists of arrays, the readout last) in place, `steps` times on the batch x, t."""
    onehot = np.eye(W[-1].shape[0])[t]
    caches = [np.zeros_like(p) for p in W + b]
    for _ in range(steps):
        hs, slopes = [x], []
        for V, c in zip(W[:-1], b[:-1], strict=True):
            a = hs[-1] @ V.T + c
            hs.append(np.tanh(a) if nonlin == "tanh" else np.maximum(a, 0))
            slopes.append(1 - np.tanh(a) ** 2 if nonlin == "tanh" else (a > 0).astype(float))
        y = hs[-1] @ W[-1].T + b[-1]
        if criterion == "bce":
            p = 1 / (1 + np.exp(-y))
        else:
            exp = np.exp(y - y.max(1, keepdims=True))
            p = exp / exp.sum(1, keepdims=True)
        e = (p - onehot) / len(x)
        deltas = [(e @ B_l) * slope for B_l, slope in zip(B, slopes, strict=True)] + [e]
        gradients = [d.T @ h for d, h in zip(deltas, hs, strict=True)] + [d.sum(0) for d in deltas]
        for p_, g, m in zip(W + b, gradients, caches, strict=True):
            if optimizer == "rmsprop":
                m *= 0.99
                m += 0.01 * g * g
                p_ -= rate * g / (np.sqrt(m) + 1e-8)
            else:
                p_ -= rate * g
