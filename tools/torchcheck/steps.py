"""Trains a tiny supernet for five steps by the rule of each strategy, with PyTorch in float64, and keeps what it becomes.

The rules are written here from the papers: which networks train in a step and on what, how their gradients become one, the
rates, when channels are sorted, what the frozen teacher is. The networks are those of torchcheck.py. See README.md.
"""
import argparse
import json
import math
import pathlib
import random
import sys

import torch
import torch.nn.functional as F

import torchcheck
from torchcheck import Network, encode, mbconv_blocks

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "trainer" / "testdata" / "steps.safetensors"
STEPS, BATCH, SIDE, CLASSES, SMOOTHING = 5, 8, 8, 4, 0.1
KEPT = 3  # of the weights after the last step every third is kept

# Smooth activations alone: no rounding decides on which side of a kink a value is.
GATED = {"ratio": 0.5, "of": "middle", "divisor": 4, "act": "silu", "gate": "sigmoid"}
SPACE = {
    "tailor": "space/1", "name": "steps", "classes": CLASSES, "channels": 3, "resolutions": [SIDE],
    "width_multiplier": 1.0, "kernel_transform": True, "bn_eps": 1e-3,
    "stem": {"width": 8, "stride": 2, "act": "silu"},
    "stages": [
        {"width": 8, "stride": 1, "act": "silu", "se": GATED, "depth": [1, 2], "kernel": [3, 5], "expand": [2, 3, 4]},
        {"width": 8, "stride": 2, "act": "silu", "depth": [1, 2], "kernel": [3, 5], "expand": [2, 3, 4]},
    ],
    "head": {"expand": 16, "act": "silu"},
}
ALL = {"kernel": [3, 5], "depth": [1, 2], "expand": [2, 3, 4]}

SETTINGS = {"epochs": STEPS, "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "label_smoothing": SMOOTHING,
            "temperature": 2, "networks": 4, "multipliers": {"largest_multiplier": 1, "smallest_multiplier": 1, "random_multiplier": 1}}
PHASE = {"epochs": 1, "lr": 1, "lr_warmup_epochs": 0, "networks": 4, "kernels": 0, "depths": 0, "expands": 0, "teacher": 1}
ALONE = {**PHASE, "name": "full", "networks": 0, "teacher": 0}
CASES = {
    "full": {"strategy": "full"},
    "bignas": {"strategy": "bignas"},
    "bignas-avg": {"strategy": "bignas", "aggregation": "avg"},
    "bignas-avg-sqrt": {"strategy": "bignas", "aggregation": "avg-sqrt"},
    "deps": {"strategy": "deps", "warmup_epochs": 3, "epsilon_epochs": 2},
    "deps-labels": {"strategy": "deps", "warmup_epochs": 1, "epsilon_epochs": 0, "distill": "none",
                    "multipliers": {"largest_multiplier": 1, "smallest_multiplier": 0.5, "random_multiplier": 2}},
    "deps-mixed": {"strategy": "deps", "warmup_epochs": 1, "epsilon_epochs": 0, "distill": "mixed"},
    "progressive": {"strategy": "progressive", "phases": [
        ALONE,
        {**PHASE, "name": "kernel", "networks": 1, "lr": 0.5, "depths": 1, "expands": 1},
        {**PHASE, "name": "depth", "networks": 2, "lr": 0.25, "expands": 1},
        {**PHASE, "name": "expand 1", "lr": 0.25, "expands": 2},
        {**PHASE, "name": "expand 2", "lr": 0.5, "teacher": 0.5}]},
    "compofa": {"strategy": "compofa", "phases": [
        ALONE,
        {**PHASE, "name": "compound 1", "epochs": 2, "lr": 0.5, "expands": 2, "lr_warmup_epochs": 2},
        {**PHASE, "name": "compound 2", "epochs": 2, "lr": 0.5}]},
}


class Traced(Network):
    """A network that also adds up the weights that it works with: what their sum depends on are the weights that it has."""

    def __init__(self, *args):
        super().__init__(*args)
        self.used, self.whole = 0, False

    def weight(self, name, *shape):
        part = super().weight(name, *shape)
        if self.arch is not None and not self.whole:
            self.used = self.used + part.sum()
        return part

    def depthwise(self, x, name, b):
        self.whole = True  # of the kernel only what the derived one depends on counts
        real, F.conv2d = F.conv2d, self.note
        try:
            return super().depthwise(x, name, b)
        finally:
            F.conv2d, self.whole = real, False

    def note(self, x, weight, **rest):
        self.used = self.used + (weight * torch.linspace(1, 2, weight.numel(), dtype=weight.dtype).view_as(weight)).sum()
        return torch.conv2d(x, weight, **rest)


