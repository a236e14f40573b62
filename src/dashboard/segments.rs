//! The TCP connection of an exchange: every segment a line, with what is odd about it. Read again from the
//! capture; where that cannot be, what is known of the connection without its packets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::app::App;
use super::theme::Meaning;
use super::view::Size;
use super::widget::{Column, Table, panel, put, scroll_mark, wrapped};
use super::words::{counted, duration, ending};
use crate::export::escape;
use crate::flow::{Oddity, Side, Step, Trace};
use crate::snapshot::ConnectionRow;
use crate::units::{Count, Octets, Timestamp};
use crate::wire::Endpoint;

/// What help says of it below the keys.
pub(super) const HELP: &[&str] = &[
    "Sequence numbers count from the SYN, as in Wireshark. ▲ marks what is odd:",
    "  gap                 octets in front of it were not seen before it",
    "  out of order        it fills a gap at once: others have overtaken it",
    "  retransmission      its octets were sent before, or should have been",
    "  zero window, probe  no room at the receiver; the sender asks again",
    "n and N go from one to the next, Enter lists the exchanges of the connection.",
];

/// A connection of which every segment is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Its number: that of its first packet.
    pub connection: u64,
    /// Who opened it.
    pub client: Endpoint,
    /// Who was connected to.
    pub server: Endpoint,
    /// The first packet of the next connection between the same ends, where there is one.
    pub until: Option<u64>,
    /// When its last packet came, where it is over.
    pub over: Option<Timestamp>,
    /// The packet to look at first.
    pub focus: u64,
}

/// The list, and where it is looked at.
#[derive(Debug)]
pub(super) struct Segments {
    pub wanted: Wanted,
    /// First and last packet of the exchange that it was opened from.
    packets: Option<(u64, u64)>,
    found: Found,
    /// The selected line, the first one on the screen, and how many there are.
    selected: usize,
    top: usize,
    height: usize,
}

/// What is there to show.
#[derive(Debug)]
enum Found {
    Reading,
    Known(Box<Trace>),
    /// No packets: why.
    None(String),
}

impl Segments {
    pub fn new(wanted: Wanted, packets: Option<(u64, u64)>) -> Self {
        Self { wanted, packets, found: Found::Reading, selected: 0, top: 0, height: 1 }
    }

    /// Takes what was found.
    pub fn take(&mut self, found: Result<Trace, String>) {
        match found {
            Ok(trace) => {
                let focus = self.wanted.focus;
                let place = trace.steps().iter().position(|step| step.mark.packet >= focus);
                self.selected = place.unwrap_or(0);
                self.found = Found::Known(Box::new(trace));
            }
            Err(why) => self.found = Found::None(why),
        }
    }

    fn len(&self) -> usize {
        if let Found::Known(trace) = &self.found { trace.steps().len() } else { 0 }
    }

    /// Moves by so many lines.
    pub fn step(&mut self, lines: isize) {
        let last = self.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(lines).min(last);
    }

    /// To the line at a place.
    pub fn go(&mut self, place: usize) {
        self.selected = place.min(self.len().saturating_sub(1));
    }

    /// Lines of a screen.
    pub fn page(&self) -> usize {
        self.height.max(1)
    }

    /// To the next segment with something odd about it, or the one before; whether there is one.
    pub fn odd(&mut self, down: bool) -> bool {
        let Found::Known(trace) = &self.found else { return false };
        let odd = |place: &usize| {
            trace
                .steps()
                .get(*place)
                .is_some_and(|step| !step.oddities.is_empty() || step.is_reset())
        };
        let found = if down {
            (self.selected + 1..trace.steps().len()).find(odd)
        } else {
            (0..self.selected).rev().find(odd)
        };
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }
}

const FULL: &[Column] = &[
    Column::right("PACKET", 11, 0),
    Column::right("TIME", 15, 1),
    Column::left("FROM", 8, 0),
    Column::left("FLAGS", 11, 0),
    Column::right("SEQ", 10, 3),
    Column::right("ACK", 10, 4),
    Column::right("LEN", 7, 0),
    Column::right("WINDOW", 9, 5),
    Column::growing("REMARK", 24),
];

