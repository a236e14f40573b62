//! Keys change what is shown, as the help says.

use std::sync::Arc;

use httpwhy::dashboard::{App, Effect, Options};
use httpwhy::http::Waiting;
use httpwhy::snapshot::{Copies, Ended, Now, Snapshot};

use super::screen::{app, kept, picture, press, selected, snapshot};
use super::support::export::{captured, open};
use super::support::script::{Connection, Script, Side};

/// Exchanges one after the other: each tenth fails.
fn shop(count: usize) -> Script {
    let mut connection = Connection::new("10.9.1.2:49690", "10.9.1.1:80");
    for number in 1..=count {
        let status = if number % 10 == 0 { "503 Busy" } else { "200 OK" };
        let body = "x".repeat(number);
        connection = connection
            .client_says(format!("GET /cart/{number} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
            .server_says(format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {number}\r\n\r\n{body}"
            ));
    }
    connection.closed_by(Side::Client).into()
}

fn opened(count: usize) -> App {
    let snapshot = Arc::new(snapshot(captured(&shop(count))));
    let mut app = app("shop.pcap", &snapshot);
    press(&mut app, "2");
    app
}

/// The number of the exchange of the selected line.
fn number(app: &mut App) -> u64 {
    let line = selected(app);
    let first = line.split_whitespace().next().unwrap_or_default().to_owned();
    first.replace(',', "").parse().unwrap_or_else(|_| panic!("no number in {line:?}"))
}

#[test]
fn keys_move() {
    let mut app = opened(60);
    assert_eq!(number(&mut app), 1);
    for (keys, there) in [
        ("j", 2),
        ("jj", 4),
        ("k", 3),
        ("G", 60),
        ("j", 60),
        ("g", 1),
        ("k", 1),
        ("8j", 9),
        ("012j", 21),
    ] {
        press(&mut app, keys);
        assert_eq!(number(&mut app), there, "{keys}");
    }
    press(&mut app, "n");
    assert_eq!(number(&mut app), 30);
    press(&mut app, "nN");
    assert_eq!(number(&mut app), 30);
    press(&mut app, "GnN");
    assert_eq!(number(&mut app), 50);
    press(&mut app, ":48⏎");
    assert_eq!(number(&mut app), 48);
    // The packet with the request of exchange 2: three of the handshake, two or three each.
    press(&mut app, ":#999⏎");
    assert_eq!(number(&mut app), 48);
    assert!(picture(&mut app, 80, 24).contains("there is no exchange #999"));
    press(&mut app, ":#4⏎");
    assert_eq!(number(&mut app), 1);
}

#[test]
fn a_filter_shows_what_it_asks_for() {
    let mut app = opened(60);
    press(&mut app, "/status >= 5");
    let typed = picture(&mut app, 120, 36);
    assert!(typed.contains("/ status >= 5"), "{typed}");
    press(&mut app, "00⏎");
    let shown = picture(&mut app, 120, 36);
    assert!(shown.contains("6 of 60"), "{shown}");
    assert_eq!(number(&mut app), 10);
    press(&mut app, "G");
    assert_eq!(number(&mut app), 60);
    // A mistake is said while it is typed, and Enter does not take it.
    press(&mut app, "/ and staus = 1⏎");
    let wrong = picture(&mut app, 120, 36);
    assert!(wrong.contains("✖ column 19: unknown field `staus`"), "{wrong}");
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("6 of 60"));
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("60 exchanges"));
    // Up brings it back.
    press(&mut app, "/↑⏎");
    assert!(picture(&mut app, 120, 36).contains("/ status >= 500"));
    // Nothing matches: that is said, and no key does harm.
    press(&mut app, "/ and status < 100⏎jkGgnN⏎⎋");
    press(&mut app, "/status = 999⏎");
    let none = picture(&mut app, 120, 36);
    assert!(none.contains("no exchange matches"), "{none}");
    press(&mut app, "jkGgnN⏎]yc");
}

