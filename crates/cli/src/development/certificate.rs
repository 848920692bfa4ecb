//! A certificate for a server for a day, and the authority that stands for it.

use std::net::IpAddr;
use std::path::PathBuf;

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

/// Where the parts are.
pub(crate) struct Tls {
    /// The authority, for those who are to trust the server. Its key is kept nowhere.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(super) certificate: PathBuf,
    /// The server's key.
    pub(super) key: PathBuf,
}

impl Tls {
    pub(super) fn make(folder: &Folder, host: IpAddr) -> Result<Self, Failure> {
        let path = |name| folder.path().join(name);
        let made = Self {
            authority: path("ca.pem"),
            certificate: path("tls.pem"),
            key: path("tls.key"),
        };
        let today = today()?;

        let mut parameters = parameters(Vec::new(), "avouch --dev", today)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;

        let names = vec![host.to_string(), "localhost".to_owned()];
        let mut parameters = self::parameters(names, "avouch", today)?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &*authority)?;

        private_file::write_new(&made.authority, &authority.pem())?;
        private_file::write_new(&made.certificate, &certificate.pem())?;
        private_file::write_new(&made.key, &Zeroizing::new(key.serialize_pem()))?;
        Ok(made)
    }
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
