"""Computes with PyTorch what tailor's networks without batch norm must give, and keeps it as small golden files.

The networks are written here as their papers have them, on torch.nn.functional alone; nothing is shared with tailor but the
names and layouts of the weights, and the formula that draws them, so that they need not be kept. Everything is computed in
float64 from float32 weights and images. See README.md.
"""
import argparse
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F

from torchcheck import GOLDEN, encode

KEYS = ["blocks", "batch"]  # of a case, kept in its golden file
SAMPLE = 97  # of a large gradient every so many values are kept, and the sums of rows and columns


def shape(h, w, c):
    return {"h": h, "w": w, "c": c}


def conv(name, i, o, kernel, valid=True, act=None):
    b = {"name": name, "kind": "conv", "in": i, "out": o, "kernel": kernel, "stride": 1, "bias": True}
    return {**b, **({"valid": True} if valid else {}), **({"act": act} if act else {})}


def maxpool(name, i, o, kernel, stride):
    return {"name": name, "kind": "maxpool", "in": i, "out": o, "kernel": kernel, "stride": stride}


def linear(name, i, o, act=None):
    return {"name": name, "kind": "linear", "in": i, "out": shape(1, 1, o), **({"act": act} if act else {})}


CASES = {
    "lenet-300-100": {
        "batch": 10, "blocks": [
            linear("fc1", shape(28, 28, 1), 300, "relu"), linear("fc2", shape(1, 1, 300), 100, "relu"), linear("fc3", shape(1, 1, 100), 10)],
    },
    "lenet-5-caffe": {
        "batch": 10, "blocks": [
            conv("conv1", shape(28, 28, 1), shape(24, 24, 20), 5), maxpool("pool1", shape(24, 24, 20), shape(12, 12, 20), 2, 2),
            conv("conv2", shape(12, 12, 20), shape(8, 8, 50), 5), maxpool("pool2", shape(8, 8, 50), shape(4, 4, 50), 2, 2),
            linear("fc1", shape(4, 4, 50), 500, "relu"), linear("fc2", shape(1, 1, 500), 10)],
    },
    # Weights, images and gradients of logits are -1, 0 or 1, so that sums are exact in any order and many values of a window
    # are equal: the gradient must go to the first. Windows overlap, padding and an activation follow.
    "ties": {
        "batch": 3, "integers": True, "blocks": [
            conv("a", shape(9, 8, 2), shape(9, 8, 3), 3, valid=False, act="relu"), maxpool("b", shape(9, 8, 3), shape(4, 3, 3), 3, 2),
            conv("c", shape(4, 3, 3), shape(4, 3, 4), 3, valid=False), maxpool("d", shape(4, 3, 4), shape(3, 2, 4), 2, 1),
            linear("e", shape(3, 2, 4), 5)],
    },
}


def random(name, *size):
    """Float64 values in [-1, 1) that are exact in float32, by position and a hash of the name (FNV-1a)."""
    h, mask = 2166136261, 2**32 - 1
    for byte in name.encode():
        h = (h ^ byte) * 16777619 & mask
    x = (torch.arange(1, math.prod(size) + 1) * 2654435761 + h) & mask
    x = ((x ^ x >> 15) * 2246822519) & mask
    x = ((x ^ x >> 13) * 3266489917) & mask
    return ((x ^ x >> 16) >> 8).double().reshape(size) / 2**23 - 1


def draw(case, name, *size, bound=1.0):
    if case.get("integers"):
        return (random(name, *size) * 1.5).round()
    return (random(name, *size) * bound).float().double()


def weights(case):
    w = {}
    for b in case["blocks"]:
        fan_in = math.prod(b["in"].values()) if b["kind"] == "linear" else b.get("kernel", 1)**2 * b["in"]["c"]
        size = (b["kernel"], b["kernel"], b["in"]["c"], b["out"]["c"]) if b["kind"] == "conv" else (fan_in, b["out"]["c"])
        if b["kind"] != "maxpool":
            w[b["name"] + ".weight"] = draw(case, b["name"] + ".weight", *size, bound=math.sqrt(3 / fan_in))
            w[b["name"] + ".bias"] = draw(case, b["name"] + ".bias", b["out"]["c"])
    return w


