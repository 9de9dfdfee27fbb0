"""Write the best fit of the shipped posterior into the parameter tables: python tools/apply_posterior.py

The tables stay the one place where a number is read; this keeps them in step with posterior.csv. A test compares the two.
"""

import csv
import io
from pathlib import Path

import numpy as np

from glabella.calibration.posterior import load_posterior

EVIDENCE = Path(__file__).parent.parent / "src" / "glabella" / "evidence"
NOTE = "fitted by tools/calibrate.py to published rows marked calibrate"


def main() -> None:
    posterior = load_posterior()
    best = posterior.best()
    low, high = np.quantile(posterior.draws, [0.05, 0.95], axis=0)
    band = dict(zip(posterior.parameters, zip(low, high, strict=True), strict=True))
    for name in ("parameters.csv", "population.csv"):
        path = EVIDENCE / name
        with path.open(encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
        for row in rows:
            if row["name"] not in best:
                continue
            value, (least, most) = best[row["name"]], band[row["name"]]
            row["value"] = f"{value:.4g}"
            row["low"] = f"{min(float(row['low']), least, float(row['value'])):.4g}"
            row["high"] = f"{max(float(row['high']), most, float(row['value'])):.4g}"
            row["kind"] = "fitted"
            plain = row["note"].split("; to be calibrated")[0]
            row["note"] = plain if NOTE in plain else f"{plain}; {NOTE}"
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(out.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
