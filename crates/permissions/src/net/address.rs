//! Which addresses are public: those that the IANA registries for special purposes do not set aside.
//!
//! For IPv6 it is the other way round: what is neither global unicast nor a translation of a public IPv4 address is not public. An IPv6 address
//! that carries an IPv4 address is judged by both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Anybody's, on the open internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network, or one behind a provider's translation.
    Private,
    /// This link only; where clouds put their metadata services.
    LinkLocal,
    /// A cloud's metadata service outside the ranges above.
    Metadata,
    /// Many receivers.
    Multicast,
    /// No address: `0.0.0.0` and `::`, and their networks.
    Unspecified,
    /// Set aside for documentation, measurements, translation or the future.
    Reserved,
}

impl AddressClass {
    /// Whether a grant has to say so before such an address is connected to.
    pub fn is_public(self) -> bool {
        self == Self::Public
    }

    /// The word for it in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Multicast => "multicast",
            Self::Unspecified => "unspecified",
            Self::Reserved => "reserved",
        }
    }
}

/// What an address is for.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        [0, ..] => AddressClass::Unspecified,
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => AddressClass::Private,
        [169, 254, ..] => AddressClass::LinkLocal,
        // Azure's host agent has an address of the public range that no other network routes.
        [168, 63, 129, 16] => AddressClass::Metadata,
        [224..=239, ..] => AddressClass::Multicast,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
            AddressClass::Reserved
        }
        [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if address.is_loopback() {
        return AddressClass::Loopback;
    }
    if address.is_unspecified() {
        return AddressClass::Unspecified;
    }
    let own = match address.segments() {
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0xfe80..=0xfeff, ..] => AddressClass::LinkLocal,
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        // Teredo, benchmarking, ORCHID, documentation: all of the protocol assignments.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Reserved,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        // ::ffff:0:0/96 and 64:ff9b::/96 are what they carry.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    };
    match embedded_v4(address) {
        Some(inner) if own.is_public() => classify_v4(inner),
        _ => own,
    }
}

/// The IPv4 address that an IPv6 address leads to, by translation or by tunnel.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(last(high, low)),
        // 6to4.
        [0x2002, high, low, ..] => Some(last(high, low)),
        // ISATAP: any prefix, and an interface identifier that names the address.
        [.., 0 | 0x200, 0x5efe, high, low] => Some(last(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> AddressClass {
        classify(text.parse().unwrap())
    }

    /// First and last address of a range, and their neighbours outside.
    fn edges(network: &str) -> [IpAddr; 4] {
        let (base, length) = network.split_once('/').unwrap();
        let length: u32 = length.parse().unwrap();
        match base.parse().unwrap() {
            IpAddr::V4(base) => {
                let first = u32::from(base);
                let last = first | u32::MAX.checked_shr(length).unwrap_or(0);
                [first, last, first.wrapping_sub(1), last.wrapping_add(1)].map(|bits| Ipv4Addr::from(bits).into())
            }
            IpAddr::V6(base) => {
                let first = u128::from(base);
                let last = first | u128::MAX.checked_shr(length).unwrap_or(0);
                [first, last, first.wrapping_sub(1), last.wrapping_add(1)].map(|bits| Ipv6Addr::from(bits).into())
            }
        }
    }

    #[test]
    fn no_address_of_a_special_range_is_public_from_its_first_to_its_last() {
        let networks = [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "255.255.255.255/32",
            "168.63.129.16/32",
            "::/128",
            "::1/128",
            "::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001::/32",
            "2001:20::/28",
            "2001:db8::/32",
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            "::ffff:0:0:0/96",
        ];
        for network in networks {
            let [first, last, ..] = edges(network);
            assert!(!classify(first).is_public(), "{first} of {network}");
            assert!(!classify(last).is_public(), "{last} of {network}");
        }
    }

    #[test]
    fn the_neighbours_of_a_special_range_are_public() {
        let networks = [
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "2001:db8::/32",
        ];
        for network in networks {
            let [.., before, after] = edges(network);
            assert!(classify(before).is_public(), "{before} before {network}");
            assert!(classify(after).is_public(), "{after} after {network}");
        }
    }

    #[test]
    fn an_address_inside_another_is_judged_by_what_it_leads_to() {
        for inner in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1"] {
            let inner: Ipv4Addr = inner.parse().unwrap();
            let [a, b, c, d] = inner.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            for outer in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0x5efe, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            ] {
                assert!(!classify(outer.into()).is_public(), "{outer}");
            }
        }
        for public in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"] {
            assert!(class(public).is_public(), "{public}");
        }
    }

    #[test]
    fn metadata_services_are_not_public_wherever_a_cloud_puts_them() {
        for address in
            ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"]
        {
            assert!(!class(address).is_public(), "{address}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for address in
            ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::200e"]
        {
            assert!(class(address).is_public(), "{address}");
        }
    }

    #[test]
    fn every_address_that_the_standard_library_calls_special_is_special_here() {
        // A walk over the whole space in steps that share no factor with it.
        let mut bits: u32 = 0;
        for _ in 0..400_000 {
            bits = bits.wrapping_add(0x9E37_79B1);
            let address = Ipv4Addr::from(bits);
            let special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation();
            assert!(!special || !classify_v4(address).is_public(), "{address}");
            assert_eq!(classify(address.to_ipv6_mapped().into()), classify_v4(address), "{address} mapped");
        }
    }
}
