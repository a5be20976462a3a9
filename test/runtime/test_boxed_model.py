"""A model whose code means harm has no part in what is written about it."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from conftest import SavedModel, infer
from trainyard.boxed_model import BoxedModel, BoxOptions, ModelError, without_gpus
from trainyard.evaluate import main
from trainyard.export import copy_plain_file

NAMESPACES = {
    "level": "namespaces",
    "network": False,
    "nobody": os.getuid() == 0,
    "show": [],
    "hide": ["/home", "/root", "/run"],
    "secret": [],
    "limits": {"memoryBytes": 3_000_000_000, "fileBytes": 10_000_000, "processes": 500},
}
VARIABLES = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}

# Each function is the body of a model's `predict`; `rows` is how many answers are due.
ATTACKS = {
    "prints on our pipe": "import os; os.write(1, b'x' * 1000); return np.zeros((rows, 3))",
    "writes answers itself": """
import os, struct
for fd in range(3, 20):
    try: os.write(fd, struct.pack('<Q', 3) + b'abc')
    except OSError: pass
return np.zeros((rows, 3))""",
    "patches what our process imports": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith('trainyard'):
        for key in dir(module):
            try: setattr(module, key, lambda *a, **k: None)
            except Exception: pass
return np.zeros((rows, 3))""",
    "leaves": "import os; os._exit(0)",
    "exits": "raise SystemExit(0)",
    "is killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "answers with code": """
class Bomb:
    def __reduce__(self): return (open, ('LOOT', 'w'))
return Bomb()""",
    "answers with too many rows": "return np.zeros((rows + 5, 3))",
    "fills the disk": "open('/tmp/large', 'wb').write(bytes(50_000_000)); return np.zeros((rows, 3))",
    "fills memory": "x = bytearray(4_000_000_000); x[::4096] = b'x' * len(x[::4096]); import time; time.sleep(20)",
}


REFUSALS = {"model-ended", "model-killed", "answers-unreadable", "prediction-failed", "answers-other-rows"}


def save_model(folder: Path, body: str) -> Path:
    import mlflow.pyfunc

    indented = "\n".join(f"        {line}" for line in body.strip().splitlines())
    script = folder / "model.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f"""
import numpy as np
import mlflow
from mlflow.models import set_model
class Evil(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rows = len(model_input)
{indented}
set_model(Evil())
""")
    example = np.zeros((2, 12, 12), dtype=np.float32)
    mlflow.pyfunc.save_model(
        folder / "saved",
        python_model=str(script),
        signature=infer(example, np.zeros((2, 3), dtype=np.float32)),
        pip_requirements=[],
    )
    return folder / "saved"


def run(model: Path, source: SavedModel, out: Path) -> tuple[int, dict]:
    box = json.dumps({"spec": NAMESPACES, "variables": VARIABLES})
    names = ["--model-uri", str(model), "--predictions", str(out / "p.parquet"), "--out", str(out / "out.json")]
    code = main([*names, "--holdout", str(source.holdout), *source.columns, "--box", box])
    return code, json.loads((out / "out.json").read_text())


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_from_predict_changes_nothing_but_the_answers(name: str, eager_model: SavedModel, tmp_path: Path):
    loot = tmp_path / "loot"
    model = save_model(tmp_path / "evil", ATTACKS[name].replace("LOOT", str(loot)))
    code, said = run(model, eager_model, tmp_path)
    assert not loot.exists()
    if code == 0:
        table = pq.read_table(tmp_path / "p.parquet")
        truth = np.load(eager_model.holdout)["label"]
        assert table.num_rows == len(truth)
        assert said["metrics"]["accuracy"] < 0.5
    else:
        assert code == 2
        refused = {"answers-unreadable", "answers-other-rows", "answers-no-distribution"}
        assert said["error"]["code"] in {"model-ended", "model-killed", "prediction-failed", *refused}


def test_the_holdout_and_the_work_of_our_process_are_out_of_sight(eager_model: SavedModel, tmp_path: Path):
    body = f"""
import os
found = [p for p in ({str(eager_model.holdout)!r}, {str(tmp_path / "out.json")!r}) if os.path.exists(p)]
raise RuntimeError('sees ' + repr(found) + repr(sorted(os.environ)))"""
    code, said = run(save_model(tmp_path / "evil", body), eager_model, tmp_path)
    assert code == 2
    assert "sees []" in said["error"]["message"]
    assert "MLFLOW_TRACKING_URI" not in said["error"]["message"]


@pytest.mark.parametrize("box", [[], ["--box", json.dumps({"spec": NAMESPACES, "variables": VARIABLES})]])
def test_a_model_that_is_killed_is_told_by_its_signal_and_its_memory(
    box: list[str], eager_model: SavedModel, tmp_path: Path
):
    model = save_model(tmp_path / "evil", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(tmp_path / "out.json")]
    held = ["--model-uri", str(model), *files, "--holdout", str(eager_model.holdout), *eager_model.columns]
    assert main([*held, *box]) == 2
    error = json.loads((tmp_path / "out.json").read_text())["error"]
    assert error["code"] == "model-killed"
    assert re.search(r"ended by SIGKILL; it held \d+\.\d GB of the machine's", error["message"])


def test_the_network_is_out_of_reach(eager_model: SavedModel, tmp_path: Path):
    body = """
import socket
raise RuntimeError(repr(socket.if_nameindex()) + str(socket.create_connection(('1.1.1.1', 53), 2)))"""
    code, said = run(save_model(tmp_path / "evil", body), eager_model, tmp_path)
    assert code == 2
    assert "Network is unreachable" in said["error"]["message"]


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "nothing"])
def test_an_export_that_is_no_plain_file_is_not_taken(kind: str, tmp_path: Path):
    secret, exported, target = tmp_path / "secret", tmp_path / "model.pt", tmp_path / "taken"
    secret.write_text("secret")
    if kind == "link":
        exported.symlink_to(secret)
    elif kind == "folder":
        exported.mkdir()
    elif kind == "pipe":
        os.mkfifo(exported)
    with pytest.raises(ModelError):
        copy_plain_file(exported, target)
    assert not target.exists()


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "XZ"
    except FileNotFoundError:
        return True


def test_what_a_model_has_started_ends_with_its_process():
    box = BoxedModel.__new__(BoxedModel)
    command = ["sh", "-c", "sleep 600 & echo $!; wait"]
    box._worker = subprocess.Popen(command, stdout=subprocess.PIPE)
    below = int(box._worker.stdout.readline())
    assert not is_gone(below)
    box.kill()
    until = time.monotonic() + 60
    while not is_gone(below):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert box._worker.stdout.read() == b""
    box._worker.wait()


def test_a_box_without_gpus_says_so_to_cuda(monkeypatch: pytest.MonkeyPatch):
    given = BoxOptions(NAMESPACES, {"A": "b", "CUDA_VISIBLE_DEVICES": "0,1"})
    assert without_gpus(given) == BoxOptions(NAMESPACES, {"A": "b", "CUDA_VISIBLE_DEVICES": ""})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert without_gpus(None) is None
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
