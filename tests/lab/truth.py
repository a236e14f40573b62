#!/usr/bin/env python3
"""truth.py SCENARIO PROXY VERSION DIRECTORY writes what really took place in a scenario, a JSON line
each, as truth for every capture of it: DIRECTORY/truth.POINT.jsonl. It knows this from the
scenario, the client (client.jsonl), the upstreams (upstreams.jsonl) and the proxy's logs (log.*).
"""
import json
import pathlib
import sys

from scenarios import POOLS, SCENARIOS

POINTS = ("any", "client", "upstream", "both", "chain")
# What fails an exchange whose answer is good: another upstream or another try gave that answer.
HIDDEN = {"retry-hidden", "slow-accept"}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def of_proxy(said, proxy):
    """A cause, or causes by proxy, `*` for the others."""
    return said.get(proxy, said.get("*")) if isinstance(said, dict) else said


def attempts(seen, step, served):
    """What the upstreams say of this exchange."""
    pool = POOLS[step.target.split("/")[1]]
    target = "/" + step.target.split("/", 2)[2] if pool.rewrite else step.target
    found = []
    for one in served:
        named = one["target"] == target and one["method"] == step.method
        unnamed = one["target"] is None and one["upstream"] in pool.servers
        if (named or unnamed) and seen["began"] - 0.05 <= one["at"] <= seen["began"] + max(seen["took"], 0.5) + 2.5:
            found.append({key: one[key] for key in ("upstream", "from", "nth", "status", "did")})
    return found


def logged(seen, logs):
    """The proxy's log lines that name this exchange, without what only its own clock knows."""
    address, port = seen["client"].rsplit(":", 1)
    found = []
    for line in logs:
        mine = seen["client"] in line or '"remote_port":"%s"' % port in line
        if seen["target"] + " " in line or '"uri":"%s"' % seen["target"] in line or (mine and "error" in line):
            # A line that names another client's port is not ours.
            if mine or ("%s:" % address not in line and '"remote_port"' not in line):
                found.append(line.strip())
    return found[:8]


def exchange(seen, step, proxy, served, logs):
    cause = of_proxy(step.fails, proxy)
    failed = seen["status"] is None or seen["status"] >= 500 or not seen["whole"]
    if cause is None:
        assert not failed, "a healthy exchange failed: %s" % seen
        return None
    kind = "failing" if failed or cause in HIDDEN else "passed"
    record = {"type": kind}
    record.update({key: seen[key] for key in ("client", "proxy", "method", "target", "status")})
    record["cause"] = cause if kind == "failing" else None
    record["upstream"] = of_proxy(step.upstream, proxy)
    record.update({"whole": seen["whole"], "ended": seen["ended"], "took_s": seen["took"],
                   "attempts": attempts(seen, step, served), "log": logged(seen, logs)})
    if of_proxy(step.note, proxy):
        record["note"] = of_proxy(step.note, proxy)
    return record


def main(name, proxy, version, directory):
    directory = pathlib.Path(directory)
    scenario = SCENARIOS[name]
    seen = lines(directory / "client.jsonl")
    served = lines(directory / "upstreams.jsonl")
    logs = [line for file in sorted(directory.glob("log.*")) for line in file.read_text(errors="replace").splitlines()]
    assert len(seen) == sum(map(len, scenario.threads)), "%d exchanges" % len(seen)
    records = [exchange(one, scenario.threads[one["step"][0]][one["step"][1]], proxy, served, logs) for one in seen]
    records = [record for record in records if record]
    failing = [record for record in records if record["type"] == "failing"]
    for point in POINTS:
        kept = records
        if point == "client":
            # Nothing of the upstream's leg is there; what the client did itself still is.
            kept = [dict(record, cause=record["cause"] if record["cause"] == "client-gave-up" else "upstream-leg-not-captured",
                         upstream=None, really=record["cause"]) if record["type"] == "failing" else record for record in records]
        elif point == "upstream":
            # Nothing of the client's leg is there, so no exchange that failed for a client.
            kept = [dict(record, type="unseen") for record in records]
        head = {"type": "capture", "scenario": name, "proxy": proxy, "version": version, "point": point,
                "failing": 0 if point == "upstream" else len(failing), "healthy": len(seen) - len(failing)}
        with open(directory / ("truth.%s.jsonl" % point), "w") as file:
            for record in [head, *kept]:
                file.write(json.dumps(record) + "\n")
    for record in records:
        print("  %-7s %s %s -> %s %s, %.2f s, %s: %s; %s" % (
            record["type"], record["method"], record["target"], record["status"], "" if record["whole"] else "cut",
            record["took_s"], record["cause"], record["upstream"],
            "; ".join("%s #%s %s" % (one["upstream"], one["nth"], one["did"]) for one in record["attempts"])))
        for line in record["log"]:
            print("          | " + line[:400])


if __name__ == "__main__":
    main(*sys.argv[1:])
