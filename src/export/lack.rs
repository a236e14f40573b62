//! The numbers of a capture in, what it lacks in short sentences out.

use super::figure::share;
use crate::http::Grade;
use crate::snapshot::{Checksums, Summary};
use crate::stats::Statistics;
use crate::units::{Count, Octets};

/// One thing that the capture lacks.
pub(super) struct Lack {
    /// Words of ours.
    pub says: String,
    /// What stands behind them that may quote somebody.
    pub quotes: Option<String>,
}

/// What is said of copies, behind how many there are.
pub(super) const COPIED: &str = "are copies of others: captured at several interfaces, or by a mirror port \
                                 that sees packets twice; each was counted once";

/// What wrong checksums are like, behind how many there are.
pub(super) fn wrong_checksums(checksums: &Checksums) -> String {
    let then = if checksums.verified { "left out" } else { "read all the same" };
    let of = format!("of {} looked at are wrong", Count(checksums.checked));
    let [(host, checked, wrong), more @ ..] = &checksums.mostly_wrong[..] else {
        return format!("{of}: damage on the way; {then}");
    };
    let more = match more.len() {
        0 => String::new(),
        more => format!(" (and of {more} more)"),
    };
    let share = share(*wrong, *checked);
    format!("{of}, {share} of {host}{more}: network cards fill them in behind the capture; {then}")
}

/// Everything that the capture lacks, and what went wrong on the way.
pub(super) fn of(summary: &Summary, statistics: &Statistics) -> Vec<Lack> {
    let quality = &statistics.quality;
    let mut lacks = Vec::new();
    for damage in summary.inputs.iter().flat_map(|input| &input.damages) {
        let quotes = Some(damage.message.clone());
        lacks.push(Lack { says: "damaged: ".to_owned(), quotes });
    }
    let dropped = summary.dropped().unwrap_or(0);
    if let Some(grade) = statistics.trust.grade(dropped).filter(|grade| *grade > Grade::A) {
        let (doubtful, of) = (Count(statistics.trust.doubtful()), Count(statistics.exchanges));
        let doubts = statistics.trust.doubts().into_iter().take(3);
        let doubts =
            doubts.map(|(doubt, count)| format!(", {} × {}", Count(count), doubt.meaning()));
        let says =
            format!("trust {}: {doubtful} of {of} exchanges not certainly whole", grade.name());
        lacks.push(Lack { says: std::iter::once(says).chain(doubts).collect(), quotes: None });
    }
    let mut say = |count: u64, says: String| {
        if count > 0 {
            lacks.push(Lack { says, quotes: None });
        }
    };
    for input in &summary.inputs {
        say(input.more_damages, format!("{} more damaged places", Count(input.more_damages)));
    }
    say(dropped, format!("{} packets dropped by the capturing system", Count(dropped)));
    let copies = summary.copies();
    let copied = format!("{} of the segments {}", share(copies.copies, copies.all()), COPIED);
    say(if copies.are_notable() { copies.copies } else { 0 }, copied);
    let wrong = summary.checksums.wrong;
    say(wrong, format!("{} TCP checksums {}", Count(wrong), wrong_checksums(&summary.checksums)));
    let of = format!("of {} of payload", Octets(quality.octets));
    say(quality.missing, format!("{} lost, {of}", Octets(quality.missing)));
    say(quality.cut, format!("{} cut off by the snap length, {of}", Octets(quality.cut)));
    say(quality.midstream, format!("{} connections had begun before", Count(quality.midstream)));
    let one_sided = Count(quality.one_sided);
    say(quality.one_sided, format!("{one_sided} connections of which one side was captured"));
    let again = share(quality.retransmissions, quality.segments);
    let again = format!("{} retransmissions, {again} of segments", Count(quality.retransmissions));
    say(quality.retransmissions, again);
    let reordered = format!("{} segments were overtaken", Count(quality.reordered));
    say(quality.reordered, reordered);
    say(summary.earlier, format!("{} packets are earlier than one before", Count(summary.earlier)));
    say(u64::from(summary.stopped), "reading stopped before the end of the capture".to_owned());
    lacks
}
