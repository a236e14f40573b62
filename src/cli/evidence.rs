//! `--evidence ID`: one exchange and what was behind it, as a folder that can be handed on: text, records,
//! HAR and packets, without secrets and without bodies. The captures are read several times, so they have
//! to be files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use httpwhy::capture::{Capture, save::Chosen};
use httpwhy::diagnosis::Verdict;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::excerpt::Excerpt;
use httpwhy::export::redact::{Redactor, Show};
use httpwhy::export::{Exporter, FORMATS, Options, Secrets, detail, escape};
use httpwhy::http::{Exchange, Message};
use httpwhy::pipeline::{self, Outcome};
use httpwhy::units::Count;
use httpwhy::wire::Packet;
use sha2::{Digest, Sha256};

use super::{Done, analyze, complain, extract, input, write};

/// The files, and what is in them.
const FILES: [(&str, &str); 4] = [
    (
        "exchange.txt",
        "the exchange, what was asked upstream for it, why it failed, what rules found",
    ),
    ("exchange.har", "the same as HAR 1.2, for browsers' developer tools"),
    ("records.jsonl", "the same as records; httpwhy's docs/records.md describes them"),
    ("packets.pcapng", "the packets of both legs; comments say what they show"),
];

const ABOUT: &str = "\
What is hidden: credentials, cookies, tokens and what else tells by its name or place that it is a
secret, in text and packets; in packets as a row of x of the same length. All bodies are taken out, and so
is every octet of the packets that is not the head of one of these exchanges: of others on the same
connections method, status and lengths are left. Checksums were corrected.
What stays: addresses, host names, paths, parameters with harmless names, times. A secret in an unusual
place, such as a path, is not recognised: look through exchange.txt before you hand this on.
";

pub(super) fn run(arguments: &analyze::Arguments, id: u64) -> anyhow::Result<Done> {
    let inputs = arguments.input.paths();
    input::need_files("--evidence", &inputs)?;
    if arguments.output.options().secrets == Secrets::Shown {
        let help = "--evidence is made to be handed on; -w writes packets with their secrets";
        return Err(Error::Usage(help.to_owned()).into());
    }
    let folder = arguments.output.made().unwrap_or_else(|| PathBuf::from(format!("evidence-{id}")));
    if fs::symlink_metadata(&folder).is_ok() && !extract::is_empty_folder(&folder) {
        let shown = folder.display();
        return Err(
            Error::Usage(format!("{shown} is there already; -o names another folder")).into()
        );
    }
    // Sandbox and threads as for a report.
    let mut capture = arguments.input.open(vec![folder.clone()])?;
    let (verdict, outcome) = first(&mut capture, arguments, id)?;
    extract::create_folder(&folder)?;
    let mut bundle = Bundle { folder, sums: Vec::new() };
    let mut story = bundle.texts(&inputs, arguments, id, verdict.as_ref())?;
    neighbours(&inputs, arguments, &mut story)?;
    let unplaced = bundle.packets(&inputs, &capture, story)?;
    if unplaced > 0 {
        let what = format!(
            "{} packets were left empty: they are parts of others, so it is not known where their payload stands",
            Count(unplaced)
        );
        complain("warning", &what);
    }
    bundle.about(&inputs, id, verdict.as_ref())?;
    Ok(arguments.talk.tell(&outcome.summary))
}

