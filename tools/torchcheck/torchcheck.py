"""Computes with PyTorch what tailor's elastic network must give, and keeps it as small golden files.

The networks are written here from the definition of the once-for-all family, on torch.nn.functional alone; nothing is
shared with tailor but the names and layouts of the weights. Everything is computed in float64 from float32 weights and
images, so that the golden values are exact to the float32 that they are kept in. See README.md.
"""
import argparse
import json
import math
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "supernet" / "testdata" / "torch"
SMOOTHING, TEMPERATURE = 0.1, 2.0

EFFICIENT = {"ratio": 0.25, "of": "input", "divisor": 1, "act": "silu", "gate": "sigmoid"}
STANDARD = {"ratio": 0.25, "of": "middle", "divisor": 8, "act": "relu", "gate": "h_sigmoid"}

# Inactive genes hold values as OFA writes them; they must be ignored. Batches split into two halves for calibration.
CASES = {
    # Kernels by centre crop, an even image, every activation, an elastic block without expand convolution (e 1).
    "crop": {
        "seed": 1, "batch": 4,
        "space": {
            "tailor": "space/1", "name": "torch-crop", "classes": 7, "channels": 3, "resolutions": [12, 16],
            "width_multiplier": 1.0, "kernel_transform": False, "bn_eps": 1e-5,
            "stem": {"width": 8, "stride": 1, "act": "h_swish"},
            "stages": [
                {"width": 8, "stride": 1, "act": "relu", "depth": [1], "kernel": [3], "expand": [1]},
                {"width": 8, "stride": 2, "act": "relu", "depth": [1, 2], "kernel": [3, 5], "expand": [2, 3]},
                {"width": 16, "stride": 1, "act": "h_swish", "se": True, "depth": [1, 2], "kernel": [3, 5, 7], "expand": [2, 3]},
                {"width": 16, "stride": 2, "act": "relu6", "se": True, "depth": [1, 2], "kernel": [3, 5], "expand": [1, 2]},
            ],
            "head": {"expand": 24, "features": 24, "act": "h_swish"},
        },
        "arch": {"ks": [3, 5, 5, 3, 5, 3], "e": [3, 2, 3, 2, 1, 2], "d": [2, 2, 1], "r": [12]},
    },
    # Kernels by learned transforms, an odd image, one input channel, a width multiplier, a head without features, and
    # more images than the parts that tailor splits a batch into (8).
    "transform": {
        "seed": 1, "batch": 10,
        "space": {
            "tailor": "space/1", "name": "torch-transform", "classes": 5, "channels": 1, "resolutions": [11],
            "width_multiplier": 0.5, "kernel_transform": True, "bn_eps": 1e-3,
            "stem": {"width": 16, "stride": 2, "act": "relu6"},
            "stages": [
                {"width": 16, "stride": 1, "act": "relu6", "depth": [1], "kernel": [3], "expand": [1]},
                {"width": 16, "stride": 1, "act": "relu6", "depth": [1, 2, 3], "kernel": [3, 5, 7], "expand": [2, 3]},
                {"width": 32, "stride": 2, "act": "h_swish", "se": True, "depth": [1, 2], "kernel": [3, 5], "expand": [2, 3]},
            ],
            "head": {"expand": 48, "act": "h_swish"},
        },
        "arch": {"ks": [3, 7, 5, 3, 5], "e": [2, 3, 2, 2, 2], "d": [3, 1], "r": [11]},
    },
    # Blocks of EfficientNet: silu, sigmoid gates, squeeze-and-excitation as a part of the block's input; and of another kind.
    "efficient": {
        "seed": 2, "batch": 4,
        "space": {
            "tailor": "space/1", "name": "torch-efficient", "classes": 6, "channels": 3, "resolutions": [12],
            "width_multiplier": 1.0, "kernel_transform": False, "bn_eps": 1e-3,
            "stem": {"width": 8, "stride": 1, "act": "silu"},
            "stages": [
                {"width": 8, "stride": 1, "act": "silu", "se": EFFICIENT, "depth": [1], "kernel": [3], "expand": [1]},
                {"width": 16, "stride": 2, "act": "silu", "se": EFFICIENT, "depth": [1, 2], "kernel": [3, 5], "expand": [2, 3]},
                {"width": 16, "stride": 2, "act": "relu6", "depth": [1], "kernel": [3, 5], "expand": [1, 2],
                 "se": {"ratio": 0.4, "of": "middle", "divisor": 4, "act": "relu", "gate": "h_sigmoid"}},
            ],
            "head": {"expand": 24, "act": "silu"},
        },
        "arch": {"ks": [3, 5, 3], "e": [3, 2, 2], "d": [2, 1], "r": [12]},
    },
}


