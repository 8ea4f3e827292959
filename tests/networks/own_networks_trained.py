"""Networks that every rule trains: their weights are in layers of the lab, whatever their order and what is around them."""

from tests.networks.own_case import of

TRAINED = {
    "defined in another order": of(
        "Use(lambda s, x: s.fc2(torch.tanh(s.fc1(x.flatten(1)))), fc2=nn.Linear(12, 9), fc1=nn.Linear(64, 12))"
    ),
    "batch norm first": of("nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 9), nn.Tanh()), nn.Linear(9, 7)"),
    "layer norm first": of("nn.Sequential(nn.Flatten(), nn.LayerNorm(64), nn.Linear(64, 9), nn.Tanh())"),
    "embedding first": of(
        "Use(lambda s, x: torch.tanh(s.l(s.e((x.flatten(1) > 0).long()).flatten(1))), e=nn.Embedding(2, 3), "
        "l=nn.Linear(192, 9))"
    ),
    "a layer used twice": of("dense(), Use(lambda s, h: torch.tanh(s.l(torch.tanh(s.l(h)))), l=nn.Linear(16, 16))"),
    "a skip": of("dense(), Use(lambda s, h: h + torch.tanh(s.l(h)), l=nn.Linear(16, 16)), nn.Linear(16, 9)"),
    "concatenation": of(
        "dense(), Use(lambda s, h: torch.cat([h, torch.relu(s.l(h))], 1), l=nn.Linear(16, 8)), "
        "Use(lambda s, h: torch.cat([h, torch.relu(s.l(h))], 1), l=nn.Linear(24, 8))"
    ),
    "bottleneck with norms": of(
        "nn.Sequential(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(inplace=True)),"
        "Use(lambda s, h: F.relu(h + s.f(h), inplace=True), f=nn.Sequential(nn.Conv2d(6, 3, 1, bias=False), nn.BatchNorm2d(3),"
        "nn.ReLU(inplace=True), nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6))), nn.AvgPool2d and "
        "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 9))"
    ),
    "ConvNeXt": of(
        "nn.Sequential(nn.Conv2d(1, 6, 2, stride=2), nn.GroupNorm(1, 6)), ConvNeXt(6), "
        "Use(lambda s, h: s.l(s.n(h.mean((2, 3)))), n=nn.LayerNorm(6), l=nn.Linear(6, 9))",
        """
        class ConvNeXt(nn.Module):
            def __init__(self, wide):
                super().__init__()
                self.depth = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
                self.norm, self.up, self.down = nn.LayerNorm(wide), nn.Linear(wide, 4 * wide), nn.Linear(4 * wide, wide)
                self.scale = nn.Parameter(torch.full((wide,), 0.5))
            def forward(self, h):
                change = self.depth(h).permute(0, 2, 3, 1)
                change = self.scale * self.down(F.gelu(self.up(self.norm(change))))
                return h + change.permute(0, 3, 1, 2)
        """,
    ),
    "vision transformer": of(
        "Patches(6), Encoder(6), Use(lambda s, h: s.l(s.n(h[:, 0])), n=nn.LayerNorm(6), l=nn.Linear(6, 9))",
        """
        class Patches(nn.Module):
            def __init__(self, wide):
                super().__init__()
                self.patch = nn.Conv2d(1, wide, 4, stride=4)
                self.cls = nn.Parameter(torch.randn(1, 1, wide))
                self.place = nn.Parameter(torch.randn(1, 5, wide))
            def forward(self, x):
                h = self.patch(x).flatten(2).transpose(1, 2)
                return torch.cat([self.cls.expand(len(x), -1, -1), h], 1) + self.place
        class Encoder(nn.Module):
            def __init__(self, wide):
                super().__init__()
                self.n1, self.n2 = nn.LayerNorm(wide), nn.LayerNorm(wide)
                self.qkv, self.out = nn.Linear(wide, 3 * wide), nn.Linear(wide, wide)
                self.mlp = nn.Sequential(nn.Linear(wide, 2 * wide), nn.GELU(), nn.Linear(2 * wide, wide))
            def forward(self, h):
                q, k, v = self.qkv(self.n1(h)).chunk(3, -1)
                h = h + self.out(F.scaled_dot_product_attention(q, k, v))
                return h + self.mlp(self.n2(h))
        """,
    ),
    "relative places in attention": of(
        "nn.Sequential(nn.Flatten(2), nn.Flatten(1, 1), nn.Unflatten(2, (8, 8)), nn.Flatten(1, 2), nn.Linear(8, 6)), "
        "Use(lambda s, h: F.scaled_dot_product_attention(s.q(h), h, h, attn_mask=s.places), q=nn.Linear(6, 6), "
        "places=matrix(8, 8))"
    ),
    "layer norm of maps and a scale of places": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.LayerNorm([4, 8, 8]), nn.PReLU(4)), "
        "Use(lambda s, h: s.c(h * s.g + s.b), c=nn.Conv2d(4, 2, 3), g=matrix(4, 8, 8), b=matrix(4, 8, 8))"
    ),
    "squeeze and excitation": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), Use(lambda s, h: h * torch.sigmoid(s.b(F.relu(s.a(h.mean((2, 3))))))"
        "[:, :, None, None], a=nn.Linear(4, 2), b=nn.Linear(2, 4)), nn.Conv2d(4, 2, 3)"
    ),
    "gated units": of("nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.GLU()), nn.Sequential(nn.Linear(12, 12), nn.GLU())"),
    "features as tokens": of(
        "Use(lambda s, x: F.gelu(s.l(torch.tanh(x.flatten(1)[:, :, None] * s.W + s.b))).mean(1), W=matrix(64, 5), "
        "b=matrix(64, 5), l=nn.Linear(5, 6)), nn.Linear(6, 9)"
    ),
    "units that are repeated, and a scale": of(
        "dense(), Use(lambda s, h: s.l(h[:, :, None].expand(-1, -1, 3).flatten(1)) + s.g * h, l=nn.Linear(48, 16), "
        "g=matrix(16))"
    ),
    "a class token and a scale": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), "
        "Use(lambda s, h: torch.cat([s.c.expand(len(h), -1, -1), h], 1) * s.g + s.p, c=matrix(1, 1, 6), "
        "g=matrix(6), p=matrix(9, 6))"
    ),
    "scales of two ways": of(
        "dense(), Use(lambda s, h: s.g[0] * h + s.g[1] * torch.tanh(s.l(s.g[1] * h)), g=nn.Parameter(torch.ones(2)), "
        "l=nn.Linear(16, 16))"
    ),
    "scales of halves": of("dense(), Use(lambda s, h: torch.cat([h[:, :8] * s.g[:8], h[:, 8:] * s.g[8:]], 1), g=matrix(16))"),
    "a place for a mean": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), "
        "Use(lambda s, h: s.l(F.gelu(h.mean((2, 3))[:, None] + s.p)), p=matrix(5, 4), l=nn.Linear(4, 3))"
    ),
    "response normalisation": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), Use(lambda s, h: h + s.g * (h * s.n(h)) + s.b, g=matrix(4, 1, 1), "
        "b=matrix(4, 1, 1), n=lambda h: h.norm(dim=(2, 3), keepdim=True) / "
        "(h.norm(dim=(2, 3), keepdim=True).mean(1, True) + 1))"
    ),
    "a root mean square norm by hand": of(
        "dense(), Use(lambda s, h: s.l(h * torch.rsqrt(h.pow(2).mean(-1, True) + 1e-6) * s.g), g=matrix(16), "
        "l=nn.Linear(16, 9))"
    ),
    "a cell by hand": of(
        "Cell()",
        """
        class Cell(nn.Module):
            def __init__(self):
                super().__init__()
                self.into, self.back = nn.Linear(8, 6), nn.Linear(6, 6)
            def forward(self, x):
                h = torch.zeros(len(x), 6)
                for row in x.flatten(1, 2).unbind(1):
                    h = torch.tanh(self.into(row) + self.back(h))
                return h
        """,
    ),
    "sample by sample": of(
        "Use(lambda s, x: torch.stack([torch.tanh(s.l(F.relu(s.d(F.relu(s.c(one)))).flatten())) for one in x]), "
        "c=nn.Conv2d(1, 3, 3), d=nn.Conv2d(3, 2, 3), l=nn.Linear(32, 9)), "
        "Use(lambda s, h: torch.stack([s.m(torch.tanh(s.l(one))) for one in h]), l=nn.Linear(9, 7), m=nn.Linear(7, 6))"
    ),
    "biases of heads": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6), nn.Unflatten(2, (2, 3))), Use(lambda s, h: "
        "((s.q(h).transpose(1, 2) + s.u) @ s.k(h).transpose(1, 2).mT).softmax(-1) @ h.transpose(1, 2), "
        "q=nn.Linear(3, 3), k=nn.Linear(3, 3), u=matrix(2, 1, 3))"
    ),
    "registers and places": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), Use(lambda s, h: torch.cat([s.r.expand(len(h), -1, -1), h], 1) + "
        "s.p, r=matrix(4, 6), p=matrix(12, 6)), Use(lambda s, h: h + (s.q(h) @ s.k(h).mT).softmax(-1) @ s.v(h), "
        "q=nn.Linear(6, 5), k=nn.Linear(6, 5), v=nn.Linear(6, 6))"
    ),
    "attention of what has places, by hand": of(
        "nn.Sequential(nn.Flatten(1, 2), nn.Linear(8, 6)), Use(lambda s, h: ((z := h + s.p) @ z.mT).softmax(-1) @ z, "
        "p=matrix(8, 6)), Use(lambda s, h: (s.w(z := (s.q(z := h + s.p) @ z.mT).softmax(-1) @ z).softmax(1) * z).sum(1), "
        "q=nn.Linear(6, 6), w=nn.Linear(6, 1), p=matrix(8, 6))"
    ),
    "squeeze and excitation of what has places, and a mean": of(
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), Use(lambda s, h: ((z := h + s.p) * torch.sigmoid(s.b(F.relu(s.a("
        "z.mean((2, 3))))))[:, :, None, None]).mean((2, 3)), a=nn.Linear(4, 2), b=nn.Linear(2, 4), p=matrix(4, 6, 6))"
    ),
    "in place at the start of a block": of(
        "nn.Sequential(nn.Flatten(), nn.Linear(64, 12)), nn.Sequential(nn.ReLU(inplace=True), nn.Linear(12, 9))"
    ),
    "in place in the input": of("Use(lambda s, x: s.l(x.flatten(1).mul_(0.5)), l=nn.Linear(64, 9))"),
    "in place in training alone": of(
        "nn.Sequential(nn.Flatten(), nn.Linear(64, 12)), Use(lambda s, h: s.l(h.relu_() if s.training else h.relu()), "
        "l=nn.Linear(12, 9))"
    ),
    "a frozen layer": of(
        "nn.Sequential(nn.Flatten(), nn.Linear(64, 12).requires_grad_(False), nn.Tanh(), nn.Linear(12, 9)), "
        "nn.Sequential(nn.Linear(9, 9).requires_grad_(False), nn.Tanh(), nn.Linear(9, 7))"
    ),
    "a fixed matrix": of(
        "dense(), Fixed()",
        """
        class Fixed(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mixing", torch.linalg.qr(torch.arange(256.).view(16, 16).sin())[0])
                self.l = nn.Linear(16, 9)
            def forward(self, h):
                return self.l(h @ self.mixing)
        """,
    ),
    "layers that are dropped": of(
        "dense(), Use(lambda s, h: h + s.l(h) if not s.training or random.random() < 0.5 else h, l=nn.Linear(16, 16))"
    ),
    "checkpointed": of(
        "dense(), Use(lambda s, h: checkpoint(s.f, h, use_reentrant=False), f=nn.Sequential(nn.Linear(16, 9), "
        "nn.Tanh(), nn.Linear(9, 9)))",
        "from torch.utils.checkpoint import checkpoint",
    ),
    "weight norm on the first layer": of(
        "nn.Sequential(nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(64, 12)), nn.Tanh()), nn.Linear(12, 9)"
    ),
    "a factored first layer": of(
        "Use(lambda s, x: torch.tanh(x.flatten(1) @ (s.u @ s.v)), u=matrix(64, 3), v=matrix(3, 12)), nn.Linear(12, 9)"
    ),
    "feedback of its author's": of(
        "dense(), Aligned()",
        """
        class Through(torch.autograd.Function):
            @staticmethod
            def forward(ctx, h, W, B):
                ctx.save_for_backward(h, B)
                return h @ W
            @staticmethod
            def backward(ctx, e):
                h, B = ctx.saved_tensors
                return e @ B, h.T @ e, None
        class Aligned(nn.Module):
            def __init__(self):
                super().__init__()
                self.W = matrix(16, 9)
                self.register_buffer("B", torch.randn(9, 16))
            def forward(self, h):
                return Through.apply(h, self.W, self.B)
        """,
    ),
}
