//! What a capture holds besides HTTP/1: an answer is never empty.

use super::super::paint::{Page, Style};
use super::connections::lines;
use super::{View, many};
use crate::http::Protocol;
use crate::units::Count;

/// Ports and reasons named on a line.
const NAMED: usize = 6;

const FOREIGN: [(Protocol, &str); 5] = [
    (Protocol::Tls, "TLS"),
    (Protocol::Http2, "HTTP/2"),
    (Protocol::Ssh, "SSH"),
    (Protocol::Socks, "SOCKS"),
    (Protocol::Unknown, "other"),
];

/// Instead of totals, where there is no exchange.
pub(super) fn without_http(page: &mut Page, view: &View<'_>) {
    let protocols = &view.statistics.protocols;
    page.add("  ").put(Style::Bold, "0 HTTP exchanges").add("   ");
    let found: Vec<String> = FOREIGN
        .iter()
        .filter(|(protocol, _)| protocols.count(*protocol) > 0)
        .map(|(protocol, name)| format!("{} {name}", Count(protocols.count(*protocol))))
        .collect();
    let connections = view.statistics.connections;
    match (view.summary.packets, connections) {
        (0, _) => page.add("the capture holds no packet"),
        (packets, 0) => page.add(&format!("no TCP connection among {}", many(packets, "packet"))),
        (_, attempts) if found.is_empty() => {
            page.add(&format!("no octet was sent on {}", many(attempts, "connection")))
        }
        _ => page.add(&format!("{} of {}", found.join(", "), many(connections, "connection"))),
    };
    page.end_line();
    let advice = if protocols.count(Protocol::Tls) > 0 {
        Some("TLS hides what it carries; capture behind the TLS terminator to see inside")
    } else if protocols.count(Protocol::Http2) > 0 {
        Some("HTTP/2 is recognised, but not decoded")
    } else if connections > 0 && protocols.empty == connections {
        Some("see how the attempts ended below")
    } else if view.summary.packets > 0 && connections == 0 {
        Some("HTTP/1 needs TCP: was the right interface captured, with the right filter?")
    } else {
        None
    };
    if let Some(advice) = advice {
        page.add("  ").put(Style::Dim, advice).end_line();
    }
    page.end_line();
}

pub(super) fn not_decoded(page: &mut Page, view: &View<'_>) {
    let protocols = &view.statistics.protocols;
    let foreign: Vec<_> =
        FOREIGN.iter().filter(|(protocol, _)| protocols.count(*protocol) > 0).collect();
    let skips: Vec<_> =
        view.summary.skips.iter().filter(|skip| skip.group != "duplicate").collect();
    let switches = view.statistics.switches;
    if foreign.is_empty() && skips.is_empty() && switches == 0 {
        return;
    }
    page.put(Style::Bold, "NOT DECODED").end_line();
    for (protocol, name) in foreign {
        let ports = protocols.ports(*protocol);
        let mut parts = vec![many(protocols.count(*protocol), "connection")];
        let named = ports.iter().take(NAMED);
        parts.extend(named.map(|one| format!("port {} × {}", one.port, Count(one.connections))));
        if ports.len() > NAMED {
            parts.push(many((ports.len() - NAMED) as u64, "further port"));
        }
        lines(page, view, name, &parts);
    }
    if switches > 0 {
        let parts = [format!(
            "{} that became tunnels (CONNECT) or another protocol (101)",
            Count(switches)
        )];
        lines(page, view, "switched", &parts);
    }
    if !skips.is_empty() {
        let total = skips.iter().map(|skip| skip.packets).sum();
        let mut skips = skips;
        skips.sort_by_key(|skip| std::cmp::Reverse(skip.packets));
        let mut parts: Vec<String> = skips
            .iter()
            .take(NAMED)
            .map(|skip| format!("{} {}", skip.reason, Count(skip.packets)))
            .collect();
        if skips.len() > NAMED {
            parts.push(format!(
                "{} (--stats)",
                many((skips.len() - NAMED) as u64, "further reason")
            ));
        }
        lines(page, view, &many(total, "packet"), &parts);
    }
    page.end_line();
}
