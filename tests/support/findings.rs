//! TCP segments in, what the rules find in them out.

use std::ops::ControlFlow;
use std::path::Path;

use httpwhy::capture::Capture;
use httpwhy::engine::{Clock, Collector, Record, Shard};
use httpwhy::error::Error;
use httpwhy::flow::Mark;
use httpwhy::pipeline;
use httpwhy::rules::{Finding, Parameters};

use super::packets::Segment;

/// Judges segments as if they had been captured in this order.
pub fn judge(segments: &[Segment]) -> Vec<Finding> {
    judge_with(segments, &Parameters::default())
}

/// The same with other parameters.
pub fn judge_with(segments: &[Segment], parameters: &Parameters) -> Vec<Finding> {
    let mut shard = Shard::default();
    let mut collector = Collector::default().with_rules(parameters);
    let mut clock = Clock::default();
    let mut last = Mark::default();
    let mut findings = Vec::new();
    let mut keep = |record: Record<'_>| -> Result<(), ()> {
        if let Record::Finding(finding) = record {
            findings.push(finding.clone());
        }
        Ok(())
    };
    for (segment, number) in segments.iter().zip(1..) {
        last = Mark { at: last.at.max(segment.at), packet: number };
        if clock.passes(segment.at) {
            shard.tick(last);
        }
        shard.segment(&segment.as_wire(number));
        assert_eq!(collector.take(shard.events(), &mut keep), Ok(()));
    }
    shard.finish(last);
    assert_eq!(collector.take(shard.events(), &mut keep), Ok(()));
    assert_eq!(collector.finish(&mut keep), Ok(()));
    findings
}

/// Judges a capture file.
///
/// # Panics
///
/// Where the file cannot be opened.
pub fn judge_file(path: &Path) -> Vec<Finding> {
    let mut capture = Capture::open(&[path]).unwrap_or_else(|error| panic!("{error}"));
    let mut findings = Vec::new();
    let run = pipeline::run::<Error>(&mut capture, pipeline::Options::default(), |record| {
        if let Record::Finding(finding) = record {
            findings.push(finding.clone());
        }
        Ok(ControlFlow::Continue(()))
    });
    run.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    findings
}
