"""Everything that may go wrong with a script, chosen by params["fault"]; shows how each ends its task."""

import os
import subprocess
import sys
import time


def run(input_path, output_path, params, job):
    fault = params.get("fault", "none")
    print(f"fault: {fault}")
    with open(os.path.join(output_path, "pid"), "w") as file:
        file.write(str(os.getpid()))
    if fault == "throw":
        raise ValueError("the data is upside down")
    if fault == "exit":
        sys.stdout.flush()
        os._exit(3)
    if fault == "silent":
        os._exit(0)
    if fault == "segfault":
        os.kill(os.getpid(), 11)
    if fault == "nan":
        job.epoch(1, 2, {"loss": 0.5})
        job.epoch(2, 2, {"loss": float("nan")})
        time.sleep(600)
    if fault == "bare_nan":
        print('::eventml {"type":"result","stats":{"loss":NaN}}')
        time.sleep(600)
    if fault == "nan_result":
        return {"nested": {"loss": [1.0, float("inf")]}}
    if fault == "backwards":
        job.epoch(2, 3, {"loss": 0.5})
        job.epoch(1, 3, {"loss": 0.4})
        time.sleep(600)
    if fault == "list":
        return [1, 2]
    if fault == "garbage":
        sys.stdout.flush()
        os.write(1, b"half \xe4\xb8 and nul \0 here\n::eventml {broken\n::eventml [1]\n")
        os.write(2, b"long " + b"x" * 3_000_000 + b"\nlone \xed\xa0\x80 end\n")
        return {"text": "lone \ud800 surrogate and nul \0"}
    if fault == "fork":
        child = subprocess.Popen(["sleep", "600"])
        escaped = subprocess.Popen(["setsid", "sleep", "600"])
        with open(os.path.join(output_path, "grandchildren"), "w") as file:
            file.write(f"{child.pid} {escaped.pid}")
        job.progress(1, 2, "forked")
        time.sleep(600)
    if fault == "hang":
        job.progress(1, 2, "hanging")
        while True:
            time.sleep(600)
    if fault == "polite":
        job.progress(1, 2, "waiting")
        while not job.cancelled:
            time.sleep(0.01)
        return {"ended": "by request"}
    if fault == "memory":
        blocks = []
        while True:
            blocks.append(bytearray(10_000_000))
    print("partial line", end="")
    job.progress(1, 1)
    return {"total_records": 3, "input": input_path, "user": os.getuid(), "environment": sorted(os.environ), "cwd": os.getcwd()}
