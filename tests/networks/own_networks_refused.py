"""Networks that some rules cannot train, and what the sentence that refuses them says."""

from tests.networks.own_case import Case, of

THROUGH = "its error would pass through forward weights"
# ---- products with weights of one's own: fa would be backpropagation there ----


def by_hand(product: str, **more: str) -> Case:
    """Above a dense block, W (9, 16) used in a way of one's own."""
    return of(
        f"dense(), Use(lambda s, h: {product}, W=matrix(9, 16){more.get('parts', '')})", more.get("before", ""), fa=THROUGH
    )


OWN_PRODUCTS = {
    "a layer's weight, used by hand": of(
        "dense(), Use(lambda s, h: F.linear(h, s.l.weight), l=nn.Linear(16, 9))", fa="Linear in block 2: l.weight"
    ),
    "a flat parameter": of(
        "Use(lambda s, x: torch.tanh(torch.tanh(x.flatten(1) @ s.p[:768].view(64, 12)) @ s.p[768:].view(12, 9)), "
        "p=matrix(768 + 108))",
        fa="Use in block 1: p",
    ),
    "a product": by_hand("h @ s.W.T"),
    "a detached copy": by_hand("h @ (2 * s.W.detach()).T + s.W.sum()"),
    "vector by vector": by_hand("torch.stack([h @ w for w in s.W], 1)"),
    "dot products": by_hand("torch.stack([(h * w).sum(1) for w in s.W], 1)"),
    "einsum": by_hand("torch.einsum('ni,oi->no', h, s.W)"),
    "entry by entry and summed": by_hand("(h[:, None] * s.W).sum(-1)"),
    "expanded and averaged": by_hand("(h[:, None].expand(-1, 9, -1) * s.W).mean(-1)"),
    "repeated and averaged": by_hand("(h.repeat(1, 9).view(-1, 9, 16) * s.W).mean(-1)"),
    "normalised": by_hand("h @ F.normalize(s.W, dim=1).T"),
    "masked": by_hand("h @ (s.W * s.mask).T", parts=", mask=nn.Parameter(torch.ones(9, 16), requires_grad=False)"),
    "factored": by_hand("h @ (s.W.T @ s.V)", parts=", V=matrix(9, 5)"),
    "a frozen parameter": by_hand("s.l(h @ s.W.requires_grad_(False).T)", parts=", l=nn.Linear(9, 9)"),
    "scaled by data": by_hand("h @ (s.W * h.detach().abs().mean()).T"),
    "scaled by the input": of(
        "Use(lambda s, x: torch.bmm(s.W * x.flatten(1).mean(1)[:, None, None], torch.tanh(s.l(x.flatten(1)))[..., None])"
        ".flatten(1), W=matrix(9, 16), l=nn.Linear(64, 16))",
        fa="Use in block 1: W",
    ),
    **{
        f"beside data: {how.split('(')[0]}": of(
            f"dense(), Use(lambda s, h: torch.bmm({how}, h[..., None]).flatten(1), W=matrix(9, 16), g=nn.Linear(16, 144))",
            "def gen(s, h): return s.g(h).view(-1, 9, 16)",
            fa="Use in block 2: W",
        )
        for how in (
            "s.W + gen(s, h)",
            "gen(s, h).sub_(s.W)",
            "torch.tanh(s.W + gen(s, h))",
            "torch.lerp(s.W.expand(len(h), -1, -1), gen(s, h), 0.5)",
            "torch.baddbmm(s.W, gen(s, h)[..., :1], h[:, None])",
            "torch.cat([s.W.expand(len(h), -1, -1), gen(s, h)], 1)",
        )
    },
    **{
        f"beside data, for states that begin with {begin}": of(
            "Recurrent()",
            f"""
            class Recurrent(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.W, self.begin, self.l, self.g = matrix(6, 6), matrix(1, 6), nn.Linear(8, 6), nn.Linear(8, 36)
                def forward(self, x):
                    h = {begin}[:, None]
                    M = self.W + self.g(x.mean((1, 2))).view(-1, 6, 6)
                    for row in x.flatten(1, 2).unbind(1):
                        h = torch.tanh(self.l(row)[:, None] + torch.bmm(h, M))
                    return h.flatten(1)
            """,
            fa="W). Let nn.Linear",
        )
        for begin in ("torch.zeros(len(x), 6)", "self.begin.expand(len(x), -1)")
    },
    "beside data, and summed": by_hand("((s.W + s.g(h).view(-1, 9, 16)) * h[:, None]).sum(-1)", parts=", g=nn.Linear(16, 144)"),
    "kernels beside data": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), Use(lambda s, h: F.conv2d(h, s.W + s.g(h.mean((0, 2, 3))[None])"
        ".view(3, 4, 3, 3)), W=matrix(3, 4, 3, 3), g=nn.Linear(4, 108))",
        fa="Use in block 2: W",
    ),
    "kernels scaled by data": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), "
        "Use(lambda s, h: F.conv2d(h, s.W * h.detach().std()), W=matrix(3, 4, 3, 3))",
        fa="Use in block 2: W",
    ),
    "radial basis functions": by_hand("torch.exp(-(h[:, None] - s.W).pow(2).sum(-1))"),
    "distances of entries": by_hand("-(h[:, None] - s.W).abs().mean(-1)"),
    "solved": of(
        "dense(), Use(lambda s, h: torch.linalg.solve(s.W + 4 * torch.eye(16, dtype=h.dtype), h.T).T, W=matrix(16, 16))",
        fa="Use in block 2: W",
    ),
    "diagonal by diagonal": of(
        "dense(), Use(lambda s, h: sum(h.roll(k, 1) * s.W[k] for k in range(16)), W=matrix(16, 16))", fa="Use in block 2: W"
    ),
    "a kernel by hand": of(
        "dense(), Use(lambda s, h: s.w[0] * h + s.w[1] * h.roll(1, 1), w=nn.Parameter(torch.ones(2)))", fa="Use in block 2: w"
    ),
    "number by number": by_hand("torch.stack([sum(h[:, i] * s.W[o, i] for i in range(16)) for o in range(3)], 1)"),
    "a filter of frequencies": of(
        "dense(), Use(lambda s, h: torch.fft.irfft(torch.fft.rfft(h) * torch.view_as_complex(s.w), n=16), w=matrix(9, 2))",
        fa="Use in block 2: w",
    ),
    "by hand, unless all is dark": of(
        "Use(lambda s, x: F.linear(torch.tanh(s.l(x.flatten(1))), s.m.weight) if x.mean() > 0.01 else "
        "s.m(torch.tanh(s.l(x.flatten(1)))), l=nn.Linear(64, 16), m=nn.Linear(16, 9))",
        fa="Linear in block 1: m.weight",
    ),
    "RNN": of(
        "Use(lambda s, x: s.r(x.flatten(1, 2))[0][:, -1], r=nn.RNN(8, 6, batch_first=True))",
        fa="RNN in block 1: r.weight_hh_l0",
    ),
    "GRU": of(
        "Use(lambda s, x: s.r(x.flatten(1, 2))[0][:, -1], r=nn.GRU(8, 6, batch_first=True))",
        fa="GRU in block 1: r.weight_hh_l0",
    ),
    "LSTM": of(
        "Use(lambda s, x: s.r(x.flatten(1, 2))[0][:, -1], r=nn.LSTM(8, 6, batch_first=True))",
        fa="LSTM in block 1: r.weight_hh_l0",
    ),
    "Conv1d": of(
        "nn.Sequential(nn.Flatten(2), nn.Conv1d(1, 4, 3), nn.ReLU()), nn.Conv1d(4, 3, 3)", fa="Conv1d in block 2: weight"
    ),
    "Conv3d": of(
        "nn.Sequential(nn.Unflatten(2, (2, 4)), nn.Conv3d(1, 3, 2), nn.ReLU(), nn.Conv3d(3, 2, (1, 2, 2)))",
        fa="Conv3d in block 1: 3.weight",
    ),
    "transposed convolution": of("nn.Conv2d(1, 4, 3), nn.ConvTranspose2d(4, 3, 2)", fa="ConvTranspose2d in block 2: weight"),
    "weight norm": of("dense(), nn.utils.parametrizations.weight_norm(nn.Linear(16, 9))", fa="ParametrizedLinear in block 2"),
    "weight norm of old": of(
        "dense(), old()",
        """
        import warnings
        def old():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return nn.utils.weight_norm(nn.Linear(16, 9))
        """,
        fa="Linear in block 2: weight_g, weight_v",
    ),
    "spectral norm": of(
        "dense(), nn.utils.parametrizations.spectral_norm(nn.Linear(16, 9))", fa="ParametrizedLinear in block 2"
    ),
    "attention": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), Use(lambda s, h: s.a(h, h, h)[0], a=nn.MultiheadAttention(6, "
        "2, batch_first=True))",
        fa="MultiheadAttention in block 2: a.in_proj_weight",
    ),
    "transformer layer": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)",
        fa="MultiheadAttention in block 2: self_attn.in_proj_weight",
    ),
    "learnt queries": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), Use(lambda s, h: torch.softmax(s.q @ h.mT, -1) @ h, q=matrix(3, 6))",
        fa="Use in block 2: q",
    ),
    "bilinear": of("dense(), Use(lambda s, h: s.b(h, h), b=nn.Bilinear(16, 16, 4))", fa="Bilinear in block 2: b.weight"),
    "weights of no use": of(
        "dense(), Use(lambda s, h: s.l(h), l=nn.Linear(16, 9), c=nn.Conv1d(3, 3, 1))", fa="Conv1d in block 2: c.weight"
    ),
    "W in a backward pass of one's own": of(
        "dense(), Sneaking()",
        """
        class Through(torch.autograd.Function):
            @staticmethod
            def forward(ctx, h, W):
                ctx.save_for_backward(h, W)
                return h @ W
            @staticmethod
            def backward(ctx, e):
                h, W = ctx.saved_tensors
                return (e[:, None] * W).sum(-1), h.T @ e
        class Sneaking(nn.Module):
            def __init__(self):
                super().__init__()
                self.W = matrix(16, 9)
            def forward(self, h):
                return Through.apply(h, self.W)
        """,
        fa="Sneaking in block 2: W",
    ),
}