const SMALL: &[Column] = &[
    Column::right("PACKET", 7, 0),
    Column::right("TIME", 12, 2),
    Column::left("FROM", 1, 0),
    Column::left("FLAGS", 7, 0),
    Column::right("LEN", 5, 1),
    Column::growing("REMARK", 12),
];

/// Draws the list.
pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let theme = app.theme;
    let Some(mut view) = app.segments.take() else { return };
    let wanted = view.wanted;
    let title =
        format!("Connection {}   {} → {}", Count(wanted.connection), wanted.client, wanted.server);
    let inside = if size == Size::Full {
        panel(buffer, area, theme, &title, "packet numbers as in Wireshark")
    } else {
        put(buffer, area, 0, &format!(" {title}"), theme.style(Meaning::Title));
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
    };
    let head = sum(app, &view);
    let head = wrapped(&head, usize::from(inside.width).saturating_sub(2));
    let room = usize::from(inside.height / 3).max(1);
    let rows = head.len().min(room);
    for (row, text) in (0..).zip(head.iter().take(rows)) {
        put(buffer, inside, row, &format!(" {text}"), theme.style(Meaning::Dim));
    }
    let above = u16::try_from(rows).unwrap_or(0).min(inside.height);
    let below = Rect { y: inside.y + above, height: inside.height - above, ..inside };
    match &view.found {
        Found::Known(trace) => {
            view.height = usize::from(below.height.saturating_sub(1));
            let last = trace.steps().len().saturating_sub(1);
            view.selected = view.selected.min(last);
            view.top = view.top.min(view.selected).min(last);
            if view.selected >= view.top + view.height.max(1) {
                view.top = view.selected + 1 - view.height.max(1);
            }
            table(app, buffer, below, size, (&view, trace));
            if size == Size::Full {
                scroll_mark(buffer, area, theme, view.top, trace.steps().len());
            }
        }
        Found::Reading => {
            put(buffer, below, 0, " being read again …", theme.style(Meaning::Dim));
        }
        Found::None(why) => {
            let why = escape::text(why.as_bytes());
            let columns = usize::from(below.width).saturating_sub(2);
            for (row, text) in (0..).zip(wrapped(&why, columns)) {
                put(buffer, below, row, &format!(" {text}"), theme.style(Meaning::Warning));
            }
        }
    }
    app.segments = Some(view);
}

/// What is known of the connection as a whole, in one text.
fn sum(app: &App, view: &Segments) -> String {
    let row = app.shown.connection(view.wanted.connection);
    let mut parts = Vec::new();
    if let Some(row) = row {
        parts.push(known(row, matches!(view.found, Found::Known(_))));
    }
    if let Found::Known(trace) = &view.found {
        let count = |is: fn(&Oddity) -> bool| {
            trace.steps().iter().flat_map(|step| &step.oddities).filter(|odd| is(odd)).count()
        };
        let mut counts = vec![counted(trace.steps().len() as u64, "segment", "segments")];
        for (one, many, count) in [
            ("gap", "gaps", count(|odd| matches!(odd, Oddity::Gap(_)))),
            ("retransmission", "retransmissions", count(|odd| *odd == Oddity::Retransmission)),
            ("out of order", "out of order", count(|odd| *odd == Oddity::OutOfOrder)),
            ("zero window", "zero windows", count(|odd| *odd == Oddity::ZeroWindow)),
        ] {
            if count > 0 {
                let name = if count == 1 { one } else { many };
                counts.push(format!("{} {name}", Count(count as u64)));
            }
        }
        if trace.unfilled() > 0 {
            counts.push(format!("{} never seen", Octets(trace.unfilled())));
        }
        if trace.earlier() > 0 {
            counts.push(format!("{} earlier ones not shown", Count(trace.earlier())));
        }
        if trace.is_full() {
            counts.push("there may be later ones, not shown".to_owned());
        }
        parts.push(counts.join(", "));
    }
    if let Some((first, last)) = view.packets {
        parts.push(format!("exchange: packets #{}–#{}", Count(first), Count(last)));
    }
    parts.join("; ")
}

