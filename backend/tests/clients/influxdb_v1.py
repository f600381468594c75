"""Writes with the package `influxdb`, the client of InfluxDB 1.x, and prints what should be stored and what was said."""

import json
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

host, port = sys.argv[1].split(":")
expected, said = {}, {}


def expect(metric, label, time_us, value):
    expected.setdefault(metric, []).append([label, time_us, float(value)])


def refused(call):
    try:
        call()
    except InfluxDBClientError as error:
        return json.loads(error.content)["error"]
    raise SystemExit("this should have been refused")


client = InfluxDBClient(host, int(port), username="shift", password="secret", database="lab")
said["ping"] = client.ping()
client.create_database("lab")
client.create_retention_policy("forever", "INF", "1", database="lab", default=True)
said["policies"] = client.get_list_retention_policies("lab")

# Every precision, one point a batch or several.
T = 1_795_208_400
for precision, per_second, time_us in [
    ("n", 10**9, lambda time: time // 1000),
    ("u", 10**6, lambda time: time),
    ("ms", 10**3, lambda time: time * 1000),
    ("s", 1, lambda time: time * 10**6),
]:
    points = []
    for step in range(10):
        time = T * per_second + step * max(1, per_second // 7)
        points.append(
            {
                "measurement": f"weather {precision}",
                "tags": {"mast": "north, upper" if step % 2 else "söuth", "floor": step % 3},
                "time": time,
                "fields": {"temp": 3.5 + step / 7, "count": step - 5, "open": step % 2 == 0, "value": 1e-300 * step},
            }
        )
        mast = "north\\, upper" if step % 2 else "söuth"
        label = f"{step % 3},{mast}"
        expect(f"lab/weather {precision}.temp", label, time_us(time), 3.5 + step / 7)
        expect(f"lab/weather {precision}.count", label, time_us(time), step - 5)
        expect(f"lab/weather {precision}.open", label, time_us(time), step % 2 == 0)
        expect(f"lab/weather {precision}", label, time_us(time), 1e-300 * step)
    client.write_points(points, time_precision=precision, batch_size=4, tags={"unused": None}, retention_policy="forever")

# Times as text, lines as they are, packed with gzip, into the default database.
with InfluxDBClient(host, int(port), database="watchroom", gzip=True) as packed:
    said["packed ping"] = packed.ping() == said["ping"]
    packed.create_database("watchroom")
    packed.write_points([{"measurement": "rain", "time": "2026-11-20T21:00:00.123456789Z", "fields": {"mm": 0.25}}])
    expect("rain.mm", "0", 1_795_208_400_123_456, 0.25)
    packed.write_points([f"rain mm={n}i {T + n}" for n in range(1, 5000)], protocol="line", time_precision="s")
    for n in range(1, 5000):
        expect("rain.mm", "0", (T + n) * 10**6, n)

# Some lines are bad: the good ones are stored, and the error names the others.
lines = [f"partial value=1 {T}", "nonsense", f"partial value=2 {T + 1}", f"partial text=\"off\" {T}"]
said["partial"] = refused(lambda: client.write_points(lines, protocol="line", time_precision="s"))
expect("lab/partial", "0", T * 10**6, 1)
expect("lab/partial", "0", (T + 1) * 10**6, 2)

said["databases"] = [database["name"] for database in client.get_list_database()]
said["measurements"] = [measurement["name"] for measurement in client.get_list_measurements()][:2]
said["question"] = refused(lambda: client.query("SELECT mean(mm) FROM rain"))
print(json.dumps({"expected": expected, "said": said}))
