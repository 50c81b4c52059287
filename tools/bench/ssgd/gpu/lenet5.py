"""Tries settings of pruning LeNet-5-Caffe to 280 times fewer weights, all at once on one GPU.

    python3 lenet5.py --data MNIST --out tried.jsonl --seconds 500

Every setting is a change of the base; each is run with several seeds, and all runs are one batched
network. Errors of the 5,000 images held out of training choose; those of the test images are
recorded beside them. A second stage joins the best change of each group. --quick runs a handful on
a few images, to see that it works on a CPU.
"""
import argparse
import gzip
import json
import math
import os
import time

import torch
import torch.nn.functional as F

START = time.time()
BATCH = 100
WEIGHTS = [0, 2, 4, 6]  # of the parameters; between them are the biases
LEFT = 1 / 280
EDGE = 4  # pixels of background around an image that is shifted

args = argparse.ArgumentParser()
args.add_argument("--data", required=True)
args.add_argument("--out", required=True)
args.add_argument("--seconds", type=float, default=500)
args.add_argument("--seeds", type=int, default=5)
args.add_argument("--epochs", type=int, default=22)
args.add_argument("--quick", action="store_true")
args = args.parse_args()
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = True
torch.manual_seed(0)


def read(name, header):
    with gzip.open(os.path.join(args.data, name)) as f:
        return torch.frombuffer(bytearray(f.read()[header:]), dtype=torch.uint8)


def images(name):
    x = read(name, 16).view(-1, 28, 28).float() / 255
    return ((x - 0.1307) / 0.3081).to(DEVICE)


def labels(name):
    return read(name, 8).long().to(DEVICE)


BACKGROUND = -0.1307 / 0.3081
everything = images("train-images-idx3-ubyte.gz"), labels("train-labels-idx1-ubyte.gz")
test = images("t10k-images-idx3-ubyte.gz"), labels("t10k-labels-idx1-ubyte.gz")
order = torch.randperm(60000, generator=torch.Generator().manual_seed(5)).to(DEVICE)
held_out = [v[order[:5000]] for v in everything]
train = [v[order[5000:]] for v in everything]
if args.quick:
    train = [v[:1500] for v in train]
    held_out, test = [v[:300] for v in held_out], [v[:300] for v in test]
padded = F.pad(train[0], (EDGE,) * 4, value=BACKGROUND)
EPOCH = len(train[0]) // BATCH  # steps


class Patches(torch.autograd.Function):
    """5x5 patches of (runs, batch, 12, 12, channels), for the second convolution."""

    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        runs, batch, _, _, channels = x.shape
        p = x.unfold(2, 5, 1).unfold(3, 5, 1).permute(0, 1, 2, 3, 5, 6, 4)
        return p.reshape(runs, batch * 64, 25 * channels)

    @staticmethod
    def backward(ctx, grad):
        runs, batch, _, _, channels = ctx.shape
        grad = grad.view(runs, batch, 8, 8, 5, 5, channels)
        into = torch.zeros(ctx.shape, device=grad.device)
        for y in range(5):
            for x in range(5):
                into[:, :, y:y + 8, x:x + 8] += grad[:, :, :, :, y, x]
        return into


def forward(params, x):
    """Logits of all runs: x is (runs, batch, 28, 28), weights are (runs, inputs, outputs)."""
    runs, batch = x.shape[:2]
    w1, b1, w2, b2, w3, b3, w4, b4 = params
    p = x.unfold(2, 5, 1).unfold(3, 5, 1).reshape(runs, batch * 576, 25)
    h = torch.baddbmm(b1[:, None], p, w1)
    h = h.view(runs, batch, 12, 2, 12, 2, 20).amax(5).amax(3)
    h = torch.baddbmm(b2[:, None], Patches.apply(h), w2)
    h = h.view(runs, batch, 4, 2, 4, 2, 50).amax(5).amax(3).reshape(runs, batch, 800)
    h = torch.relu(torch.baddbmm(b3[:, None], h, w3))
    return torch.baddbmm(b4[:, None], h, w4)


def fresh(seed):
    g = torch.Generator().manual_seed(1000 + seed)
    sizes = [(50, 25, 20), (1000, 500, 50), (800, 800, 500), (500, 500, 10)]
    params = []
    for fan, rows, columns in sizes:
        params += [torch.randn(rows, columns, generator=g) / math.sqrt(fan), torch.zeros(columns)]
    return [p.to(DEVICE) for p in params]


