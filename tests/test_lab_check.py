"""`Lab.check`: what it notices of a function, and that what it says of a wrong one is so."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

import vae_lib
from vae_lib.testing import Case, Lab, Mismatch

SPEC = "spread(x: B P, y: B P) -> B"
CASES = (
    Case([[1.0, 2.0, -0.5], [0.3, -1.2, 0.7]], [[0.5, 1.0, 2.0], [1.5, -0.4, 0.6]], gives=[1.5, 1.35]),
    Case([[0.4, 1.1], [2.0, -0.6], [0.9, 0.2]], [[1.0, 0.5], [-0.5, 0.8], [0.1, 3.0]], gives=[0.95, -1.48, 0.69]),
)


def spread(x, y):
    return (x * y).sum(1)


def message(function, *cases, **options):
    with pytest.raises(Mismatch) as caught:
        Lab(9, spread=2).check(SPEC, function, *(cases or CASES), **options)
    return str(caught.value).split("\n")[0]


def test_a_right_answer_is_told_so_and_counted(capsys):
    Lab(9, spread=2, other=3).check(SPEC, spread, *CASES)
    assert capsys.readouterr().out == "9.1 ✓ spread\n"
    Lab(9, other=3, spread=2).check(SPEC, spread, *CASES)
    assert capsys.readouterr().out == "9.2 ✓ spread\nLab 9: 2 of 5 points. Open: 9.1 other.\n"


def changes_x(x, y):
    total = (x * y).sum(1)
    with torch.no_grad():
        x += 1
    return total


def asks_for_gradients(x, y):
    return (x.requires_grad_() * y).sum(1)


def fills_gradients(x, y):
    copy = x.detach().requires_grad_()
    (copy * y.detach()).sum().backward()
    x.grad = copy.grad
    return (x * y).sum(1)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, y: 2 * spread(x, y), "This is twice the right one."),
        (lambda x, y: -spread(x, y), "the right one with the other sign"),
        (lambda x, y: (x * y).mean(1), "the right one divided by P, as when a mean over P is taken, not a sum"),
        (lambda x, y: spread(x, y).sum(), "This is summed over B as well."),
        (lambda x, y: x * y, "This is not yet summed over P."),
        (lambda x, y: (x * y).sum(0), "right in the total"),
        (lambda x, y: spread(x, y)[:, None], "the right numbers in another shape"),
        (lambda x, y: spread(x, y).flip(0), "the right one in reverse along B"),
        (lambda x, y: spread(x, y) + x.shape[1], "the right one plus P"),
        (lambda x, y: spread(x, y)[:1].expand(len(x)), "the first of B in the place of all"),
        (lambda x, y: spread(x, y + 1), "It is right when `y` is handed in minus 1."),
        (lambda x, y: x.sum(1), "The answer does not depend on `y`."),
        (lambda x, y: spread(x.round(), y), "Of `x` only the rounded values make a difference."),
        (lambda x, y: spread(x.clamp(min=0), y), "Of `x` what lies below 0 makes no difference."),
        (lambda x, y: spread(x, y.detach()), "No gradient reaches `y`, though the answer depends on it."),
        (lambda x, y: spread(x, y).detach(), "The answer is cut off from its arguments"),
        (lambda x, y: spread(x, y) + torch.rand(len(x)).to(x), "another answer each time"),
        (lambda x, y: spread(x, y).float(), "The answer is float32 where the arguments are float64"),
        (lambda x, y: x @ y, "Shapes do not fit: `x` is (2, 3) = (B, P), `y` is (2, 3) = (B, P)."),
        (lambda x, y: None, "is a `return` missing?"),
        (changes_x, "`x` itself is changed"),
        (asks_for_gradients, "`x.requires_grad` is changed"),
        (fills_gradients, "`x.grad` is filled"),
    ],
)
def test_what_is_wrong_comes_first(function, words):
    text = message(function)
    assert text.startswith("9.1 ✗ spread: ")
    assert words in text


def test_nothing_is_said_that_does_not_hold_in_every_case():
    """Twice the right one in the first case alone."""
    text = message(lambda x, y: spread(x, y) * 2 if len(x) == 2 else spread(x, y) + x[:, 0])
    assert text == "9.1 ✗ spread: The value is wrong."


def test_a_hint_is_shown_only_if_it_explains_every_case():
    hints = {"it is squared": lambda right: right**2, "1.5 is added": lambda right: right + 1.5}
    assert "when it is squared." in message(lambda x, y: spread(x, y) ** 2, hints=hints)
    one = message(lambda x, y: spread(x, y) + (1.5 if len(x) == 2 else x[:, 0]), hints=hints)
    assert one == "9.1 ✗ spread: The value is wrong."


def test_a_number_between_that_has_no_name_is_said():
    assert "the right one plus 0.37." in message(lambda x, y: spread(x, y) + 0.37)
    assert "the right one times 1.7 (0.9 in another case)." in message(
        lambda x, y: spread(x, y) * (1.7 if len(x) == 2 else 0.9)
    )


def test_what_does_not_hold_at_extremes_is_said_with_that():
    far = Case([[300.0, 1.0]], [[3.0, 0.5]], gives=[900.5], where="numbers above 100")
    text = message(lambda x, y: 2 * spread(x.clamp(max=100), y), *CASES, far)
    assert "twice the right one. (This holds for ordinary numbers, not for every extreme.)" in text


def test_right_where_the_answer_is_an_argument_or_a_view_of_it(capsys):
    """Nothing in the labs asks for a copy; what an answer must not do is change its arguments."""
    cases = [Case([[1.0, 2.0, 3.0]], gives=[[1.0, 2.0, 3.0]]), Case([[0.5], [1.5]], gives=[[0.5], [1.5]])]
    for function in (lambda x: x, lambda x: x[:], lambda x: x.view_as(x), lambda x: x.clone()):
        Lab(9, same=2).check("same(x: B P) -> B P", function, *cases)


def test_an_answer_that_a_later_call_changes_is_told():
    kept = {}

    def reused(x, y):
        out = kept.setdefault(x.dtype, torch.zeros(9, dtype=x.dtype))[: len(x)]
        out.copy_(spread(x, y).detach())
        return out

    assert "a later call changes" in message(reused)


def test_a_number_of_pythons_is_asked_for_where_the_text_does():
    with pytest.raises(Mismatch, match="it should be a number of Python's, a float"):
        Lab(9, size=2).check("size(x: B) -> float", lambda x: x.sum(), Case([1.0, 2.0], gives=3.0))


def test_true_is_a_number_where_a_float_is_asked_for(capsys):
    """step >= warmup or step / warmup is the weight of a warm-up: True is 1.0."""
    lab, cases = Lab(9, weight=1), (Case(3, 4, gives=0.75), Case(5, 4, gives=1.0))
    lab.check(
        "weight(step: whole, warmup: whole) -> float", lambda step, warmup: step >= warmup or step / warmup, *cases
    )
    assert capsys.readouterr().out.startswith("9.1 ✓ weight")
    with pytest.raises(Mismatch, match="The answer is a str, it should be a number of Python's, a float"):
        lab.check("weight(step: whole, warmup: whole) -> float", lambda step, warmup: "1", *cases)


@pytest.mark.parametrize("change", [list.pop, list.reverse, lambda names: names.append(3)])
def test_a_list_that_is_changed_is_told(change):
    def total(x, names):
        change(names)
        return x.sum(-1)

    case = Case([[1.0, 2.0], [0.5, 0.25]], [1, 2], gives=[3.0, 0.75])
    with pytest.raises(Mismatch, match="`names` itself is changed: an item of the list"):
        Lab(9, total=2).check("total(x: B P, names: object) -> B", total, case)


def test_a_hint_may_end_before_the_last_case_where_it_says_what_is_wrong():
    def doubled(x, y):
        return 2 * (x * y).sum(1)

    numbers = {"it is doubled": [[3.0, 2.7]], "it is right": [[1.5, 1.35]]}
    assert message(doubled, hints=numbers) == "9.1 ✗ spread: This is what comes out when it is doubled."
    first = {"it is right": [[1.5, 1.35]]}
    assert "it is right" not in message(lambda x, y: (x * y).sum(1) + (len(x) > 2), hints=first)


def test_a_whole_number_of_pythons_is_one_too():
    """min(1, …) gives 1 where it could give 1.0, and NumPy's numbers are Python's."""
    for one in (1, 1.0, np.float64(1)):
        Lab(9, size=2).check("size(n: whole) -> float", lambda n, one=one: one, Case(3, gives=1.0))
    with pytest.raises(Mismatch, match="The answer is a bool"):
        Lab(9, size=2).check("size(n: whole) -> whole", lambda n: True, Case(3, gives=1))


def test_tokens_that_come_back_as_real_numbers_are_told():
    with pytest.raises(Mismatch, match="The answer is float32, it should be made of whole numbers, int64"):
        Lab(9, same=2).check("same(x: B int) -> B int", lambda x: x.float(), Case([1, 2], gives=[1, 2]))
    Lab(9, same=2).check("same(x: B int) -> B int", lambda x: x.clone(), Case([1, 2], gives=[1, 2]))


def test_a_sum_that_is_missing_is_not_called_one_too_many():
    """Where the sizes do not tell which axis was left standing."""
    cases = Case([[1.0, 2.0], [3.0, 5.0]], gives=[3.0, 8.0]), Case([[4.0, 1.0], [2.0, 9.0]], gives=[5.0, 11.0])
    with pytest.raises(Mismatch) as caught:
        Lab(9, total=2).check("total(x: B D) -> B", lambda x: x.flip(1), *cases)
    assert "one too many" not in str(caught.value)


def test_what_straight_changes_leave_alone_is_not_called_independent():
    """A correlation is the same for 2x + 1, and depends on x all the same."""

    def correlation(x):
        return torch.corrcoef(x)[0, 1]

    cases = (
        Case([[1.0, 2.0, 4.0], [0.5, 2.0, 1.0]], gives=7.0),
        Case([[3.0, 0.0, 1.0, 2.0], [1.0, 4.0, 0.0, 2.0]], gives=5.0),
    )
    with pytest.raises(Mismatch) as caught:
        Lab(9, agreement=2).check("agreement(x: B D) -> scalar", correlation, *cases)
    assert "does not depend" not in str(caught.value)


def test_a_place_is_not_said_to_depend_on_rounded_or_positive_values_alone():
    """The largest is found among small numbers and among negative ones too."""

    def largest(x):
        return x.argmax(1).to(x.dtype) + 0 * x[:, 0]

    cases = Case([[0.5, 2.0, -1.0], [3.0, -2.0, 1.0]], gives=[7.0, 7.0]), Case([[1.0, -0.5, 4.0, -3.0]], gives=[9.0])
    with pytest.raises(Mismatch) as caught:
        Lab(9, place=2).check("place(x: B D) -> B", largest, *cases)
    assert "make a difference" not in str(caught.value)
    assert "makes no difference" not in str(caught.value)


def test_lists_of_numbers_and_small_tables_are_shown_with_the_arguments():
    case = Case([[[1.0, 2.0], [3.0, 4.0]]], [7, 5], gives=[[[2.0, 4.0], [6.0, 9.0]]])
    with pytest.raises(Mismatch) as caught:
        Lab(9, twice=2).check("twice(x: B P P, keep: object) -> B P P", lambda x, keep: 2 * x, case)
    assert "x = [[[1, 2],\n" in str(caught.value)
    assert "keep = [7, 5]" in str(caught.value)


def test_what_torch_does_not_do_is_no_stub():
    """It raises NotImplementedError, as a stub does; the answer is there all the same."""
    case = Case([1.0, 2.0], [True, False], gives=[1.0, 3.0])
    with pytest.raises(Mismatch, match="A tensor of True and False is subtracted") as caught:
        Lab(9, less=2).check("less(x: B, has: B bool) -> B", lambda x, has: x[has - 1], case)
    assert "not supported" in str(caught.value)


def refuses_the_batch(z):
    """A network of two numbers in a row."""
    return z @ torch.ones(2, 3, dtype=z.dtype)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda decode, z, n: decode(torch.cat([z, z], 1)), "inside `decode`, which is given (3, 4): `z` is (3, 2)"),
        (lambda decode, z, n: decode(z, n), "`decode` is called with more arguments, or fewer, than it takes."),
        (lambda decode, z, n: z[z], "Real numbers stand where an index should"),
        (lambda decode, z, n: torch.max(z, 0.5), "called with arguments that it does not take"),
        (lambda decode, z, n: torch.maximum(z, 0.5), "handed a number or a list of Python's where it takes a tensor"),
        (lambda decode, z, n: max(z, 0), "ask for one truth value, and a tensor has many"),
        (lambda decode, z, n: z.sort(0) - 1, "A tuple or a list is used as if it were a tensor"),
        (lambda decode, z, n: z.grad * n, "There is None where a tensor should be"),
        (lambda decode, z, n: torch.cat(z, z), "take a list of tensors"),
        (lambda decode, z, n: torch.gather(z, 1, n * torch.ones(2).long()), "needs as many axes as the tensor"),
        (lambda decode, z, n: torch.autograd.grad(z.sum(), z), "A gradient is asked where no graph leads"),
        (lambda decode, z, n: torch.stack([z for _ in range(n - 5)]), "a list is empty in this case"),
        (lambda decode, z, n: z[None] @ z[None], "A product of tables does not fit"),
        (lambda decode, z, n: (z > 0) @ z.mT, "stand where real numbers are needed"),
    ],
)
def test_an_error_is_told_by_its_cause(answer, words):
    case = Case(refuses_the_batch, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 4, gives=1.0)
    with pytest.raises(Mismatch) as caught:
        Lab(9, show=2).check("show(decode: function, z: B D, n: whole) -> scalar", answer, case)
    (cause,) = caught.value.causes
    assert words in cause
    assert "The error: " in str(caught.value)  # PyTorch's own words stand below it


def test_a_cause_is_said_although_another_case_stops():
    """It is true of all that can be called, which must be more than one ordinary case."""

    def stops(x, y):
        if len(x) == 1:
            raise ValueError("one row")
        return 2 * spread(x, y)

    row = Case([[0.5, 0.2, 0.1]], [[1.0, 2.0, 3.0]], gives=[1.2])
    assert message(stops, *CASES, row) == "9.1 ✗ spread: This is twice the right one."
    assert message(stops, CASES[0], row) == "9.1 ✗ spread: The value is wrong."


def test_nan_is_called_no_curve_of_the_right_one():
    assert message(lambda x, y: spread(x, y) * torch.nan).startswith("9.1 ✗ spread: 2 of 2 values are NaN.")


def test_a_stub_stays_a_stub():
    def stub(x, y):
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match=r"9\.1 spread is not written yet: put your code") as told:
        Lab(9, spread=2).check(SPEC, stub, *CASES)
    assert told.value._render_traceback_() == [str(told.value)]  # in a notebook, that alone


def test_differences_below_the_digits_shown_are_shown():
    with pytest.raises(Mismatch) as caught:
        Lab(9, spread=2).check(SPEC, lambda x, y: spread(x, y) * (1 + 3e-7), *CASES)
    assert "got       [1.5000004" in str(caught.value) or "got       [1.5000005" in str(caught.value)
    assert "float32's digits" in str(caught.value)


OWN = "gaussian_kl is what this exercise asks you to write; the library's "
KL = "gaussian_kl(mu: B D, logvar: B D) -> B"
KL_CASES = (
    Case(
        [[1.0, -0.5, 0.8], [2.0, 0.3, -0.2]], [[0.5, 0.7, -0.6], [-1.3, 0.2, 0.4]], gives=[1.25064280713, 2.40787962442]
    ),
)


def kl_by_hand(mu, logvar):
    return (mu**2 + logvar.exp() - logvar - 1).sum(1) / 2


def kl_of_the_library(mu, logvar):
    return vae_lib.gaussian_kl(mu, logvar)


@pytest.mark.parametrize(
    "function",
    [
        vae_lib.gaussian_kl,
        vae_lib.gaussian_kl.__wrapped__,
        kl_of_the_library,
        lambda mu, logvar: vae_lib.gaussian_kl_per_dim(mu, logvar).sum(1),
        lambda mu, logvar: vae_lib.vae_loss(lambda z: z, 0 * mu, mu, logvar, mu[None])[2],
    ],
)
def test_the_librarys_own_answer_is_told_so(function):
    lab = Lab(5, gaussian_kl=3, refuses={"gaussian_kl": ["gaussian_kl_per_dim"]})
    with pytest.raises(Mismatch) as caught:
        lab.check(KL, function, *KL_CASES)
    assert str(caught.value).startswith(f"5.1 ✗ gaussian_kl: {OWN}")
    assert caught.value.kind == "own work"


def test_the_library_is_as_it_was_after_a_check(capsys):
    before = vae_lib.gaussian_kl.__wrapped__.__code__
    lab = Lab(5, gaussian_kl=3, refuses={"gaussian_kl": ["gaussian_kl_per_dim"]})
    with pytest.raises(Mismatch):
        lab.check(KL, kl_of_the_library, *KL_CASES)
    lab.check(KL, kl_by_hand, *KL_CASES)
    assert capsys.readouterr().out.startswith("5.1 ✓ gaussian_kl")
    assert vae_lib.gaussian_kl.__wrapped__.__code__ is before
    assert vae_lib.gaussian_kl(torch.ones(1, 2), torch.zeros(1, 2)) == 1


def test_in_the_place_of_the_librarys_a_students_own_is_not_refused(capsys):
    lab = Lab(5, gaussian_kl=3)
    with lab.own({"gaussian_kl": kl_by_hand}):
        lab.check(KL, kl_of_the_library, *KL_CASES)
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [torch.int64, torch.float64])
def test_an_answer_may_be_asked_for_in_float32_where_no_real_number_is_handed_in(kind):
    case, rows = Case([1, 0], 3, gives=[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), "rows(y: B int, n: whole) -> B C float32"
    Lab(7, rows=1).check(rows, lambda y, n: torch.eye(n)[y], case)
    with pytest.raises(Mismatch, match=rf"{str(kind).removeprefix('torch.')}, it should be float32"):
        Lab(7, rows=1).check(rows, lambda y, n: torch.eye(n, dtype=kind)[y], case)


def test_a_students_own_stands_in_the_place_of_a_chapters_too():
    from vae_lib.beyond import conditional

    def mine(y, n_classes):
        return torch.full((len(y), n_classes), 7.0)

    library = conditional.one_hot
    with Lab(7, one_hot=1).own({"one_hot": mine}):
        from vae_lib.beyond.conditional import one_hot

        assert one_hot is mine
    assert conditional.one_hot is library


@pytest.mark.parametrize("cut", [lambda x, y: (x - y).detach(), lambda x, y: x - y.detach()])
def test_a_cut_in_a_function_of_the_difference_is_seen(cut):
    """A step in all arguments at once must not leave x − y as it is."""
    case = Case([[1.0, 2.0, -0.5], [0.3, -1.2, 0.7]], [[0.5, 1.0, 2.0], [1.5, -0.4, 0.6]], gives=[7.5, 2.09])
    with pytest.raises(Mismatch, match="radient"):
        Lab(9, spread=2).check(SPEC, lambda x, y: cut(x, y).square().sum(1), case)


def canonical(answer, x, y):
    return answer * answer.detach().sign()


def test_a_view_keeps_the_kind_of_numbers_and_the_slopes():
    cases = [Case(*case.positional, gives=case.gives[0].abs(), view=canonical) for case in CASES]
    Lab(9, spread=2).check(SPEC, lambda x, y: -spread(x, y), *cases)
    assert "no gradient reaches" in message(lambda x, y: spread(x, y).detach(), *cases)
    assert "The answer is float32" in message(lambda x, y: spread(x, y).float(), *cases)


def test_a_wrong_shape_in_one_case_alone_is_called_a_shape():
    one = Case([[1.0, 2.0]], [[3.0, 4.0]], gives=[11.0], where="single examples")
    assert "the right numbers in another shape" in message(lambda x, y: spread(x, y).squeeze(), *CASES, one)


def second_moment(draws, x, y):
    return draws.mT @ draws


def viewed(function):
    """A check of x y up to the sign, which the view does not see."""
    x, y = torch.tensor([[1.0, 2.0], [0.5, -1.0], [0.3, 0.7]]).double(), torch.tensor([[0.5, 1.0]] * 3).double()
    case = Case(x, y, gives=(x * y).mT @ (x * y), view=second_moment, shape=(3, 2))
    Lab(9, product=2).check("product(x: B P, y: B P) -> P P", function, case)


def test_a_view_forgives_what_it_does_not_see_and_no_more(capsys):
    viewed(lambda x, y: x * y)
    viewed(lambda x, y: -x * y)
    assert capsys.readouterr().out.count("9.1 ✓ product") == 2


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, y: (x * y)[:2], "The shape is (2, 2), it should be (3, 2)."),
        (lambda x, y: None, "is a `return` missing?"),
        (lambda x, y: (x * y).float(), "The answer is float32 where the arguments are float64"),
        (lambda x, y: x * y.detach(), "No gradient reaches `y`, though the answer depends on it."),
        (lambda x, y: 2 * x * y, "four times the right one"),
    ],
)
def test_behind_a_view_the_answer_itself_is_looked_at(function, words):
    with pytest.raises(Mismatch) as caught:
        viewed(function)
    assert words in str(caught.value)


def test_an_estimate_may_be_cut_off_from_its_arguments(capsys):
    spec = "spread(x: B P, y: B P) -> B estimate"
    Lab(9, spread=2).check(spec, lambda x, y: spread(x, y).detach(), *CASES)
    Lab(9, spread=2).check(spec, spread, *CASES)
    assert capsys.readouterr().out.count("✓") == 2


def test_a_slope_that_is_nan_is_not_called_cut():
    text = message(lambda x, y: spread(x, y) + (x - x).pow(2).sum(1).sqrt())
    assert "is NaN or infinite" in text


def test_digits_alone_are_not_taken_for_a_relation():
    """1e-10 added changes the last digits; so the answer is nearly right however its arguments are handed in."""
    extreme = Case([[1e-6, 2e-6]], [[1.0, 1.0]], gives=[3e-6], where="numbers of 10⁻⁶")
    text = message(lambda x, y: spread(x, y) + 1e-10, *CASES, extreme)
    assert text == "9.1 ✗ spread: Ordinary numbers come out right, but not numbers of 10⁻⁶."


def test_an_answer_that_sums_nothing_is_not_said_to_sum_too_much():
    x = [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]], [[0.5, -2.0], [1.5, 4.5], [2.5, 6.0]]]
    with pytest.raises(Mismatch) as caught:
        Lab(9, moved=2).check("moved(x: L B P) -> L B P", lambda x: x.reshape(3, 2, 2), Case(x, gives=x))
    assert "sum runs over" not in str(caught.value)


def test_what_a_view_hides_is_not_said_to_make_no_difference():
    """x / |x| is all that is seen of x: a wrong answer that depends on its length too is not said not to."""
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]]).double()
    case = Case(
        x, gives=x / x.norm(dim=1, keepdim=True), view=lambda y, x: y / y.norm(dim=1, keepdim=True), shape=(2, 2)
    )
    with pytest.raises(Mismatch) as caught:
        Lab(9, scaled=2).check("scaled(x: B P) -> B P", lambda x: x.sum() * torch.ones_like(x), case)
    assert "does not depend" not in str(caught.value)


def test_a_small_constant_is_called_that_where_the_extreme_is_0_as_well():
    """Right to float32's digits at ordinary numbers: no relation is said of what is nearly right."""
    extreme = Case([[0.0, 0.0]], [[1.0, 1.0]], gives=[0.0], where="zeros")
    text = message(lambda x, y: spread(x, y) + 1e-8, *CASES, extreme)
    assert "right to float32's digits only" in text
    assert "another shape" not in text


