//! An exchange in, the rules that it calls out: by what it shows, looked up in tables made once.

use super::Bound;
use crate::http::{Exchange, Features, FieldName, FieldSet, Flaws, Framing, Message, Method};
use crate::rules::bits::Bits;
use crate::rules::rule::{Check, Trigger};
use crate::rules::window::probe::may_probe;
use crate::status;
use crate::units::Duration;

/// What [`Trigger::SlowHead`] and the others are called for.
const SLOW_HEAD: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_millis(500);

/// Statuses are three digits.
const STATUSES: usize = 1_000;

/// By what a message shows that it is the one that called a rule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signs {
    /// Nothing in it does; it may be any.
    any: bool,
    flaws: Flaws,
    fields: FieldSet,
    features: Features,
}

/// Which rules each sign calls.
#[derive(Default)]
pub(super) struct Calls {
    always: Bits,
    flaw: Vec<Bits>,
    flaws: Flaws,
    field: Vec<Bits>,
    fields: FieldSet,
    feature: Vec<Bits>,
    features: Features,
    request_field: Vec<Bits>,
    request_fields: FieldSet,
    response_field: Vec<Bits>,
    response_fields: FieldSet,
    status: Vec<u8>,
    statuses: Vec<Bits>,
    method: [Bits; 10],
    repeated: Bits,
    repeated_fields: FieldSet,
    interim: Bits,
    unanswered: Bits,
    incomplete: Bits,
    early: Bits,
    orphan: Bits,
    close_delimited: Bits,
    pub troubled: Bits,
    pub after_close: Bits,
    pub contradicts: Bits,
    pub connection_over: Bits,
    request_lacks: Vec<(FieldSet, Bits)>,
    lacks: Vec<(FieldSet, Bits)>,
    other_phrase: Bits,
    long_head: Bits,
    /// More octets and field lines than that are what [`Trigger::LongHead`] waits for.
    short: Option<(f64, f64)>,
    /// The registered phrases by status; empty where there is none.
    phrases: Vec<&'static str>,
    slow_head: Bits,
    slow_response: Bits,
    stalled: Bits,
    probing: Bits,
}

impl Signs {
    pub fn of(trigger: Trigger) -> Self {
        match trigger {
            Trigger::Flaw(flaws) => Self { flaws: Flaws::of(flaws), ..Self::default() },
            Trigger::Field(fields)
            | Trigger::RequestField(fields)
            | Trigger::ResponseField(fields) => {
                Self { fields: FieldSet::of(fields), ..Self::default() }
            }
            Trigger::Feature(features) => {
                Self { features: Features::of(features), ..Self::default() }
            }
            Trigger::OneOf(triggers) => triggers.iter().fold(Self::default(), |mut all, one| {
                let one = Self::of(*one);
                all.any |= one.any;
                all.flaws.join(one.flaws);
                all.fields = all.fields.or(one.fields);
                all.features.join(one.features);
                all
            }),
            _ => Self { any: true, ..Self::default() },
        }
    }

    /// Whether it is this message that called the rule, as far as the trigger tells.
    pub fn are_in(self, message: &Message) -> bool {
        self.any
            || message.flaws.meets(self.flaws)
            || !message.head.present().and(self.fields).is_empty()
            || !message.head.features().and(self.features).is_empty()
    }
}