@torch.no_grad()
def errors(params, x, y):
    runs = len(params[0])
    wrong = torch.zeros(runs, device=DEVICE)
    for i in range(0, len(x), 100):
        answers = forward(params, x[None, i:i + 100].expand(runs, -1, -1, -1)).argmax(2)
        wrong += (answers != y[None, i:i + 100]).sum(1)
    return (wrong / len(x)).tolist()


def moved(kind, index):
    """Training images (seeds, batch, 28, 28), moved at random: ('shift', pixels) or ('affine',
    degrees, scale, shear, pixels)."""
    seeds, batch = index.shape
    if kind[0] == "shift":
        by = torch.randint(-kind[1], kind[1] + 1, (2, seeds, batch), device=DEVICE) + EDGE
        line = torch.arange(28, device=DEVICE)
        rows, columns = by[0][..., None] + line, by[1][..., None] + line
        return padded[index[..., None, None], rows[..., :, None], columns[..., None, :]]

    def uniform(limit):
        return (torch.rand(seeds * batch, device=DEVICE) * 2 - 1) * limit

    degrees, scale, shear, pixels = kind[1:]
    a = uniform(degrees * math.pi / 180)
    sx, sy, k = 1 + uniform(scale), 1 + uniform(scale), uniform(shear)
    c, s = torch.cos(a), torch.sin(a)
    matrix = torch.stack([torch.stack([c * sx, -s * sy + k, uniform(pixels) / 14], 1),
                          torch.stack([s * sx, c * sy, uniform(pixels) / 14], 1)], 1)
    x = train[0][index.reshape(-1)][:, None] - BACKGROUND
    grid = F.affine_grid(matrix, x.shape, align_corners=False)
    return (F.grid_sample(x, grid, align_corners=False) + BACKGROUND).view(seeds, batch, 28, 28)


# Rates fall along a cosine from `hold` on. Removal is complete at `end`; from `begin` on, 1 - (1 -
# x)**power of it. `regrow` of what is left is exchanged each time, less and less until `regrow_end`.
BASE = dict(start="dense", lr=.05, decay=5e-4, decay_end=None, begin=.1, end=.6, hold=.6, power=3.,
            distill=.7, ensemble=0, moved=("shift", 1), regrow=0., regrow_end=.6,
            criterion="magnitude", ssgd=None, momentum=.9)


