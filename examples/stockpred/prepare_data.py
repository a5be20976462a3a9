"""Fills the store that this project trains from: 20 years of the S&P 500, as they come with the package `arch`.

python prepare_data.py --out $STOCKPRED_DATA
writes train/1999.csv to train/2014.csv, and holdout.csv with the days after them
python prepare_data.py --out $STOCKPRED_DATA --until 2015
a year later: train/2015.csv beside the others, which stay as they are, and a holdout of the newer days alone
"""

import argparse
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd

from days import describe

DATA = "arch/data/sp500/sp500.csv.gz"


def main() -> None:
    """Reads the prices, describes the days and writes the files."""
    options = parse_options()
    # Only the file is needed: nothing of the package is imported.
    source = Path(distribution("arch").locate_file(DATA))
    prices = pd.read_csv(source, parse_dates=["Date"], date_format="%m/%d/%Y")
    days = describe(prices.sort_values("Date", ignore_index=True))
    years = days["date"].str[:4].astype(int)
    (options.out / "train").mkdir(parents=True, exist_ok=True)
    for year, rows in days[years <= options.until].groupby(years):
        write(rows, options.out / "train" / f"{year}.csv")
    held_out = days[years > options.until]
    rough = days.loc[years <= options.until, "volatility_20"].median()
    market = np.where(held_out["volatility_20"] > rough, "rough", "calm")
    write(held_out.assign(market=market), options.out / "holdout.csv")


def parse_options() -> argparse.Namespace:
    """The command line, typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the store: a folder")
    parser.add_argument("--until", type=int, default=2014, help="last year that is trained on")
    return parser.parse_args()


def write(rows: pd.DataFrame, file: Path) -> None:
    """Writes the file whole or not at all, with the same bytes on every machine."""
    part = file.with_suffix(".part")
    rows.to_csv(part, index=False, lineterminator="\n")
    part.replace(file)


if __name__ == "__main__":
    main()
