"""A notebook that lies elsewhere is the one that is checked."""

from grading.commands.validate import notebook_of
from grading.course.folder import ROOT


def test_a_file_elsewhere_is_meant_and_not_the_labs_own(tmp_path):
    own = tmp_path / "lab1_pca.ipynb"
    own.write_text("{}")
    assert notebook_of(str(own), ROOT) == (own, "lab1_pca")
    assert notebook_of("lab1_pca", ROOT) == (ROOT / "labs/lab1_pca/lab1_pca.ipynb", "lab1_pca")