def divisible(v, divisor=8):
    """The channel rule of the MobileNet family: to the nearest multiple, not more than 10 % below."""
    n = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return n + divisor if n < 0.9 * v else n


def excitation(stage, at, mid):
    """Hidden channels of squeeze-and-excitation and what it is; 0 and None without."""
    se = STANDARD if stage.get("se") is True else stage.get("se")
    return (min(divisible(se["ratio"] * (at if se["of"] == "input" else mid), se["divisor"]), mid), se) if se else (0, None)


def mbconv_blocks(space, arch):
    """The MBConv blocks of a sub-network, one dictionary each; of the whole supernet if arch is None."""
    blocks, stage_gene, block_gene = [], 0, 0
    at = divisible(space["stem"]["width"] * space["width_multiplier"])
    for i, stage in enumerate(space["stages"]):
        depth = deepest = max(stage["depth"])
        picks = [(max(stage["kernel"]), max(stage["expand"]))] * deepest
        if arch and len(stage["depth"]) * len(stage["kernel"]) * len(stage["expand"]) > 1:
            genes = slice(block_gene, block_gene + deepest)
            depth, picks = arch["d"][stage_gene], list(zip(arch["ks"][genes], arch["e"][genes]))
            stage_gene, block_gene = stage_gene + 1, block_gene + deepest
        for j, (kernel, ratio) in enumerate(picks[:depth]):
            out, stride = divisible(stage["width"] * space["width_multiplier"]), stage["stride"] if j == 0 else 1
            mid = at if ratio == 1 else divisible(round(at * ratio))
            hidden, se = excitation(stage, at, mid)
            blocks.append({
                "name": f"stages.{i}.{j}", "act": stage["act"], "expand": ratio != 1, "mid": mid, "out": out,
                "kernel": kernel, "kernels": sorted(stage["kernel"], reverse=True), "stride": stride,
                "se": hidden, "excitation": se, "skip": stride == 1 and at == out,
            })
            at = out
    return blocks


def uniform(bound, *shape):
    """Float32 values in a float64 tensor."""
    return ((torch.rand(shape, dtype=torch.float64) * 2 - 1) * bound).float().double()


def draw(name, shape):
    """A weight, of a size that drives activations to both sides of their kinks."""
    if ".transform." in name:
        return (torch.eye(shape[0]) + uniform(1 / shape[0], *shape)).float().double()
    if name.endswith(".bn.weight"):
        return uniform(3, *shape)
    if name.endswith(".bias"):
        return uniform(4 if ".se.expand" in name else 1, *shape)
    return uniform(math.sqrt(6 / math.prod(shape[:-1])), *shape)


