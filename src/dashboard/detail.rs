//! One exchange: its timeline with packets, why it failed, both messages. In full view, as panes below
//! the list, and as a strip of few lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::app::App;
use super::message;
use super::theme::Meaning;
use super::timeline::timeline;
use super::view::Size;
use super::widget::{fit, line, panel, put, right, scroll_mark, wrapped};
use super::words::{DASH, duration, host, safe, sign, status, target, unanswered, why};
use crate::export::escape;
use crate::http::Message;
use crate::snapshot::{Row, Whole};
use crate::status::Language;
use crate::units::{Count, Duration, Octets};

/// Columns of a label in front of an explanation.
const LABEL: usize = 10;

/// What help says of it below the keys.
pub(super) const HELP: &[&str] = &[
    "Bars show when each event was; + looks closer, h and l earlier and later.",
    "Bodies come decoded, and with <hidden> in the place of secrets until R shows them.",
    "Of a file up to 16 KiB of each body are read; live --body N says how much is kept.",
];

/// A line with a meaning for each piece.
pub(super) type Pieces = Vec<(String, Meaning)>;

/// Draws the full view.
pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let Some(view) = app.detail else { return };
    let theme = app.theme;
    let Some(row) = app.shown.row(view.id) else {
        let text = format!(" exchange {} is not kept any more; Esc goes back", Count(view.id));
        put(buffer, area, 0, &text, theme.style(Meaning::Warning));
        return;
    };
    title(app, view.id, row, buffer, area, size);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let whole = app.whole(view.id);
    let lines = if size == Size::Full {
        let timeline = timeline(row, whole, usize::from(area.width) - 4, view.window);
        let reasons = reasons(app, row, whole, usize::from(area.width) - 4);
        let wanted = u16::try_from(timeline.len() + 2).unwrap_or(u16::MAX);
        let above = wanted.clamp(4, (body.height / 3).max(4));
        let (upper, rest) = super::tab::split(body, above);
        let wanted = u16::try_from(reasons.len() + 2).unwrap_or(u16::MAX);
        let (middle, lower) = super::tab::split(rest, wanted.clamp(3, (rest.height / 2).max(3)));
        let [upper, middle, lower] = match (view.alone, view.pane) {
            (false, _) => [upper, middle, lower],
            (true, 2) => [body, Rect::ZERO, Rect::ZERO],
            (true, 3) => [Rect::ZERO, body, Rect::ZERO],
            (true, _) => [Rect::ZERO, Rect::ZERO, body],
        };
        let mut most = 1;
        let part = view.window.is_part();
        let bars = if part { "h l earlier, later  + - zoom" } else { "+ zoom" };
        for (which, area, name, beside, lines) in
            [(2, upper, "Timeline", bars, &timeline), (3, middle, "Why", "", &reasons)]
        {
            let chosen = view.pane == which;
            let word = match (chosen, beside.is_empty()) {
                (true, false) => format!("j k scroll  Enter alone  {beside}"),
                (true, true) => "j k scroll  Enter alone".to_owned(),
                (false, _) => beside.to_owned(),
            };
            let inside = panel(buffer, area, theme, name, &word);
            let over = lines.len().saturating_sub(usize::from(inside.height));
            let scroll = if chosen { view.scroll.min(over) } else { 0 };
            draw_pieces(app, buffer, inside, lines, scroll);
            if over > 0 {
                scroll_mark(buffer, area, theme, scroll, lines.len());
            }
            if chosen {
                most = over + 1;
            }
        }
        if !lower.is_empty() {
            most = most.max(message::panes(app, whole, buffer, lower, &view));
        }
        most
    } else {
        // One page to scroll.
        let room = usize::from(area.width).saturating_sub(2);
        let mut page = reasons(app, row, whole, room);
        page.push(Vec::new());
        page.extend(timeline(row, whole, room, view.window));
        for which in [0, 1] {
            page.push(Vec::new());
            page.extend(message::lines(app, whole, which, room, true));
        }
        let count = page.len();
        draw_pieces(app, buffer, body, &page, view.scroll);
        count.saturating_sub(usize::from(body.height)) + 1
    };
    if let Some(view) = &mut app.detail {
        view.lines = lines;
        view.scroll = view.scroll.min(lines.saturating_sub(1));
    }
}