# ---- what is no network here, under any rule ----

UNFIT = {
    "a lazy layer": of(
        "nn.Sequential(nn.Flatten(), nn.LazyLinear(9))",
        fails="block 1 has a LazyLinear (1), whose size is not known before it is used; give its sizes, as in nn.Linear(64, 9)",
    ),
    "a lazy convolution": of("nn.LazyConv2d(9, 3)", fails="it is used; give its sizes, as in nn.Conv2d(64, 9, 3)"),
    "a lazy norm": of("dense(), nn.LazyBatchNorm1d()", fails="block 2 has a LazyBatchNorm1d, whose size is not known"),
    "float64": of(
        "dense(), nn.Linear(16, 9).double()",
        fails="block 2 has numbers of float64 (weight), and networks are trained in float32",
    ),
    "float16": of("nn.Sequential(dense(), nn.Linear(16, 9).half())", fails="block 1 has numbers of float16 (1.weight)"),
    "float64 by default": of("torch.set_default_dtype(torch.float64) or dense()", fails="block 1 has numbers of float64"),
    "jit.script": of(
        "dense(), torch.jit.script(nn.Sequential(nn.Linear(16, 9), nn.Tanh()))",
        fails="block 2 is compiled, by torch.jit or torch.compile",
    ),
    "jit.trace inside": of(
        "nn.Sequential(dense(), torch.jit.trace(nn.Linear(16, 9), torch.zeros(2, 16)))",
        fails="block 1 is compiled, by torch.jit or torch.compile (1)",
    ),
    "torch.compile": of("dense(), torch.compile(nn.Linear(16, 9))", fails="block 2 is compiled, by torch.jit or torch.compile"),
}