def test_no_reading_hands_a_matrix_of_infinities_to_a_function():
    """`torch.linalg.eigvals` takes the process down with them."""
    seen = []

    def looks(x, y):
        seen.append(bool(torch.isfinite(x).all() and torch.isfinite(y).all()))
        return spread(x, y) * x.abs().amax(1).exp()

    message(looks, *CASES, Case([[0.0, 1.0]], [[2.0, -3.0]], gives=[-3.0]))
    assert len(seen) > 50
    assert all(seen)


GRAM = "gram(x: B P) -> P P"
GRAMS = (
    Case([[1.0, 2.0], [0.5, -1.0]], gives=[[1.25, 1.5], [1.5, 5.0]]),
    Case([[1.0, 0.5, -2.0]], gives=[[1.0, 0.5, -2.0], [0.5, 0.25, -1.0], [-2.0, -1.0, 4.0]]),
)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: (x.mT @ x).tril(), "This is right on and below the diagonal, and wrong above it."),
        (lambda x: (x.mT @ x).triu(), "This is right on and above the diagonal, and wrong below it."),
        (lambda x: x.mT @ x + 0.7 * x.sum() * torch.eye(x.shape[1], dtype=x.dtype), "right beside the diagonal"),
        (lambda x: (x.mT @ x).square().sqrt() + x.sum() * (1 - torch.eye(x.shape[1])).to(x), "right on the diagonal"),
        (lambda x: (x.mT @ x) * 1.003, "This is the right one times 1.003."),
        (lambda x: x.mT @ x + 0.003 * (x.mT @ x).sin(), "It is right to a few digits only"),
    ],
)
def test_where_an_answer_is_right_is_said(function, words):
    with pytest.raises(Mismatch) as caught:
        Lab(9, gram=2).check(GRAM, function, *GRAMS)
    assert words in str(caught.value)