class Network:
    """A sub-network on the supernet's weights, by name in tailor's layouts: convolutions (height,width,in,out), depthwise
    (height,width,channels), 1x1 and linear (in,out). Without an arch it is the supernet, and draws the weights it misses."""

    ACTS = {"relu": (F.relu, (0,)), "relu6": (F.relu6, (0, 6)), "h_swish": (F.hardswish, (-3, 3)),
            "h_sigmoid": (F.hardsigmoid, (-3, 3)), "silu": (F.silu, ()), "sigmoid": (torch.sigmoid, ())}  # and where their kinks are

    def __init__(self, space, arch, weights):
        self.space, self.arch, self.weights = space, arch, weights
        self.margin, self.sides = math.inf, {}  # nearest any value came to a kink; which sides of each kink values were on
        self.batch_stats = {}  # of the last forward pass

    def weight(self, name, *shape):
        """The leading part of a weight."""
        if self.arch is None and name not in self.weights:
            self.weights[name] = draw(name, shape)
        return self.weights[name][tuple(map(slice, shape))]

    def act(self, kind, x):
        function, kinks = self.ACTS[kind]
        for k in kinks:
            self.margin = min(self.margin, (x - k).abs().min().item())
            self.sides.setdefault((kind, k), set()).update((x > k).unique().tolist())
        return function(x)

    def norm(self, x, name):
        c = x.shape[1]
        if self.population is None:
            self.batch_stats[name + ".mean"] = x.detach().mean((0, 2, 3))
            self.batch_stats[name + ".var"] = x.detach().var((0, 2, 3), unbiased=False)
        stats = [self.population and self.population[name + end] for end in (".mean", ".var")]
        scale, shift = self.weight(name + ".weight", c), self.weight(name + ".bias", c)
        return F.batch_norm(x, *stats, scale, shift, self.population is None, 0, self.space["bn_eps"])

    def pointwise(self, x, name, out, bias=False):
        weight = self.weight(name + ".weight", x.shape[1], out).t()[:, :, None, None]
        return F.conv2d(x, weight, self.weight(name + ".bias", out) if bias else None)

    def depthwise(self, x, name, b):
        c, full = x.shape[1], b["kernels"][0]
        weight = self.weight(name + ".weight", full, full, c)
        for large, small in zip(b["kernels"], b["kernels"][1:]):
            o, n = (large - small) // 2, small * small
            matrix = torch.eye(n, dtype=x.dtype)
            if self.space["kernel_transform"]:
                matrix = self.weight(f"{name}.transform.{large}to{small}", n, n)
            if small >= b["kernel"]:
                centre = weight[o:o + small, o:o + small].reshape(n, c)
                weight = (matrix @ centre).reshape(small, small, c)
        return F.conv2d(x, weight.permute(2, 0, 1)[:, None], stride=b["stride"], padding=b["kernel"] // 2, groups=c)

    def mbconv(self, x, b):
        t, name = x, b["name"]
        if b["expand"]:
            t = self.act(b["act"], self.norm(self.pointwise(t, name + ".expand", b["mid"]), name + ".expand.bn"))
        t = self.act(b["act"], self.norm(self.depthwise(t, name + ".depthwise", b), name + ".depthwise.bn"))
        if b["se"]:
            hidden = self.pointwise(t.mean((2, 3), keepdim=True), name + ".se.reduce", b["se"], bias=True)
            gate = self.pointwise(self.act(b["excitation"]["act"], hidden), name + ".se.expand", b["mid"], bias=True)
            t = t * self.act(b["excitation"]["gate"], gate)
        t = self.norm(self.pointwise(t, name + ".project", b["out"]), name + ".project.bn")
        return t + x if b["skip"] else t

    def __call__(self, x, population=None):
        """Logits of images (N,C,H,W), with batch statistics or given ones."""
        self.population = population
        stem, head, scale = self.space["stem"], self.space["head"], self.space["width_multiplier"]
        weight = self.weight("stem.weight", 3, 3, x.shape[1], divisible(stem["width"] * scale)).permute(3, 2, 0, 1)
        x = self.act(stem["act"], self.norm(F.conv2d(x, weight, stride=stem["stride"], padding=1), "stem.bn"))
        for b in mbconv_blocks(self.space, self.arch):
            x = self.mbconv(x, b)
        x = self.norm(self.pointwise(x, "head.expand", divisible(head["expand"] * scale)), "head.expand.bn")
        x = self.act(head["act"], x).mean((2, 3), keepdim=True)
        if "features" in head:
            x = self.act(head["act"], self.pointwise(x, "head.features", divisible(head["features"] * scale)))
        return self.pointwise(x, "head.classifier", self.space["classes"], bias=True).flatten(1)


def draw_case(case):
    """The weights, and the other drawn tensors: images (N,H,W,C), labels and a teacher's logits."""
    torch.manual_seed(case["seed"])
    space, n, side = case["space"], case["batch"], case["arch"]["r"][0]
    drawn = {"input": uniform(2, n, side, side, space["channels"]), "teacher": uniform(4, n, space["classes"]),
             "labels": torch.randint(space["classes"], (n,)).double()}
    weights = {}
    Network(space, None, weights)(drawn["input"].permute(0, 3, 1, 2))
    return {**drawn, **{"weight/" + name: w for name, w in weights.items()}}


def compute(case, drawn, dtype):
    """Everything that follows from the drawn tensors, computed in dtype."""
    drawn = {name: v.to(dtype) for name, v in drawn.items()}
    w = {name[7:]: v.clone().requires_grad_() for name, v in drawn.items() if name.startswith("weight/")}
    net, x = Network(case["space"], case["arch"], w), drawn["input"].permute(0, 3, 1, 2)
    logits = net(x)
    if dtype == torch.float64:
        assert net.margin > 1e-5, f"a value is {net.margin:.0e} from a kink, too near for float32: change the seed"
        assert all(len(sides) == 2 for sides in net.sides.values()), f"values on one side of a kink only: {net.sides}"
    losses = {
        "labels": F.cross_entropy(logits, drawn["labels"].long(), label_smoothing=SMOOTHING),
        "teacher": F.cross_entropy(logits / TEMPERATURE, F.softmax(drawn["teacher"] / TEMPERATURE, 1)) * TEMPERATURE**2,
    }
    results = {"logits/train": logits}
    for kind, loss in losses.items():
        results["loss/" + kind] = loss
        grads = torch.autograd.grad(loss, list(w.values()), retain_graph=True, allow_unused=True)
        for (name, v), g in zip(w.items(), grads):
            results[f"grad.{kind}/{name}"] = torch.zeros_like(v) if g is None else g
    halves = []
    for half in x.chunk(2):
        net(half)
        halves.append(dict(net.batch_stats))
    population = {name: (v + halves[1][name]) / 2 for name, v in halves[0].items()}
    results["logits/infer"] = net(x, population)
    return {name: v.detach() for name, v in results.items()} | {"stat/" + name: v for name, v in population.items()}


def encode(case, tensors, keys=("space", "arch")):
    """A safetensors file: the length of a JSON header, the header, little-endian data in the order of names. The keys of the
    case go into its metadata."""
    header, data = {"__metadata__": {key: json.dumps(case[key]) for key in keys}}, b""
    for name, v in sorted(tensors.items()):
        raw = v.contiguous().float().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def difference(got, want):
    """The largest difference of a computed tensor, relative to its largest value, and its name. A gradient that batch norm
    cancels is zero but for rounding; it is measured by the largest gradient of the network."""
    largest = max(v.abs().max() for name, v in want.items() if name.startswith("grad."))
    worst = (0.0, "none")
    for name in got:
        scale = want[name].abs().max()
        if name.startswith("grad.") and scale < 1e-9 * largest:
            scale = largest
        worst = max(worst, (((got[name] - want[name]).abs().max() / scale).item(), name))
    return worst


def check(case, drawn, golden):
    """Whether a golden file agrees, and a line about it."""
    results = compute(case, drawn, torch.float64)
    tensors = dict(sorted({**drawn, **results}.items()))
    fresh, sizes = encode(case, tensors), [v.numel() for v in tensors.values()]
    start = len(fresh) - 4 * sum(sizes)
    if len(golden) != len(fresh) or golden[:start] != fresh[:start]:
        return False, "is damaged, or of another space, arch or set of tensors"
    parts = torch.frombuffer(bytearray(golden[start:]), dtype=torch.float32).double().split(sizes)
    want = {name: part.reshape(v.shape) for (name, v), part in zip(tensors.items(), parts)}
    if any(not torch.equal(v, want[name]) for name, v in drawn.items()):
        return False, "has other weights, images, labels or teacher's logits"
    error, worst = difference(results, want)
    single, _ = difference(compute(case, drawn, torch.float32), want)
    return error < 1e-6, f"differs by at most {error:.0e} ({worst}); PyTorch in float32 differs by {single:.0e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", metavar="DIR", nargs="?", const=GOLDEN, help="compute again and compare with the golden files")
    mode.add_argument("--write", metavar="DIR", nargs="?", const=GOLDEN, help="write the golden files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    passed = True
    for name, case in CASES.items():
        drawn, path = draw_case(case), pathlib.Path(args.check or args.write, name + ".safetensors")
        if args.write:
            path.write_bytes(encode(case, {**drawn, **compute(case, drawn, torch.float64)}))
            print(f"{path}: {path.stat().st_size} bytes")
        else:
            ok, text = check(case, drawn, path.read_bytes())
            print(f"{path} {text}: {'ok' if ok else 'FAILED'}")
            passed = passed and ok
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
