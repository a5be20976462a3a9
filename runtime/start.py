"""Runs a command of Trainyard's own: `python -I start.py evaluate …`.

Isolated, Python heeds none of its variables, and looks for modules neither in the working folder nor in the user's.
The folder of this file comes first instead, so that nothing in a working copy can stand in for a module.
"""

import runpy
import sys
from pathlib import Path

if not sys.flags.isolated:
    sys.exit("start.py runs by `python -I` only: else a file of the working folder could stand in for a module.")
sys.path.insert(0, str(Path(__file__).resolve().parent))
command = sys.argv.pop(1)
runpy.run_module(f"trainyard.{command}", run_name="__main__", alter_sys=True)