#[test]
fn tab_completes_the_name_of_a_field() {
    let mut app = opened(10);
    press(&mut app, "/meth⇥ = GET⏎");
    assert!(
        picture(&mut app, 120, 36).contains("/ method = GET"),
        "{}",
        picture(&mut app, 120, 36)
    );
}

#[test]
fn sorting_keeps_the_selection() {
    let mut app = opened(60);
    press(&mut app, "8j");
    assert_eq!(number(&mut app), 9);
    // CODE, the largest first: nine is somewhere else, and still selected.
    press(&mut app, "s");
    assert_eq!(number(&mut app), 9);
    press(&mut app, "g");
    assert_eq!(number(&mut app), 60);
    press(&mut app, "sss");
    press(&mut app, "g");
    let picture = picture(&mut app, 120, 36);
    assert!(picture.contains("largest SIZE first"), "{picture}");
    assert_eq!(number(&mut app), 60);
    press(&mut app, "Sg");
    assert_eq!(number(&mut app), 1);
    press(&mut app, "s");
    assert_eq!(number(&mut app), 1);
}

#[test]
fn the_selection_follows_the_exchange_while_more_come() {
    let few = Arc::new(snapshot(captured(&shop(40))));
    let more = Arc::new(snapshot(captured(&shop(60))));
    let options = Options { source: "lo".to_owned(), live: true, ..Options::default() };
    let mut app = App::new(options);
    app.update(Arc::clone(&few), None);
    press(&mut app, "2");
    // Newest first, and following.
    assert_eq!(number(&mut app), 40);
    press(&mut app, "jjj");
    assert_eq!(number(&mut app), 37);
    app.update(Arc::clone(&more), None);
    assert_eq!(number(&mut app), 37);
    assert!(picture(&mut app, 120, 36).contains("newest first · 20 new, f follows"));
    press(&mut app, "f");
    assert!(picture(&mut app, 120, 36).contains("newest first · following"));
    assert_eq!(number(&mut app), 60);
}

#[test]
fn pause_freezes_the_picture_and_not_the_capture() {
    let few = Arc::new(snapshot(captured(&shop(40))));
    let more = Arc::new(snapshot(captured(&shop(60))));
    let mut app = app("shop.pcap", &few);
    press(&mut app, "2p");
    app.update(more, None);
    let paused = picture(&mut app, 120, 36);
    assert!(paused.contains("❚❚ PAUSED") && paused.contains("20 newer"), "{paused}");
    assert!(paused.contains("40 exchanges"));
    press(&mut app, "p");
    let goes_on = picture(&mut app, 120, 36);
    assert!(goes_on.contains("60 exchanges") && !goes_on.contains("PAUSED"));
}

#[test]
fn groups_list_their_requests() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let mut app = app("502-keepalive-race.pcap", &snapshot);
    // The overview leads to the problem, the problem to its requests.
    press(&mut app, "⏎");
    assert!(picture(&mut app, 120, 36).contains("[5 Problems"));
    press(&mut app, "⏎");
    let listed = picture(&mut app, 120, 36);
    assert!(listed.contains("= why: keep-alive race at 10.2.0.2:9001"), "{listed}");
    assert!(listed.contains("1 of 4"));
    assert_eq!(number(&mut app), 4);
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("[5 Problems"));
    for (tab, word) in [("3", "= endpoint POST /orders"), ("4", "= connection ")] {
        press(&mut app, tab);
        press(&mut app, "⏎");
        let listed = picture(&mut app, 120, 36);
        assert!(listed.contains(word), "{listed}");
        press(&mut app, "⎋");
    }
    press(&mut app, "2go⏎");
    assert!(picture(&mut app, 120, 36).contains("= connection "));
}

