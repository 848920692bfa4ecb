//! `Client-Cert` and `Client-Cert-Chain`.

use avouch_oauth::forwarded_certificate::{ForwardedCertificate, ForwardedCertificateError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The value of `Client-Cert` on the first line, those of `Client-Cert-Chain` on the others.
pub fn forwarded_certificate(data: &[u8]) {
    let mut lines = data.split(|&octet| octet == b'\n');
    let own = lines.next().expect("one line at least");
    let chain: Vec<&[u8]> = lines.collect();
    let read = |chain: &[&[u8]]| ForwardedCertificate::parse([own], chain.iter().copied());
    let found = read(&chain);
    // Several lines of a list are one (RFC 9110 section 5.3), and empty ones are none.
    let full: Vec<&[u8]> = chain
        .iter()
        .copied()
        .filter(|line| !line.trim_ascii().is_empty())
        .collect();
    assert_eq!(read(&full), found);
    if !full.is_empty() {
        assert_eq!(read(&[&full.join(&b", "[..])]), found);
    }
    let spaced: Vec<Vec<u8>> = full
        .iter()
        .map(|line| [b" \t", *line, b" "].concat())
        .collect();
    assert_eq!(
        read(&spaced.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        found
    );
    let twice = ForwardedCertificate::parse([own, own], chain.iter().copied());
    assert_eq!(twice, Err(ForwardedCertificateError::Several));
    let alone = ForwardedCertificate::parse([], chain.iter().copied());
    assert_eq!(
        alone,
        if chain.is_empty() {
            Ok(None)
        } else {
            Err(ForwardedCertificateError::ChainAlone)
        }
    );
    match found {
        Ok(Some(found)) => {
            check_read(own, &found.own);
            let entries = full
                .iter()
                .flat_map(|line| line.split(|&octet| octet == b','));
            let mut entries = entries.zip(&found.chain);
            entries
                .by_ref()
                .for_each(|(text, octets)| check_read(text, octets));
            check_written(&found);
        }
        Ok(None) => panic!("there was one"),
        Err(error) => assert_eq!(error, ForwardedCertificateError::NotBytes),
    }
}

/// These octets are what is between the colons, and one spelling of them, but for the padding.
fn check_read(text: &[u8], octets: &[u8]) {
    let written = STANDARD.encode(octets);
    let text = std::str::from_utf8(text).expect("base64 and colons").trim();
    let inside = text.trim_matches(':');
    assert_eq!(text, format!(":{inside}:"));
    assert_eq!(inside.trim_end_matches('='), written.trim_end_matches('='));
}

fn check_written(found: &ForwardedCertificate) {
    let write = |octets: &Vec<u8>| format!(":{}:", STANDARD.encode(octets));
    let own = write(&found.own);
    let chain: Vec<String> = found.chain.iter().map(write).collect();
    let again = ForwardedCertificate::parse([own.as_bytes()], chain.iter().map(String::as_bytes));
    assert_eq!(again.as_ref(), Ok(&Some(found.clone())));
}