def test_an_answer_that_is_right_at_the_ends_alone_is_told_so():
    def line(x, steps):
        t = torch.linspace(0, 1, steps, dtype=x.dtype)[:, None] ** 2
        return t * x

    cases = (
        Case([2.0, -4.0], 3, gives=[[0.0, 0.0], [1.0, -2.0], [2.0, -4.0]]),
        Case([1.5], 4, gives=[[0.0], [0.5], [1.0], [1.5]]),
        Case([1.5], 2, gives=[[0.0], [1.5]]),
    )
    with pytest.raises(Mismatch, match="This is right in the first and the last of steps alone"):
        Lab(9, line=2).check("line(x: D, steps: whole) -> steps D", line, *cases)


def test_what_was_built_is_built_anew_for_each_reading():
    def build(dtype):
        weight = torch.nn.Parameter(torch.tensor([0.5, -1.0], dtype=dtype))
        return torch.optim.SGD([weight], lr=1.0), torch.tensor([[1.3, -2.1], [3.0, 0.4], [0.5, 2.9]], dtype=dtype)

    def moved(result, optimizer, x):
        return torch.tensor([0.5, -1.0], dtype=x.dtype) - optimizer.param_groups[0]["params"][0].detach()

    def step(optimizer, x, rows=1):
        loss = (x[:rows] @ optimizer.param_groups[0]["params"][0]).mean()
        loss.backward()
        optimizer.step()

    spec, case = "step(optimizer: object, x: B P) -> P", Case(build=build, view=moved, gives=[1.6, 0.4])
    Lab(9, step=2).check(spec, lambda optimizer, x: step(optimizer, x, 3), case)
    with pytest.raises(Mismatch, match="Of `x` only the first along B makes a difference"):
        Lab(9, step=2).check(spec, step, case)


def layers(n_in, n_hidden, n_out):
    first, second = torch.nn.Linear(n_in, n_hidden), torch.nn.Linear(n_hidden, n_out)
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)


def test_a_network_is_the_callers_own_and_can_be_trained_throughout():
    def frozen(*sizes):
        network = layers(*sizes)
        network[0].requires_grad_(False)
        return network

    def check(build):
        Lab(9, net=2).check_network("net(a: whole, b: whole, c: whole) -> object", build, (5, 7, 3), end="nothing")

    check(layers)
    with pytest.raises(Mismatch, match="ask for no gradient"):
        check(frozen)
    with pytest.raises(Mismatch, match="Two calls give the same weights"):
        check(functools.cache(layers))