#[test]
fn one_exchange_is_shown_in_full() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let mut app = app("502-keepalive-race.pcap", &snapshot);
    press(&mut app, "2n⏎");
    let full = picture(&mut app, 120, 36);
    assert!(full.contains("exchange #3 of 4"), "{full}");
    press(&mut app, "]");
    let full = picture(&mut app, 120, 36);
    for word in ["exchange #4 of 4", "VERDICT  keep-alive race", "#28", "TRY", "HTTP/1.1 502"] {
        assert!(full.contains(word), "{word}: {full}");
    }
    press(&mut app, "[");
    assert!(picture(&mut app, 120, 36).contains("exchange #3 of 4"));
    press(&mut app, "⎋");
    assert!(picture(&mut app, 120, 36).contains("oldest first"));
}

#[test]
fn columns_are_chosen_for_the_session() {
    let mut app = opened(20);
    assert!(!picture(&mut app, 120, 36).contains("CLIENT"));
    press(&mut app, "c");
    let popup = picture(&mut app, 120, 36);
    for word in ["▸ [x] #", "[ ] CLIENT", "[x] HOST", "[x] PATH    always", "Space shows or hides"]
    {
        assert!(popup.contains(word), "{word}: {popup}");
    }
    // HOST goes, CLIENT comes; what always stays does not go.
    press(&mut app, "jjj jjj j Gk ⏎");
    let chosen = picture(&mut app, 120, 36);
    let heading = chosen.lines().find(|line| line.contains("METHOD")).unwrap();
    assert!(heading.contains("CLIENT") && heading.contains("PATH"), "{heading}");
    assert!(!heading.contains("HOST") && !heading.contains("SIZE"), "{heading}");
    assert!(chosen.contains("10.9.1.2:49690"));
    // It stays so, in other sizes too, where what was asked for goes last.
    press(&mut app, "32");
    assert!(picture(&mut app, 120, 36).contains("CLIENT"));
    let compact = picture(&mut app, 80, 24);
    let heading = compact.lines().find(|line| line.contains("METH")).unwrap();
    assert!(heading.contains("CLIENT") && heading.contains("WHY"), "{heading}");
    press(&mut app, "cG");
    assert!(picture(&mut app, 60, 10).contains("▸ [x] WHY"));
    press(&mut app, " ");
    assert!(picture(&mut app, 120, 36).contains("[x] WHY     always"));
    press(&mut app, "⎋");
    assert!(!picture(&mut app, 120, 36).contains("Space shows"));
}

#[test]
fn times_are_written_in_four_ways() {
    let mut app = opened(20);
    press(&mut app, "jj");
    let time = |app: &mut App| {
        let line = selected(app);
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    let clock = time(&mut app);
    assert!(clock.len() == 12 && clock.matches(':').count() == 2, "{clock}");
    press(&mut app, "t");
    assert!(picture(&mut app, 120, 36).contains("times: since the first packet"));
    let since = time(&mut app);
    press(&mut app, "t");
    let delta = time(&mut app);
    assert!(since.starts_with("+0.") && delta.starts_with("+0."), "{since} {delta}");
    let number = |text: &str| text[1..].parse::<f64>().unwrap();
    assert!(number(&since) > number(&delta) && number(&delta) > 0.0, "{since} {delta}");
    // Newest first, the line above is later.
    press(&mut app, "S");
    assert!(time(&mut app).starts_with('-'));
    press(&mut app, "St");
    assert!(selected(&mut app).contains(&clock[..8]));
    press(&mut app, "t");
    assert_eq!(time(&mut app), clock);
}

#[test]
fn a_number_in_front_repeats() {
    let mut app = opened(60);
    for (keys, there) in
        [("03n", 30), ("02N", 10), ("9n", 60), ("g⏎07]⎋", 8), ("⏎03[⎋", 5), ("020G", 20)]
    {
        press(&mut app, keys);
        assert_eq!(number(&mut app), there, "{keys}");
    }
}

#[test]
fn the_bars_of_an_exchange_zoom_and_move() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let mut app = app("502-keepalive-race.pcap", &snapshot);
    press(&mut app, "+");
    assert!(picture(&mut app, 120, 36).contains("Enter opens it"));
    press(&mut app, "2G⏎");
    let all = picture(&mut app, 120, 36);
    assert!(all.contains("+ zoom") && !all.contains('▶'), "{all}");
    press(&mut app, "+");
    assert!(picture(&mut app, 120, 36).contains("bars: 1/2 of the time; h l move"));
    press(&mut app, "++lllllll");
    let late = picture(&mut app, 120, 36);
    assert!(late.contains("h l earlier, later") && late.contains('◀'), "{late}");
    press(&mut app, "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh");
    let early = picture(&mut app, 120, 36);
    assert!(early.contains('▶') && early != late, "{early}");
    press(&mut app, "-----");
    assert!(picture(&mut app, 120, 36).contains("bars: all of the time"));
    press(&mut app, "jk");
    assert_eq!(picture(&mut app, 120, 36), all);
    // Without a zoom they go from pane to pane, and from tab to tab.
    press(&mut app, "llh⎋l");
    assert!(picture(&mut app, 120, 36).contains("[3 Endpoints]"));
}

