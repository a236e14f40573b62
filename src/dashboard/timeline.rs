//! What happened during an exchange, a line an event, with times, bars and packet numbers.

use super::detail::Pieces;
use super::theme::Meaning;
use super::widget::{fit, right};
use super::words::{safe, unanswered};
use crate::export::detail::legs;
use crate::export::escape;
use crate::flow::Mark;
use crate::http::{Exchange, Message};
use crate::snapshot::{Row, Whole};
use crate::units::{Count, Duration, Octets, Timestamp};

/// Columns of the bars, where there is no room for more.
const BAR: usize = 12;

/// Doublings of the bars at most: a second becomes a quarter of a microsecond.
const CLOSEST: u32 = 22;

/// The part of the time that the bars show: one of 2^n equally long ones, moved by quarters of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Window {
    closeness: u32,
    quarters: u64,
}

impl Window {
    /// Whether there is more than it shows.
    pub const fn is_part(self) -> bool {
        self.closeness > 0
    }

    /// Half as long, in the same middle.
    pub fn closer(self) -> Self {
        if self.closeness >= CLOSEST {
            return self;
        }
        Self { closeness: self.closeness + 1, quarters: self.quarters * 2 + 2 }.within()
    }

    /// Twice as long.
    pub fn wider(self) -> Self {
        let closeness = self.closeness.saturating_sub(1);
        Self { closeness, quarters: self.quarters.saturating_sub(2) / 2 }.within()
    }

    /// A quarter later, or earlier.
    pub fn moved(self, later: bool) -> Self {
        let quarters = if later { self.quarters + 1 } else { self.quarters.saturating_sub(1) };
        Self { quarters, ..self }.within()
    }

    fn within(self) -> Self {
        let last = ((1_u64 << self.closeness) - 1) * 4;
        Self { quarters: self.quarters.min(last), ..self }
    }

    /// Where it begins and how long it is, of a time of so many nanoseconds.
    fn of(self, span: u64) -> (u64, u64) {
        let length = (span >> self.closeness).max(1);
        let begin = (u128::from(span) * u128::from(self.quarters)) >> (self.closeness + 2);
        (u64::try_from(begin).unwrap_or(u64::MAX), length)
    }

    /// What it shows, for people.
    pub fn says(self) -> String {
        if self.is_part() {
            format!("bars: 1/{} of the time; h l move, - widens", 1_u64 << self.closeness)
        } else {
            "bars: all of the time; + zooms in".to_owned()
        }
    }
}

/// What happened when: a line an event.
pub(super) fn timeline(
    row: &Row,
    whole: Option<&Whole>,
    columns: usize,
    window: Window,
) -> Vec<Pieces> {
    let place = format!(
        "{} → {}   connection {}, request {} on it",
        row.client, row.server, row.connection, row.nth
    );
    // Times, sizes and packet numbers have their place; the bars and the words share the rest.
    let bars = columns >= 72;
    let taken = 13 + 2 + if bars { BAR + 1 } else { 0 } + 8 + 13;
    let words = columns.saturating_sub(taken).clamp(8, 46);
    let bar_columns = BAR + columns.saturating_sub(taken + words).min(BAR * 2);
    let at = row.at.to_string();
    let clock = at.get(11..23).unwrap_or_default().to_owned();
    let mut lines = vec![vec![
        (format!("{clock:>12} "), Meaning::Dim),
        ("┃ ".to_owned(), Meaning::Frame),
        (place, Meaning::Plain),
    ]];
    let Some(whole) = whole else {
        lines.push(vec![(
            "             ┃ not kept whole; it is being read again …".to_owned(),
            Meaning::Dim,
        )]);
        return lines;
    };
    let exchange = &*whole.exchange;
    let begin = exchange.request.as_ref().map_or_else(|| exchange.first(), |request| request.first);
    let mut events = events(exchange);
    for verdict in &whole.verdicts {
        for evidence in &verdict.evidence {
            if events.iter().all(|event| event.mark.packet != evidence.mark.packet) {
                let says = escape::text(evidence.says.as_bytes()).into_owned();
                events.push(Event::new(evidence.mark, says, Meaning::Warning));
            }
        }
        for (nth, leg) in verdict.legs.iter().enumerate().skip(1).take(legs::TRIES) {
            let port = leg.server.port();
            for (mark, moment) in leg.moments.iter().take(legs::MOMENTS) {
                if events.iter().any(|event| event.mark.packet == mark.packet) {
                    continue;
                }
                let what = format!("try {nth} to :{port}: {}", legs::says(moment, leg, false));
                events.push(Event::new(*mark, what, Meaning::Warning));
            }
        }
    }
    events.sort_by_key(|event| (event.mark.at, event.mark.packet));
    let last = events.iter().map(|event| event.until.unwrap_or(event.mark).at).max();
    let first = events.first().map_or(begin.at, |event| event.mark.at);
    let span = last.map_or(0, |last| last.since(first).as_nanos()).max(1);
    for event in events {
        let after = if event.mark.at < begin.at {
            format!("-{}", begin.since(event.mark))
        } else {
            format!("+{}", event.mark.since(begin))
        };
        let bar =
            if bars { bar(first, window.of(span), &event, bar_columns) } else { String::new() };
        lines.push(vec![
            (format!("{after:>12} "), Meaning::Dim),
            ("┃ ".to_owned(), Meaning::Frame),
            (bar, Meaning::Bar),
            (fit(&event.what, words), event.meaning),
            (right(&event.size, 8), Meaning::Plain),
            (format!("  #{}", Count(event.mark.packet)), Meaning::Dim),
        ]);
    }
    lines
}

