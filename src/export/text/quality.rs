//! The sections on flaws of messages and on what the capture lacks.

use super::super::paint::{Page, Style};
use super::super::table::{Table, plain};
use super::{View, further, many, share};
use crate::http::Grade;
use crate::units::{Count, Duration, Octets};

/// A smaller step back in time is how captures on several processors or interfaces are.
const NOTABLE_STEP: Duration = Duration::from_millis(10);

pub(super) fn flaws(page: &mut Page, view: &View<'_>) {
    let mut counts: Vec<_> = view.statistics.flaws.iter().collect();
    if counts.is_empty() {
        return;
    }
    counts.sort_by_key(|count| std::cmp::Reverse(count.messages));
    let mut table = Table::new("<>><", &["FLAWS", "messages", "first", ""]);
    for count in counts.iter().take(view.options.top) {
        table.row([
            plain(count.flaw.name()),
            plain(Count(count.messages)),
            plain(format!("#{}", Count(count.first_packet))),
            (count.flaw.meaning().trim().to_owned(), Style::Dim),
        ]);
    }
    table.write(page, view.options.columns);
    let more = counts.len().saturating_sub(view.options.top);
    further(page, more as u64, "flaw", "flaws");
    page.end_line();
}

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let (summary, quality) = (view.summary, &view.statistics.quality);
    let forgotten = &view.statistics.forgotten;
    if quality.segments == 0 && summary.dropped().is_none() && !summary.is_damaged() {
        return;
    }
    let mut table = Table::new("<><", &["CAPTURE QUALITY", "", ""]);
    let mut warn = |name: &str, count: u64, value: String, note: String| {
        if count > 0 {
            table.row([(name.to_owned(), Style::Warning), plain(value), (note, Style::Dim)]);
        }
    };
    let octets = |count| Octets(count).to_string();
    let counted = |count| Count(count).to_string();
    let damages: u64 = summary
        .inputs
        .iter()
        .map(|input| input.more_damages.saturating_add(input.damages.len() as u64))
        .sum();
    let trust = &view.statistics.trust;
    let grade = trust.grade(summary.dropped().unwrap_or(0)).filter(|grade| *grade > Grade::A);
    let mostly = trust.doubts().first().map(|(doubt, _)| format!(": {}", doubt.meaning()));
    let note = format!(
        "{} of {} not certainly whole{}",
        Count(trust.doubtful()),
        many(view.statistics.exchanges, "exchange"),
        mostly.unwrap_or_default()
    );
    warn("trust", u64::from(grade.is_some()), grade.map_or("", Grade::name).to_owned(), note);
    warn("damaged places", damages, counted(damages), "see the warnings".to_owned());
    let dropped = summary.dropped().unwrap_or(0);
    warn("dropped", dropped, counted(dropped), "packets, by the capturing system".to_owned());
    let holed = format!("in {}", many(quality.holed, "connection"));
    let checksums = &summary.checksums;
    let wrong = super::super::lack::wrong_checksums(checksums);
    warn("checksums", checksums.wrong, counted(checksums.wrong), wrong);
    let lost = format!("of {} of payload, {holed}", Octets(quality.octets));
    warn("lost", quality.missing, octets(quality.missing), lost);
    let cut = format!("by the snap length; capture whole packets ({holed})");
    warn("cut", quality.cut, octets(quality.cut), cut);
    let midstream = "the capture began inside these connections".to_owned();
    warn("mid-stream", quality.midstream, counted(quality.midstream), midstream);
    let one_sided = "connections of which one side alone was captured".to_owned();
    warn("one-sided", quality.one_sided, counted(quality.one_sided), one_sided);
    let back = summary.largest_step_back.map(|step| step.to_string()).unwrap_or_default();
    let clock = format!("packets are earlier than one before them, by up to {back}");
    let notable = summary.largest_step_back.is_some_and(|step| step >= NOTABLE_STEP);
    warn("clock", if notable { summary.earlier } else { 0 }, counted(summary.earlier), clock);
    let evicted = "connections given up: too many, or too large; --memory allows more".to_owned();
    warn("given up", summary.population.evicted, counted(summary.population.evicted), evicted);
    let unwatched = "servers, clients … that rules could not watch: too many".to_owned();
    warn("unwatched", forgotten.parties, counted(forgotten.parties), unwatched);
    let hurried = "exchanges judged without what came behind them: too many waited".to_owned();
    warn("hurried", forgotten.judged_at_once, counted(forgotten.judged_at_once), hurried);
    let unexamined = "failures: too many at one time to wait for the evidence of all".to_owned();
    warn("not explained", quality.unexamined, counted(quality.unexamined), unexamined);
    let mut note = |name: &str, count: u64, note: String| {
        if count > 0 {
            table.row([plain(name), plain(Count(count)), (note, Style::Dim)]);
        }
    };
    let of = |count| {
        format!("{} of {}", share(count, quality.segments), many(quality.segments, "segment"))
    };
    note("retransmissions", quality.retransmissions, of(quality.retransmissions));
    note("reordered", quality.reordered, of(quality.reordered));
    note(
        "duplicates",
        summary.copies().copies,
        "packets that the capture holds twice; counted once".to_owned(),
    );
    note("zero windows", quality.zero_windows, "a receiver that did not keep up".to_owned());
    let conflicts = "ranges sent in two versions: an attack, or a broken device".to_owned();
    note("conflicts", quality.conflicts, conflicts);
    let urgent =
        "segments with an octet that TCP marks as urgent; --urgent says what it is".to_owned();
    note("urgent data", quality.urgent, urgent);
    if table.is_empty() {
        page.put(Style::Bold, "CAPTURE QUALITY").end_line();
        page.add("  ✔ nothing lost, cut, repeated or out of order").end_line();
    } else {
        table.write(page, view.options.columns);
    }
    page.end_line();
}
