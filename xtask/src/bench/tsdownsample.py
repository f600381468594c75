"""Times tsdownsample on the array of the kernel bench: FILE of float64 values at equal distances.

Prints one line per algorithm: its name and the best of some runs, in seconds.
"""

import sys
import time

import numpy
import tsdownsample

COLUMNS = 1200
values = numpy.fromfile(sys.argv[1], dtype="<f8")

for name, points_per_column in [("MinMaxDownsampler", 2), ("M4Downsampler", 4), ("MinMaxLTTBDownsampler", 2)]:
    sampler = getattr(tsdownsample, name)()
    best = float("inf")
    for _ in range(9):
        start = time.perf_counter()
        sampler.downsample(values, n_out=COLUMNS * points_per_column)
        best = min(best, time.perf_counter() - start)
    print(name.removesuffix("Downsampler"), best)