class Removal:
    """The weights that are left of all runs, and how they are chosen."""

    def __init__(self, runs, settings, params):
        self.runs = runs
        self.shapes = [params[k].shape for k in WEIGHTS]
        self.sizes = [math.prod(s[1:]) for s in self.shapes]
        self.total = sum(self.sizes)
        self.masks = [torch.ones(s, dtype=torch.bool, device=DEVICE) for s in self.shapes]
        self.fisher = self.which(settings, "fisher")
        self.lamp = self.which(settings, "lamp")
        self.rms = self.which(settings, "rms")
        self.squares = 0.  # running mean of squared gradients

    @staticmethod
    def which(settings, criterion):
        return torch.tensor([s["criterion"] == criterion for s in settings], device=DEVICE)[:, None]

    def flat(self, tensors):
        return torch.cat([t.reshape(self.runs, -1) for t in tensors], 1)

    def layers(self, flat):
        return [t.view(s) for t, s in zip(flat.split(self.sizes, 1), self.shapes)]

    def observe(self, grads):
        if self.fisher.any():
            self.squares = .99 * self.squares + .01 * self.flat(grads) ** 2

    def alive(self, masks):
        """Without weights that nothing reads, or whose unit reads nothing."""
        m1, m2, m3, m4 = masks
        for _ in range(4):
            taps = m2.view(-1, 25, 20, 50)
            on = m1.any(1) & taps.any(3).any(1)
            m1, taps = m1 & on[:, None], taps & on[:, None, :, None]
            pixels = m3.view(-1, 16, 50, 500)
            on = taps.any(2).any(1) & pixels.any(3).any(1)
            m2 = (taps & on[:, None, None]).reshape(m2.shape)
            m3 = (pixels & on[:, None, :, None]).reshape(m3.shape)
            on = m3.any(1) & m4.any(2)
            m3, m4 = m3 & on[:, None], m4 & on[:, :, None]
        return [m1, m2, m3, m4]

    def scores(self, params):
        w = self.flat([params[k].detach() for k in WEIGHTS])
        score = w.abs()
        if self.fisher.any():
            score = torch.where(self.fisher, w * w * (self.squares + 1e-12), score)
        if self.lamp.any() or self.rms.any():
            parts = []
            for part in score.split(self.sizes, 1):
                square = part ** 2
                rms = (square.sum(1, keepdim=True) / (part > 0).sum(1, keepdim=True).clamp(min=1)).sqrt()
                ascending, at = square.sort(1)
                above = ascending.flip(1).cumsum(1).flip(1).clamp(min=1e-20)
                lamp = torch.empty_like(square).scatter_(1, at, ascending / above)
                part = torch.where(self.rms, part / rms.clamp(min=1e-12), part)
                parts.append(torch.where(self.lamp, lamp, part))
            score = torch.cat(parts, 1)
        return torch.where(self.flat(self.masks), score, torch.full_like(score, -1.))

    @staticmethod
    def largest(score, number):
        """Marks so many of each run."""
        bar = score.sort(1, descending=True)[0].gather(1, (number.long() - 1)[:, None])
        return score >= bar

    def update(self, share, exchange, params, momentum, grads):
        """Removes until the shares are gone. What goes with dead units is made up for."""
        number = (self.total * (1 - share)).round().clamp(min=1)
        score = self.scores(params)
        for _ in range(3):
            chosen = self.largest(score, number) & (score >= 0)
            left = self.flat(self.alive(self.layers(chosen)))
            used, score = score, torch.where(chosen & ~left, torch.full_like(score, -1.), score)
        if (exchange > 0).any():
            left = self.regrow(left, used, number, exchange, params, momentum, grads)
        self.masks = self.layers(left)
        self.apply(params, momentum)

    def regrow(self, left, score, number, exchange, params, momentum, grads):
        """The smallest go; those come back, from zero, whose gradients are largest."""
        none = torch.full_like(score, -1.)
        kept = (number - (exchange * number).round()).clamp(min=1)
        stay = left & self.largest(torch.where(left, score, none), kept)
        grad = torch.where(left, none, self.flat(grads).abs())
        come = self.largest(grad, (number - stay.sum(1)).clamp(min=1)) & (grad > 0) & ~left
        on = (exchange > 0)[:, None]
        for new, k in zip(self.layers(come & on), WEIGHTS):
            params[k].data[new] = 0
            momentum[k][new] = 0
        return torch.where(on, stay | come, left)

    def apply(self, params, momentum):
        for mask, k in zip(self.masks, WEIGHTS):
            params[k].data *= mask
            momentum[k] *= mask


