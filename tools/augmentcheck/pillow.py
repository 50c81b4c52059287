"""What Pillow makes of a small image, for the tests of internal/augment.

    python3 -m venv VENV && VENV/bin/pip install pillow
    VENV/bin/python tools/augmentcheck/pillow.py > internal/augment/testdata/pillow.json

Each case is an operation of TrivialAugment with its strength between -1 and 1, and the bytes that
Pillow gives for an RGB and for a grey image.
"""
import json
import math

from PIL import Image, ImageEnhance, ImageOps

SIDE = 11


def image(mode):
    channels = len(Image.new(mode, (1, 1)).getbands())
    values = bytes((37 * i * i + 11 * i) % 229 + i % 7 for i in range(SIDE * SIDE * channels))
    return Image.frombytes(mode, (SIDE, SIDE), values)


def affine(*matrix):
    return lambda im: im.transform(im.size, Image.Transform.AFFINE, matrix)


def rotate(degrees):
    turn, half = math.radians(degrees), SIDE / 2
    c, s = math.cos(turn), math.sin(turn)
    return affine(c, s, half - c * half - s * half, -s, c, half + s * half - c * half)


def enhance(kind, strength):
    return lambda im: kind(im).enhance(1 + 0.99 * strength)


def operations(s):
    yield "shear x", affine(1, 0.99 * s, 0, 0, 1, 0)
    yield "shear y", affine(1, 0, 0, 0.99 * s, 1, 0)
    yield "translate x", affine(1, 0, 32 * s, 0, 1, 0)
    yield "translate y", affine(1, 0, 0, 0, 1, 32 * s)
    yield "rotate", rotate(135 * s)
    yield "brightness", enhance(ImageEnhance.Brightness, s)
    yield "colour", enhance(ImageEnhance.Color, s)
    yield "contrast", enhance(ImageEnhance.Contrast, s)
    yield "sharpness", enhance(ImageEnhance.Sharpness, s)
    if s >= 0:
        yield "posterize", lambda im: ImageOps.posterize(im, 8 - round(6 * s))
        yield "solarize", lambda im: ImageOps.solarize(im, 255 - 255 * s)
        yield "auto contrast", ImageOps.autocontrast
        yield "equalize", ImageOps.equalize


def main():
    cases = []
    for strength in (-8 / 30, 7 / 30, 1):
        for name, operation in operations(strength):
            for mode in ("RGB", "L"):
                cases.append({
                    "operation": name, "strength": strength, "mode": mode,
                    "after": operation(image(mode)).tobytes().hex(),
                })
    before = {mode: image(mode).tobytes().hex() for mode in ("RGB", "L")}
    print(json.dumps({"side": SIDE, "before": before, "cases": cases}, indent=0))


main()
