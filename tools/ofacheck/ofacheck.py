"""Computes with PyTorch what OFA's published accuracy predictor gives, for tools/ofacheck to compare with.

The encoding of networks is written here from its definition (128 numbers: one-hots of 20 kernel sizes, of 20 expand
ratios, of the resolution; blocks beyond the depth are zero), on lists alone; nothing is shared with tailor. See README.md.
"""
import argparse
import collections
import hashlib
import json
import sys

import numpy
import torch

KERNELS, EXPANDS, DEEPEST = [3, 5, 7], [3, 4, 6], 4


def encode(arch):
    """128 numbers of an arch in OFA's style."""
    row = [0.0] * 128
    for block in range(20):
        if block % DEEPEST < arch["d"][block // DEEPEST]:
            row[3 * block + KERNELS.index(arch["ks"][block])] = 1.0
            row[60 + 3 * block + EXPANDS.index(arch["e"][block])] = 1.0
    row[120 + (arch["r"][0] - 112) // 16] = 1.0
    return row


def predict(state, rows):
    """The network: linear layers 0, 2, 4, 6 with ReLU between them."""
    net = torch.nn.Sequential(
        torch.nn.Linear(128, 400), torch.nn.ReLU(), torch.nn.Linear(400, 400), torch.nn.ReLU(),
        torch.nn.Linear(400, 400), torch.nn.ReLU(), torch.nn.Linear(400, 1))
    net.load_state_dict(state)
    with torch.no_grad():
        # One by one: PyTorch's own float32 results depend on the batch.
        single = [net(torch.tensor([row])).item() for row in rows]
        exact = net.double()(torch.tensor(rows, dtype=torch.float64)).flatten().tolist()
    return exact, single


def describe(tensor):
    """What tells whether another program reads the same tensor."""
    data = tensor.contiguous().numpy().astype("<f4").tobytes()
    return {"shape": list(tensor.shape), "sha256": hashlib.sha256(data).hexdigest()}


def write_state(path):
    """A small file of the old format, whose elements are their places in their storages."""
    plain, line = torch.arange(6.0).reshape(2, 3), torch.arange(4.0)
    state = collections.OrderedDict(
        plain=plain, transposed=plain.t(), part=plain[:, 1:], everyOther=line[1::2], parameter=torch.nn.Parameter(line),
        scalar=torch.arange(8.0)[7], empty=torch.zeros(0, 5))
    torch.save(state, path, _use_new_zipfile_serialization=False)


def write_checkpoint(path):
    """A small checkpoint of the new format: a state dict beside other things, of all types of elements."""
    line = torch.arange(6.0).reshape(2, 3)
    state = collections.OrderedDict([
        ("module.single", line), ("module.transposed", line.t()), ("module.half", line.half() / 3),
        ("module.bfloat16", line.bfloat16() / 3), ("module.double", line.double() / 3),
        ("module.steps", torch.tensor(7)), ("module.mask", line > 2), ("module.parameter", torch.nn.Parameter(line[1]))])
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    parameter.sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "best": numpy.float64(0.5), "args": argparse.Namespace(lr=0.1, name="x", size=torch.Size([2])),
                "type": torch.float16, "optimizer": optimizer.state_dict(), "state_dict": state}, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--predict", metavar="FILE.pth", help="read archs, a JSON list, and print tensors and predictions as JSON")
    mode.add_argument("--write-state", metavar="FILE.pth", help="write internal/torchfile/testdata/state.pth")
    mode.add_argument("--write-checkpoint", metavar="FILE.pth", help="write internal/torchfile/testdata/checkpoint.pth")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.write_state:
        write_state(args.write_state)
        return
    if args.write_checkpoint:
        write_checkpoint(args.write_checkpoint)
        return
    state = torch.load(args.predict, map_location="cpu")
    exact, single = predict(state, [encode(arch) for arch in json.load(sys.stdin)])
    tensors = [{"name": name, **describe(tensor)} for name, tensor in state.items()]
    json.dump({"torch": torch.__version__, "tensors": tensors, "float64": exact, "float32": single}, sys.stdout)


if __name__ == "__main__":
    main()
