"""The median of a few values is numpy's, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycling.median import median_of, median_of_known

values = st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), max_size=9)


@given(values)
@pytest.mark.filterwarnings("ignore:All-NaN", "ignore:Mean of empty", "ignore:invalid value")
def test_both_are_what_numpy_says(held: list[float]) -> None:
    array = np.array(held)
    assert np.array_equal(median_of(array), np.median(array), equal_nan=True)
    assert np.array_equal(median_of_known(array), np.nanmedian(array), equal_nan=True)
