"""B beside what it stands in for, against closed forms."""

import pytest
import torch
from torch import Tensor

from dfa_lab.inspect.feedback_picture import BINS, CELLS, POINTS, Pair, blocks_with_feedback, in_cells, pair, picture


def paired(B: Tensor, W: Tensor | None) -> Pair:
    return Pair(B, W, "B₁", "W₂")


def test_fa_stands_in_for_the_weights_of_the_layer_above(make_run) -> None:
    run, _, _ = make_run("fa", num_layers=2)
    assert blocks_with_feedback(run.rule, run.network) == [1, 2]
    for block in (1, 2):
        found = pair(run.rule, run.network, block)
        assert found and found.W is not None
        layer = dict(run.network.layers())[block + 1]
        assert torch.equal(found.W, layer.weight.detach()) and torch.equal(found.B, layer.feedback)
        assert (found.B_name, found.W_name) == (f"B{'₀₁₂₃'[block + 1]}", f"W{'₀₁₂₃'[block + 1]}")
    assert pair(run.rule, run.network, 3) is None


def test_dfa_stands_in_for_the_product_of_all_weights_above(make_run) -> None:
    run, x, _ = make_run("dfa", num_layers=3, nonlin="relu")
    W = [W.detach() for _, W in run.network.weights()]
    for block, product, name in ((1, W[3] @ W[2] @ W[1], "W₄ W₃ W₂"), (3, W[3], "W₄")):
        found = pair(run.rule, run.network, block)
        assert found and found.W is not None
        torch.testing.assert_close(found.W, product)
        assert found.W_name == name and found.B_name == f"B{'₀₁₂₃'[block]}" and found.B.shape == found.W.shape
    with torch.no_grad():  # with every unit above switched on, the product is the true ∂y/∂h_1
        for number, layer in list(run.network.layers())[1:]:
            layer.bias.fill_(100.0**number)
    h = torch.rand(9, dtype=torch.float64)
    upper = torch.nn.Sequential(*list(run.network.blocks)[1:], run.network.readout)
    true = torch.autograd.functional.jacobian(lambda h: upper(h[None])[0], h)
    found = pair(run.rule, run.network, 1)
    assert found and found.W is not None
    torch.testing.assert_close(found.W, true)
    run.rule.B1.zero_()
    assert found.B.any()  # a copy


def test_above_a_convolution_there_is_no_one_matrix_but_above_the_last_there_is(make_run) -> None:
    conv = {"network": "conv", "shape": (2, 15, 15), "conv_channels": (3, 4), "conv_hidden": (6, 5), "batchnorm": 1}
    run, _, _ = make_run("dfa", **conv)
    found = [pair(run.rule, run.network, block) for block in (1, 2, 3)]
    assert [one is not None and one.W is not None for one in found] == [False, True, True]
    fa, _, _ = make_run("fa", **conv)
    kernel = pair(fa.rule, fa.network, 1)
    assert kernel and kernel.W is not None and kernel.B.shape == (4, 3 * 25)
    for rule in ("bp", "shallow"):
        run, _, _ = make_run(rule)
        assert blocks_with_feedback(run.rule, run.network) == [] and pair(run.rule, run.network, 1) is None


def test_angle_correlation_and_signs() -> None:
    M = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    same, opposite = picture(paired(2 * M, M)), picture(paired(-M, M))
    assert same.angle == pytest.approx(0, abs=1e-4) and opposite.angle == pytest.approx(180, abs=1e-4)
    assert (same.correlation, opposite.correlation) == (pytest.approx(1), pytest.approx(-1))
    assert (same.same_sign, opposite.same_sign) == (1, 0)
    right = picture(paired(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])))
    assert right.angle == pytest.approx(90) and right.same_sign is None
    assert same.points == ([1, -2, 3, 0.5], [2, -4, 6, 1])
    assert same.B.spread == pytest.approx(2 * (14.25 / 4) ** 0.5) and same.B.largest == 6


def test_what_diverges_has_figures_too() -> None:
    M = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    found = picture(paired(M, 1e34 * M))
    assert found.angle == pytest.approx(0, abs=1e-4) and found.correlation == pytest.approx(1) and found.same_sign == 1
    assert found.W and found.W.spread == pytest.approx(1e34 * found.B.spread)
    assert found.W.shape_counts == pytest.approx(found.B.shape_counts)


def test_of_zeros_there_is_no_angle() -> None:
    broken = picture(paired(torch.zeros(4, 5), torch.ones(4, 5)))
    assert broken.angle is None and broken.correlation is None and broken.same_sign is None and broken.B.largest == 0
    both = picture(paired(torch.zeros(4, 5), torch.zeros(4, 5)))
    assert both.angle is None and sum(both.B.counts) == pytest.approx(1)
    alone = picture(paired(torch.ones(4, 5), None))
    assert alone.W is None and alone.angle is None and alone.points == ([], [])


def test_large_matrices_are_drawn_by_the_means_of_their_blocks() -> None:
    B = torch.arange(128.0 * 640).view(128, 640)
    shown = picture(paired(B, B)).B
    assert shown.shape == (128, 640) and (len(shown.cells), len(shown.cells[0])) == (CELLS, CELLS)
    assert shown.cells[3][5] == pytest.approx(float(B[6:8, 50:60].mean()))
    assert len(picture(paired(B, B)).points[0]) == POINTS
    small = torch.randn(10, 40)
    assert torch.equal(torch.tensor(picture(paired(small, None)).B.cells), small)


def test_a_matrix_of_few_rows_has_a_cell_for_every_entry() -> None:
    assert in_cells(10, 100) == (10, 100) and in_cells(10, 256) == (10, 256)
    assert in_cells(10, 3000) == (10, 256) and in_cells(100, 100) == (64, 64) and in_cells(3000, 10) == (64, 10)
    for rows in (1, 7, 64, 900):
        down, across = in_cells(rows, 5000)
        assert down * across <= CELLS * CELLS


def test_shapes_are_compared_whatever_the_spreads() -> None:
    M = torch.tensor([[1.0, -1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 4.0]])  # of spread √(20/8)
    found = picture(paired(1000 * M, M))
    assert found.W and found.B.shape_counts == pytest.approx(found.W.shape_counts)
    place = int((1 / (20 / 8) ** 0.5 + 4) / (8 / BINS))
    assert found.B.shape_counts[place] == 0.25 == found.B.shape_counts[-1 - place] and found.B.shape_counts[BINS // 2] == 0.375
    far = torch.zeros(1, 100)
    far[0, 0] = 1.0  # ten spreads out
    assert picture(paired(far, None)).B.shape_counts[-1] == pytest.approx(0.01)
    assert picture(paired(torch.zeros(4, 5), None)).B.shape_counts[BINS // 2] == 1


def test_histogram() -> None:
    found = picture(paired(torch.tensor([[-1.0, 0.0, 0.0, 1.0]]), torch.tensor([[2.0, -2.0, 0.0, 0.0]])))
    assert len(found.edges) == BINS + 1 and found.edges[0] == -2 and found.edges[-1] == 2
    assert found.B.counts[BINS // 2] == 0.5 and found.W and found.W.counts[0] == found.W.counts[-1] == 0.25
