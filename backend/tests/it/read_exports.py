"""Reads the four files of one export with pandas, polars and pyarrow, and compares every sample with what was written.

Usage: read_exports.py FOLDER    with samples.csv, .json, .parquet, .arrow, and expected.json:
{"metadata": {...}, "samples": [[time_us, channel, label, value, arrival_us], ...]}, values as in the API's JSON.
"""

import json
import math
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

FOLDER = Path(sys.argv[1])
CSV, JSON, PARQUET, ARROW = (FOLDER / f"samples.{ending}" for ending in ("csv", "json", "parquet", "arrow"))
COLUMNS = ["time", "channel", "label", "value", "arrival"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(time):
    """A time of any library in microseconds since the epoch."""
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    elif isinstance(time, pandas.Timestamp):
        assert time.nanosecond == 0
        time = time.to_pydatetime()
    assert time.utcoffset() == timedelta(0), time
    return (time - EPOCH) // timedelta(microseconds=1)


def told(value):
    """A value such that null, NaN, both zeros and all numbers compare as what they are."""
    if value is None or value is pandas.NA:
        return "null"
    value = float(value)
    return "NaN" if math.isnan(value) else value.hex()


def samples(rows):
    """Rows of any library in the form in which they are compared."""
    return [
        (micros(time), int(channel), str(label), told(value), micros(arrival))
        for time, channel, label, value, arrival in rows
    ]


def compare(reader, rows, expected):
    found = samples(rows)
    assert len(found) == len(expected), f"{reader}: {len(found)} samples, {len(expected)} were written"
    for position, (one, other) in enumerate(zip(found, expected)):
        assert one == other, f"{reader}, sample {position}: {one} was written as {other}"
    print(f"{reader}: {len(found)} samples")


def of_pandas(frame):
    assert list(frame.columns) == COLUMNS, frame.columns
    return frame.itertuples(index=False, name=None)


def of_arrow(table):
    assert table.column_names == COLUMNS, table.column_names
    return zip(*(column.to_pylist() for column in table.columns))


def main():
    told_by_rust = json.loads((FOLDER / "expected.json").read_text())
    expected = [
        (time, channel, label, told(value), arrival)
        for time, channel, label, value, arrival in told_by_rust["samples"]
    ]
    # The floats of pandas itself have one word for null and NaN.
    one_word = [(*before, "NaN" if value == "null" else value, after) for *before, value, after in expected]

    arrow_csv = pyarrow.csv.read_csv(
        CSV,
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=[""],
            column_types={
                "time": pyarrow.timestamp("us", "UTC"),
                "label": pyarrow.string(),
                "arrival": pyarrow.timestamp("us", "UTC"),
            },
        ),
    )
    compare("pyarrow CSV", of_arrow(arrow_csv), expected)
    pandas_csv = pandas.read_csv(
        CSV,
        keep_default_na=False,
        na_values={"value": [""]},
        dtype={"label": str},
        parse_dates=["time", "arrival"],
    )
    compare("pandas CSV", of_pandas(pandas_csv), one_word)
    polars_csv = polars.read_csv(CSV, schema_overrides={"label": polars.String}, try_parse_dates=True)
    compare("polars CSV", polars_csv.iter_rows(), expected)

    rows = json.loads(JSON.read_text())
    compare("Python JSON", [[row[column] for column in COLUMNS] for row in rows], expected)
    pandas_json = pandas.read_json(JSON, dtype=False, precise_float=True)
    compare("pandas JSON", of_pandas(pandas_json.astype({"value": "float64"})), one_word)
    # A column is of one type: numbers are read from their text.
    polars_json = polars.read_json(JSON, schema_overrides={"value": polars.String}).with_columns(
        polars.col("value").cast(polars.Float64), polars.col("time", "arrival").str.to_datetime(time_zone="UTC")
    )
    compare("polars JSON", polars_json.iter_rows(), expected)

    parquet = pyarrow.parquet.read_table(PARQUET)
    compare("pyarrow Parquet", of_arrow(parquet), expected)
    compare("pandas Parquet", of_pandas(pandas.read_parquet(PARQUET, dtype_backend="pyarrow")), expected)
    compare("polars Parquet", polars.read_parquet(PARQUET).iter_rows(), expected)
    arrow = pyarrow.feather.read_table(ARROW)
    compare("pyarrow Arrow", of_arrow(arrow), expected)
    compare("pandas Arrow", of_pandas(pandas.read_feather(ARROW, dtype_backend="pyarrow")), expected)
    compare("polars Arrow", polars.read_ipc(ARROW).iter_rows(), expected)

    for name, table in (("Parquet", parquet), ("Arrow", arrow)):
        assert table.schema.field("time").type == pyarrow.timestamp("us", "UTC"), name
        assert table.schema.field("channel").type == pyarrow.uint32(), name
        metadata = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
        for key, text in told_by_rust["metadata"].items():
            assert metadata.get(key) == text, f"{name}: {key} is {metadata.get(key)!r}, not {text!r}"
    assert pyarrow.parquet.ParquetFile(PARQUET).metadata.num_row_groups == told_by_rust["row_groups"]


main()
