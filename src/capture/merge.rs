//! Several inputs in, one sequence of records in the order of time out; equal times in the order
//! of the arguments. Each input stays in its own order, whatever its clock does.
//!
//! Of several regular files, each is closed again after a look at its first packet, until its turn
//! comes: so a thousand rotated files need one descriptor and one buffer at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::units::Timestamp;
use crate::wire::Packet;

use super::file::File;
use super::record::Record;
use super::report::Input;
use super::source::{Block, Next, Reading};

/// The inputs, as one.
pub(super) enum Merge {
    /// One alone, whose records become packets as they are found: nothing waits and nothing is kept.
    One(Box<File>),
    Several(Several),
}

/// Several inputs, and which is next.
pub(super) struct Several {
    sources: Vec<Source>,
    /// The time of the next record of each source that has one, and its index.
    waiting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The source that gave the last record; its next one is not read yet.
    given: Option<usize>,
    /// Interfaces numbered so far.
    interfaces: u32,
}

/// One input of several.
struct Source {
    state: State,
    /// The next record, or the one just given.
    record: Option<Record>,
    /// The numbers of its interfaces over all inputs. They outlive a closed file.
    numbers: Vec<u32>,
}

enum State {
    Open(File),
    /// Looked at and closed; what was found is kept, with the size of the file.
    Closed(Input, Option<u64>),
}

impl Source {
    const fn new(file: File) -> Self {
        Self { state: State::Open(file), record: None, numbers: Vec::new() }
    }

    const fn input(&self) -> &Input {
        match &self.state {
            State::Open(file) => &file.input,
            State::Closed(input, _) => input,
        }
    }

    fn reading(&self) -> Reading {
        match &self.state {
            State::Open(file) => file.reading(),
            // Its turn comes, and then it is read from the beginning.
            State::Closed(_, size) => Reading { octets: 0, size: *size },
        }
    }
}

impl Merge {
    /// A single input.
    pub(super) fn one(file: File) -> Self {
        Self::One(Box::new(file))
    }

    /// Opens every path and, of several, reads the first record.
    pub(super) fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        match paths {
            [path] => File::open(path.as_ref()).map(Self::one),
            paths => Several::open(paths).map(Self::Several),
        }
    }

    /// The next packet, which gets the number behind the given one of the last. Of the clock it knows
    /// nothing where nothing comes; so far a single input alone can be quiet.
    #[inline]
    pub(super) fn next(&mut self, last: &mut u64) -> Result<Next<'_>, Error> {
        match self {
            Self::One(file) => {
                let record = file.next();
                if file.has_new_interfaces() {
                    // Those of one input have their index as their number.
                    file.number_interfaces(|index| u32::try_from(index).unwrap_or(u32::MAX));
                }
                Ok(match record {
                    Some(record) => {
                        *last += 1;
                        Next::Packet(record.packet(&file.window, *last, record.interface))
                    }
                    None if file.is_quiet() => Next::Quiet { now: None },
                    None => Next::End,
                })
            }
            Self::Several(several) => several.next(last),
        }
    }

    /// The block that the last packet lies in.
    pub(super) fn block(&self) -> Option<&Block> {
        match self {
            Self::One(file) => Some(file.window.block()),
            Self::Several(several) => several.block(),
        }
    }

    /// Whether a single input is read ahead. Of several, packets are taken in turns, from small blocks.
    pub(super) fn read_ahead(&mut self, is_wanted: bool) {
        if let Self::One(file) = self {
            file.read_ahead(is_wanted);
        }
    }

    /// How far reading has come, over all inputs.
    pub(super) fn reading(&self) -> Reading {
        match self {
            Self::One(file) => file.reading(),
            Self::Several(several) => several.reading(),
        }
    }

    /// What is known about each input, in the order of the arguments.
    pub(super) fn inputs(&self) -> Vec<&Input> {
        match self {
            Self::One(file) => vec![&file.input],
            Self::Several(several) => several.sources.iter().map(Source::input).collect(),
        }
    }
}

impl Several {
    fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        let mut several = Self {
            sources: Vec::with_capacity(paths.len()),
            waiting: BinaryHeap::new(),
            given: None,
            interfaces: 0,
        };
        for (index, path) in paths.iter().enumerate() {
            let path = path.as_ref();
            let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file);
            let file = match &metadata {
                Some(metadata) if metadata.len() == 0 => File::empty(path.to_owned()),
                _ => File::open(path)?,
            };
            several.sources.push(Source::new(file));
            several.read(index);
            if let Some(metadata) = metadata
                && let Some(source) = several.sources.get_mut(index)
                && source.record.is_some()
            {
                source.state = State::Closed(source.input().clone(), Some(metadata.len()));
            }
        }
        Ok(several)
    }

    fn next(&mut self, last: &mut u64) -> Result<Next<'_>, Error> {
        let Some(index) = self.advance()? else { return Ok(Next::End) };
        *last += 1;
        Ok(self.packet(index, *last).map_or(Next::End, Next::Packet))
    }

    /// Moves on by one record; which source has it, or `None` at the end of all.
    fn advance(&mut self) -> Result<Option<usize>, Error> {
        if let Some(index) = self.given {
            self.read(index);
        }
        loop {
            self.given = self.waiting.pop().map(|Reverse((_, index))| index);
            let Some(source) = self.given.and_then(|index| self.sources.get_mut(index)) else {
                return Ok(None);
            };
            if let State::Closed(input, _) = &source.state {
                // What was found at the first look is found again.
                source.state = State::Open(File::open(&input.path)?);
                Self::step(source, &mut self.interfaces);
            }
            // Unless the file was cut meanwhile.
            if source.record.is_some() {
                return Ok(self.given);
            }
        }
    }

    /// The record that [`Self::advance`] came to.
    fn packet(&self, index: usize, number: u64) -> Option<Packet<'_>> {
        let source = self.sources.get(index)?;
        let State::Open(file) = &source.state else { return None };
        let record = source.record?;
        let interface = *source.numbers.get(record.interface as usize)?;
        Some(record.packet(&file.window, number, interface))
    }

    /// The block that the record of the last [`Self::advance`] lies in.
    fn block(&self) -> Option<&Block> {
        match &self.sources.get(self.given?)?.state {
            State::Open(file) => Some(file.window.block()),
            State::Closed(..) => None,
        }
    }

    fn reading(&self) -> Reading {
        let mut all = Reading { octets: 0, size: Some(0) };
        for one in self.sources.iter().map(Source::reading) {
            all.octets = all.octets.saturating_add(one.octets);
            all.size = all.size.zip(one.size).map(|(all, one)| all.saturating_add(one));
        }
        all
    }

    /// Reads the next record of a source and queues it.
    fn read(&mut self, index: usize) {
        let Some(source) = self.sources.get_mut(index) else { return };
        Self::step(source, &mut self.interfaces);
        if let Some(record) = &source.record {
            self.waiting.push(Reverse((record.at, index)));
        }
    }

    /// Reads the next record of a source and numbers the interfaces that came with it.
    fn step(source: &mut Source, interfaces: &mut u32) {
        let State::Open(file) = &mut source.state else { return };
        source.record = file.next();
        file.number_interfaces(|index| match source.numbers.get(index) {
            Some(&number) => number,
            None => {
                let number = *interfaces;
                *interfaces = interfaces.saturating_add(1);
                source.numbers.push(number);
                number
            }
        });
    }
}
