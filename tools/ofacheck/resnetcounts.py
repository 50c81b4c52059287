"""Counts with OFA's own package what sub-networks of its ResNets have: MACs of convolutions and the classifier, and
parameters. It writes supernet/testdata/ofa/resnet50-counts.jsonl:

    python3 tools/ofacheck/resnetcounts.py 12 > supernet/testdata/ofa/resnet50-counts.jsonl

It needs PyTorch and PyPI's ofa (pip install --no-deps ofa); what else that imports for its images is not needed.
"""
import json
import random
import sys
from unittest.mock import MagicMock

for absent in ["gdown", "torchvision", "torchvision.transforms", "torchvision.transforms.functional",
               "torchvision.datasets", "tqdm", "horovod", "horovod.torch", "yaml", "requests"]:
    try:
        __import__(absent)
    except ImportError:
        sys.modules[absent] = MagicMock()

import torch  # noqa: E402
from ofa.imagenet_classification.elastic_nn.networks import OFAResNets  # noqa: E402

RESOLUTIONS = [128, 144, 160, 176, 192, 224, 240, 256]


def macs(net, resolution):
    total = [0]

    def count(module, _, out):
        pixels = out.shape[2] * out.shape[3] if out.dim() == 4 else 1
        total[0] += module.weight.numel() * pixels

    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    with torch.no_grad():
        net(torch.zeros(1, 3, resolution, resolution))
    return total[0]


def main():
    net = OFAResNets(dropout_rate=0, depth_list=[0, 1, 2], expand_ratio_list=[0.2, 0.25, 0.35],
                     width_mult_list=[0.65, 0.8, 1.0])
    random.seed(1)
    for i in range(int(sys.argv[1])):
        arch = net.sample_active_subnet()
        if i < 2:  # the largest and the smallest
            arch = {"d": [2 - 2 * i] * 5, "e": [[0.35, 0.2][i]] * 18, "w": [2 - 2 * i] * 6}
        resolution = random.choice(RESOLUTIONS)
        net.set_active_subnet(**arch)
        sub = net.get_active_subnet(preserve_weight=False).eval()
        print(json.dumps({"arch": dict(arch, image_size=resolution), "macs": macs(sub, resolution),
                          "params": sum(p.numel() for p in sub.parameters())}))


if __name__ == "__main__":
    main()
