"""Run one function of an adapter in this process and print its figures as the last line: task.py ours fit '{...}'."""

from __future__ import annotations

import importlib
import json
import sys

if __name__ == "__main__":
    module, function, arguments = sys.argv[1:]
    figures = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print("\n" + json.dumps(figures))
