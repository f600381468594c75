"""Writes with the package `influxdb-client`, the client of InfluxDB 2.x, and prints what should be stored and what was said."""

import json
import sys
import warnings

from influxdb_client import InfluxDBClient, Point, WriteOptions, WritePrecision
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

warnings.simplefilter("ignore")
url = f"http://{sys.argv[1]}"
expected, said = {}, {}
T = 1_795_208_400


def expect(metric, label, time_us, value):
    expected.setdefault(metric, []).append([label, time_us, float(value)])


with InfluxDBClient(url=url, token="secret", org="site", enable_gzip=True) as client:
    said["ping"] = client.ping()
    said["version"] = client.version()
    health = client.health()
    said["health"] = [health.name, health.status]

    # Every precision, as points and as lines, packed with gzip.
    write = client.write_api(write_options=SYNCHRONOUS)
    for precision, per_second, time_us in [
        (WritePrecision.NS, 10**9, lambda time: time // 1000),
        (WritePrecision.US, 10**6, lambda time: time),
        (WritePrecision.MS, 10**3, lambda time: time * 1000),
        (WritePrecision.S, 1, lambda time: time * 10**6),
    ]:
        points = []
        for step in range(10):
            time = T * per_second + step * max(1, per_second // 7)
            point = Point("weather").tag("mast", f"={step % 2}").field("temp", step / 7).field("open", True)
            points.append(point.time(time, precision))
            expect(f"lab {precision}/weather.temp", f"={step % 2}", time_us(time), step / 7)
            expect(f"lab {precision}/weather.open", f"={step % 2}", time_us(time), 1)
        write.write(bucket=f"lab {precision}", record=points, write_precision=precision)
        write.write(bucket="watchroom", record=f"line,unit={precision} value=1u {T * per_second}", write_precision=precision)
        expect("line", str(precision), T * 10**6, 1)

    # In batches, by a thread of the client's own.
    failures = []
    options = WriteOptions(batch_size=1000, flush_interval=200, max_retries=0)
    with client.write_api(options, error_callback=lambda conf, data, error: failures.append(error.message)) as batching:
        for second in range(4500):
            batching.write("camera", "site", f"rate,pixel={second % 45} hz={second / 8} {T + second}", WritePrecision.S)
            expect("camera/rate.hz", str(second % 45), (T + second) * 10**6, second / 8)
        batching.write("partial", "site", [f"a value=1 {T}", "nonsense", f"a value=2 {T + 1}"], WritePrecision.S)
    expect("partial/a", "0", T * 10**6, 1)
    expect("partial/a", "0", (T + 1) * 10**6, 2)
    said["batch failures"] = failures

    try:
        write.write("partial", "site", ["b value=1", "b value=x"], WritePrecision.S)
    except ApiException as error:
        said["partial"] = [error.status, error.message.split(": ", 1)[0]]
    try:
        client.query_api().query("from(bucket: \"lab\")")
    except InfluxDBError as error:
        said["question"] = error.message

# The time of this one is that of the server.
said["now"] = "partial/b"
print(json.dumps({"expected": expected, "said": said}))
