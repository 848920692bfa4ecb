//! Reading certificate and key, at the start and again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use avouch_core::certificate::PresentedCertificate;
use avouch_core::time::Timestamp;
use rcgen::date_time_ymd;
use tempfile::TempDir;

use super::super::certificate::CertificateFiles;
use super::super::client_authorities::ClientAuthoritiesFile;
use super::super::fixtures::{Authority, Pair, named, private};
use super::super::watched::{Look, Source as _, Watched};

/// 2026-11-22T00:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

fn refusal(files: &CertificateFiles) -> String {
    match files.read(NOW) {
        Ok(_) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn assert_refused(files: &CertificateFiles, why: &str) {
    let message = refusal(files);
    assert!(message.contains(why), "{message}");
    assert!(!message.contains("PRIVATE KEY-----\nM"), "{message}");
}

fn sound(folder: &Path) -> CertificateFiles {
    Authority::new().issue_for_us().write(folder)
}

#[test]
fn a_certificate_with_its_key_is_taken() {
    let folder = TempDir::new().unwrap();
    assert_eq!(refusal(&sound(folder.path())), "none");
}

#[test]
fn each_mistake_with_the_files_is_named() {
    let folder = TempDir::new().unwrap();
    let files = sound(folder.path());
    let (certificate, key) = (files.certificate.clone(), files.key.clone());
    let pem = fs::read_to_string(&certificate).unwrap();

    fs::remove_file(&certificate).unwrap();
    assert_refused(&files, "named by `tls.certificate_file`: No such file");
    for text in ["", "certificate", &fs::read_to_string(&key).unwrap()] {
        fs::write(&certificate, text).unwrap();
        assert_refused(&files, "is not PEM with a certificate in it");
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(&certificate, broken).unwrap();
    assert_refused(&files, "cannot be read");
    fs::write(&certificate, format!("{}{pem}", other_pem())).unwrap();
    assert_refused(&files, "is not the one of the first certificate");
    fs::write(&certificate, &pem).unwrap();
    assert_eq!(refusal(&files), "none");

    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_refused(&files, "(mode 0640); run: chmod 600");
    private(&key, "");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_refused(&files, "begins with -----BEGIN PRIVATE KEY-----");
    private(&key, &pem);
    assert_refused(&files, "is not PEM with a private key");
    private(
        &key,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    assert_refused(&files, "cannot be used for TLS");
    fs::remove_file(&key).unwrap();
    assert_refused(&files, "named by `tls.key_file`: No such file");
    fs::create_dir(&key).unwrap();
    assert_refused(&files, "is not a regular file");
}

fn other_pem() -> String {
    Authority::new().issue_for_us().certificate_pem
}

#[test]
fn a_certificate_is_shown_in_its_time_alone() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let mut parameters = named("127.0.0.1");
    parameters.not_after = date_time_ymd(2026, 11, 21);
    let files = authority.issue(&parameters).write(folder.path());
    assert_refused(&files, "is expired: renew it");
    parameters.not_after = date_time_ymd(2026, 12, 24);
    parameters.not_before = date_time_ymd(2026, 11, 23);
    let files = authority.issue(&parameters).write(folder.path());
    assert_refused(&files, "is not valid yet");
}

#[test]
fn what_is_new_and_sound_replaces_what_was_and_trouble_is_told_once() {
    let folder = TempDir::new().unwrap();
    let files = sound(folder.path());
    let (certificate, first) = (
        files.certificate.clone(),
        fs::read(&files.certificate).unwrap(),
    );
    let watched = Watched::load(files, NOW).unwrap();
    let not_after = |watched: &Watched<CertificateFiles>| watched.with(|made| made.not_after);
    let before = not_after(&watched);
    assert_eq!(watched.look(NOW), Look::AsBefore);

    // Half of a new pair, as a renewal leaves it between two writes.
    let mut parameters = named("127.0.0.1");
    parameters.not_after = date_time_ymd(2027, 1, 1);
    let pair = Authority::new().issue(&parameters);
    fs::write(&certificate, &pair.certificate_pem).unwrap();
    assert_eq!(watched.look(NOW), Look::Refused);
    assert_eq!(watched.look(NOW), Look::AsBefore);
    assert_eq!(not_after(&watched), before);

    pair.write(folder.path());
    assert_eq!(watched.look(NOW), Look::Taken);
    assert_eq!(not_after(&watched), Timestamp::from_secs(1_798_761_600));
    assert_eq!(watched.look(NOW), Look::AsBefore);

    fs::write(&certificate, first).unwrap();
    assert_eq!(watched.look(NOW), Look::Refused);
    fs::write(&certificate, &pair.certificate_pem).unwrap();
    assert_eq!(
        watched.look(NOW),
        Look::AsBefore,
        "good again, and the same"
    );
}

#[test]
fn the_authorities_for_callers_are_read_and_read_again() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("authorities.pem");
    let source = || ClientAuthoritiesFile(file.clone());
    let refusal = || source().read(NOW).map(drop).unwrap_err().to_string();
    assert!(refusal().contains("named by `mtls.ca_file`: No such file"));
    fs::write(&file, "nothing").unwrap();
    assert!(refusal().ends_with("named by `mtls.ca_file`: there is no certificate in it"));

    let client = Pair::self_signed("client.example");
    let vouched = |watched: &Watched<ClientAuthoritiesFile>, pair: &Pair| {
        let presented = PresentedCertificate::new(pair.certificate.to_vec(), Vec::new()).unwrap();
        watched.with(|authorities| authorities.verify(&presented, NOW).is_ok())
    };
    let (first, second) = (Authority::new(), Authority::new());
    let (of_first, of_second) = (first.issue_for_us(), second.issue_for_us());
    fs::write(&file, first.pem()).unwrap();
    let watched = Watched::load(source(), NOW).unwrap();
    assert!(vouched(&watched, &of_first) && !vouched(&watched, &of_second));
    fs::write(&file, "nothing").unwrap();
    assert_eq!(watched.look(NOW), Look::Refused);
    assert!(vouched(&watched, &of_first), "what was read before stays");
    fs::write(&file, second.pem()).unwrap();
    assert_eq!(watched.look(NOW), Look::Taken);
    assert!(vouched(&watched, &of_second) && !vouched(&watched, &of_first));
    assert!(!vouched(&watched, &client));
}
