"""Runs ONNX files with ONNX Runtime.

Reads a JSON list of {"model", "input"}, two paths, from stdin; an input is raw values of the type and
shape that the model takes. Prints versions and outputs as JSON.
"""
import json
import sys

import numpy
import onnx
import onnxruntime

TYPES = {"tensor(float)": "<f4", "tensor(uint8)": "u1"}


def run(model, values):
    """The outputs of a model, after a check of its operators, names and shapes."""
    onnx.checker.check_model(onnx.load(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    x = numpy.fromfile(values, TYPES[given.type]).reshape(given.shape)
    (result,) = session.run(None, {given.name: x})
    return result.flatten().tolist()


def main():
    outputs = [run(job["model"], job["input"]) for job in json.load(sys.stdin)]
    versions = f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}"
    json.dump({"versions": versions, "outputs": outputs}, sys.stdout)


if __name__ == "__main__":
    main()
