"""The measurement of a training step in PyTorch, in the form that bench/versus.py reads."""
import argparse
import json
import statistics
import time

import torch

MODES = ["eager", "compile", "bf16", "compile_bf16"]  # bf16: autocast


def measure(name, model, loss_of, items, unit, mode, budget, same_weights):
    """Prints a line with the median time of a step of AdamW, of `items` that are called `unit`."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    if mode.startswith("compile"):
        torch.compiler.reset()  # or shapes that differ from those of the last workload would be compiled as variable
        loss_of = torch.compile(loss_of)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=mode.endswith("bf16")):
            loss = loss_of()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    first_loss = step()
    for _ in range(2):
        step()
    times, cpu_times, start = [], [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - start < budget and len(times) < 400):
        before, cpu_before = time.perf_counter(), time.process_time()
        loss = step()
        times.append(time.perf_counter() - before)
        cpu_times.append(time.process_time() - cpu_before)
    median = statistics.median(times)
    line = {"workload": name, "peer": "torch", "mode": mode, "ms_per_step": median * 1000,
            "cpu_ms_per_step": statistics.median(cpu_times) * 1000, "rate": items / median, "unit": f"{unit}/s",
            "params": sum(p.numel() for p in model.parameters()), "loss": loss, "n": len(times)}
    if same_weights and not mode.endswith("bf16"):
        line["first_loss"] = first_loss
    print(json.dumps(line), flush=True)


def main(description, workloads, same_weights=False):
    """Measures the chosen ones of `workloads`: functions that return a model, its loss, items and unit. With
    `same_weights`, weights and inputs are those of bench/workloads.cpp, and so is the first loss."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(workloads))
    parser.add_argument("--modes", default="eager", help="of " + ", ".join(MODES) + ", separated by commas")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=6, help="seconds for each")
    args = parser.parse_args()
    modes = args.modes.split(",")
    for mode in modes:
        if mode not in MODES:
            parser.error(f"--modes: {mode} is not one of {', '.join(MODES)}")
    torch.set_num_threads(args.threads)
    for name in args.only.split(","):
        for mode in modes:
            measure(name, *workloads[name](), mode, args.budget, same_weights)
