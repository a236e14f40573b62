//! The tabs, one file each: name, help, and how it is drawn.

mod connections;
mod curves;
mod endpoints;
mod overview;
mod problems;
mod requests;

pub(super) use curves::span;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::view::Size;

pub(super) use requests::{CHOICES, Choice, area_split as split, fitting, is_wanted};

/// One tab.
pub(super) struct Tab {
    /// Its name.
    pub name: &'static str,
    /// The same where there is little room.
    pub short: &'static str,
    /// What its help says below the keys.
    pub help: &'static [&'static str],
    draw: fn(&mut App, &mut Buffer, Rect, Size),
}

/// All tabs in their order. Another one is a file and a line here.
pub(super) static TABS: &[Tab] = &[
    Tab {
        name: "Overview",
        short: "Over",
        help: &[
            "Counts are of the whole capture; z chooses what the curves show.",
            "5xx is the share of exchanges with a final status of 500 or above.",
            "In flight: requests that wait for the end of their answer, and since when the oldest",
            "does; of what is over how many did at most and on average.",
        ],
        draw: overview::draw,
    },
    Tab {
        name: "Requests",
        short: "Reqs",
        help: &[
            "Filter examples",
            "  status >= 500          path ~ /checkout and ttfb > 1s",
            "  host = shop.example.com       client in 10.0.0.0/8 and not method = GET",
            "  why = stale-keepalive         header(\"x-request-id\") = \"5f0c\"",
            "  checkout                      (a bare word looks in the URL)",
        ],
        draw: requests::draw,
    },
    Tab {
        name: "Endpoints",
        short: "Endp",
        help: &[
            "Paths with their changing parts taken out: numbers, hexadecimal, tokens are {id}.",
            "Enter lists the requests of an endpoint.",
        ],
        draw: endpoints::draw,
    },
    Tab {
        name: "Connections",
        short: "Conn",
        help: &[
            "Every connection, with or without HTTP on it. AGAIN counts segments that were sent",
            "again, LOST octets that the capture lacks. Enter lists the requests of one.",
        ],
        draw: connections::draw,
    },
    Tab {
        name: "Problems",
        short: "Prob",
        help: &[
            "✖ errors and failures, ▲ warnings, ● notes. Causes come from both legs of a proxy,",
            "the rest from rules; httpwhy explain NAME has all of it. Enter lists the requests.",
        ],
        draw: problems::draw,
    },
];

/// Draws the tab that is chosen.
pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    if let Some(tab) = TABS.get(app.tab) {
        (tab.draw)(app, buffer, area, size);
    }
}
