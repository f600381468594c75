"""Writes with ligo-scald's own Aggregator, and prints what should be stored and what was said."""

import json
import logging
import sys

from ligo.scald import utils
from ligo.scald.io.influx import Aggregator

host, port = sys.argv[1].split(":")
expected, warnings = {}, []


class Listed(logging.Handler):
    def emit(self, record):
        warnings.append(record.getMessage())


logging.getLogger("scald").addHandler(Listed())
aggregator = Aggregator(hostname=host, port=int(port), db="gstlal")


def expect(metric, label, gps, value):
    expected.setdefault(f"gstlal/{metric}", []).append([label, utils.gps_to_unix(gps) // 1000, float(value)])


START = 1_479_243_618
jobs = [f"{job:04}" for job in range(40)]

# Columns: the latency of many jobs.
aggregator.register_schema("latency_history", columns="data", column_key="data", tags="job", tag_key="job")
columns = {}
for number, job in enumerate(jobs):
    times = [START + step + number / 128 for step in range(50)]
    values = [(number + 1) * 1.25 + step / 3 for step in range(50)]
    columns[(job,)] = {"time": times, "fields": {"data": values}}
    for gps, value in zip(times, values):
        expect("latency_history.data", job, gps, value)
aggregator.store_columns("latency_history", columns, aggregate=None)

# Rows: several columns, two tags, whole numbers beside fractions.
aggregator.register_schema("psd", columns=("horizon", "count"), column_key="horizon", tags=("ifo", "job"), tag_key="job")
rows = {}
for ifo in ["H1", "L1"]:
    for job in jobs[:3]:
        rows[(ifo, job)] = []
        for step in range(20):
            gps = START + 10 * step + 0.5
            fields = {"horizon": 150 / (step + 1), "count": step}
            rows[(ifo, job)].append({"time": gps, "fields": fields})
            expect("psd.horizon", f"{ifo},{job}", gps, fields["horizon"])
            expect("psd.count", f"{ifo},{job}", gps, fields["count"])
aggregator.store_rows("psd", rows, aggregate=None)

print(json.dumps({"expected": expected, "said": {"warnings": warnings}}))
