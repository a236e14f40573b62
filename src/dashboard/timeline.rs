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
use crate::units::{Count, Duration, Octets};

/// What happened when: a line an event.
pub(super) fn timeline(row: &Row, whole: Option<&Whole>, columns: usize) -> Vec<Pieces> {
    let place = format!(
        "{} → {}   connection {}, request {} on it",
        row.client, row.server, row.connection, row.nth
    );
    // Times, sizes and packet numbers have their place; the bars and the words share the rest.
    let bars = columns >= 72;
    let taken = 13 + 2 + if bars { 13 } else { 0 } + 8 + 13;
    let words = columns.saturating_sub(taken).clamp(8, 46);
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
        let bar = if bars { bar(first.as_nanos(), span, &event) } else { String::new() };
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

/// Where in the whole an event lies, in twelve columns.
fn bar(first: i64, span: u64, event: &Event) -> String {
    const COLUMNS: u64 = 12;
    let place = |mark: Mark| {
        let since = u64::try_from(mark.at.as_nanos().saturating_sub(first)).unwrap_or(0);
        (u128::from(since) * u128::from(COLUMNS - 1) / u128::from(span)) as u64
    };
    let begin = place(event.mark).min(COLUMNS - 1);
    let end = event.until.map_or(begin, place).clamp(begin, COLUMNS - 1);
    (0..=COLUMNS).map(|column| if (begin..=end).contains(&column) { '█' } else { ' ' }).collect()
}
