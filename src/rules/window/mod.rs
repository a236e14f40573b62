//! Rules about many exchanges: bursts, changes, concentrations, abuse. Each watches the exchanges that
//! its trigger calls it for, asks [`super::traffic`] among how many, and speaks once. All keep a bounded
//! memory per server or client and know no clock but the capture's.

pub(super) mod abandoned;
pub(super) mod authentication;
mod burst;
pub(super) mod burst_rules;
pub(super) mod change;
mod episode;
pub(super) mod health;
pub(super) mod latency_shift;
pub(super) mod missing;
pub(super) mod outage;
pub(super) mod portal;
pub(super) mod probe;
pub(super) mod retry;
pub(super) mod skew;
pub(super) mod slowloris;
pub(super) mod statistics;