#[test]
fn help_is_about_the_screen() {
    let options = Options { again: true, ..Options::default() };
    let mut app = App::new(options);
    app.update(Arc::new(snapshot(captured(&shop(20)))), None);
    for (keys, title, word) in [
        ("?", "Help — Overview", "In flight"),
        ("2?", "Help — Requests", "Filter examples"),
        ("⏎?", "Help — Exchange", "--body N"),
        ("o?", "Help — Connection", "retransmission"),
    ] {
        press(&mut app, keys);
        let help = picture(&mut app, 120, 60);
        assert!(help.contains(title) && help.contains(word), "{title}: {help}");
        press(&mut app, "q");
    }
}

#[test]
fn the_curves_show_a_part_of_the_time() {
    let mut app = opened(20);
    for span in ["last minute", "last 5 min", "last 15 min", "whole capture"] {
        press(&mut app, "1z");
        let shown = picture(&mut app, 120, 36);
        assert!(shown.contains(span), "{span}: {shown}");
    }
}

#[test]
fn a_pane_can_have_all_the_room() {
    let snapshot = Arc::new(snapshot(open("samples/502-keepalive-race.pcap")));
    let mut app = app("502-keepalive-race.pcap", &snapshot);
    press(&mut app, "2G⏎");
    let all = picture(&mut app, 120, 36);
    for (pane, there, gone) in [
        ("", "POST /orders HTTP", "VERDICT"),
        ("⇥", "502 Bad Gateway</h1>", "VERDICT"),
        ("⇥", "RST of 10.2.0.2:9001", "VERDICT"),
        ("⇥", "VERDICT", "POST /orders HTTP"),
    ] {
        press(&mut app, pane);
        press(&mut app, "⏎");
        let alone = picture(&mut app, 120, 36);
        assert!(alone.contains(there) && !alone.contains(gone), "{there}: {alone}");
        press(&mut app, "⏎");
    }
    press(&mut app, "⇥");
    assert_eq!(picture(&mut app, 120, 36), all);
    press(&mut app, "⏎");
    assert!(!picture(&mut app, 80, 24).trim().is_empty());
}

#[test]
fn marked_ones_can_be_shown_alone() {
    let mut app = opened(20);
    press(&mut app, "  jj *");
    let marked = picture(&mut app, 120, 36);
    assert!(marked.contains("= marked") && marked.contains("3 of 20"), "{marked}");
    press(&mut app, "*");
    assert!(picture(&mut app, 120, 36).contains("20 exchanges"));
}

