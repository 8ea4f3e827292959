"""One training step of dfa-torch on an mlp, in plain numpy, from a description of its Lua sources: no torch, no autograd.

Gradients are summed as the reference sums them, its log-softmax is a layer of the network, renorm comes between the
forward and the backward pass, and the first pass of adversarial training goes through W under every rule.
"""

import numpy as np


def renorm(W, most, axis):
    """Every slice along `axis` whose L2 norm is above `most` is shrunk to it."""
    norms = np.sqrt((W * W).sum(axis=1 - axis, keepdims=True))
    return np.where(norms > most, W * most / (norms + 1e-7), W)


class Twin:
    def __init__(self, rule, W, b, B, *, nonlin, criterion, optimizer, rate, **options):
        """W, b: lists of arrays, the readout last. B: of fa shaped as W[1:], of dfa (classes, units) of every hidden layer."""
        self.rule, self.W, self.b, self.B = rule, W, b, B
        self.nonlin, self.criterion, self.optimizer, self.rate = nonlin, criterion, optimizer, rate
        self.eps = options.get("eps", 0)
        self.accumulate = options.get("accumulate", 0)
        self.max_in, self.max_out = options.get("max_in", 400), options.get("max_out", 400)
        self.bias, self.decay, self.momentum = options.get("bias", 1), options.get("decay", 0), options.get("momentum", 0)
        self.kept = [np.zeros_like(p) for p in W + b]
        self.steps = 0

    def f(self, a):
        return {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0), "sigmoid": lambda a: 1 / (1 + np.exp(-a))}[self.nonlin](a)

    def slope(self, h):
        return {"tanh": 1 - h * h, "relu": (h > 0).astype(float), "sigmoid": h * (1 - h)}[self.nonlin]

    def forward(self, x):
        hs = [x]
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            hs.append(self.f(hs[-1] @ W.T + b))
        return hs, hs[-1] @ self.W[-1].T + self.b[-1]

    def output_gradients(self, z, t):
        """(of the network's output, of the logits z): they differ where the log-softmax is a layer of the network."""
        onehot = np.eye(z.shape[1])[t]
        if self.criterion == "bce":
            return (1 / (1 + np.exp(-z)) - onehot,) * 2
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        sent = -onehot / len(z)
        return sent, sent - p * sent.sum(1, keepdims=True)

    def backward(self, hs, z, t, rule):
        """(gradients of W and b, gradient of the input)."""
        sent, delta = self.output_gradients(z, t)
        gradients = [(delta.T @ hs[-1], delta.sum(0))]
        for l in reversed(range(1, len(self.W))):
            back = {"bp": lambda l=l, d=delta: d @ self.W[l], "fa": lambda l=l, d=delta: d @ self.B[l - 1]}
            signal = sent @ self.B[l - 1] if rule == "dfa" else back[rule]()
            delta = signal * self.slope(hs[l])
            gradients.insert(0, (delta.T @ hs[l - 1], delta.sum(0)))
        dW, db = map(list, zip(*gradients, strict=True))
        return dW + db, delta @ self.W[0]

    def step(self, x, t):
        hs, z = self.forward(x)
        if self.max_in < 400 or self.max_out < 400:
            self.W = [renorm(W, self.max_out, 0) if self.max_out > 0 else W for W in self.W]
            self.W = [renorm(W, self.max_in, 1) if self.max_in > 0 else W for W in self.W]
        extra = None
        if self.eps:
            extra, dx = self.backward(hs, z, t, "bp")
            hs, z = self.forward(x + self.eps * np.sign(dx))
        gradients, _ = self.backward(hs, z, t, self.rule)
        if extra and self.accumulate:
            gradients = [g + h for g, h in zip(gradients, extra, strict=True)]
        parameters = self.W + self.b
        for p, g, m in zip(parameters, gradients, self.kept, strict=True):
            g = g + self.decay * p
            if self.optimizer == "rmsprop":
                m *= 0.99
                m += 0.01 * g * g
                p -= self.rate * g / (np.sqrt(m) + 1e-8)
            else:
                m[...] = g if self.steps == 0 else self.momentum * m + (1 - self.momentum) * g
                p -= self.rate * m
        if not self.bias:
            self.b = [np.zeros_like(b) for b in self.b]
        self.steps += 1
