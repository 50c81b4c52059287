"""Runs the evolutionary search of OFA's own package, for this benchmark to set beside tailor's.

Needs PyTorch and the packages ofa, torchvision, gdown and pyyaml. The package would fetch its predictor and its tables and
read them with calls that newer libraries refuse, so both are handed to it here. Prints a line of JSON a search.
"""
import argparse
import contextlib
import json
import os
import random
import sys
import time

import numpy
import torch
import yaml
from ofa.tutorial.accuracy_predictor import AccuracyPredictor
from ofa.tutorial.evolution_finder import EvolutionFinder
from ofa.tutorial.latency_table import LatencyEstimator, LatencyTable


def accuracy(path):
    predictor = AccuracyPredictor(pretrained=False, device="cpu")
    predictor.model.load_state_dict(torch.load(path, map_location="cpu"))
    return predictor


def latency(folder):
    table = LatencyTable(resolutions=())
    for resolution in (160, 176, 192, 208, 224):
        estimator = LatencyEstimator.__new__(LatencyEstimator)
        with open(os.path.join(folder, f"{resolution}_lookup_table.yaml")) as file:
            estimator.lut = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        table.latency_tables[resolution] = estimator
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--predictor", required=True, metavar="FILE.pth")
    parser.add_argument("--tables", required=True, metavar="FOLDER")
    parser.add_argument("--budget", type=float, required=True, help="milliseconds")
    parser.add_argument("--seeds", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    top1, ms = accuracy(args.predictor), latency(args.tables)
    # Outside of these its finder asks the terminal for another budget.
    EvolutionFinder.valid_constraint_range["note10"] = [0, float("inf")]
    for seed in range(1, args.seeds + 1):
        random.seed(seed)
        numpy.random.seed(seed)
        finder = EvolutionFinder("note10", args.budget, ms, top1)
        began = time.perf_counter()
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            _, (best, arch, latency_ms) = finder.run_evolution_search()
        print(json.dumps({"seconds": time.perf_counter() - began, "top1": best, "latency_ms": latency_ms, "arch": arch}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