def run(settings, seeds, epochs, dense, seconds=math.inf, name="", prune=True):
    """Trains every setting with every seed; gives the networks, and a row of results a setting. dense
    are the whole networks, by parameter and seed, or None."""
    every = [(s, seed) for s in settings for seed in range(seeds)]
    runs = len(every)
    kinds = sorted({s["moved"] for s in settings}, key=str)
    group = torch.tensor([kinds.index(s["moved"]) * seeds + seed for s, seed in every], device=DEVICE)

    def column(key):
        return torch.tensor([float(s[key]) for s, _ in every], device=DEVICE)

    starts = [fresh(seed) for seed in range(seeds)]
    params = [torch.stack([dense[k][seed] if s["start"] == "dense" and dense else starts[seed][k]
                           for s, seed in every]).clone().requires_grad_() for k in range(8)]
    momentum = [torch.zeros_like(p) for p in params]
    removal = Removal(runs, [s for s, _ in every], params)
    lr, decay, factor, hold = column("lr"), column("decay"), column("momentum"), column("hold")
    begin, end, power = column("begin"), column("end"), column("power")
    distill, ensemble = column("distill").view(-1, 1, 1), column("ensemble").view(-1, 1, 1)
    regrow, regrow_end = column("regrow"), column("regrow_end")
    decay_end = torch.tensor([float(s["decay"] if s["decay_end"] is None else s["decay_end"])
                              for s, _ in every], device=DEVICE)
    scaled = torch.tensor([s["ssgd"] is not None for s, _ in every], device=DEVICE)
    eps = torch.tensor([s["ssgd"] or (1., 1.) for s, _ in every], device=DEVICE)
    if dense:
        teachers = [torch.cat([d] * len(kinds)) for d in dense]
        all_teachers = [d.repeat_interleave(len(kinds) * seeds, 0) for d in dense]

    def like(v, p):
        return v.view(-1, *[1] * (p.dim() - 1))

    steps, step, began = epochs * EPOCH, 0, None
    while step < steps:
        if step % EPOCH == 0:
            shuffled = torch.stack([torch.randperm(len(train[0]), device=DEVICE) for _ in range(seeds)])
        index = shuffled[:, step % EPOCH * BATCH:(step % EPOCH + 1) * BATCH]
        x = torch.cat([moved(kind, index) for kind in kinds])
        y = train[1][index].repeat(len(kinds), 1)
        target = F.one_hot(y, 10).float()[group]
        if dense:
            with torch.no_grad():
                soft = forward(teachers, x).softmax(2)[group]
                if ensemble.any():
                    mean = forward(all_teachers, x.repeat(seeds, 1, 1, 1)).softmax(2)
                    mean = mean.view(seeds, -1, BATCH, 10).mean(0)[group]
                    soft = torch.where(ensemble > 0, mean, soft)
                target = (1 - distill) * target + distill * soft
        loss = -(target * forward(params, x[group]).log_softmax(2)).sum(2).mean(1).sum()
        grads = torch.autograd.grad(loss, params)
        part = step / steps
        with torch.no_grad():
            fall = .5 * (1 + torch.cos(math.pi * (part - hold).clamp(min=0) / (1 - hold)))
            rate = lr * fall * min(1., (step + 1) / (30 if args.quick else 1000))
            removal.observe([grads[k] for k in WEIGHTS])
            for k, (p, g) in enumerate(zip(params, grads)):
                if k in WEIGHTS:
                    if scaled.any():
                        left = (p != 0).flatten(1).sum(1).clamp(min=1)
                        rms = ((p ** 2).flatten(1).sum(1) / left).sqrt()
                        size = p.abs() + like(eps[:, 0] * (eps[:, 1] / eps[:, 0]) ** part * rms, p)
                        size /= like((size * (p != 0)).flatten(1).sum(1) / left, p)
                        g = torch.where(like(scaled, p), g * size, g)
                    g = g + like(torch.where(part < end, decay, decay_end), p) * p
                v = momentum[k].mul_(like(factor, p)).add_(g)
                p.data -= like(rate, p) * (g + like(factor, p) * v)
            if prune and part >= .05:
                removing = (part >= begin) & (part <= end + 200 / steps)
                moving = (removing | (regrow > 0) & (part < regrow_end)).any()
                if step % (10 if args.quick else 100) == 0 and moving and step < steps - 1:
                    done = ((part - begin) / (end - begin)).clamp(0, 1)
                    share = (1 - LEFT) * (1 - (1 - done) ** power)
                    wave = .5 * (1 + torch.cos(math.pi * torch.clamp(part / regrow_end, max=1.)))
                    exchange = torch.where((part < regrow_end) & (share > .3), regrow * wave, 0 * regrow)
                    removal.update(share, exchange, params, momentum, [grads[k] for k in WEIGHTS])
                else:
                    removal.apply(params, momentum)
        if step == 40:
            began = time.time()
        if step == 140 and seconds < math.inf:  # nothing is removed yet: the length can change
            steps = min(steps, int(seconds / ((time.time() - began) / 100 * 1.12)))
        if step % (5 * EPOCH) == 0:
            print(f"{name} epoch {step // EPOCH} of {steps / EPOCH:.1f}, {time.time() - START:.0f} s",
                  flush=True)
        step += 1
    params = [p.detach() for p in params]
    if prune:
        removal.apply(params, momentum)
    left = removal.flat(removal.alive([params[k] != 0 for k in WEIGHTS])).sum(1).tolist()
    found = dict(held_out=errors(params, *held_out), test=errors(params, *test), left=left)
    rows = [dict({key: v[i * seeds:(i + 1) * seeds] for key, v in found.items()}, stage=name,
                 settings=s, epochs=steps / EPOCH) for i, s in enumerate(settings)]
    return params, rows


def mean(row, key):
    return sum(row[key]) / len(row[key])


def record(rows, names):
    with open(args.out, "a") as f:
        for row, row["name"] in zip(rows, names):
            f.write(json.dumps(row) + "\n")
    for row in sorted(rows, key=lambda r: mean(r, "held_out")):
        print(f"{row['name']:30s} held-out {100 * mean(row, 'held_out'):.3f} % test "
              f"{100 * mean(row, 'test'):.3f} %, {mean(row, 'left'):.0f} weights", flush=True)


