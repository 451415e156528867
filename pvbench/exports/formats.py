"""FORMATS: a row a format that runs are exported in. docs/export.md says what is in each."""

from collections.abc import Mapping
from types import MappingProxyType

from pvbench.exports import bencher, csv_table, junit, ndjson, otava, parquet_table, prometheus
from pvbench.exports.nouns import Format, single

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "ndjson": Format("ndjson", "a JSON object a reading", single(ndjson.encode)),
        "csv": Format("csv", "a row a reading", single(csv_table.encode)),
        "parquet": Format("parquet", "a row a reading, typed", single(parquet_table.encode)),
        "junit": Format("xml", "a test case a trial", single(junit.encode)),
        "otava": Format("csv", "a row a run, for Apache Otava", otava.files, alone=False),
        "bencher": Format("json", "Bencher Metric Format", single(bencher.encode), several=False),
        "prometheus": Format("prom", "Prometheus text exposition", single(prometheus.encode)),
    }
)
