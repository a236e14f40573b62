//! The numbers of a capture in, what it lacks in short sentences out.

use super::figure::share;
use crate::http::Grade;
use crate::snapshot::Summary;
use crate::stats::Statistics;
use crate::units::{Count, Octets};

/// One thing that the capture lacks.
pub(super) struct Lack {
    /// Words of ours.
    pub says: String,
    /// What stands behind them that may quote somebody.
    pub quotes: Option<String>,
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
