"""python3 -m eventml.run SCRIPT: calls the script's run(input_path, output_path, params[, job]) and reports what it returns."""

import importlib.util
import inspect
import os
import sys
import traceback

from .job import open_job


def load(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location("eventml_script", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["eventml_script"] = module
    spec.loader.exec_module(module)
    run = getattr(module, "run", None)
    if not callable(run):
        raise AttributeError(f"{os.path.basename(path)} has no function run(input_path, output_path, params)")
    return run


def takes_job(run):
    parameters = list(inspect.signature(run).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) >= 4 or any(p.kind == p.VAR_POSITIONAL for p in parameters)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python3 -m eventml.run SCRIPT")
    job = open_job()
    code = 0
    try:
        run = load(sys.argv[1])
        arguments = [job.input_path, job.output_path, job.params] + ([job] if takes_job(run) else [])
        stats = run(*arguments)
        job._send({"type": "result", "stats": {} if stats is None else stats})
    except BaseException as error:  # a script may also call sys.exit
        if isinstance(error, SystemExit) and error.code in (None, 0):
            message = "The script called sys.exit() instead of returning its statistics."
        else:
            message = "".join(traceback.format_exception_only(type(error), error)).strip()
        job._send({"type": "error", "message": message, "detail": traceback.format_exc()})
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Tearing down torch takes up to half a second and nothing here needs it.
    os._exit(code)


if __name__ == "__main__":
    main()