/// Looks for the exchange, and for the reason why it failed.
fn first(
    capture: &mut Capture,
    arguments: &analyze::Arguments,
    id: u64,
) -> anyhow::Result<(Option<Verdict>, Outcome)> {
    let options =
        pipeline::Options { threads: arguments.input.threads(capture), ..options_of(arguments) };
    let (mut there, mut verdict) = (false, None);
    let outcome = pipeline::run(capture, options, |record| {
        match record {
            Record::Exchange(number, _) => there |= number == id,
            Record::Verdict(found) if found.transaction == id => verdict = Some(found.clone()),
            _ => {}
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    if !there {
        let there = match outcome.statistics.exchanges {
            0 => "the capture holds none".to_owned(),
            count => format!("the capture holds 1 to {}", Count(count)),
        };
        return Err(Error::Usage(format!("there is no exchange {id}: {there}")).into());
    }
    Ok((verdict, outcome))
}

fn options_of(arguments: &analyze::Arguments) -> pipeline::Options {
    pipeline::Options { memory: arguments.memory.octets(), ..arguments.input.streams.options() }
}

/// Learns where the other exchanges on the same connections begin and end: without that nobody could
/// read the packets.
fn neighbours(
    inputs: &[PathBuf],
    arguments: &analyze::Arguments,
    story: &mut Story,
) -> anyhow::Result<()> {
    pipeline::run(&mut Capture::open(inputs)?, options_of(arguments), |record| {
        if let Record::Exchange(number, exchange) = record
            && story.connections.contains(&exchange.connection)
            && !story.ids.contains(&number)
        {
            story.redactor.exchange(exchange, Show::Framing);
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    Ok(())
}

/// What belongs together.
struct Story {
    redactor: Redactor,
    excerpt: Excerpt,
    /// The connections of its exchanges, and the numbers of these.
    connections: BTreeSet<u64>,
    ids: BTreeSet<u64>,
}

/// A folder that grows.
struct Bundle {
    folder: PathBuf,
    /// The files with the SHA-256 of each.
    sums: Vec<(&'static str, String)>,
}

impl Bundle {
    /// Writes text, HAR and records; what is known of the exchanges comes back.
    fn texts(
        &mut self,
        inputs: &[PathBuf],
        arguments: &analyze::Arguments,
        id: u64,
        verdict: Option<&Verdict>,
    ) -> anyhow::Result<Story> {
        let proof = verdict.into_iter().flat_map(|verdict| &verdict.evidence);
        let proof: BTreeSet<u64> = proof.map(|evidence| evidence.mark.packet).collect();
        let options =
            Options { body: 0, columns: None, colour: false, ..arguments.output.options() };
        let [mut text, mut har, mut lines] = [Vec::new(), Vec::new(), Vec::new()];
        let mut exporters = [open("har", options)?, open("jsonl", options)?];
        let mut story = Story {
            redactor: Redactor::default(),
            excerpt: Excerpt::new(Secrets::Hidden),
            connections: BTreeSet::new(),
            ids: BTreeSet::new(),
        };
        let [hars, records] = &mut exporters;
        hars.begin(&mut har)?;
        records.begin(&mut lines)?;
        let outcome =
            pipeline::run(&mut Capture::open(inputs)?, options_of(arguments), |record| {
                let about = match record {
                    Record::Exchange(number, exchange) => {
                        if number == id || carries(exchange, &proof) {
                            story.ids.insert(number);
                        }
                        Some(number)
                    }
                    Record::Verdict(verdict) => Some(verdict.transaction),
                    Record::Finding(finding) => finding.transaction,
                    Record::Stray(_) | Record::Connection(_) => None,
                };
                if !about.is_some_and(|about| story.ids.contains(&about)) {
                    return anyhow::Ok(ControlFlow::Continue(()));
                }
                match record {
                    Record::Exchange(number, exchange) => {
                        story.redactor.exchange(exchange, Show::Head);
                        story.connections.insert(exchange.connection);
                        story.excerpt.exchange(number, exchange);
                        detail::write(number, exchange, options, &mut text)?;
                        text.push(b'\n');
                        hars.exchange(number, exchange, &mut har)?;
                        records.exchange(number, exchange, &mut lines)?;
                    }
                    Record::Verdict(verdict) => {
                        story.excerpt.verdict(verdict);
                        detail::write_verdict(verdict, options, &mut text)?;
                        hars.verdict(verdict, &mut har)?;
                        records.verdict(verdict, &mut lines)?;
                    }
                    Record::Finding(finding) => {
                        story.excerpt.finding(finding);
                        detail::write_finding(finding, options, &mut text)?;
                        hars.finding(finding, &mut har)?;
                        records.finding(finding, &mut lines)?;
                    }
                    Record::Stray(_) | Record::Connection(_) => {}
                }
                Ok(ControlFlow::Continue(()))
            })?;
        hars.end(&outcome.summary, &outcome.statistics, &mut har)?;
        let [(first, _), (second, _), (third, _), _] = FILES;
        for (name, octets) in [(first, text), (second, har), (third, lines)] {
            self.file(name)?.write_all(&octets).map_err(|source| self.refused(name, source))?;
            self.sum(name)?;
        }
        Ok(story)
    }

    /// Writes the packets; of how many nothing could be left.
    fn packets(
        &mut self,
        inputs: &[PathBuf],
        capture: &Capture,
        story: Story,
    ) -> anyhow::Result<u64> {
        let Story { mut redactor, mut excerpt, .. } = story;
        let [.., (name, _)] = FILES;
        let path = self.folder.join(name);
        let interfaces: Vec<_> =
            capture.inputs().flat_map(|input| &input.interfaces).cloned().collect();
        let mut chosen = Chosen::new(path, self.file(name)?);
        let mut octets = Vec::new();
        write::excerpt(inputs, &mut excerpt, |excerpt, packet, decoded| {
            redactor.packet(packet, decoded, &mut octets);
            let packet = Packet { bytes: &octets, ..*packet };
            chosen.packet(&packet, excerpt.comments(packet.number), &interfaces)
        })?;
        chosen.finish()?;
        self.sum(name)?;
        Ok(redactor.unplaced())
    }

    /// Writes what this is, and says on standard output what was written.
    fn about(&self, inputs: &[PathBuf], id: u64, verdict: Option<&Verdict>) -> anyhow::Result<()> {
        let mut page = format!("Exchange {id} of");
        for path in inputs {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            page += &format!(" {}", escape::text(name.as_bytes()));
        }
        page += &format!(", by httpwhy {}.\n", env!("CARGO_PKG_VERSION"));
        if let Some(verdict) = verdict {
            let (cause, summary) = (verdict.cause.id, escape::text(verdict.summary.as_bytes()));
            page += &format!("{cause} ({}): {summary}\n", verdict.confidence.name());
        }
        page += &format!("\n{ABOUT}\n");
        for (name, sum) in &self.sums {
            let what = FILES.iter().find(|file| file.0 == *name).map_or("", |file| file.1);
            page += &format!("{name}\n    {what}\n    SHA-256 {sum}\n");
        }
        const NAME: &str = "README.txt";
        let written = self.file(NAME)?.write_all(page.as_bytes());
        written.map_err(|source| self.refused(NAME, source))?;
        let mut out = BufWriter::new(io::stdout().lock());
        let folder = self.folder.display().to_string();
        for name in FILES.map(|file| file.0).into_iter().chain([NAME]) {
            writeln!(out, "{}/{name}", escape::text(folder.as_bytes()))?;
        }
        Ok(out.flush()?)
    }

    fn file(&self, name: &str) -> Result<File, Error> {
        extract::create(&self.folder.join(name))
    }

    /// Adds the sum of a file that was written.
    fn sum(&mut self, name: &'static str) -> Result<(), Error> {
        let path = self.folder.join(name);
        let octets = fs::read(&path).map_err(|source| Error::Read { path, source })?;
        let digest = Sha256::digest(&octets);
        self.sums.push((name, digest.iter().map(|octet| format!("{octet:02x}")).collect()));
        Ok(())
    }

    fn refused(&self, name: &str, source: io::Error) -> Error {
        Error::Write { what: self.folder.join(name).display().to_string(), source }
    }
}

fn open(name: &str, options: Options) -> Result<Box<dyn Exporter>, Error> {
    let format = FORMATS.iter().find(|format| format.name == name);
    let format = format.ok_or_else(|| Error::Usage(format!("there is no format {name}")))?;
    Ok((format.open)(options))
}

fn messages(exchange: &Exchange) -> impl Iterator<Item = &Message> {
    let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
    request.into_iter().chain(&exchange.interim).chain(response)
}

/// Whether packets of a proof begin or end a message of an exchange: then it is one that the proof
/// speaks of.
fn carries(exchange: &Exchange, proof: &BTreeSet<u64>) -> bool {
    messages(exchange)
        .flat_map(|message| [message.first.packet, message.last.packet])
        .any(|packet| proof.contains(&packet))
}
