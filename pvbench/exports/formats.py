"""FORMATS: a row a format that runs are exported in. docs/export.md says what is in each.

The names that end so are none of `pvbench report`: RUN.csv and RUN.json are reports.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pvbench.exports import bencher, csv_table, junit, ndjson, otava, parquet_table, prometheus
from pvbench.exports.nouns import Format, single

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "ndjson": Format("ndjson", single(ndjson.encode)),
        "csv": Format("samples.csv", single(csv_table.encode)),
        "parquet": Format("parquet", single(parquet_table.encode), text=False),
        "junit": Format("junit.xml", single(junit.encode)),
        "otava": Format("otava.csv", otava.files, alone=False),
        "bencher": Format("bencher.json", single(bencher.encode), several=False),
        "prometheus": Format("prom", single(prometheus.encode)),
    }
)
