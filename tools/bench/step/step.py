"""PyTorch's side of the benchmark: the networks, a training step, and what the machine gives a matrix product.

The networks are lists of blocks, read from a job file that the other side wrote; weights are slices of a supernet's full
tensors. It runs on PyTorch 1.13 and later. Each call prints one JSON object.
"""
import argparse
import inspect
import json
import platform
import struct
import sys
import time

import torch
import torch.nn.functional as F

WARM_UP_STEPS, MIN_STEPS = 2, 3
ACTS = {
    "relu": lambda x: F.relu(x, inplace=True),
    "relu6": lambda x: F.relu6(x, inplace=True),
    "h_swish": F.hardswish,  # its backward pass needs what an in-place one would overwrite
    None: lambda x: x,
}


def read_safetensors(path):
    """Tensors by name: the length of a JSON header, the header, little-endian float32."""
    with open(path, "rb") as f:
        raw = bytearray(f.read())
    size = 8 + struct.unpack("<Q", raw[:8])[0]
    header, tensors = json.loads(raw[8:size]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = torch.frombuffer(raw, dtype=torch.float32, count=(end - begin) // 4, offset=size + begin)
            tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def torch_layout(name, w):
    """A weight as (out,in,height,width) in channels_last memory; the classifier's as (out,in)."""
    if name == "head.classifier.weight":
        return w.t().contiguous()
    if w.dim() == 1:
        return w
    if w.dim() == 2:  # (in,out)
        w = w.t()[:, :, None, None]
    elif w.dim() == 3:  # depthwise (height,width,channels)
        w = w.permute(2, 0, 1)[:, None]
    else:  # (height,width,in,out)
        w = w.permute(3, 2, 0, 1)
    return w.contiguous(memory_format=torch.channels_last)


class Supernet(torch.nn.Module):
    """The full tensors, which networks share."""

    def __init__(self, weights):
        super().__init__()
        assert not any(".transform." in name for name in weights), "kernel transforms are not implemented here"
        for name, w in weights.items():
            self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(torch_layout(name, w)))

    def leading(self, name, *size):
        """The leading part of a tensor, or the tensor itself."""
        w = getattr(self, name.replace(".", "_"))
        return w if w.shape[:len(size)] == size else w[tuple(slice(n) for n in size)]


class Network(torch.nn.Module):
    """A sub-network, with batch statistics in every batch norm."""

    def __init__(self, supernet, blocks, eps):
        super().__init__()
        self.supernet, self.blocks, self.eps = supernet, blocks, eps

    def norm(self, x, name, act):
        c = x.shape[1]
        scale, shift = self.supernet.leading(name + ".weight", c), self.supernet.leading(name + ".bias", c)
        return ACTS[act](F.batch_norm(x, None, None, scale, shift, True, 0.0, self.eps))

    def pointwise(self, x, name, out, bias=False):
        weight = self.supernet.leading(name + ".weight", out, x.shape[1])
        return F.conv2d(x, weight, self.supernet.leading(name + ".bias", out) if bias else None)

    def depthwise(self, x, name, kernel, stride):
        c = x.shape[1]
        weight = self.supernet.leading(name + ".weight", c)
        cut = (weight.shape[-1] - kernel) // 2
        if cut:
            weight = weight[:, :, cut:-cut, cut:-cut]
        return F.conv2d(x, weight, stride=stride, padding=kernel // 2, groups=c)

    def squeeze_excite(self, x, name, hidden):
        gate = F.relu(self.pointwise(F.adaptive_avg_pool2d(x, 1), name + ".reduce", hidden, bias=True), inplace=True)
        return x * F.hardsigmoid(self.pointwise(gate, name + ".expand", x.shape[1], bias=True))

    def mbconv(self, x, b):
        t, name, act = x, b["name"], b["act"]
        if b["mid"] != b["in"]["c"]:
            t = self.norm(self.pointwise(t, name + ".expand", b["mid"]), name + ".expand.bn", act)
        t = self.norm(self.depthwise(t, name + ".depthwise", b["kernel"], b["stride"]), name + ".depthwise.bn", act)
        if b.get("se"):
            t = self.squeeze_excite(t, name + ".se", b["se"])
        t = self.norm(self.pointwise(t, name + ".project", b["out"]["c"]), name + ".project.bn", None)
        return t + x if b.get("skip") else t

    def conv(self, x, b):
        weight = self.supernet.leading(b["name"] + ".weight", b["out"]["c"])
        x = F.conv2d(x, weight, stride=b["stride"], padding=b["kernel"] // 2)
        return self.norm(x, b["name"] + ".bn", b["act"]) if b.get("bn") else ACTS[b["act"]](x)

    def forward(self, x):
        """Logits of images (N,C,H,W)."""
        for b in self.blocks:
            if b["kind"] == "mbconv":
                x = self.mbconv(x, b)
            elif b["kind"] == "conv":
                x = self.conv(x, b)
            elif b["kind"] == "pool":
                x = F.adaptive_avg_pool2d(x, 1)
            elif b["kind"] == "linear":
                weight, bias = self.supernet.leading(b["name"] + ".weight"), self.supernet.leading(b["name"] + ".bias")
                x = F.linear(x.flatten(1), weight, bias)
            else:
                raise ValueError(f"unknown kind of block {b['kind']}")
        return x


def make_optimizer(supernet, job):
    """SGD with Nesterov momentum; weight decay is not for batch norm and biases, which are the tensors of one dimension."""
    groups = [{"params": [p for p in supernet.parameters() if (p.dim() > 1) == decays], "weight_decay": decay}
              for decays, decay in ((True, job["weight_decay"]), (False, 0.0))]
    extra = {"foreach": True} if "foreach" in inspect.signature(torch.optim.SGD).parameters else {}
    return torch.optim.SGD(groups, lr=job["rate"], momentum=job["momentum"], nesterov=True, **extra)


def make_step(job, compiled):
    """A function that does a training step and gives the loss of every network."""
    batch = read_safetensors(job["batch"])
    images, labels = batch["images"].permute(0, 3, 1, 2), batch["labels"].long()  # strides of channels_last
    supernet = Supernet(read_safetensors(job["weights"]))
    networks = [Network(supernet, blocks, job["bn_eps"]) for blocks in job["networks"]]
    runs = [torch.compile(n) for n in networks] if compiled else networks
    optimizer = make_optimizer(supernet, job)

    def step():
        optimizer.zero_grad(set_to_none=True)
        losses, teacher = [], None
        for run in runs:
            logits = run(images)
            if teacher is None:
                loss = F.cross_entropy(logits, labels, label_smoothing=job["label_smoothing"])
                teacher = F.softmax(logits.detach(), 1)
            else:
                loss = F.cross_entropy(logits, teacher)
            loss.backward()
            losses.append(loss)
        optimizer.step()
        return losses

    return step


def time_job(args):
    with open(args.job, encoding="utf-8") as f:
        step = make_step(json.load(f), args.compile)
    losses = [[loss.item() for loss in step()] for _ in range(WARM_UP_STEPS)]
    seconds, cpu_seconds, begin = [], [], time.perf_counter()
    while args.seconds > 0 and (len(seconds) < MIN_STEPS or time.perf_counter() - begin < args.seconds):
        start, before = time.perf_counter(), time.process_time()
        step()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - before)
    return {"losses": losses, "seconds": seconds, "cpu_seconds": cpu_seconds}


def measure_machine(_):
    """The best GFLOP/s of a square matrix product. Without an optimised BLAS the largest would take minutes."""
    for n in 512, 1024, 2048:
        a, b = torch.rand(n, n), torch.rand(n, n)
        begin, best, calls = time.perf_counter(), float("inf"), 0
        while calls < 4 or time.perf_counter() - begin < 1.5:
            start = time.perf_counter()
            torch.mm(a, b)
            best, calls = min(best, time.perf_counter() - start), calls + 1
            if best > 1:
                break
        result = {"size": n, "sgemm_gflop_s": 2 * n**3 / best / 1e9}
        if best * 8 > 2:
            break
    return result


def describe(_):
    return {"pytorch": torch.__version__, "python": platform.python_version(), "can_compile": hasattr(torch, "compile")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["describe", "machine", "time"])
    parser.add_argument("--job", help="file of the job to time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0, help="of timed steps; 0 for the warm-up alone")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = {"describe": describe, "machine": measure_machine, "time": time_job}[args.what](args)
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()
