"""Fixed bins."""

import numpy as np
import pytest

from trainyard.binning import BinTable, choose_edges, count_into


def test_few_distinct_values_get_a_bin_each():
    values = np.array([3.0, 1, 2, 2, 1, 1])
    edges = choose_edges(values)
    assert edges == [1.5, 2.5]
    assert count_into(edges, values).tolist() == [3, 2, 1]


def test_many_values_are_cut_into_ten_bins_of_equal_mass():
    values = np.random.default_rng(1).normal(size=10_000)
    counts = count_into(choose_edges(values), values)
    assert len(counts) == 10
    assert counts.max() - counts.min() <= 1


def test_a_value_with_more_than_its_share_gets_a_bin_of_its_own():
    spread = np.random.default_rng(1).uniform(0, 100, 500)
    values = np.concatenate([spread, np.full(500, 42.0)])
    edges = choose_edges(values)
    counts = count_into(edges, values)
    assert counts[np.searchsorted(edges, 42.0)] == 500


def test_a_heavy_smallest_value_and_a_heavy_largest_value_keep_their_bins():
    values = np.concatenate([np.zeros(400), np.linspace(1, 2, 400), np.full(400, 9.0)])
    edges = choose_edges(values)
    counts = count_into(edges, values)
    assert counts[0] == 400
    assert counts[-1] == 400


def test_a_bin_holds_its_upper_edge_and_not_its_lower():
    assert count_into([1.0, 2.0], np.array([1.0, 1.5, 2.0, 2.5])).tolist() == [1, 2, 1]


@pytest.mark.parametrize("seed", range(5))
def test_no_edge_is_a_value_that_was_seen(seed: int):
    random = np.random.default_rng(seed)
    values = np.round(random.gamma(0.5, 2.0, 3000), int(random.integers(0, 4)))
    assert not np.isin(choose_edges(values), values).any()


def test_the_same_values_from_a_client_in_single_precision_fall_into_the_same_bins():
    random = np.random.default_rng(0)
    few = random.choice([0.1, 0.2, 0.3, 0.7], 5000)
    heavy = np.where(random.random(5000) < 0.4, 0.15, random.random(5000).round(3))
    prices = random.lognormal(3, 1, 5000).round(2)
    for values in (few, heavy, prices):
        edges = choose_edges(values)
        assert count_into(edges, values.astype(np.float32).astype(float)).tolist() == count_into(edges, values).tolist()


def test_neighbours_without_a_number_between_them_are_told_apart():
    values = np.array([1.0, np.nextafter(1.0, 2.0)])
    assert count_into(choose_edges(values), values).tolist() == [1, 1]


def test_a_constant_has_one_bin():
    assert choose_edges(np.full(50, 3.0)) == []
    assert count_into([], np.full(50, 3.0)).tolist() == [50]


@pytest.mark.parametrize("seed", range(5))
def test_no_bin_of_the_reference_is_empty(seed: int):
    random = np.random.default_rng(seed)
    values = np.round(random.gamma(0.5, 2.0, 3000), int(random.integers(0, 4)))
    edges = choose_edges(values)
    assert sorted(set(edges)) == edges
    assert count_into(edges, values).min() > 0


def test_the_table_counts_as_the_single_features_do():
    random = np.random.default_rng(3)
    values = random.normal(size=(300, 4))
    values[random.random((300, 4)) < 0.1] = np.nan
    edges = [
        choose_edges(column[np.isfinite(column)], bins) for column, bins in zip(values.T, (10, 4, 7, 2), strict=True)
    ]
    table = BinTable(edges)
    present = np.isfinite(values)
    flat = np.bincount(table.place(values, present), minlength=table.size)
    expected = [
        count_into(one, column[np.isfinite(column)]).tolist() for one, column in zip(edges, values.T, strict=True)
    ]
    assert table.split(flat) == expected