CHANGES = [
    ("start", "from scratch", dict(start="fresh")),
    ("start", "from scratch, rate .1", dict(start="fresh", lr=.1)),
    ("rate", "rate .1", dict(lr=.1)), ("rate", "rate .03", dict(lr=.03)),
    ("rate", "rate .02", dict(lr=.02)), ("rate", "momentum .95", dict(momentum=.95, lr=.025)),
    ("course", "end .4", dict(end=.4, hold=.4)), ("course", "end .8", dict(end=.8, hold=.8)),
    ("course", "end .8, hold .6", dict(end=.8)), ("course", "end .5, hold .8", dict(end=.5, hold=.8)),
    ("course", "begin 0", dict(begin=0.)), ("course", "begin .3", dict(begin=.3)),
    ("course", "hold 0", dict(hold=0.)), ("course", "hold .3", dict(hold=.3)),
    ("power", "linear", dict(power=1.)), ("power", "power 2", dict(power=2.)),
    ("power", "power 5", dict(power=5.)),
    ("decay", "decay 1e-4", dict(decay=1e-4)), ("decay", "decay 2e-4", dict(decay=2e-4)),
    ("decay", "decay 1e-3", dict(decay=1e-3)), ("decay", "decay, then 0", dict(decay_end=0.)),
    ("decay", "decay, then 1e-4", dict(decay_end=1e-4)),
    ("decay", "decay 1e-3, then 0", dict(decay=1e-3, decay_end=0.)),
    ("moved", "not moved", dict(moved=("shift", 0))), ("moved", "2 px", dict(moved=("shift", 2))),
    ("moved", "affine", dict(moved=("affine", 7.5, .07, .07, 1.))),
    ("moved", "more affine", dict(moved=("affine", 12., .12, .12, 1.5))),
    ("distill", "labels alone", dict(distill=0.)), ("distill", "distill .9", dict(distill=.9)),
    ("distill", "distill 1", dict(distill=1.)), ("distill", "ensemble .7", dict(ensemble=1)),
    ("distill", "ensemble .9", dict(ensemble=1, distill=.9)),
    ("distill", "ensemble 1", dict(ensemble=1, distill=1.)),
    ("regrow", "regrow .1", dict(regrow=.1)), ("regrow", "regrow .3", dict(regrow=.3)),
    ("regrow", "regrow .1 to .8", dict(regrow=.1, regrow_end=.8)),
    ("regrow", "regrow .3 to .8", dict(regrow=.3, regrow_end=.8)),
    ("criterion", "lamp", dict(criterion="lamp")), ("criterion", "fisher", dict(criterion="fisher")),
    ("criterion", "by a layer's rms", dict(criterion="rms")),
    ("ssgd", "ssgd, eps 1 to .1", dict(ssgd=(1., .1))), ("ssgd", "ssgd, eps .1", dict(ssgd=(.1, .1))),
    ("ssgd", "ssgd, eps 1", dict(ssgd=(1., 1.))),
]


def joined(gains):
    """Settings of the second stage: changes that gained, one after the other, all but one, pairs."""
    yield "base", dict(BASE)
    together = dict(BASE)
    for name, change in gains:
        together.update(change)
        yield "up to " + name, dict(together)
    for left_out, _ in gains:
        rest = dict(BASE)
        for name, change in gains:
            if name != left_out:
                rest.update(change)
        yield "all but " + left_out, rest
    for i, (a, change) in enumerate(gains[:4]):
        for b, other in gains[i + 1:4]:
            yield f"{a} and {b}", dict(BASE, **change, **other)


def main():
    seeds, epochs = args.seeds, args.epochs
    changes = CHANGES
    if args.quick:
        seeds, epochs = 1, 10
        changes = [c for c in CHANGES if c[1] in ("fisher", "regrow .1 to .8", "affine")]
    whole = dict(BASE, start="fresh", lr=.03, hold=.5, distill=0.)
    dense, rows = run([whole], seeds, 4 if args.quick else 10, None, name="whole", prune=False)
    record(rows, ["whole"])
    names = ["base"] + [name for _, name, _ in changes]
    settings = [BASE] + [dict(BASE, **change) for _, _, change in changes]
    _, rows = run(settings, seeds, epochs, dense, seconds=args.seconds / 2, name="one")
    record(rows, names)
    base, best = mean(rows[0], "held_out"), {}
    for row, (kind, name, change) in zip(rows[1:], changes):
        gain = base - mean(row, "held_out")
        if gain > max(0, best.get(kind, (0,))[0]):
            best[kind] = gain, name, change
    gains = [(name, change) for _, name, change in sorted(best.values(), key=lambda b: -b[0])]
    second = {json.dumps(s): (name, s) for name, s in joined(gains)}
    names, settings = zip(*second.values())
    left = args.seconds - (time.time() - START) - 25
    if left > 60 or args.quick:
        _, rows = run(list(settings), seeds, 2 if args.quick else 45, dense, seconds=left, name="two")
        record(rows, names)


main()
