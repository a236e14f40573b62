#!/usr/bin/env python3
"""table.py writes README.md's table, between its two marks, and logs.md beside it from the truths of
the shipped captures: what each proxy made of each failure, as it was measured.
"""
import json
import pathlib
import re

from scenarios import SCENARIOS

PROXIES = ("nginx", "haproxy", "apache", "caddy")
HERE = pathlib.Path(__file__).parent
ENDS = {"gave up": "client left", "closed by the proxy": "closed", "reset by the proxy": "reset"}


def exchanges(proxy, scenario):
    path = HERE / "captures" / proxy / (scenario + ".any.jsonl")
    if not path.exists():
        return None, []
    head, *rest = [json.loads(line) for line in path.read_text().splitlines()]
    return head, rest


def got(one):
    """What the client got, and after how long."""
    if one["status"] is None:
        what = ENDS.get(one["ended"], "octets without a status line")
    else:
        what = str(one["status"]) + ("" if one["whole"] else " cut")
    took = "" if one["took_s"] is None else " %.1f s" % one["took_s"] if one["took_s"] >= 0.4 else ""
    return what + took + (" \\*" if one["type"] == "passed" else "")


def said(one):
    """The words of the log that tell this failure from another."""
    words = []
    for line in one["log"]:
        if line.startswith("{"):
            read = json.loads(line)
            words.append(read.get("error") or read["msg"] if read["msg"] != "handled request" else "")
        elif found := re.search(r"\[(?:error|info|warn|crit)\] \d+#\d+: \*\d+ (.*?), client:", line):
            words.append(found[1])
        elif found := re.search(r"(AH\d+: .*)", line):
            words.append(found[1])
        elif found := re.search(r" ([A-Za-z-]{4}) \d+/\d+/\d+/\d+/(\+?\d+) ", line):
            words.append("state %s, retries %s" % found.groups())
        elif found := re.search(r"upstream_status=\[(.*?)\]", line):
            words.append("upstream_status=" + found[1])
    words = list(dict.fromkeys(word for word in words if word))
    return "; ".join(words).replace("|", "\\|") or "nothing"


def main():
    versions, rows, logs = {}, [], {proxy: [] for proxy in PROXIES}
    for scenario in SCENARIOS:
        cells, causes = [], []
        for proxy in PROXIES:
            head, played = exchanges(proxy, scenario)
            if head:
                versions[proxy] = head["version"]
            played = [one for one in played if not one["proxy"].startswith(("127.", "10.2."))]
            causes += [one["cause"] for one in played]
            cells.append("<br>".join(got(one) for one in played) if head else "")
            logs[proxy] += ["| %s | %s | %s | %s |" % (scenario, one["cause"], got(one), said(one)) for one in played]
        if causes and not scenario.startswith("crowd"):
            rows.append("| %s | %s | %s |" % (scenario, "<br>".join(dict.fromkeys(causes)), " | ".join(cells)))
    names = ["%s %s" % (proxy, versions[proxy]) for proxy in PROXIES]
    table = "| scenario | cause | %s |\n| --- | --- | --- | --- | --- | --- |\n%s\n" % (" | ".join(names), "\n".join(rows))
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition("<!-- table.py -->\n")
    _, _, after = rest.partition("<!-- /table.py -->\n")
    readme.write_text(before + "<!-- table.py -->\n" + table + "<!-- /table.py -->\n" + after)
    with open(HERE / "logs.md", "w") as file:
        file.write("# What the proxies log of each failure\n\nWritten by `table.py` from the shipped truths. `*`: the client's answer was good.\n")
        for proxy, name in zip(PROXIES, names):
            lines = [line for line in dict.fromkeys(logs[proxy]) if not line.startswith("| crowd")]
            file.write("\n## %s\n\n| scenario | cause | the client got | the log says |\n| --- | --- | --- | --- |\n%s\n" % (name, "\n".join(lines)))


if __name__ == "__main__":
    main()
