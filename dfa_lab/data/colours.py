"""Red, green, blue to brightness and two colour differences."""

import numpy as np
import torch
from torch import Tensor

ROWS_AT_ONCE = 2000
RGB_TO_YUV = np.array(  # of torch7's image.rgb2yuv
    [[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.436], [0.615, -0.51499, -0.10001]], np.float32
)


def yuv(x: Tensor) -> Tensor:
    """(N, 3, H, W) images in rgb, any type, on the CPU, to float32 ones in yuv; of 0 to 255, Y too is 0 to 255."""
    result = torch.empty(x.shape)
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        part = x[rows].flatten(2).numpy().astype(np.float32)
        result[rows] = torch.from_numpy(RGB_TO_YUV @ part).reshape(x[rows].shape)
    return result
