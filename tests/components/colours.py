"""What eyes can tell apart, by published formulae: contrast, colour blindness, and the distance of two colours.

- contrast: WCAG 2.2, relative luminance and contrast ratio
- colour blindness: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision
  Deficiency", IEEE TVCG 15 (2009), table 1, severity 1.0, applied to linear RGB
- distance: CIEDE2000 as in Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference Formula", Color Res. Appl. 30 (2005),
  whose test data the tests repeat; CIELAB of sRGB under D65
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

MACHADO = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
D65 = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Vector:
    """The linear RGB of ``#rrggbb``."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.array([p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts])


def contrast(one: str, two: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, sight: str = "none") -> Vector:
    """CIELAB of a colour as somebody with this sight sees it."""
    seen = np.clip(MACHADO[sight] @ linear(colour), 0, 1)
    ratio = XYZ_OF_RGB @ seen / D65
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, two: str, sight: str = "none") -> float:
    """How different two colours look: about 1 is just seen, 15 is plainly another colour."""
    return ciede2000(lab(one, sight), lab(two, sight))


def ciede2000(one: Vector, two: Vector) -> float:
    """The distance of two colours of CIELAB, with all three weights 1."""
    (light1, a1, b1), (light2, a2, b2) = (map(float, colour) for colour in (one, two))
    mean_chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7)))
    chroma1, chroma2 = math.hypot(stretch * a1, b1), math.hypot(stretch * a2, b2)
    hue1, hue2 = (math.degrees(math.atan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = chroma1 * chroma2 == 0
    turn = 0.0 if grey else (hue2 - hue1 + 180) % 360 - 180
    hue_step = 2 * math.sqrt(chroma1 * chroma2) * math.sin(math.radians(turn / 2))
    return _weighed(
        lightness=((light1 + light2) / 2, light2 - light1),
        chroma=((chroma1 + chroma2) / 2, chroma2 - chroma1),
        hue=(hue1 + hue2 if grey else (hue1 + turn / 2) % 360, hue_step),
    )


def _weighed(lightness: tuple[float, float], chroma: tuple[float, float], hue: tuple[float, float]) -> float:
    """Each of lightness, chroma and hue: its mean and its step."""
    mean_light, mean_chroma, mean_hue = lightness[0], chroma[0], hue[0]
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(size * math.cos(math.radians(times * mean_hue + shift)) for size, times, shift in waves)
    square = (mean_light - 50) ** 2
    steps = (
        lightness[1] / (1 + 0.015 * square / math.sqrt(20 + square)),
        chroma[1] / (1 + 0.045 * mean_chroma),
        hue[1] / (1 + 0.015 * mean_chroma * t),
    )
    rotated = 60 * math.exp(-(((mean_hue - 275) / 25) ** 2))
    rotation = -math.sin(math.radians(rotated)) * 2 * math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
    return math.sqrt(sum(step**2 for step in steps) + rotation * steps[1] * steps[2])