# ---- a tensor that goes past the blocks' outputs ----

KEEPING = """
    class Keeping(nn.Module):
        def __init__(self, kept):
            super().__init__()
            self.l, self.kept = nn.Linear(64, 16), kept
        def forward(self, x):
            h = self.l(x.flatten(1))
            self.kept.append(h)
            del self.kept[:-1]
            return torch.tanh(h)
    class Using(nn.Module):
        def __init__(self, kept):
            super().__init__()
            self.l, self.kept = nn.Linear(16, 16), kept
        def forward(self, h):
            return torch.tanh(self.l(h)) + self.kept[-1]
"""
ACROSS = {
    "a sum kept across blocks": of(
        "Keeping(k := []), nn.Linear(16, 16), Using(k)", KEEPING, dfa="would take the error of block 3 to"
    ),
    "a bias kept across blocks": of(
        "Sharing(k := {}), Use(lambda s, h: torch.tanh(s.l(h)), l=nn.Linear(16, 16)), Use(lambda s, h: s.l(h) + k['b'], "
        "l=nn.Linear(16, 16))",
        """
        class Sharing(nn.Module):
            def __init__(self, kept):
                super().__init__()
                self.l, self.b, self.kept = nn.Linear(64, 16), nn.Parameter(torch.ones(16)), kept
            def forward(self, x):
                self.kept['b'] = self.b * 1.5
                return torch.tanh(self.l(x.flatten(1)) + self.b)
        """,
        dfa="would take the error of block 3 to",
    ),
}