#[test]
fn copies_go_out_without_secrets() {
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(
            "POST /a?token=CANARY&it='s HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer \
             CANARY\r\nX-Odd: a'b\r\nContent-Length: 0\r\n\r\n",
        )
        .server_says("HTTP/1.1 204 No Content\r\n\r\n")
        .closed_by(Side::Client)
        .into();
    let snapshot = Arc::new(snapshot(captured(&script)));
    let mut app = app("x.pcap", &snapshot);
    let mut copied = |letter: char| match press(&mut app, &format!("2y{letter}")) {
        Some(Effect::Copy(text)) => text,
        other => panic!("{letter}: {other:?}"),
    };
    assert_eq!(copied('u'), "http://shop.example/a?token=<hidden>&it='s");
    assert_eq!(
        copied('c'),
        "curl -i -X 'POST' -H 'Authorization: Bearer <hidden>' -H 'X-Odd: a'\\''b' \
         'http://shop.example/a?token=<hidden>&it='\\''s'"
    );
    assert_eq!(
        copied('s'),
        "ip.addr == 10.9.1.2 && ip.addr == 10.9.1.1 && tcp.port == 49690 && tcp.port == 80"
    );
    assert!(copied('f').starts_with("frame.number in {4,"));
    assert!(copied('j').starts_with("{\"type\":\"transaction\",\"id\":1,"));
    for letter in "ucefsjh".chars() {
        assert!(!copied(letter).contains("CANARY"), "{letter}");
    }
    // Revealed, they go out.
    press(&mut app, "R");
    match press(&mut app, "yu") {
        Some(Effect::Copy(text)) => assert!(text.contains("CANARY")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_listed_can_be_saved() {
    let mut app = opened(60);
    press(&mut app, "/5xx⏎");
    match press(&mut app, "wJ") {
        Some(Effect::Save { name, ending, octets }) => {
            assert_eq!((name.as_str(), ending), ("httpwhy-6-exchanges", "jsonl"));
            let text = String::from_utf8(octets).unwrap();
            let transactions =
                text.lines().filter(|line| line.contains("\"type\":\"transaction\""));
            assert_eq!(transactions.count(), 6);
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
        other => panic!("{other:?}"),
    }
    match press(&mut app, "wh") {
        Some(Effect::Save { name, ending, octets }) => {
            assert_eq!((name.as_str(), ending), ("httpwhy-10", "har"));
            let har: serde_json::Value = serde_json::from_slice(&octets).unwrap();
            assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 1);
        }
        other => panic!("{other:?}"),
    }
    match press(&mut app, "wP") {
        Some(Effect::SavePackets { ends, .. }) => assert_eq!(ends.len(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn leaving_a_live_capture_asks_once() {
    let snapshot: Arc<Snapshot> = Arc::default();
    let mut app = App::new(Options { live: true, ..Options::default() });
    app.update(Arc::clone(&snapshot), None);
    assert_eq!(press(&mut app, "q"), None);
    assert!(picture(&mut app, 80, 24).contains("Quit?"));
    assert_eq!(press(&mut app, "⎋"), None);
    assert_eq!(press(&mut app, "qq"), Some(Effect::Quit));
    assert_eq!(press(&mut app, "Q"), Some(Effect::Quit));
    let mut app = App::new(Options { live: true, saved: true, ..Options::default() });
    assert_eq!(press(&mut app, "q"), Some(Effect::Quit));
    let mut app = App::new(Options::default());
    // Esc never quits.
    assert_eq!(press(&mut app, "⎋⎋⎋⎋"), None);
    assert_eq!(press(&mut app, "q"), Some(Effect::Quit));
}

#[test]
fn how_reading_ended_is_said() {
    let (keeper, now, statistics) = kept(captured(&shop(30)));
    for (end, said) in [
        (Ended::Done(vec!["cut off".to_owned()]), "▲ FILE big.pcap   damaged in 1 place "),
        (Ended::Failed("the device is gone".to_owned()), "✖ STOPPED big.pcap: the device is gone"),
    ] {
        let now = Now { end: Some(end), ..now.clone() };
        let mut app = app("big.pcap", &Arc::new(keeper.snapshot(now, &statistics)));
        let picture = picture(&mut app, 120, 36);
        assert!(picture.contains(said), "{picture}");
    }
}

#[test]
fn case_35_copies_are_told_at_the_top_where_they_are_many() {
    let (keeper, now, statistics) = kept(captured(&shop(30)));
    for (copies, segments, said) in
        [(20, 80, None), (21, 79, Some("▲ 21.0 % copies")), (50, 50, Some("▲ 50.0 % copies"))]
    {
        let now = Now { copies: Copies { copies, segments }, end: None, ..now.clone() };
        let mut app = app("big.pcap", &Arc::new(keeper.snapshot(now, &statistics)));
        for (columns, rows) in [(120, 36), (80, 24)] {
            let picture = picture(&mut app, columns, rows);
            let top = picture.lines().next().unwrap();
            match said {
                Some(said) => assert!(top.contains(said), "{top}"),
                None => assert!(!top.contains("copies"), "{top}"),
            }
        }
    }
}

#[test]
fn what_is_not_kept_whole_is_asked_for_once() {
    let mut snapshot = snapshot(captured(&shop(600)));
    // As if the memory for whole exchanges had been full.
    snapshot.whole.drop_oldest();
    snapshot.failed = Default::default();
    let options = Options { again: true, ..Options::default() };
    let mut app = App::new(options);
    app.update(Arc::new(snapshot), None);
    assert!(app.asks().is_none());
    press(&mut app, "2/status = 503⏎");
    let asking = picture(&mut app, 120, 36);
    assert!(asking.contains("256 being read again"), "{asking}");
    let filter = app.asks().expect("a filter to read the capture again for");
    assert_eq!(filter.text(), "status = 503");
    assert!(app.asks().is_none());
    app.answer("status = 503", (1..=60).map(|number| number * 10).collect());
    let all = picture(&mut app, 120, 36);
    assert!(all.contains("60 of 600") && !all.contains("being read"), "{all}");
    // What is opened is read again, and shown when it is there.
    assert_eq!(press(&mut app, "g⏎"), Some(Effect::Recall(10)));
    assert!(picture(&mut app, 120, 36).contains("being read again"));
    let again = super::screen::snapshot(captured(&shop(600)));
    app.recall(10, again.whole(10).cloned());
    let full = picture(&mut app, 120, 36);
    assert!(full.contains("HTTP/1.1 503 Busy"), "{full}");
}

#[test]
fn requests_that_wait_are_shown_while_they_do() {
    let (keeper, now, statistics) = kept(captured(&shop(30)));
    let at = now.at.unwrap();
    let oldest = now.first;
    let waiting = Some(Waiting { requests: 18, oldest });
    let age = at.since(oldest.unwrap());
    let waits = Now { end: None, waiting, ..now.clone() };
    let mut app = app("big.pcap", &Arc::new(keeper.snapshot(waits, &statistics)));
    let full = picture(&mut app, 120, 36);
    assert!(full.contains(&format!("18 waiting   oldest {age}")), "{full}");
    let compact = picture(&mut app, 80, 24);
    assert!(compact.contains("in flight 18 waiting"), "{compact}");
    // What is over does not wait any more.
    app.update(Arc::new(keeper.snapshot(now, &statistics)), None);
    assert!(picture(&mut app, 120, 36).contains("peak 1   mean "));
}

#[test]
fn what_was_read_is_shown_while_more_is_read() {
    let (keeper, now, statistics) = kept(captured(&shop(30)));
    let now = Now { end: None, octets: 34_000_000, size: Some(100_000_000), ..now };
    let snapshot = Arc::new(keeper.snapshot(now, &statistics));
    let mut app = app("big.pcap", &snapshot);
    let picture = picture(&mut app, 120, 36);
    assert!(picture.contains("■ FILE big.pcap   reading 34 % of 100 MB"), "{picture}");
    press(&mut app, "2G");
    assert_eq!(number(&mut app), 30);
}