def arch(pick):
    """A network by a function that picks among choices; all blocks have genes, as OFA writes them."""
    d = [pick("depth", i) for i in range(2)]
    blocks = [i // 2 for i in range(4)]
    return {"ks": [pick("kernel", i) for i in blocks], "e": [pick("expand", i) for i in blocks], "d": d, "r": [SIDE]}


MAX, MIN = arch(lambda gene, _: max(ALL[gene])), arch(lambda gene, _: min(ALL[gene]))


def draw_random(rnd, phase):
    """A random network of a phase: of each gene it has so many of the largest choices."""
    counts = {"kernel": phase["kernels"], "depth": phase["depths"], "expand": phase["expands"]}
    return arch(lambda gene, _: rnd.choice(ALL[gene][-counts[gene]:]))  # [-0:] is all


def channels(space, a):
    """The middle and the hidden channels of each block of a network."""
    return {b["name"]: (b["mid"], b["se"]) for b in mbconv_blocks(space, a)}


def sort_channels(w, v, expands):
    """Puts the most important channels first, within the widths that networks of these ratios have."""
    ends = [channels(SPACE, {**MAX, "e": [e] * 4}) for e in expands]

    def order(norms, widths):
        result, at = [], 0
        for end in sorted(set(widths)) + [len(norms)]:
            result += sorted(range(at, end), key=lambda i: -norms[i].item())
            at = end
        return result

    for name, (mid, hidden) in channels(SPACE, None).items():
        o = order(w[name + ".project.weight"].abs().sum(1), [e[name][0] for e in ends])
        for t in (w, v):
            t[name + ".project.weight"] = t[name + ".project.weight"][o]
            for part in ("expand", "depthwise"):
                for end in (".weight", ".bn.weight", ".bn.bias"):
                    t[name + "." + part + end] = t[name + "." + part + end][..., o]
            if hidden:
                t[name + ".se.reduce.weight"] = t[name + ".se.reduce.weight"][o]
                for end in (".weight", ".bias"):
                    t[name + ".se.expand" + end] = t[name + ".se.expand" + end][..., o]
        if hidden:
            o = order(w[name + ".se.expand.weight"].abs().sum(1), [e[name][1] for e in ends])
            for t in (w, v):
                t[name + ".se.expand.weight"] = t[name + ".se.expand.weight"][o]
                for end in (".weight", ".bias"):
                    t[name + ".se.reduce" + end] = t[name + ".se.reduce" + end][..., o]


def cosine(lr, step, steps, rise=0):
    rate = lr / 2 * (1 + math.cos(math.pi * step / steps))
    return rate * (step + 1) / rise if step < rise else rate


class Training:
    """A training by a rule. networks gives, for each step, the rate and for each network its arch, the weight of its loss on
    the labels, that of its loss on the teacher's answers, and whether it is the teacher."""

    def __init__(self, case, drawn):
        self.c = {**SETTINGS, **case}
        self.w = {name[7:]: t.clone() for name, t in drawn.items() if name.startswith("weight/")}
        self.v = {name: torch.zeros_like(t) for name, t in self.w.items()}
        self.images, self.labels = drawn["images"], drawn["labels"].long()
        self.rnd, self.teacher, self.archs = random.Random(json.dumps(case)), None, []

    def sandwich(self, step):
        c = self.c
        full_rate, ramp = {"full": (STEPS, 0), "bignas": (0, 0)}.get(c["strategy"]) or (c["warmup_epochs"], c["epsilon_epochs"])
        begin, rate = full_rate - ramp, cosine(c["lr"], step, STEPS)
        if step == begin and c["strategy"] == "deps":
            sort_channels(self.w, self.v, [])
        m = c["multipliers"]
        nets = [(MAX, m["largest_multiplier"], 0, True)]
        if step < begin:
            return rate, nets
        beta = 1.0
        if step < full_rate:
            beta = (step - begin + 1) / ramp * cosine(c["lr"], full_rate, STEPS) / rate
        rest = [(MIN, beta * m["smallest_multiplier"])]
        everything = {"kernels": 0, "depths": 0, "expands": 0}
        rest += [(draw_random(self.rnd, everything), beta * m["random_multiplier"]) for _ in range(c["networks"] - 2)]
        labels = {"none": 1, "mixed": 0.5}.get(c.get("distill"), 0)
        return rate, nets + [(a, weight * labels, weight * (1 - labels), False) for a, weight in rest]

    def phased(self, step):
        at, before = 0, None
        for p in self.c["phases"]:
            if step < at + p["epochs"]:
                break
            at, before = at + p["epochs"], p
        if step == at and before:
            if self.teacher is None and p["teacher"]:
                self.teacher = {name: t.clone() for name, t in self.w.items()}
            trained = ALL["expand"][-(before["expands"] if before["networks"] else 1):]
            if len(ALL["expand"][-p["expands"]:]) > len(trained):
                sort_channels(self.w, self.v, trained)
            self.v = {name: torch.zeros_like(t) for name, t in self.w.items()}
        rate = cosine(self.c["lr"] * p["lr"], step - at, p["epochs"], p["lr_warmup_epochs"])
        if p["networks"] == 0:
            return rate, [(MAX, 1, 0, False)]
        return rate, [(draw_random(self.rnd, p), 1, p["teacher"], False) for _ in range(p["networks"])]

    def step(self, step):
        rate, networks = self.phased(step) if "phases" in self.c else self.sandwich(step)
        self.archs.append([n[0] for n in networks])
        x, labels, tau = self.images[step].permute(0, 3, 1, 2), self.labels[step], self.c["temperature"]
        w = {name: t.clone().requires_grad_() for name, t in self.w.items()}
        total = {name: torch.zeros_like(t) for name, t in w.items()}
        counts = {name: torch.zeros_like(t) for name, t in w.items()}
        answers = None
        if self.teacher is not None:
            answers = F.softmax(Network(SPACE, MAX, self.teacher)(x) / tau, 1)
        for a, on_labels, on_answers, teaches in networks:
            net = Traced(SPACE, a, w)
            logits = net(x)
            loss = on_labels * F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
            if on_answers:
                loss = loss + on_answers * tau**2 * F.cross_entropy(logits / tau, answers)
            if teaches:
                answers = F.softmax(logits.detach() / tau, 1)
            for into, of in ((total, loss), (counts, net.used)):
                grads = torch.autograd.grad(of, list(w.values()), retain_graph=True, allow_unused=True)
                for name, g in zip(w, grads):
                    if g is not None:
                        into[name] += g if into is total else (g != 0).double()
        power = {"avg": 1, "avg-sqrt": 0.5}.get(self.c.get("aggregation"), 0)
        for name, g in total.items():
            g = g / counts[name].clamp(min=1) ** power
            decay = not (name.endswith(".bias") or ".bn." in name)
            g = g + self.c["weight_decay"] * self.w[name] * decay
            self.v[name] = self.c["momentum"] * self.v[name] + g
            self.w[name] = self.w[name] - rate * (g + self.c["momentum"] * self.v[name])


def draw():
    """Weights, and a batch of images (N,H,W,C) with labels for each step."""
    torch.manual_seed(1)
    drawn = {"images": torchcheck.uniform(2, STEPS, BATCH, SIDE, SIDE, 3), "labels": torch.randint(CLASSES, (STEPS, BATCH)).double()}
    weights = {}
    Network(SPACE, None, weights)(drawn["images"][0].permute(0, 3, 1, 2))
    return {**drawn, **{"weight/" + name: t for name, t in weights.items()}}


def compute(drawn):
    """Every third of the weights after the last step of each case, and the networks of each step."""
    results, archs = {}, {}
    for name, case in CASES.items():
        t = Training(case, drawn)
        for step in range(STEPS):
            t.step(step)
        results.update({f"{name}/{w}": v.flatten()[::KEPT] for w, v in t.w.items()})
        archs[name] = t.archs
    return results, archs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", metavar="FILE", nargs="?", const=GOLDEN, help="compute again and compare with the golden file")
    mode.add_argument("--write", metavar="FILE", nargs="?", const=GOLDEN, help="write the golden file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    drawn = draw()
    results, archs = compute(drawn)
    cases = {name: {"config": {**SETTINGS, **case}, "archs": archs[name]} for name, case in CASES.items()}
    data = encode({"space": SPACE, "cases": cases}, {**drawn, **results}, ("space", "cases"))
    path = pathlib.Path(args.check or args.write)
    if args.write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"{path}: {len(data)} bytes")
        return 0
    same = path.read_bytes() == data
    print(f"{path}: {'ok' if same else 'FAILED: it holds other values'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
