//! An exchange in, its shape out; a shape in, the rules that it calls out: looked up in tables made once.

use super::Bound;
use super::dates::Dates;
use super::guards::{Known, of_message};
use super::shape::{Looks, Shape, Sign, Signs};
use crate::http::{Exchange, Features, FieldName, FieldSet, Framing, Message, Method};
use crate::rules::bits::Bits;
use crate::rules::rule::{Check, Trigger};
use crate::status;
use crate::units::Duration;

/// What [`Trigger::SlowHead`] and the others are called for.
const SLOW_HEAD: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_millis(500);

/// Statuses are three digits.
const STATUSES: usize = 1_000;

/// Which rules each thing calls that exchanges may show.
#[derive(Default)]
pub(super) struct Calls {
    always: Bits,
    flaw: Vec<Bits>,
    field: Vec<Bits>,
    feature: Vec<Bits>,
    request_field: Vec<Bits>,
    response_field: Vec<Bits>,
    /// All that calls a rule by being there or not.
    wanted: Looks,
    repeated: FieldSet,
    /// The kind of each status: those of one kind call the same rules.
    status: Vec<u8>,
    statuses: Vec<Bits>,
    method: [Bits; METHODS],
    signs: [Bits; Signs::ROOM],
    request_lacks: Vec<(FieldSet, Bits)>,
    lacks: Vec<(FieldSet, Bits)>,
    pub connection_over: Bits,
    /// More octets and field lines than that are what [`Trigger::LongHead`] waits for.
    short: Option<(usize, usize)>,
    /// The registered phrases by status; empty where there is none.
    phrases: Vec<&'static str>,
    dates: Dates,
}

impl Calls {
    pub fn of(rules: &[Bound]) -> Self {
        let mut calls = Self {
            flaw: vec![Bits::default(); 64],
            field: vec![Bits::default(); 128],
            feature: vec![Bits::default(); Features::ROOM],
            request_field: vec![Bits::default(); 128],
            response_field: vec![Bits::default(); 128],
            phrases: (0..STATUSES as u16)
                .map(|code| status::lookup(code).map_or("", |row| row.phrase))
                .collect(),
            ..Self::default()
        };
        let mut by_status = vec![Bits::default(); STATUSES];
        for (place, bound) in rules.iter().enumerate() {
            let trigger = match bound.rule.check {
                Check::Message(_, trigger, _)
                | Check::Exchange(trigger, _)
                | Check::Settled(trigger, _) => trigger,
                Check::Watch(trigger, _) => trigger,
                Check::Connection(_) => continue,
            };
            calls.enter(place, trigger, &mut by_status);
            if matches!(trigger, Trigger::LongHead) {
                let (octets, lines) = calls.short.unwrap_or((usize::MAX, usize::MAX));
                // More than a number is more than what is whole of it.
                let least = |of_lines: bool| {
                    let named = bound.rule.parameters.iter().zip(&bound.parameters);
                    let wanted =
                        named.filter(move |(known, _)| (known.name == "fields") == of_lines);
                    wanted.flat_map(|(_, values)| values.iter()).map(|value| *value as usize).min()
                };
                let or_any = |least: Option<usize>| least.unwrap_or(usize::MAX);
                calls.short =
                    Some((octets.min(or_any(least(false))), lines.min(or_any(least(true)))));
            }
        }
        // Most statuses call the same rules: one octet a status finds the set.
        for bits in by_status {
            let same = calls.statuses.iter().position(|known| *known == bits);
            let index = same.unwrap_or_else(|| {
                calls.statuses.push(bits);
                calls.statuses.len() - 1
            });
            calls.status.push(u8::try_from(index).unwrap_or(u8::MAX));
        }
        assert!(calls.statuses.len() < 256, "too many kinds of status for an octet");
        calls
    }

