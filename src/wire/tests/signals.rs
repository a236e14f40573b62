//! ICMP errors, ARP and neighbour discovery.

use std::net::IpAddr;

use super::*;
use crate::wire::{SignalKind, Unreachable};

fn signal_of(bytes: &[u8]) -> Option<SignalKind> {
    with_decoder(&packet(ETHERNET, bytes), |decoded| match decoded {
        Decoded::Signal(signal) => Some(signal.what),
        _ => None,
    })
}

#[test]
fn an_icmp_error_names_the_ends_that_it_quotes() {
    let quoted = ipv4(TCP, &tcp());
    // Routers quote the IP header and eight octets at least.
    for quote in [&quoted[..], &quoted[..28]] {
        for (kind, code, expected) in [
            (3, 0, Unreachable::Network),
            (3, 1, Unreachable::Host),
            (3, 3, Unreachable::Port),
            (3, 4, Unreachable::TooBig),
            (3, 13, Unreachable::Prohibited),
            (11, 0, Unreachable::TimeExceeded),
            (12, 1, Unreachable::Other(12, 1)),
        ] {
            let message = concat(&[&[kind, code, 0, 0, 0, 0, 0, 0], quote]);
            let Some(SignalKind::Icmp { from, ends, error }) =
                signal_of(&ethernet(0x0800, &ipv4(1, &message)))
            else {
                panic!("{kind} {code} gave no signal");
            };
            assert_eq!(error, expected);
            assert_eq!(from, IpAddr::from(CLIENT));
            assert_eq!(ends.source.to_string(), "10.9.1.2:49690");
            assert_eq!(ends.destination.to_string(), "10.9.1.1:80");
        }
    }
}

#[test]
fn icmp_for_ipv6_names_the_ends_too() {
    let quoted = ipv6(TCP, &tcp());
    for (kind, code, expected) in [
        (1, 0, Unreachable::Network),
        (1, 1, Unreachable::Prohibited),
        (1, 3, Unreachable::Host),
        (1, 4, Unreachable::Port),
        (2, 0, Unreachable::TooBig),
        (3, 0, Unreachable::TimeExceeded),
        (4, 0, Unreachable::Other(4, 0)),
    ] {
        let message = concat(&[&[kind, code, 0, 0, 0, 0, 0, 0], &quoted]);
        let signal = signal_of(&ethernet(0x86dd, &ipv6(58, &message)));
        let Some(SignalKind::Icmp { ends, error, .. }) = signal else {
            panic!("{kind} {code} gave no signal");
        };
        assert_eq!(error, expected);
        assert_eq!(ends.source.to_string(), "[2001:db8::1]:49690");
    }
}

#[test]
fn icmp_about_something_else_is_counted() {
    let echo = ethernet(0x0800, &ipv4(1, &[8, 0, 0, 0, 0, 1, 0, 1]));
    assert_eq!(skip_of(ETHERNET, &echo), Some(Skip::Icmp));
    let about_udp = concat(&[&[3, 3, 0, 0, 0, 0, 0, 0], &udp(53, &[0; 12])]);
    assert_eq!(skip_of(ETHERNET, &ethernet(0x0800, &ipv4(1, &about_udp))), Some(Skip::Icmp));
    let mut later = ipv4(TCP, &tcp());
    later[7] = 9;
    let about_fragment = concat(&[&[3, 3, 0, 0, 0, 0, 0, 0], &later]);
    assert_eq!(skip_of(ETHERNET, &ethernet(0x0800, &ipv4(1, &about_fragment))), Some(Skip::Icmp));
    let advertisement = ethernet(0x86dd, &ipv6(58, &[134, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(skip_of(ETHERNET, &advertisement), Some(Skip::Icmp));
    let stub = ethernet(0x0800, &ipv4(1, &[3, 3, 0]));
    assert!(is_layer(skip_of(ETHERNET, &stub), false, Layer::Icmp));
}

fn arp(operation: u8, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let fixed = [0, 1, 8, 0, 6, 4, 0, operation];
    ethernet(0x0806, &concat(&[&fixed, &[2; 6], &sender, &[0; 6], &target, &[0; 18]]))
}

#[test]
fn arp_asks_answers_and_announces() {
    let (by, target) = (IpAddr::from(CLIENT), IpAddr::from(SERVER));
    let asked = Some(SignalKind::AddressAsked { by, target });
    assert_eq!(signal_of(&arp(1, CLIENT, SERVER)), asked);
    let answered = Some(SignalKind::AddressAnswered { target });
    assert_eq!(signal_of(&arp(2, SERVER, CLIENT)), answered);
    assert_eq!(signal_of(&arp(1, SERVER, SERVER)), answered);
    assert_eq!(skip_of(ETHERNET, &arp(3, CLIENT, SERVER)), Some(Skip::Arp));
    assert!(is_layer(skip_of(ETHERNET, &arp(1, CLIENT, SERVER)[..30]), false, Layer::Arp));
}

#[test]
fn neighbour_discovery_asks_and_answers() {
    let message = |kind: u8| {
        let fixed = [kind, 0, 0, 0, 0, 0, 0, 0];
        ethernet(0x86dd, &ipv6(58, &concat(&[&fixed, &v6_address(7)])))
    };
    let (by, target) = (IpAddr::from(v6_address(1)), IpAddr::from(v6_address(7)));
    assert_eq!(signal_of(&message(135)), Some(SignalKind::AddressAsked { by, target }));
    assert_eq!(signal_of(&message(136)), Some(SignalKind::AddressAnswered { target }));
}