/// One thing that happened.
struct Event {
    mark: Mark,
    /// The end of what lasts.
    until: Option<Mark>,
    what: String,
    size: String,
    meaning: Meaning,
}

impl Event {
    const fn new(mark: Mark, what: String, meaning: Meaning) -> Self {
        Self { mark, until: None, what, size: String::new(), meaning }
    }
}

fn events(exchange: &Exchange) -> Vec<Event> {
    let mut events = Vec::new();
    let size = |message: &Message| Octets(message.content).to_string();
    if let Some(request) = &exchange.request {
        let beside = match (exchange.connect, exchange.idle_before) {
            (Some(connect), _) => format!(", handshake {connect}"),
            (None, Some(idle)) => format!(", {idle} idle before"),
            (None, None) => String::new(),
        };
        events.push(Event {
            mark: request.first,
            until: Some(request.last),
            what: format!("request{beside}"),
            size: size(request),
            meaning: Meaning::Plain,
        });
    }
    for interim in &exchange.interim {
        let status = safe(interim.head.status_octets());
        events.push(Event::new(
            interim.first,
            format!("interim response {status}"),
            Meaning::Plain,
        ));
    }
    match (&exchange.response, exchange.unanswered) {
        (Some(response), _) => {
            let think = exchange.think_time();
            let waited = think.map(|think| format!(" after {think}")).unwrap_or_default();
            let status = safe(response.head.status_octets());
            events.push(Event {
                mark: response.first,
                until: Some(response.last),
                what: format!("response {status}{waited}"),
                size: size(response),
                meaning: Meaning::of_status(exchange.status()),
            });
            if let Some((pause, packet)) = response.longest_pause
                && pause >= Duration::from_millis(150)
            {
                let mark = Mark { at: response.last.at, packet };
                let what = format!("the longest pause inside it: {pause}");
                events.push(Event::new(mark, what, Meaning::Slow));
            }
            if response.last.packet != response.first.packet {
                let total = exchange.total_time().map(|time| format!(", {time} in all"));
                let what = format!("response ends{}", total.unwrap_or_default());
                events.push(Event::new(response.last, what, Meaning::Plain));
            }
        }
        (None, why) => {
            let what = unanswered(why).to_owned();
            events.push(Event::new(exchange.completed, what, Meaning::Failure));
        }
    }
    let circumstances = &exchange.circumstances;
    for (marks, what) in [(circumstances.fin, "FIN"), (circumstances.reset, "RST")] {
        for (mark, side) in marks.into_iter().zip(["client", "server"]) {
            let Some(mark) = mark else { continue };
            let meaning = if what == "RST" { Meaning::Failure } else { Meaning::Dim };
            events.push(Event::new(mark, format!("{what} from the {side}"), meaning));
        }
    }
    events
}

/// Where in a part of the time since `first` an event lies, in so many columns and a blank; what lies
/// beside it is pointed at.
fn bar(first: Timestamp, part: (u64, u64), event: &Event, columns: usize) -> String {
    let (begin, length) = part;
    let since = |mark: Mark| mark.at.since(first).as_nanos();
    let (from, to) = (since(event.mark), since(event.until.unwrap_or(event.mark)));
    let mut line = String::new();
    let last = columns.saturating_sub(1);
    if to < begin {
        line.push('◀');
    } else if from > begin.saturating_add(length) {
        line.extend(std::iter::repeat_n(' ', last));
        line.push('▶');
    } else {
        let place = |since: u64| {
            let into = u128::from(since.saturating_sub(begin)) * last as u128;
            usize::try_from(into / u128::from(length)).unwrap_or(last).min(last)
        };
        let (from, to) = (place(from), place(to));
        line.extend(std::iter::repeat_n(' ', from));
        line.extend(std::iter::repeat_n('█', to.saturating_sub(from) + 1));
    }
    fit(&line, columns + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_inside_and_goes_back_to_where_it_was() {
        let all = Window::default();
        assert_eq!(all.of(1_000), (0, 1_000));
        assert_eq!((all.moved(true), all.wider()), (all, all));
        let half = all.closer();
        assert_eq!(half.of(1_000), (250, 500));
        assert_eq!(half.closer().of(1_000), (375, 250));
        assert_eq!(half.closer().wider(), half);
        assert_eq!(half.wider(), all);
        assert_eq!(half.moved(true).moved(true).moved(true).of(1_000), (500, 500));
        assert_eq!(half.moved(false).moved(false).moved(false).of(1_000), (0, 500));
        let mut closest = all;
        for _ in 0..100 {
            closest = closest.closer().moved(true);
        }
        let (begin, length) = closest.of(u64::MAX);
        assert!(begin.checked_add(length).is_some(), "{begin} {length}");
        assert_eq!(closest.of(0), (0, 1));
    }
}