    fn enter(&mut self, place: usize, trigger: Trigger, by_status: &mut [Bits]) {
        let add = |table: &mut Vec<Bits>, set: &mut FieldSet, fields: &[FieldName]| {
            for field in fields {
                set.add(*field);
                if let Some(bits) = table.get_mut(usize::from(*field as u8)) {
                    bits.add(place);
                }
            }
        };
        let lack = |table: &mut Vec<(FieldSet, Bits)>, set: &mut FieldSet, fields: &[FieldName]| {
            let mut bits = Bits::default();
            bits.add(place);
            let fields = FieldSet::of(fields);
            *set = set.or(fields);
            table.push((fields, bits));
        };
        let mut sign = |sign: Sign| {
            if let Some(bits) = self.signs.get_mut(sign as usize) {
                bits.add(place);
            }
        };
        match trigger {
            Trigger::Always => self.always.add(place),
            Trigger::Flaw(flaws) => {
                for flaw in flaws {
                    self.wanted.flaws.add(*flaw);
                    if let Some(bits) = self.flaw.get_mut(usize::from(*flaw as u8)) {
                        bits.add(place);
                    }
                }
            }
            Trigger::Field(fields) => add(&mut self.field, &mut self.wanted.fields, fields),
            Trigger::RequestField(fields) => {
                add(&mut self.request_field, &mut self.wanted.fields, fields);
            }
            Trigger::ResponseField(fields) => {
                add(&mut self.response_field, &mut self.wanted.fields, fields);
            }
            Trigger::Repeated(fields) => {
                sign(Sign::Repeated);
                self.repeated = self.repeated.or(FieldSet::of(fields));
            }
            Trigger::Status(ranges) => {
                for (from, to) in ranges {
                    let range = usize::from(*from)..=usize::from(*to);
                    by_status.get_mut(range).unwrap_or_default().iter_mut().for_each(|bits| {
                        bits.add(place);
                    });
                }
            }
            Trigger::StatusWhere(holds) => {
                for (code, bits) in (0..).zip(by_status.iter_mut()) {
                    if holds(code) {
                        bits.add(place);
                    }
                }
            }
            Trigger::Method(methods) => {
                for method in methods {
                    if let Some(bits) = self.method.get_mut(*method as usize) {
                        bits.add(place);
                    }
                }
            }
            Trigger::ResponseLacks(fields) => {
                lack(&mut self.lacks, &mut self.wanted.fields, fields)
            }
            Trigger::RequestLacks(fields) => {
                lack(&mut self.request_lacks, &mut self.wanted.fields, fields);
            }
            Trigger::Feature(features) => {
                self.wanted.features.join(Features::of(features));
                for feature in features {
                    if let Some(bits) = self.feature.get_mut(usize::from(*feature as u8)) {
                        bits.add(place);
                    }
                }
            }
            Trigger::ConnectionOver => self.connection_over.add(place),
            Trigger::Interim => sign(Sign::Interim),
            Trigger::Unanswered => sign(Sign::Unanswered),
            Trigger::Incomplete => sign(Sign::Incomplete),
            Trigger::EarlyResponse => sign(Sign::EarlyResponse),
            Trigger::Orphan => sign(Sign::Orphan),
            Trigger::CloseDelimited => sign(Sign::CloseDelimited),
            Trigger::Failed => sign(Sign::Failed),
            Trigger::InVain => sign(Sign::InVain),
            Trigger::Sampled => sign(Sign::Sampled),
            Trigger::AfterClose => sign(Sign::AfterClose),
            Trigger::Contradicts => sign(Sign::Contradicts),
            Trigger::Awaited => sign(Sign::Awaited),
            Trigger::OtherPhrase => sign(Sign::OtherPhrase),
            Trigger::LongHead => sign(Sign::LongHead),
            Trigger::OddDate => sign(Sign::OddDate),
            Trigger::Pipelined => sign(Sign::Pipelined),
            Trigger::SlowHead => sign(Sign::SlowHead),
            Trigger::SlowResponse => sign(Sign::SlowResponse),
            Trigger::Stalled => sign(Sign::Stalled),
            Trigger::Probing => sign(Sign::Probing),
            Trigger::OneOf(triggers) => {
                for trigger in triggers {
                    self.enter(place, *trigger, by_status);
                }
            }
        }
    }

    /// What of a message calls rules.
    pub fn looks(&self, message: &Message) -> Looks {
        Looks::of(message, self.wanted)
    }

