"""Writes weights of OFA's supernets, and computes with OFA's own package what sub-networks of them give.

One JSON object on standard input: space, path and format of the file, names (of the code, or "published"), archs, and
the path of images for each, (height,width,3) as float32. One on standard output: the logits of each, computed in
float32 and in float64. See README.md.
"""
import json
import sys
import types

import numpy
import torch


class Absent(types.ModuleType):
    """Stands for a package that OFA imports for its images, which are not needed here."""
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (object,), {})


for absent in ["torchvision", "torchvision.transforms", "torchvision.transforms.functional", "torchvision.datasets"]:
    parent, _, name = absent.rpartition(".")
    sys.modules[absent] = Absent(absent)
    if parent:
        setattr(sys.modules[parent], name, sys.modules[absent])

from ofa.imagenet_classification.elastic_nn.networks import OFAMobileNetV3, OFAProxylessNASNets  # noqa: E402
from ofa.utils import init_models  # noqa: E402

CHOICES = {"dropout_rate": 0, "ks_list": [3, 5, 7], "expand_ratio_list": [3, 4, 6], "depth_list": [2, 3, 4]}
SPACES = {
    "ofa-mbv3": lambda: OFAMobileNetV3(width_mult=1.0, bn_param=(0.1, 1e-5), **CHOICES),
    "ofa-mbv3-w1.2": lambda: OFAMobileNetV3(width_mult=1.2, bn_param=(0.1, 1e-5), **CHOICES),
    "ofa-proxyless": lambda: OFAProxylessNASNets(width_mult=1.3, bn_param=(0.1, 1e-3), **CHOICES),
}


def random_network(space):
    """Random weights, with kernel transforms and batch norm that are far from where training starts."""
    torch.manual_seed(1)
    net = SPACES[space]()
    init_models(net, model_init="he_fout")
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias, std=0.3)
    for name, parameter in net.named_parameters():
        if name.endswith("_matrix"):
            parameter.data += torch.randn_like(parameter) / (3 * len(parameter) ** 0.5)
        elif name.endswith("bias") and parameter.abs().max() == 0:
            torch.nn.init.normal_(parameter, std=0.1)
    calibrate(net, norms)
    return net


def calibrate(net, norms):
    """Statistics of random images, and then a little off."""
    for norm in norms:
        norm.momentum = 1.0
    net.train()
    with torch.no_grad():
        net(torch.randn(8, 3, 128, 128))
        for norm in norms:
            norm.running_mean += 0.1 * torch.randn_like(norm.running_mean)
            norm.running_var *= 0.5 + torch.rand_like(norm.running_var)
    net.eval()


def published(name):
    """A name as it is in the files that OFA's authors published, with what training on several machines adds."""
    head, _, rest = name.partition(".conv.")
    return "module." + (head + ".mobile_inverted_conv." + rest if head.startswith("blocks.") else name)


def write(net, job):
    state = net.state_dict()
    if job["names"] == "published":
        state = {published(name): value for name, value in state.items()}
    old = job["format"] == "before 1.6"
    torch.save({"epoch": 1, "state_dict": state}, job["path"], _use_new_zipfile_serialization=not old)


def logits(net, arch):
    net.set_active_subnet(ks=arch["ks"], e=arch["e"], d=arch["d"])
    side = arch["r"][0]
    image = numpy.fromfile(arch["image"], dtype="<f4").reshape(1, side, side, 3)
    image = torch.from_numpy(image.transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        return net(image.to(next(net.parameters()).dtype)).flatten().tolist()


def main():
    torch.set_num_threads(1)
    job = json.load(sys.stdin)
    net = random_network(job["space"])
    write(net, job)
    single = [logits(net, arch) for arch in job["archs"]]
    net.double()
    exact = [logits(net, arch) for arch in job["archs"]]
    json.dump({"torch": torch.__version__, "float32": single, "float64": exact}, sys.stdout)


if __name__ == "__main__":
    main()