fn title(app: &App, id: u64, row: &Row, buffer: &mut Buffer, area: Rect, size: Size) {
    let theme = app.theme;
    let (code, meaning) = status(row);
    let whole = app.whole(id);
    let reason = whole
        .and_then(|whole| whole.exchange.response.as_ref())
        .map_or_else(String::new, |response| format!(" {}", safe(response.head.reason())));
    let answer = if row.status.is_none() && row.outcome.is_failure() {
        unanswered(row.unanswered).to_owned()
    } else {
        format!("{code}{reason}")
    };
    let all = Count(app.shown.rows.end() as u64);
    let number = if size == Size::Full {
        format!(" ← Esc   exchange #{} of {all}    ", Count(id))
    } else {
        format!(" ← #{}  ", Count(id))
    };
    let end = if size == Size::Full { "      ] next  [ prev " } else { "" };
    let taken = escape::width(&number) + escape::width(&answer) + escape::width(end) + 5;
    let room = usize::from(area.width).saturating_sub(taken);
    let what = format!(
        "{} {}{}",
        safe(&row.method),
        host(&row.host, app.secrets),
        target(row, app.secrets)
    );
    let what = escape::cut(what.as_bytes(), room).into_owned();
    let gap = usize::from(area.width).saturating_sub(taken + escape::width(&what));
    let spans = vec![
        Span::styled(number, theme.style(Meaning::Dim)),
        Span::styled(what, theme.style(Meaning::Title)),
        Span::raw("  →  "),
        Span::styled(answer, theme.style(meaning)),
        Span::raw(" ".repeat(gap)),
        Span::styled(end, theme.style(Meaning::Dim)),
    ];
    line(buffer, area, 0, &Line::from(spans));
}

pub(super) fn draw_pieces(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    lines: &[Pieces],
    scroll: usize,
) {
    for (row, pieces) in (0..area.height).zip(lines.iter().skip(scroll)) {
        let spans = std::iter::once(Span::raw(" ")).chain(
            pieces
                .iter()
                .map(|(text, meaning)| Span::styled(text.as_str(), app.theme.style(*meaning))),
        );
        line(buffer, area, row, &Line::from_iter(spans));
    }
}

/// Why it failed and what rules found, as lines of at most so many columns.
fn reasons(app: &App, row: &Row, whole: Option<&Whole>, columns: usize) -> Vec<Pieces> {
    let room = columns.saturating_sub(LABEL);
    let mut lines: Vec<Pieces> = Vec::new();
    let mut add = |label: &str, meaning: Meaning, text: &str| {
        for (place, part) in wrapped(text, room).into_iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            lines.push(vec![(fit(label, LABEL - 1), Meaning::Title), (part, meaning)]);
        }
    };
    let verdicts = whole.map(|whole| whole.verdicts.as_slice()).unwrap_or_default();
    for verdict in verdicts {
        let sure = verdict.confidence.name();
        let summary = escape::text(verdict.summary.as_bytes());
        add("VERDICT", Meaning::Failure, &format!("{}: {summary}", verdict.cause.title));
        let packets: Vec<String> = verdict
            .evidence
            .iter()
            .map(|one| format!("#{} {}", Count(one.mark.packet), escape::text(one.says.as_bytes())))
            .collect();
        add("EVIDENCE", Meaning::Plain, &packets.join("; "));
        add(
            "SURE",
            Meaning::Plain,
            &format!("{sure}: {}", escape::text(verdict.reason.as_bytes())),
        );
        for rival in &verdict.rivals {
            add("NOT", Meaning::Dim, &format!("{}: {}", rival.cause, rival.why_not));
        }
        let same = app.problems.iter().find(|problem| problem.kind.shows(row));
        if let Some(same) = same.filter(|same| same.count > 1) {
            add("SEEN", Meaning::Plain, &format!("{} times; 5 has them all", Count(same.count)));
        }
        add("TRY", Meaning::Plain, verdict.advice);
    }
    if verdicts.is_empty() && row.outcome.is_failure() {
        let (text, meaning) = why(row);
        add("FAILED", meaning, &text);
        let word = if row.blame.is_some() { "" } else { "nothing in the capture says why" };
        if !word.is_empty() {
            add("", Meaning::Dim, word);
        }
    }
    for finding in whole.map(|whole| whole.findings.as_slice()).unwrap_or_default() {
        let (sign, meaning) = sign(finding.severity);
        let message = finding.message(Language::English);
        let text = format!("{sign} {}: {}", finding.rule.id, escape::text(message.as_bytes()));
        add("FOUND", meaning, &text);
    }
    if whole.is_none()
        && let Some(rules) = &row.rules
    {
        for rule in rules.iter() {
            let (sign, meaning) = sign(rule.severity);
            add("FOUND", meaning, &format!("{sign} {}", rule.id));
        }
    }
    if lines.is_empty() {
        lines.push(vec![(
            "✔ nothing is wrong with it, as far as the packets tell".to_owned(),
            Meaning::Good,
        )]);
    }
    lines
}

