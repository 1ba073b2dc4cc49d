"""`expect`, which all grading rests on: what passes, what does not, and what the reader is told."""

from __future__ import annotations

import math
import warnings

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import event, given
from hypothesis import strategies as st
from nbclient import NotebookClient
from torch import tensor

from vae_lib.testing import Mismatch, expect

VECTOR = [1.0, -2.0, 0.5]


def message(*arguments, **options):
    with pytest.raises(Mismatch) as caught:
        expect(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("actual", "reference"),
    [
        (2.0, 2.0),
        (2, 2),
        (2.0, 2),
        (2, 2.0),
        (tensor(2.0), 2.0),
        (tensor(2), 2),
        (np.float32(2), 2.0),
        (tensor(VECTOR), VECTOR),
        (tensor(VECTOR, dtype=torch.float64), VECTOR),
        (tensor(VECTOR), tensor(VECTOR, dtype=torch.float64)),
        (tensor(VECTOR, requires_grad=True) * 1, VECTOR),
        (torch.nn.Parameter(tensor(VECTOR)), VECTOR),
        (tensor([[1.0, 2], [3, 4]]).T, [[1.0, 3], [2, 4]]),  # not contiguous
        (tensor([1.0, 2]).expand(3, 2), [[1.0, 2]] * 3),
        ((tensor(VECTOR), 3.0), (VECTOR, 3.0)),
        ([tensor(VECTOR), 3.0], (VECTOR, 3.0)),
        (tensor([math.inf, 1.0]), [math.inf, 1.0]),
        (tensor(VECTOR) * (1 + 5e-5), VECTOR),
        (tensor([1e-7]), [0.0]),
    ],
)
def test_right_answers_pass(actual, reference):
    assert expect(actual, reference) is None


class Liar(torch.Tensor):
    """Says it is whatever is asked."""

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        return True


class Agrees:
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    def __float__(self):
        return 2.0

    __hash__ = None


def forged(method):
    """A plain tensor of zeros, with a method set to give the expected answer."""
    answer = torch.zeros(3)
    setattr(answer, method, lambda *arguments: tensor(VECTOR))
    return answer