/// What is known without packets; what is counted in them is left out where they are there.
fn known(row: &ConnectionRow, with_packets: bool) -> String {
    let (end, _) = ending(row);
    let exchanges = counted(row.exchanges.into(), "exchange", "exchanges");
    let mut text = format!("{end}, {exchanges}");
    if row.connect.is_some() {
        text.push_str(&format!(", handshake {}", duration(row.connect)));
    }
    if row.ending.is_some() {
        let [sent, got] = row.octets;
        text.push_str(&format!(", {} there, {} back", Octets(sent), Octets(got)));
    }
    for (count, what) in
        [(row.retransmissions, "sent again"), (row.zero_windows, "with a window of zero")]
    {
        if count > 0 && !with_packets {
            text.push_str(&format!(", {} {what}", Count(count.into())));
        }
    }
    if row.missing > 0 && !with_packets {
        text.push_str(&format!(", {} missing", Octets(row.missing)));
    }
    text
}

fn table(app: &App, buffer: &mut Buffer, area: Rect, size: Size, of: (&Segments, &Trace)) {
    let (view, trace) = of;
    let columns = if size >= Size::Compact { FULL } else { SMALL };
    let table = Table::new(columns, area.width);
    table.heading(buffer, area, app.theme.style(Meaning::Dim), None);
    let lines = trace.steps().iter().enumerate().skip(view.top).take(view.height);
    for (row, (place, step)) in (1..).zip(lines) {
        let own =
            view.packets.is_none_or(|(first, last)| (first..=last).contains(&step.mark.packet));
        let above = place.checked_sub(1).and_then(|place| trace.steps().get(place));
        let cells = cells(app, step, above.map(|step| step.mark.at), own, size);
        let selected = (place == view.selected).then(|| app.theme.style(Meaning::Selected));
        table.row(buffer, area, row, &cells, selected);
    }
}

fn cells(
    app: &App,
    step: &Step,
    above: Option<Timestamp>,
    own: bool,
    size: Size,
) -> Vec<(String, Style)> {
    // What belongs to other exchanges steps back.
    let style = if own { Style::new() } else { app.theme.style(Meaning::Dim) };
    let says: Vec<String> = step.oddities.iter().map(Oddity::says).collect();
    let meaning = if step.is_reset() {
        Meaning::Failure
    } else if says.is_empty() {
        Meaning::Plain
    } else {
        Meaning::Warning
    };
    let says = match (step.is_reset(), says.is_empty()) {
        (true, _) => format!("✖ {}", [vec!["reset".to_owned()], says].concat().join(", ")),
        (false, true) => String::new(),
        (false, false) => format!("▲ {}", says.join(", ")),
    };
    let from = match (step.from, size >= Size::Compact) {
        (Side::Client, true) => "client →",
        (Side::Server, true) => "server ←",
        (Side::Client, false) => "→",
        (Side::Server, false) => "←",
    };
    let number = |place: Option<i64>| {
        place.map_or_else(
            || "—".to_owned(),
            |place| match u64::try_from(place) {
                Ok(place) => Count(place).to_string(),
                Err(_) => place.to_string(),
            },
        )
    };
    let packet = (format!("#{}", Count(step.mark.packet)), style);
    let room = if size >= Size::Compact { 15 } else { 12 };
    let time = app.times.text(step.mark.at, app.shown.now.first, above, room);
    let time = (time, app.theme.style(Meaning::Dim));
    let from = (from.to_owned(), style);
    let flags = (step.flag_names(), if step.is_reset() { app.theme.style(meaning) } else { style });
    let len = (Count(step.len.into()).to_string(), style);
    let says = (says, app.theme.style(meaning));
    if size < Size::Compact {
        return vec![packet, time, from, flags, len, says];
    }
    let sequence = (number(Some(step.sequence)), style);
    let acknowledgement = (number(step.acknowledgement), style);
    let window = (Count(step.window).to_string(), style);
    vec![packet, time, from, flags, sequence, acknowledgement, len, window, says]
}
