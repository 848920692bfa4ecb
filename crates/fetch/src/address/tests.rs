use super::*;
use proptest::prelude::*;

/// The blocks that no stranger may send us to, written down apart from the tables under test.
const FORBIDDEN_V4: &[(&str, u32)] = &[
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("168.63.129.16", 32),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.88.99.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
    ("255.255.255.255", 32),
];

const FORBIDDEN_V6: &[(&str, u32)] = &[
    ("::", 96),
    ("64:ff9b:1::", 48),
    ("100::", 64),
    ("2001::", 23),
    ("2001::", 32),
    ("2001:db8::", 32),
    ("2002::", 16),
    ("3fff::", 20),
    ("5f00::", 16),
    ("fc00::", 7),
    ("fe80::", 10),
    ("fec0::", 10),
    ("ff00::", 8),
];

fn v4_in(block: &(&str, u32), host: u32) -> Ipv4Addr {
    let base: Ipv4Addr = block.0.parse().unwrap();
    let host = host & u32::MAX.checked_shr(block.1).unwrap_or(0);
    Ipv4Addr::from(u32::from(base) | host)
}

fn v6_in(block: &(&str, u32), host: u128) -> Ipv6Addr {
    let base: Ipv6Addr = block.0.parse().unwrap();
    let host = host & u128::MAX.checked_shr(block.1).unwrap_or(0);
    Ipv6Addr::from(u128::from(base) | host)
}

/// Every way to write an IPv4 address as an IPv6 one that some host or relay would undo.
fn embeddings(ip: Ipv4Addr) -> Vec<IpAddr> {
    let bits = u128::from(u32::from(ip));
    [
        ip.to_ipv6_mapped(),
        Ipv6Addr::from(bits),
        Ipv6Addr::from((0x0064_ff9b_u128 << 96) | bits),
        Ipv6Addr::from((0x0064_ff9b_0001_u128 << 80) | bits),
        Ipv6Addr::from((0x2002_u128 << 112) | (bits << 80)),
        // Teredo: the server's address, and the client's turned over (RFC 4380 section 4).
        Ipv6Addr::from((0x2001_u128 << 112) | (bits << 64)),
        Ipv6Addr::from((0x2001_u128 << 112) | (bits ^ 0xffff_ffff)),
    ]
    .map(IpAddr::V6)
    .into()
}

#[test]
fn each_kind_is_told() {
    for (kind, addresses) in [
        (
            Public,
            "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 \
             192.0.1.1 223.255.255.255 2606:4700::1111 2a00::1 64:ff9b::101:101 ::ffff:1.1.1.1",
        ),
        (
            Private,
            "10.1.2.3 172.31.255.255 192.168.0.1 100.100.100.200 fd00:ec2::254 fec0::1 \
             ::ffff:10.0.0.1 64:ff9b::10.0.0.1",
        ),
        (
            Loopback,
            "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1",
        ),
        (
            LinkLocal,
            "169.254.169.254 168.63.129.16 fe80::1 febf::1 ::ffff:169.254.169.254",
        ),
        (
            Reserved,
            "192.0.0.192 192.0.2.1 198.19.0.1 240.0.0.1 ::127.0.0.1 ::2 64:ff9b:1::1 100::1 \
             2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 4000::1 5f00::1",
        ),
        (
            NoHost,
            "0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 255.255.255.255 :: ff02::1 ::ffff:0.0.0.0",
        ),
    ] {
        for address in addresses.split_ascii_whitespace() {
            assert_eq!(AddressKind::of(address.parse().unwrap()), kind, "{address}");
        }
    }
}

#[test]
fn row_8725_3_10_01_the_edges_of_every_forbidden_block_are_forbidden() {
    for block in FORBIDDEN_V4 {
        for host in [0, 1, u32::MAX] {
            let ip = v4_in(block, host);
            assert_ne!(AddressKind::of(ip.into()), Public, "{ip}");
        }
    }
    for block in FORBIDDEN_V6 {
        for host in [0, 1, u128::MAX] {
            let ip = v6_in(block, host);
            assert_ne!(AddressKind::of(ip.into()), Public, "{ip}");
        }
    }
}

proptest! {
    #[test]
    fn row_8725_3_10_01_every_address_of_a_forbidden_ipv4_block_is_forbidden_however_written(
        block in proptest::sample::select(FORBIDDEN_V4), host: u32,
    ) {
        let ip = v4_in(&block, host);
        prop_assert_ne!(AddressKind::of(ip.into()), Public);
        for written in embeddings(ip) {
            prop_assert_ne!(AddressKind::of(written), Public, "{}", written);
        }
    }

    #[test]
    fn row_8725_3_10_01_every_address_of_a_forbidden_ipv6_block_is_forbidden(
        block in proptest::sample::select(FORBIDDEN_V6), host: u128,
    ) {
        prop_assert_ne!(AddressKind::of(v6_in(&block, host).into()), Public);
    }

    /// What the standard library knows of special addresses we know too.
    #[test]
    fn nothing_the_standard_library_calls_special_is_public(v4: u32, v6: u128) {
        let v4 = Ipv4Addr::from(v4);
        if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
            || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified()
        {
            prop_assert_ne!(AddressKind::of(v4.into()), Public);
        }
        let v6 = Ipv6Addr::from(v6);
        if v6.is_loopback() || v6.is_multicast() || v6.is_unspecified()
            || v6.is_unique_local() || v6.is_unicast_link_local()
        {
            prop_assert_ne!(AddressKind::of(v6.into()), Public);
        }
    }
}
