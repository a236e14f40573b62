//! Rules about many exchanges: bursts, changes, concentrations, abuse. Each watches the exchanges that
//! its trigger calls it for, asks [`super::traffic`] among how many, and speaks once. All keep a bounded
//! memory per server or client and know no clock but the capture's.

mod burst;
pub(super) mod burst_rules;
mod statistics;