    /// The shape of an exchange, as far as it shows by itself.
    pub fn shape(&mut self, exchange: &Exchange) -> Shape {
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        let mut shape = Shape {
            method: u8::MAX,
            status: u8::MAX,
            met: Known::of(exchange).met,
            ..Shape::default()
        };
        let mut signs = Signs::default();
        if let Some(request) = request {
            let head = &request.head;
            shape.request = self.looks(request);
            shape.met_by_messages[0] = of_message(request, exchange);
            shape.method = head.method() as u8;
            self.note(request, &mut signs);
            let slow = !request.head_whole || request.head_end.since(request.first) > SLOW_HEAD;
            signs.add_if(slow, Sign::SlowHead);
            signs.add_if(!head.repeated().and(self.repeated).is_empty(), Sign::Repeated);
        }
        for interim in &exchange.interim {
            self.note(interim, &mut signs);
        }
        if let Some(response) = response {
            let head = &response.head;
            shape.response = self.looks(response);
            shape.met_by_messages[1] = of_message(response, exchange);
            shape.status = self.kind_of_status(response);
            self.note(response, &mut signs);
            signs.add_if(!head.repeated().and(self.repeated).is_empty(), Sign::Repeated);
            let stalled = response.longest_pause.is_some_and(|(pause, _)| pause > SLOW);
            signs.add_if(stalled, Sign::Stalled);
            signs.add_if(response.framing == Framing::Close, Sign::CloseDelimited);
        }
        if let (Some(request), Some(response)) = (request, response) {
            signs.add_if(response.first.since(request.head_end) > SLOW, Sign::SlowResponse);
            let early = request.last.packet > response.first.packet || !request.complete();
            signs.add_if(early, Sign::EarlyResponse);
        }
        signs.add_if(request.is_none(), Sign::Orphan);
        signs.add_if(response.is_none(), Sign::Unanswered);
        signs.add_if(response.is_none_or(|response| !response.complete()), Sign::Incomplete);
        signs.add_if(!exchange.interim.is_empty(), Sign::Interim);
        shape.signs = signs;
        shape
    }

    /// What any message may show.
    fn note(&mut self, message: &Message, signs: &mut Signs) {
        let head = &message.head;
        if let Some((octets, lines)) = self.short {
            let long = head.octets().len() > octets || head.field_count() > lines;
            signs.add_if(long, Sign::LongHead);
        }
        if let Some(status) = head.status() {
            let usual = self.phrases.get(usize::from(status));
            let other = usual.is_none_or(|phrase| phrase.as_bytes() != head.reason());
            signs.add_if(other, Sign::OtherPhrase);
        }
        signs.add_if(!self.dates.are_readable(head), Sign::OddDate);
    }

    fn kind_of_status(&self, response: &Message) -> u8 {
        let status = response.head.status();
        let kind = status.and_then(|status| self.status.get(usize::from(status)));
        kind.copied().unwrap_or(u8::MAX)
    }

    /// The rules that a shape calls, and the interim responses that come with it.
    pub fn by(&self, shape: &Shape, interim: &[Message]) -> Bits {
        let mut called = self.always;
        let mut join = |bits: Option<&Bits>| {
            if let Some(bits) = bits {
                called.join(bits);
            }
        };
        let Shape { request, response, .. } = shape;
        join(self.method.get(usize::from(shape.method)));
        join(self.statuses.get(usize::from(shape.status)));
        for place in shape.signs.places() {
            join(self.signs.get(place));
        }
        for number in request.fields.numbers() {
            join(self.request_field.get(usize::from(number)));
        }
        for number in response.fields.numbers() {
            join(self.response_field.get(usize::from(number)));
        }
        let tables = [
            (shape.method != u8::MAX, &self.request_lacks, request.fields),
            (!shape.signs.has(Sign::Unanswered), &self.lacks, response.fields),
        ];
        for (_, table, fields) in tables.into_iter().filter(|(there, ..)| *there) {
            let lacking = table.iter().filter(|(wanted, _)| fields.and(*wanted).is_empty());
            lacking.for_each(|(_, bits)| join(Some(bits)));
        }
        let interim_looks = interim.iter().map(|message| self.looks(message));
        for looks in [*request, *response].into_iter().chain(interim_looks) {
            for number in looks.fields.numbers() {
                join(self.field.get(usize::from(number)));
            }
            for number in looks.features.numbers() {
                join(self.feature.get(usize::from(number)));
            }
            for flaw in looks.flaws.iter() {
                join(self.flaw.get(usize::from(flaw as u8)));
            }
        }
        for message in interim {
            join(self.statuses.get(usize::from(self.kind_of_status(message))));
        }
        called
    }
}

const METHODS: usize = 10;

/// The methods have numbers below that, by which they are looked up.
const _: () = assert!((Method::Other as usize) < METHODS);
