"""What the R script must show: fits by the statistics that lavaan has as well."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from compendium.report.deliver import r_check

FIT = {
    "model": "One factor", "proper": True, "chi_square": 80.0, "chi_square_scaled": 60.0, "df": 20, "cfi_naive": 0.95,
    "cfi_scaled": 0.9, "rmsea_naive": 0.04, "rmsea_scaled": 0.05, "srmr": 0.03,
}  # fmt: skip


@pytest.mark.parametrize(
    ("clusters", "chi_square", "cfi"), [("", "chi_square_scaled", "cfi_scaled"), ("agency", "chi_square", "cfi_naive")]
)
def test_fits_of_nested_people_are_compared_by_what_does_not_allow_for_clusters(
    clusters: str, chi_square: str, cfi: str
) -> None:
    tables = {"model_fit": SimpleNamespace(frame=pd.DataFrame([FIT]))}
    values = {"clusters_drawn": SimpleNamespace(content=clusters)}
    saved = SimpleNamespace(tables=tables, values=values, table=tables.__getitem__, value=values.__getitem__)
    rows = r_check.expected_values(SimpleNamespace(scales={}), saved).set_index("quantity")  # type: ignore[arg-type]
    assert set(rows["of"]) == {"single"}
    assert rows.loc[chi_square, "expected"] == FIT[chi_square] and rows.loc[cfi, "expected"] == FIT[cfi]
    script = r_check.SCRIPT.read_text(encoding="utf-8")
    assert all(f"{quantity} = " in script for quantity in rows.index)
