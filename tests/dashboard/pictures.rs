//! Every tab and the full view at every size, held to golden files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use httpwhy::dashboard::{App, HELP, Options, Theme};

use super::screen::{app, buffer, picture, press, snapshot};
use super::support::export::{captured, open};
use super::{demo, svg};

/// The samples whose pictures are kept.
const KEPT: &[&str] =
    &["502-keepalive-race.pcap", "proxy-both-sides.pcap", "smuggling.pcap", "tls-and-http2.pcap"];

const SIZES: &[(u16, u16)] = &[(120, 36), (80, 24), (40, 10), (20, 5)];

/// What is pressed before each picture, and what it shows.
const SCREENS: &[(&str, &str)] = &[
    ("overview", ""),
    ("requests", "2"),
    ("filter", "2/status >= 500 and nosuch = 1"),
    ("exchange", "2G⏎"),
    ("endpoints", "3"),
    ("connections", "4"),
    ("problems", "5"),
    ("help", "2?"),
    ("copy", "2y"),
];

#[test]
fn pictures_are_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dashboard");
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for sample in KEPT {
        let snapshot = Arc::new(snapshot(open(&format!("samples/{sample}"))));
        for (columns, rows) in SIZES {
            let mut page = String::new();
            for (name, keys) in SCREENS {
                let mut app = app(sample, &snapshot);
                press(&mut app, keys);
                let picture = picture(&mut app, *columns, *rows);
                page.push_str(&format!("── {name} {keys}\n{picture}"));
            }
            let kept = folder.join(format!("{sample}-{columns}x{rows}.txt"));
            if update {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&kept, &page).unwrap();
            }
            if fs::read_to_string(&kept).unwrap_or_default() != page {
                wrong.push(format!("{}\n{page}", kept.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "not as kept (UPDATE=1 writes it anew):\n{}", wrong.join("\n"));
}

/// The pictures in the README are drawn here, so that they are true.
#[test]
fn the_pictures_of_the_readme_are_what_is_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let shop = Arc::new(snapshot(captured(&demo::shop())));
    let race = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    for (name, title, capture, snapshot, keys, (columns, rows)) in [
        ("overview", "Overview of a capture", "shop.pcapng", &shop, "", (120, 36)),
        ("exchange", "Why one request failed", "502-keepalive-race.pcap", &race, "2G⏎", (110, 30)),
    ] {
        let mut app = App::new(Options {
            source: capture.to_owned(),
            theme: Theme::Dark,
            ..Options::default()
        });
        app.update(Arc::clone(snapshot), Some(38_000_000));
        press(&mut app, keys);
        let svg = svg::svg(&buffer(&mut app, columns, rows), title);
        let kept = folder.join(format!("{name}.svg"));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&kept, &svg).unwrap();
        }
        let current = fs::read_to_string(&kept).unwrap_or_default().replace("\r\n", "\n");
        assert!(current == svg, "{} (UPDATE=1 writes it anew)", kept.display());
    }
}

/// The page about the dashboard lists every key.
#[test]
fn the_documentation_lists_the_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dashboard.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut table = String::from("| | key | what it does |\n| --- | --- | --- |\n");
    let mut group = "";
    for help in HELP {
        let shown = if help.group == group { "" } else { help.group };
        group = help.group;
        let keys: Vec<String> = help.keys.split(' ').map(|key| format!("`{key}`")).collect();
        table.push_str(&format!("| {shown} | {} | {} |\n", keys.join(" "), help.does));
    }
    let (begin, end) = ("<!-- keys -->\n", "<!-- end of keys -->\n");
    let (before, rest) = page.split_once(begin).expect("the table");
    let (_, behind) = rest.split_once(end).expect("its end");
    let current = format!("{before}{begin}{table}{end}{behind}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &current).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), current, "UPDATE=1 writes it anew");
}

#[test]
fn every_size_is_drawn() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    for (_, keys) in SCREENS.iter().chain(&[("save", "2w"), ("detail", "2⏎jjj⇥jjj")]) {
        let mut app = app("502-keepalive-race.pcap", &snapshot);
        press(&mut app, keys);
        for columns in (1..=120).chain([160, 200]) {
            for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 17, 18, 24, 27, 28, 36, 60] {
                let drawn = buffer(&mut app, columns, rows);
                let any = drawn.content.iter().any(|cell| cell.symbol() != " ");
                assert!(any, "nothing at {columns}x{rows} after {keys:?}");
            }
        }
    }
}

#[test]
fn an_empty_capture_says_so() {
    let empty = Arc::default();
    for (columns, rows) in SIZES {
        for tab in ["1", "2", "3", "4", "5", "2⏎", "5⏎", "2n", "2yc", "2wH", "2]["] {
            let mut app = app("empty.pcap", &empty);
            press(&mut app, tab);
            assert!(picture(&mut app, *columns, *rows).trim().len() > 5, "{columns}x{rows} {tab}");
        }
    }
    let mut app = app("empty.pcap", &empty);
    press(&mut app, "2");
    assert!(picture(&mut app, 80, 24).contains("nothing yet"));
}

#[test]
fn ascii_is_enough() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let options = Options { source: "x.pcap".to_owned(), ascii: true, ..Options::default() };
    for (columns, rows) in SIZES {
        for (_, keys) in SCREENS {
            let mut app = App::new(options.clone());
            app.update(Arc::clone(&snapshot), None);
            press(&mut app, keys);
            let picture = picture(&mut app, *columns, *rows);
            assert!(picture.is_ascii(), "{picture}");
        }
    }
}

/// What colour says is said by a sign or word too: without colours every line is the same.
#[test]
fn no_theme_changes_a_letter() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let mut app = app("x.pcap", &snapshot);
    press(&mut app, "2");
    let first = picture(&mut app, 120, 36);
    for _ in 0..5 {
        press(&mut app, "T");
        let message = picture(&mut app, 120, 36);
        assert!(message.contains("theme: "));
        press(&mut app, "jk");
        assert_eq!(picture(&mut app, 120, 36), first);
    }
    assert!(first.contains("✖ keep-alive race"));
}
