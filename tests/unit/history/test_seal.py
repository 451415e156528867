"""A sealed file is found to be another as soon as any byte of it is."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench.history.seal import sealed, whole


def parquet(numbers: list[int]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array(numbers, pa.int64())}), buffer)
    return buffer.getvalue()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=9), st.data())
def test_readers_see_the_same_rows_and_no_change_goes_unnoticed(numbers, data) -> None:
    file = sealed(parquet(numbers))
    assert whole(file)
    assert pq.read_table(io.BytesIO(file))["n"].to_pylist() == numbers
    place = data.draw(st.integers(0, len(file) - 1))
    cut = data.draw(st.integers(1, 20))
    put = data.draw(st.binary(max_size=20))
    changed = file[:place] + put + file[place + cut :]
    assert whole(changed) == (changed == file)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_what_was_never_sealed_is_not_whole(data) -> None:
    assert not whole(data)
    assert not whole(parquet([1, 2]) + data)
