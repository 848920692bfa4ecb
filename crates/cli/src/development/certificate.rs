//! Certificates for a day, one for the server and one for a client, each with an authority that
//! stands for it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use avouch_core::time::Clock as _;
use avouch_server::SystemClock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

use super::Folder;
use crate::output::Failure;
use crate::private_file;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Where the parts are. The keys of the authorities are kept nowhere.
pub(crate) struct Tls {
    /// The authority, for those who are to trust the server.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(super) certificate: PathBuf,
    /// The server's key.
    pub(super) key: PathBuf,
    /// What a client shows.
    pub(crate) client: ClientSide,
}

/// A certificate for a client, and what stands for it.
pub(crate) struct ClientSide {
    /// The authority, for the server.
    pub(super) authority: PathBuf,
    /// The client's certificate.
    pub(crate) certificate: PathBuf,
    /// The client's key.
    pub(crate) key: PathBuf,
}

/// Whose name is in the client's certificate.
const CLIENT: &str = "my client";

impl ClientSide {
    /// The distinguished name in the certificate.
    pub(crate) fn subject() -> String {
        format!("CN={CLIENT}")
    }
}

impl Tls {
    pub(super) fn make(folder: &Folder, host: IpAddr) -> Result<Self, Failure> {
        let path = |name| folder.path().join(name);
        let made = Self {
            authority: path("ca.pem"),
            certificate: path("tls.pem"),
            key: path("tls.key"),
            client: ClientSide {
                authority: path("client-ca.pem"),
                certificate: path("client.pem"),
                key: path("client.key"),
            },
        };
        let today = today()?;

        let authority = authority("avouch --dev", today)?;
        private_file::write_new(&made.authority, &authority.pem())?;
        let names = vec![host.to_string(), "localhost".to_owned()];
        let parameters = parameters(names, "avouch", today)?;
        let usage = ExtendedKeyUsagePurpose::ServerAuth;
        issue(&authority, parameters, usage, &made.certificate, &made.key)?;

        // Another one: whoever vouches for the server does so for no client.
        let authority = self::authority("avouch --dev for clients", today)?;
        let client = &made.client;
        private_file::write_new(&client.authority, &authority.pem())?;
        let parameters = self::parameters(Vec::new(), CLIENT, today)?;
        let usage = ExtendedKeyUsagePurpose::ClientAuth;
        issue(
            &authority,
            parameters,
            usage,
            &client.certificate,
            &client.key,
        )?;
        Ok(made)
    }
}

fn authority(name: &str, today: Date) -> Result<Authority, Failure> {
    let mut parameters = parameters(Vec::new(), name, today)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(CertifiedIssuer::self_signed(
        parameters,
        KeyPair::generate()?,
    )?)
}

/// Writes a certificate and its key.
fn issue(
    authority: &Authority,
    mut parameters: CertificateParams,
    usage: ExtendedKeyUsagePurpose,
    certificate_file: &Path,
    key_file: &Path,
) -> Result<(), Failure> {
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![usage];
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, &**authority)?;
    private_file::write_new(certificate_file, &certificate.pem())?;
    private_file::write_new(key_file, &Zeroizing::new(key.serialize_pem()))?;
    Ok(())
}

/// From yesterday, for clocks that are late, for about a month.
fn parameters(
    names: Vec<String>,
    common_name: &str,
    today: Date,
) -> Result<CertificateParams, Failure> {
    let mut parameters = CertificateParams::new(names)?;
    let at = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        date_time_ymd(date.year().into(), month, day)
    };
    parameters.not_before = at(today.checked_sub(1.day())?);
    parameters.not_after = at(today.checked_add(30.days())?);
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, common_name);
    Ok(parameters)
}

fn today() -> Result<Date, Failure> {
    let now = Timestamp::from_second(SystemClock.now().as_secs())?;
    Ok(now.to_zoned(TimeZone::UTC).date())
}