impl Calls {
    pub fn of(rules: &[Bound]) -> Self {
        let mut calls = Self {
            flaw: vec![Bits::default(); 64],
            field: vec![Bits::default(); 128],
            feature: vec![Bits::default(); Features::ROOM],
            phrases: (0..STATUSES as u16)
                .map(|code| status::lookup(code).map_or("", |row| row.phrase))
                .collect(),
            request_field: vec![Bits::default(); 128],
            response_field: vec![Bits::default(); 128],
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
                let (octets, lines) = calls.short.unwrap_or((f64::MAX, f64::MAX));
                let least = |of_lines: bool| {
                    let named = bound.rule.parameters.iter().zip(&bound.parameters);
                    let wanted =
                        named.filter(move |(known, _)| (known.name == "fields") == of_lines);
                    wanted.flat_map(|(_, values)| values.iter().copied()).fold(f64::MAX, f64::min)
                };
                calls.short = Some((octets.min(least(false)), lines.min(least(true))));
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
        assert!(calls.statuses.len() <= 256, "too many kinds of status for an octet");
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
        let lack = |table: &mut Vec<(FieldSet, Bits)>, fields: &[FieldName]| {
            let mut bits = Bits::default();
            bits.add(place);
            table.push((FieldSet::of(fields), bits));
        };
        match trigger {
            Trigger::Always => self.always.add(place),
            Trigger::Flaw(flaws) => {
                for flaw in flaws {
                    self.flaws.add(*flaw);
                    if let Some(bits) = self.flaw.get_mut(usize::from(*flaw as u8)) {
                        bits.add(place);
                    }
                }
            }
            Trigger::Field(fields) => add(&mut self.field, &mut self.fields, fields),
            Trigger::RequestField(fields) => {
                add(&mut self.request_field, &mut self.request_fields, fields);
            }
            Trigger::ResponseField(fields) => {
                add(&mut self.response_field, &mut self.response_fields, fields);
            }
            Trigger::Repeated(fields) => {
                self.repeated.add(place);
                self.repeated_fields = self.repeated_fields.or(FieldSet::of(fields));
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
            Trigger::Interim => self.interim.add(place),
            Trigger::Unanswered => self.unanswered.add(place),
            Trigger::Incomplete => self.incomplete.add(place),
            Trigger::EarlyResponse => self.early.add(place),
            Trigger::Orphan => self.orphan.add(place),
            Trigger::CloseDelimited => self.close_delimited.add(place),
            Trigger::Troubled => self.troubled.add(place),
            Trigger::Contradicts => self.contradicts.add(place),
            Trigger::ResponseLacks(fields) => lack(&mut self.lacks, fields),
            Trigger::RequestLacks(fields) => lack(&mut self.request_lacks, fields),
            Trigger::OtherPhrase => self.other_phrase.add(place),
            Trigger::LongHead => self.long_head.add(place),
            Trigger::ConnectionOver => self.connection_over.add(place),
            Trigger::AfterClose => self.after_close.add(place),
            Trigger::Feature(features) => {
                self.features.join(Features::of(features));
                for feature in features {
                    if let Some(bits) = self.feature.get_mut(usize::from(*feature as u8)) {
                        bits.add(place);
                    }
                }
            }
            Trigger::SlowHead => self.slow_head.add(place),
            Trigger::SlowResponse => self.slow_response.add(place),
            Trigger::Stalled => self.stalled.add(place),
            Trigger::Probing => self.probing.add(place),
            Trigger::OneOf(triggers) => {
                for trigger in triggers {
                    self.enter(place, *trigger, by_status);
                }
            }
        }
    }

    /// The rules that an exchange calls.
    pub fn by(&self, exchange: &Exchange) -> Bits {
        let mut called = self.always;
        let mut flaws = Flaws::default();
        let mut fields = FieldSet::default();
        let mut repeated = FieldSet::default();
        let mut features = Features::default();
        if let Some(request) = exchange.request.as_deref() {
            flaws.join(request.flaws);
            let present = request.head.present();
            fields = fields.or(present);
            repeated = repeated.or(request.head.repeated());
            features.join(request.head.features());
            join(&mut called, &self.request_field, present.and(self.request_fields));
            if let Some(bits) = self.method.get(request.head.method() as usize) {
                called.join(bits);
            }
            if !request.head_whole || request.head_end.since(request.first) > SLOW_HEAD {
                called.join(&self.slow_head);
            }
            if may_probe(request.head.features(), request.head.target()) {
                called.join(&self.probing);
            }
            join_lacking(&mut called, &self.request_lacks, present);
            self.add_if_long(request, &mut called);
        } else {
            called.join(&self.orphan);
        }
        if !exchange.interim.is_empty() {
            called.join(&self.interim);
            for interim in &exchange.interim {
                flaws.join(interim.flaws);
                fields = fields.or(interim.head.present());
                features.join(interim.head.features());
                self.add_status(interim, &mut called);
                self.add_if_long(interim, &mut called);
            }
        }
        if let Some(response) = exchange.response.as_deref() {
            flaws.join(response.flaws);
            let present = response.head.present();
            fields = fields.or(present);
            repeated = repeated.or(response.head.repeated());
            features.join(response.head.features());
            join(&mut called, &self.response_field, present.and(self.response_fields));
            self.add_status(response, &mut called);
            join_lacking(&mut called, &self.lacks, present);
            self.add_if_long(response, &mut called);
            if response.longest_pause.is_some_and(|(pause, _)| pause > SLOW) {
                called.join(&self.stalled);
            }
            if let Some(request) = exchange.request.as_deref()
                && response.first.since(request.head_end) > SLOW
            {
                called.join(&self.slow_response);
            }
            if !response.complete() {
                called.join(&self.incomplete);
            }
            if response.framing == Framing::Close {
                called.join(&self.close_delimited);
            }
            if let Some(request) = exchange.request.as_deref()
                && (request.last.packet > response.first.packet || !request.complete())
            {
                called.join(&self.early);
            }
        } else {
            called.join(&self.unanswered);
            called.join(&self.incomplete);
        }
        join(&mut called, &self.field, fields.and(self.fields));
        for number in features.and(self.features).numbers() {
            if let Some(bits) = self.feature.get(usize::from(number)) {
                called.join(bits);
            }
        }
        if !repeated.and(self.repeated_fields).is_empty() {
            called.join(&self.repeated);
        }
        if flaws.meets(self.flaws) {
            for flaw in flaws.iter() {
                if let Some(bits) = self.flaw.get(usize::from(flaw as u8)) {
                    called.join(bits);
                }
            }
        }
        called
    }

    fn add_if_long(&self, message: &Message, called: &mut Bits) {
        let Some((octets, lines)) = self.short else { return };
        let head = &message.head;
        if head.octets().len() as f64 > octets || head.field_count() as f64 > lines {
            called.join(&self.long_head);
        }
    }

    fn add_status(&self, response: &Message, called: &mut Bits) {
        if let Some(status) = response.head.status()
            && let Some(index) = self.status.get(usize::from(status))
            && let Some(bits) = self.statuses.get(usize::from(*index))
        {
            called.join(bits);
            let usual = self.phrases.get(usize::from(status));
            if usual.is_none_or(|phrase| phrase.as_bytes() != response.head.reason()) {
                called.join(&self.other_phrase);
            }
        }
    }
}

/// The rules that wait for one of some fields to be missing.
fn join_lacking(called: &mut Bits, table: &[(FieldSet, Bits)], present: FieldSet) {
    for (fields, bits) in table {
        if present.and(*fields).is_empty() {
            called.join(bits);
        }
    }
}

fn join(called: &mut Bits, table: &[Bits], fields: FieldSet) {
    for number in fields.numbers() {
        if let Some(bits) = table.get(usize::from(number)) {
            called.join(bits);
        }
    }
}

/// The methods have numbers below ten, by which they are looked up.
const _: () = assert!((Method::Other as usize) < 10);