/// The panes below the list: both heads, and the timing.
pub(super) fn panes(app: &App, buffer: &mut Buffer, area: Rect) {
    let Some((id, row)) = app.current_row() else {
        panel(buffer, area, app.theme, "", "");
        return;
    };
    let whole = app.whole(id);
    let timing = 7.min(area.height);
    let (upper, lower) = super::tab::split(area, area.height - timing);
    let half = upper.width / 2;
    let left = Rect { width: half, ..upper };
    let other = Rect { x: upper.x + half, width: upper.width - half, ..upper };
    let ends = format!("Request  {} → {}", row.client, row.server);
    for (which, area, name) in [(0, left, ends.as_str()), (1, other, "Response")] {
        let inside = panel(buffer, area, app.theme, name, message::form(app, whole, which));
        // Where the message lies is in the timing below.
        let room = usize::from(inside.width).saturating_sub(2);
        let lines = message::lines(app, whole, which, room, false);
        draw_pieces(app, buffer, inside, &lines, 0);
    }
    let inside = panel(buffer, lower, app.theme, "Timing and evidence", "Enter shows all of it");
    draw_pieces(app, buffer, inside, &summary(app, row, whole, usize::from(inside.width)), 0);
}

/// The same in four lines.
pub(super) fn strip(app: &App, buffer: &mut Buffer, area: Rect) {
    let rule = "─".repeat(usize::from(area.width));
    put(buffer, area, 0, &rule, app.theme.style(Meaning::Frame));
    let Some((id, row)) = app.current_row() else { return };
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let head = format!(
        " #{}  {} → {}   conn {} request {}",
        Count(id),
        row.client,
        row.server,
        row.connection,
        row.nth
    );
    put(buffer, below, 0, &head, Style::new());
    let (first, last) = row.packets;
    let size = row.size().map_or_else(|| DASH.to_owned(), |size| Octets(size).to_string());
    let text = format!(
        " wait {}  all {}  got {size}  packets #{}–#{}",
        duration(row.think_time()),
        duration(row.total_time()),
        Count(first),
        Count(last)
    );
    put(buffer, below, 1, &text, Style::new());
    let rest = Rect { y: below.y + 2, height: below.height.saturating_sub(2), ..below };
    let room = usize::from(area.width).saturating_sub(2);
    draw_pieces(app, buffer, rest, &reasons(app, row, app.whole(id), room), 0);
}

/// Phases with bars, and why.
fn summary(app: &App, row: &Row, whole: Option<&Whole>, columns: usize) -> Vec<Pieces> {
    let Some(whole) = whole else {
        let word = "not kept whole any more; Enter reads it again".to_owned();
        return vec![vec![(word, Meaning::Dim)]];
    };
    let exchange = &*whole.exchange;
    let connect = match (exchange.connect, exchange.idle_before) {
        (Some(connect), _) => format!("new connection, handshake {connect}"),
        (None, Some(idle)) => format!("reused (request {} on it), idle for {idle}", row.nth),
        (None, None) => format!("request {} on its connection", row.nth),
    };
    let mut lines = vec![vec![("connect  ".to_owned(), Meaning::Title), (connect, Meaning::Plain)]];
    let phases = [exchange.request_time(), exchange.think_time(), exchange.response_time()];
    let most = phases.into_iter().flatten().map(Duration::as_nanos).max().unwrap_or(0).max(1);
    let bar = |time: Option<Duration>| {
        let share = time.map_or(0.0, |time| time.as_nanos() as f64 / most as f64);
        fit(&super::widget::bar(share, 26), 27)
    };
    let carried = |message: Option<&Message>| {
        message.map_or_else(String::new, |message| {
            let (first, last) = (message.first.packet, message.last.packet);
            let packets = if first == last {
                format!("packet #{}", Count(first))
            } else {
                format!("packets #{}–#{}", Count(first), Count(last))
            };
            let segments = message.segments.max(1);
            let unit = if segments == 1 { "segment" } else { "segments" };
            format!("{} in {} {unit}, {packets}", Octets(message.content), Count(segments.into()))
        })
    };
    let [sent, wait, receive] = phases;
    for (name, time, text) in [
        ("sent     ", sent, carried(exchange.request.as_deref())),
        ("wait     ", wait, String::new()),
        ("receive  ", receive, carried(exchange.response.as_deref())),
    ] {
        lines.push(vec![
            (name.to_owned(), Meaning::Title),
            (bar(time), Meaning::Bar),
            (right(&duration(time), 10), Meaning::Plain),
            (format!("    {text}"), Meaning::Dim),
        ]);
    }
    let room = columns.saturating_sub(LABEL + 1);
    let first = reasons(app, row, Some(whole), columns.max(LABEL + 8) * 4);
    let text = first.first().map(|pieces| {
        let skip = usize::from(pieces.len() > 1);
        pieces.iter().skip(skip).map(|(text, _)| text.as_str()).collect::<String>()
    });
    let meaning = first.first().and_then(|pieces| pieces.last()).map_or(Meaning::Plain, |it| it.1);
    let why = escape::cut(text.unwrap_or_default().as_bytes(), room).into_owned();
    lines.push(vec![("why      ".to_owned(), Meaning::Title), (why, meaning)]);
    lines
}
