import pytest

from clvmodels.errors import ClvError
from clvmodels.files import write_whole


def test_missing_folders_are_made(tmp_path):
    assert write_whole(tmp_path / "new" / "deep" / "a.txt", b"text").read_bytes() == b"text"


def test_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a longer, older text")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_nothing_else_is_left_in_the_folder(tmp_path):
    write_whole(tmp_path / "a.txt", b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", ["file/a.txt", "file/deeper/a.txt"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ClvError, match=r"cannot make the folder .*: .*; choose another place"):
        write_whole(tmp_path / name, b"text")


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(ClvError, match="is a folder; give the name of a file"):
        write_whole(tmp_path / "a.txt", b"text")