def forward(case, w, x, margins):
    """Logits of images (N,H,W,C). margins gathers how near values come to a kink, and to being the largest of a window."""
    x = x.permute(0, 3, 1, 2)
    for b in case["blocks"]:
        if b["kind"] == "maxpool":
            windows = F.unfold(x.flatten(0, 1)[:, None], b["kernel"], stride=b["stride"]).topk(2, 1).values
            margins.append((windows[:, 0] - windows[:, 1]).min().item())
            x = F.max_pool2d(x, b["kernel"], b["stride"])
            continue
        weight, bias = w[b["name"] + ".weight"], w[b["name"] + ".bias"]
        if b["kind"] == "conv":
            x = F.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding=0 if b.get("valid") else b["kernel"] // 2)
        else:
            x = F.linear(x.permute(0, 2, 3, 1).flatten(1), weight.t(), bias)[:, :, None, None]
        if b.get("act"):
            margins.append(x.abs().min().item())
            x = F.relu(x)
    return x.flatten(1)


def compute(case, dtype):
    """Logits, and the gradients of a linear function of them."""
    images, classes = case["blocks"][0]["in"], case["blocks"][-1]["out"]["c"]
    w = {name: v.to(dtype).requires_grad_() for name, v in weights(case).items()}
    x, margins = draw(case, "input", case["batch"], *images.values()).to(dtype), []
    logits = forward(case, w, x, margins)
    if case.get("integers"):
        assert min(margins) == 0, "no two values of a window are equal"
    elif dtype == torch.float64:
        assert min(margins) > 1e-6, f"a value is {min(margins):.0e} from a kink, too near for float32: change the batch"
    loss = (logits * draw(case, "projection", case["batch"], classes).to(dtype)).sum()
    results = {"logits": logits.detach()}
    for name, g in zip(w, torch.autograd.grad(loss, list(w.values()))):
        if g.numel() <= 2000:
            results["all/" + name] = g
            continue
        table = g.reshape(-1, g.shape[-1])
        results |= {"rows/" + name: table.sum(1), "columns/" + name: table.sum(0), "sample/" + name: g.flatten()[::SAMPLE]}
    return results


def check(case, golden):
    """Whether a golden file agrees, and a line about it."""
    results = dict(sorted(compute(case, torch.float64).items()))
    fresh, sizes = encode(case, results, KEYS), [v.numel() for v in results.values()]
    start = len(fresh) - 4 * sum(sizes)
    if len(golden) != len(fresh) or golden[:start] != fresh[:start]:
        return False, "is damaged, or of other blocks"
    want = torch.frombuffer(bytearray(golden[start:]), dtype=torch.float32).double().split(sizes)
    single = compute(case, torch.float32)

    def error(of):
        return max(((of[name].flatten() - w).abs().max() / w.abs().max()).item() for name, w in zip(results, want))
    return error(results) < 1e-6, f"differs by at most {error(results):.0e}; PyTorch in float32 differs by {error(single):.0e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", metavar="DIR", nargs="?", const=GOLDEN, help="compute again and compare with the golden files")
    mode.add_argument("--write", metavar="DIR", nargs="?", const=GOLDEN, help="write the golden files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    passed = True
    for name, case in CASES.items():
        path = pathlib.Path(args.check or args.write, name + ".safetensors")
        if args.write:
            path.write_bytes(encode(case, compute(case, torch.float64), KEYS))
            print(f"{path}: {path.stat().st_size} bytes")
        else:
            ok, text = check(case, path.read_bytes())
            print(f"{path} {text}: {'ok' if ok else 'FAILED'}")
            passed = passed and ok
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