def unusual(kind):
    """Tensors that warn when they are made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "quantized":
            return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)
        return torch.nested.nested_tensor([torch.ones(2)]) if kind == "nested" else torch.eye(3).to_sparse_csr()


class Number(float):
    def __sub__(self, other):
        return 0.0


@pytest.mark.parametrize(
    ("actual", "reference", "words"),
    [
        (None, 2.0, "returned None; is a `return` missing?"),
        (None, (2.0, 3.0), "returned None; is a `return` missing?"),
        ((2.0, None), (2.0, 3.0), "Value 2 of 2: The function returned None"),
        ("2.0", 2.0, "The answer is a str, it should be a number or a torch tensor of one number."),
        ([1.0, -2.0, 0.5], VECTOR, "The answer is a list, it should be a torch tensor of shape (3,)."),
        (np.array(VECTOR), VECTOR, "is a ndarray"),
        (Agrees(), 2.0, "is a Agrees"),
        (Number(2.0), 2.0, "is a Number"),
        (tensor(VECTOR).as_subclass(Liar), VECTOR, "is a Liar"),
        (True, 1.0, "is a bool"),
        (np.float16(2), 2.0, "is a float16"),
        (np.longdouble(2), 2.0, "is a longdouble"),
        (np.bool_(True), 1.0, "is a bool"),
        (len, 2.0, "is a builtin_function_or_method"),
        (forged("detach"), VECTOR, "Got [0, 0, 0]"),
        (forged("double"), VECTOR, "Got [0, 0, 0]"),
        (forged("flatten"), VECTOR, "Got [0, 0, 0]"),
        (unusual("quantized"), VECTOR, "not an ordinary tensor"),
        (unusual("nested"), VECTOR, "not an ordinary tensor"),
        (unusual("csr"), VECTOR, "not an ordinary tensor"),
        (torch.zeros(1).expand(10**7, 10**6), VECTOR, "The shape is (10000000, 1000000), it should be (3,)"),
        (10**400, 2.0, "values are NaN or infinite: inf, expected 2."),
        (-(2**64), 2, "values are NaN or infinite: -inf, expected 2."),
        (tensor([[1.0, 2]]).min(dim=1), [1.0], "take its `.values`"),
        (tensor([True, False]), [1.0, 0.0], "torch.bool, it should be made of real numbers"),
        (tensor([1 + 0j, 2]), [1.0, 2.0], "torch.complex64"),
        (tensor([[1 + 0j, 2]]), [1.0, 2.0], "torch.complex64"),
        (tensor([1, 2]), [1.0, 2.0], "torch.int64, it should be floating point"),
        (torch.eye(2).to_sparse(), torch.eye(2), "not an ordinary tensor"),
        (torch.zeros(2, device="meta"), [0.0, 0.0], "not an ordinary tensor"),
        (tensor([VECTOR]), VECTOR, "The shape is (1, 3), it should be (3,); the value is [1, -2, 0.5]."),
        (tensor([2.0]), 2.0, "The shape is (1,), it should be () (a single number)"),
        (2.0, [2.0], "The shape is () (a single number), it should be (1,)"),
        (2.1, 2.0, "Got 2.1, expected 2."),
        (2.5, 2, "Got 2.5, expected 2."),
        (tensor([math.nan, 1.0]), [0.0, 1.0], "1 of 2 values are NaN or infinite"),
        (math.nan, math.nan, "Got nan, expected nan"),
        (tensor([math.inf]), [-math.inf], "Got [inf], expected [-inf]"),
        (math.inf, 1e30, "1 of 1 values are NaN or infinite"),
        (1e30, math.inf, "Got 1e+30, expected inf"),
        ((1.0, 2.0, 3.0), (1.0, 2.0), "should be a tuple of 2 values, it is a tuple of 3"),
        (tensor([1.0, 2.0]), (1.0, 2.0), "should be a tuple of 2 values, it is a Tensor"),
        ((1.0, 3.0), (1.0, 2.0), "Value 2 of 2: Got 3, expected 2."),
        (
            torch.zeros(3, 4),
            torch.zeros(3, 4).index_fill(0, tensor([2]), 1),
            "4 of 12 values are off; at [2, 0] it is 0",
        ),
        (torch.zeros(0), [1.0], "The shape is (0,)"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_wrong_answers_fail_with_one_sentence(actual, reference, words):
    text = message(actual, reference)
    assert words in text
    assert "\n" not in text


def test_a_huge_answer_has_a_short_message():
    assert len(message(torch.zeros(1000, 1000), torch.ones(1000, 1000))) < 120
    assert len(message(torch.zeros(1000, 1000), torch.ones(1000))) < 160


def test_a_known_mistake_is_named():
    text = message(4.0, 2.0, hints={"the ½ is missing": 4.0, "the mean is taken": 1.0})
    assert text == "Got 4, expected 2. This is what comes out when the ½ is missing."


def test_two_mistakes_that_look_alike_are_both_named():
    text = message(4.0, 2.0, hints={"one thing": 4.0, "another": 4.0})
    assert text.endswith("This is what comes out when one thing, or when another.")


def test_a_mistake_may_have_another_shape_or_be_a_tuple_or_not_a_number():
    assert "summed" in message(tensor(6.0), [1.0, 5.0], hints={"it is summed": 6.0})
    assert "swapped" in message((2.0, 1.0), (1.0, 2.0), hints={"they are swapped": (2.0, 1.0)})
    assert "log of 0" in message(tensor([math.nan]), [0.0], hints={"the log of 0 is taken": [math.nan]})
    assert "positions" in message(tensor([0, 2]), [1.0, 3.0], hints={"positions are given": [0, 2]})


def test_the_answer_is_not_changed():
    answer = tensor(VECTOR, requires_grad=True)
    expect(answer, VECTOR)
    assert answer.requires_grad
    assert answer.tolist() == VECTOR


numbers = st.floats(-1e6, 1e6, width=32)


near = st.tuples(numbers, st.floats(-2, 2))  # a reference, and how many tolerances the answer lies from it


@given(st.lists(near, min_size=1, max_size=4), st.sampled_from([1e-4, 1e-2]), st.booleans())
def test_it_passes_just_where_every_entry_is_close(entries, rtol, far):
    reference = [r for r, _ in entries]
    actual = [r + distance * (1e-6 + rtol * abs(r)) + 7.0 * far for r, distance in entries]
    close = all(abs(a - r) <= 1e-6 + rtol * abs(r) for a, r in zip(actual, reference, strict=True))
    event(f"close: {close}")
    try:
        expect(tensor(actual, dtype=torch.float64), reference_of(reference), rtol=rtol)
    except Mismatch:
        assert not close
    else:
        assert close


def reference_of(values):
    return tensor(values, dtype=torch.float64)


@given(st.lists(numbers, min_size=1, max_size=12), st.integers(0, 11), st.sampled_from([-1, 1]))
def test_one_entry_off_is_always_seen(values, place, sign):
    answer = tensor(values, dtype=torch.float64)
    answer[place % len(values)] += sign * (2e-4 * answer[place % len(values)].abs() + 1e-5)
    message(answer, reference_of(values))


@pytest.mark.slow
def test_a_notebook_shows_the_line_and_the_sentence():
    """In a kernel: no traceback from inside the library, for a mismatch and for bad input."""
    imports = "import torch\nimport vae_lib as lib\nfrom vae_lib.testing import expect\n"
    inside = imports + "lib.VAE(4, 2)(torch.zeros(3, 9))"  # through torch's own Module.__call__
    few = imports + "for i in range(2):\n    lib.gaussian_kl(torch.zeros(2, 2))"
    long = imports + "expect(\n    torch.ones(2),\n    [1.0, 2.0],\n    hints={'all are 1': [1.0, 1.0]},\n)"
    bad = imports + "lib.gaussian_kl(torch.zeros(2), torch.zeros(2))"
    cells = [nbformat.v4.new_code_cell(source) for source in (long, bad, inside, few)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    mismatch, refused, through, missing = (cell.outputs[0].traceback for cell in notebook.cells)
    assert mismatch == [
        "Got [1, 1], expected [1, 2]. This is what comes out when all are 1.",
    ]
    assert refused[0] == "line 4: lib.gaussian_kl(torch.zeros(2), torch.zeros(2))"
    assert refused[1] == "InputError: gaussian_kl: mu must have shape (B, D), not (2,)."
    assert len(refused) == 2
    assert through == [
        "line 4: lib.VAE(4, 2)(torch.zeros(3, 9))",
        "InputError: VAE: x has 9 on its last axis, the model has 4 pixels.",
    ]
    assert missing == [
        "line 5: lib.gaussian_kl(torch.zeros(2, 2))",
        "InputError: gaussian_kl: missing a required argument: 'logvar'; it takes (mu, logvar).",
    ]
