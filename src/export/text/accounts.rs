//! The accounts (`--stats`): every packet and every octet of payload, and that nothing is left over.

use super::super::paint::{Page, Style};
use super::super::table::{Cell, Table, plain};
use super::{View, share};
use crate::units::Count;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let (summary, ledger) = (view.summary, &view.summary.ledger);
    let mut table = Table::new("<><", &["PACKETS", "", ""]);
    table.row(entry("read", summary.packets, ""));
    table.row(entry("= segments", summary.segments, "of TCP"));
    table.row(entry("+ signals", summary.signals, "ICMP errors, ARP, neighbour discovery"));
    for skip in &summary.skips {
        let name = format!("+ {}", skip.reason);
        table.row([plain(name), plain(Count(skip.packets)), (skip.group.to_owned(), Style::Dim)]);
    }
    let accounted = summary.segments + summary.signals + summary.skipped();
    table.row(balance(summary.packets, accounted));
    table.write(page, view.options.columns);
    page.end_line();

    let mut table = Table::new("<><", &["OCTETS OF PAYLOAD", "", ""]);
    table.row(entry("received", ledger.received, "captured"));
    let of = |count| share(count, ledger.received);
    for (name, count, note) in [
        ("= borrowed", ledger.borrowed, "read where they lay in the packet"),
        ("+ held", ledger.held, "came early: copied, read later"),
        ("+ passed", ledger.passed, "came early inside a body: counted, not copied"),
        ("+ repeated", ledger.repeated, "were there already"),
        ("+ discarded", ledger.discarded, "no receiver takes them"),
        ("+ holding", ledger.holding, "still waiting for what is before them"),
    ] {
        table.row([
            plain(name),
            plain(Count(count)),
            (format!("{}   {note}", of(count)), Style::Dim),
        ]);
    }
    table.row(balance(ledger.received, ledger.accounted()));
    table.row(entry("missing", ledger.missing, "sent, but in no packet of the capture"));
    table.row(entry("carried", summary.carried, "of heads and lines that straddle segments"));
    table.write(page, view.options.columns);
    page.end_line();

    let population = &summary.population;
    let mut table = Table::new("<><", &["CONNECTIONS AND HEADS", "", ""]);
    table.row(entry("begun", population.begun, "connections"));
    table.row(entry("most", population.most, "tracked at one time"));
    table.row(entry("memory", population.memory >> 20, "MiB that they took, at most"));
    table.row(entry("evicted", population.evicted, "given up, too many or too large"));
    let forgotten = &view.statistics.forgotten;
    let kept = [
        ("unwatched", forgotten.parties, "servers, clients … that rules had no room for"),
        ("forgotten", forgotten.evidence, "exchanges … that diagnosis had no room for"),
        ("hurried", forgotten.judged_at_once, "exchanges judged without what came behind"),
    ];
    for (name, count, note) in kept.into_iter().filter(|(_, count, _)| *count > 0) {
        table.row(entry(name, count, note));
    }
    table.row(entry("heads", summary.heads, "of messages read"));
    table.row(entry("tolerated", summary.tolerated, "of them only by the tolerant reading"));
    table.write(page, view.options.columns);
    page.end_line();
}

fn entry(name: &str, count: u64, note: &str) -> [Cell; 3] {
    [plain(name), plain(Count(count)), (note.to_owned(), Style::Dim)]
}

fn balance(total: u64, accounted: u64) -> [Cell; 3] {
    if total == accounted {
        return [plain(""), plain(Count(accounted)), plain("✔ it balances")];
    }
    let off = format!("✖ off by {}: a defect, please report it", total.abs_diff(accounted));
    [plain(""), plain(Count(accounted)), (off, Style::Failure)]
}
