"""Runs TFLite files with LiteRT. Reads a list of jobs from stdin, one JSON object a line:
{"model": FILE, "input": FILE}, the input's bytes as the model takes them. Answers each with a line:
{"version": "2.3.0", "output": [...], "compiled": [...], "accelerated": true, "parts": 1}."""
import importlib.metadata
import json
import sys

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.interpreter import Interpreter


def interpret(model, image):
    """The output of LiteRT's interpreter, and how many parts of the graph it gave to XNNPACK."""
    net = Interpreter(model_path=model, num_threads=1)
    net.allocate_tensors()
    what = net.get_input_details()[0]
    net.set_tensor(what["index"], np.frombuffer(image, what["dtype"]).reshape(what["shape"]))
    net.invoke()
    parts = sum(op["op_name"] == "DELEGATE" for op in net._get_ops_details())
    return net.get_tensor(net.get_output_details()[0]["index"]).ravel(), what["dtype"], parts


def compiled(model, image, dtype, size):
    """The output of LiteRT's newer interface, and whether XNNPACK ran everything."""
    net = CompiledModel.from_file(model, hardware_accel=HardwareAccelerator.CPU)
    inputs, outputs = net.create_input_buffers(0), net.create_output_buffers(0)
    inputs[0].write(np.frombuffer(image, dtype))
    net.run_by_index(0, inputs, outputs)
    return outputs[0].read(size, np.float32), net.is_fully_accelerated()


def main():
    version = importlib.metadata.version("ai-edge-litert")
    for line in sys.stdin:
        job = json.loads(line)
        with open(job["input"], "rb") as f:
            image = f.read()
        out, dtype, parts = interpret(job["model"], image)
        again, accelerated = compiled(job["model"], image, dtype, out.size)
        print(json.dumps({
            "version": version, "output": out.astype(float).tolist(),
            "compiled": again.astype(float).tolist(), "accelerated": bool(accelerated),
            "parts": parts,
        }), flush=True)


main()
