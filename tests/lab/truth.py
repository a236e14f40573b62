#!/usr/bin/env python3
"""truth.py SCENARIO PROXY VERSION DIRECTORY writes what really took place in a scenario, a JSON line
each, as truth for every capture of it: DIRECTORY/truth.POINT.jsonl. It knows this from the
scenario, the client (client.jsonl), the upstreams (upstreams.jsonl), the proxy's logs (log.*) and
those of a second proxy behind it (hops). README.md describes the lines.
"""
import json
import pathlib
import re
import sys

from scenarios import HOPS, POOLS, SCENARIOS, points

# Another upstream or another try gave a good answer: only the proxy's other leg shows the failure.
HIDDEN = {"retry-hidden", "slow-accept"}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def of_proxy(said, proxy):
    """A cause, or causes by proxy, `*` for the others."""
    return said.get(proxy, said.get("*")) if isinstance(said, dict) else said


def attempts(seen, step, served):
    """What the upstreams say of this exchange."""
    pool = POOLS[step.target.split("/")[1]]
    target = "/" + step.target.split("/", 2)[2] if pool.rewrite else step.target
    found = []
    for one in served:
        # One that never read the request cannot name it.
        named = one["target"] == target and one["method"] == step.method
        unnamed = one["target"] is None
        hop = one["upstream"].startswith("10.4.")
        if ((named or unnamed) and (one["upstream"] in pool.servers or hop)
                and seen["began"] - 0.05 <= one["at"] <= seen["began"] + max(seen["took"], 0.5) + 2.5):
            found.append({key: one[key] for key in ("upstream", "from", "nth", "status", "did")})
    return found


def short(line):
    """A log line as it is; of Caddy's long objects what says why."""
    if not line.startswith("{"):
        return line.strip()
    read = json.loads(line)
    said = {key: read[key] for key in ("level", "logger", "msg", "upstream", "status", "error", "duration") if key in read}
    return json.dumps(said)


def logged(seen, logs):
    """The proxy's log lines that name this exchange."""
    address, port = seen["client"].rsplit(":", 1)
    found = []
    for line in logs:
        mine = seen["client"] in line or '"remote_port":"%s"' % port in line
        named = seen["target"] + " " in line or '"uri":"%s"' % seen["target"] in line
        others = re.search(re.escape(address) + ":[0-9]", line) or '"remote_port"' in line
        if mine and (named or "error]" in line) or named and not others:
            found.append(short(line))
    return found[:6]


def exchange(seen, step, proxy, served, logs):
    cause = of_proxy(step.fails, proxy)
    failed = seen["status"] is None or seen["status"] >= 500 or not seen["whole"]
    if cause is None:
        assert not failed and seen["octets"] > 200, "a healthy exchange failed: %s" % seen
        return None
    tried = attempts(seen, step, served)
    if cause == "stale-keepalive" and not failed and any("request came" in one["did"] for one in tried):
        # It did meet the closed connection, and was sent again on another.
        cause = "retry-hidden"
    record = {"type": "failing" if failed or cause in HIDDEN else "passed"}
    assert not (failed and cause in HIDDEN), "nothing hid the failure: %s" % seen
    record.update({key: seen[key] for key in ("client", "proxy", "method", "target", "status")})
    record["cause"] = cause
    record["upstream"] = of_proxy(step.upstream, proxy)
    record["tried"] = POOLS[step.target.split("/")[1]].servers if record["upstream"] else []
    record.update({"whole": seen["whole"], "ended": seen["ended"], "took_s": seen["took"],
                   "attempts": tried, "log": logged(seen, logs)})
    return record


def of_hop(name, text):
    """The same exchange between the two proxies, from the second one's log, with its own cause."""
    address, cause, upstream, _ = HOPS[name]
    found = re.findall(r'(\S+:\d+) \[\S+\] \S+ \S+ \S+ (\d+) \d+ .*"(\S+) (\S+) HTTP/1.[01]"', text)
    records = [{"type": "failing", "client": client, "proxy": address, "method": method, "target": target, "status": int(status),
                "cause": cause, "upstream": upstream, "tried": [upstream], "whole": True, "ended": "answered", "took_s": None,
                "attempts": [], "log": [line for line in text.splitlines() if client in line]}
               for client, status, method, target in found if int(status) >= 500]
    assert len(records) == 1, text
    return records


def at_point(point, records, name, hops):
    """What is true of a capture taken there."""
    if point == "client":
        # Nothing of the upstream's leg is there; what the client did itself still is.
        seen = []
        for record in records:
            if record["type"] == "failing" and record["cause"] in HIDDEN:
                record = dict(record, type="passed")
            elif record["type"] == "failing":
                cause = record["cause"] if record["cause"] == "client-gave-up" else "upstream-leg-not-captured"
                record = dict(record, cause=cause, upstream=None, really=record["cause"])
            seen.append(record)
        return seen
    if point == "upstream":
        # Nothing of the client's leg is there, so no exchange that failed for a client.
        return [dict(record, type="unseen") for record in records]
    if name in HOPS and point in HOPS[name][3]:
        root = {"cause": HOPS[name][1], "upstream": HOPS[name][2]}
        return [dict(record, root=root) for record in records] + of_hop(name, hops)
    return records


def main(name, proxy, version, directory):
    directory = pathlib.Path(directory)
    scenario = SCENARIOS[name]
    seen = lines(directory / "client.jsonl")
    served = lines(directory / "upstreams.jsonl")
    logs = [line for file in sorted(directory.glob("log.*")) for line in file.read_text(errors="replace").splitlines()]
    assert len(seen) == sum(map(len, scenario.threads)), "%d exchanges" % len(seen)
    records = [exchange(one, scenario.threads[one["step"][0]][one["step"][1]], proxy, served, logs) for one in seen]
    records = [record for record in records if record]
    for point in points(name):
        kept = at_point(point, records, name, (directory / "hops").read_text())
        failing = sum(record["type"] == "failing" for record in kept)
        head = {"type": "capture", "scenario": name, "proxy": proxy, "version": version, "point": point,
                "failing": failing, "passed": sum(record["type"] == "passed" for record in kept),
                "healthy": len(seen) - len(records)}
        with open(directory / ("truth.%s.jsonl" % point), "w") as file:
            for record in [head, *kept]:
                file.write(json.dumps(record) + "\n")
    for record in records:
        print("  %-7s %s %s -> %s %s, %.2f s, %s: %s; %s" % (
            record["type"], record["method"], record["target"], record["status"], "" if record["whole"] else "cut",
            record["took_s"], record["cause"], record["upstream"],
            "; ".join("%s #%s %s" % (one["upstream"], one["nth"], one["did"]) for one in record["attempts"])))
        for line in record["log"]:
            print("          | " + line)


if __name__ == "__main__":
    main(*sys.argv[1:])
