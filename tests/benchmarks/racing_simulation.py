"""How often racing drops the best model, and what it saves, over many simulated races; the last line is JSON."""

import json
import sys

import numpy as np

BETS = np.arange(1, 16) / 16


def races(accuracies, pool, replications, alpha=0.05, seed=1):
    """False eliminations of the pool's best, and the share of evaluations saved."""
    rng = np.random.default_rng(seed)
    models = len(accuracies)
    x = rng.random((replications, pool, models)) < np.asarray(accuracies)
    totals = x.sum(1)
    best = totals == totals.max(1, keepdims=True)
    running = np.ones((replications, models), bool)
    log_wealth = np.zeros((replications, models, models, len(BETS)))  # [j, i]: evidence that j beats i
    gap = np.zeros((replications, models, models))
    used = 0
    for t in range(pool):
        used += int((running & (running.sum(1, keepdims=True) > 1)).sum())
        live = running[:, :, None] & running[:, None, :]
        expected = -gap / (pool - t)
        d = (x[:, t, :, None].astype(float) - x[:, t, None, :]) * live
        scale = np.minimum(1, 1 / np.maximum(1 + expected, 1e-9))
        step = np.log1p(np.maximum(BETS * (scale * (d - expected))[..., None], -1 + 1e-12))
        log_wealth += np.where(live[..., None], step, 0)
        gap += d
        e = np.where(gap > pool - t - 1, np.inf, np.exp(np.minimum(log_wealth, 600)).mean(-1))
        e[:, np.arange(models), np.arange(models)] = 0
        running &= ~((e.sum(1) / (models - 1) >= 1 / alpha) & (running.sum(1, keepdims=True) > 1))
    return float((best & ~running).any(1).mean()), 1 - used / (replications * pool * models)


if __name__ == "__main__":
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    result = {"replications": replications}
    for name, accuracies in (("spread", np.linspace(0.25, 0.6, 6)), ("close", np.linspace(0.5, 0.55, 6))):
        false, saved = races(accuracies, 300, replications)
        print(f"{name}: best dropped in {false:.2%} of races, {saved:.1%} of evaluations saved")
        result[name] = {"false_elimination": false, "saved": round(saved, 4)}
    print(json.dumps(result))
