//! A server for a day: a fresh folder that goes when the server does.

mod certificate;
mod folder;

use std::net::{IpAddr, SocketAddr};

use avouch_core::apply::{AccessDescription, AnyResource};
use avouch_core::records::{RegistrationKinds, ResourceSharing};
use avouch_oauth::secret::IssuedSecret;
use avouch_server::Server;
use avouch_server::admin::api::{CreateInitialAccessToken, Uses};
use avouch_server::config::{
    Config, DataConfig, Issuer, MethodName, MtlsConfig, RatesConfig, SealingConfig, TlsConfig,
};

pub(crate) use self::certificate::ClientSide;
use self::certificate::Tls;
pub(crate) use self::folder::Folder;

use crate::admin_client::AdminClient;
use crate::output::Failure;

/// An initial access token that may register anybody for anything, over and
/// over: for development alone.
pub(crate) async fn initial_access_token(server: &Server) -> Result<IssuedSecret, Failure> {
    let order = CreateInitialAccessToken {
        kinds: RegistrationKinds::Both,
        resources: AccessDescription::Any(AnyResource::Any),
        sharing: ResourceSharing::Shared,
        uses: Uses::UNLIMITED,
        expires_in: None,
    };
    let admin = AdminClient::new(server.admin_socket());
    Ok(admin
        .create_initial_access_token(&order)
        .await?
        .initial_access_token)
}

impl Folder {
    /// Makes certificates for a server at `host` and for a client, each of an authority.
    pub(crate) fn make_certificate(&self, host: IpAddr) -> Result<Tls, Failure> {
        Tls::make(self, host)
    }

    /// The configuration of a server that keeps its data here and listens on
    /// `address`, and with TLS asks for certificates on another port.
    pub(crate) fn config(
        &self,
        address: SocketAddr,
        tls: Option<(&Tls, SocketAddr)>,
    ) -> Result<Config, Failure> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let issuer = Issuer::try_from(format!("{scheme}://{address}"))?;
        let data = DataConfig {
            folder: self.path().to_owned(),
        };
        let sealing = SealingConfig {
            key_file: Some(self.sealing_key()),
            ..SealingConfig::default()
        };
        let mut config = Config::new(issuer, data, sealing);
        config.listen.address = address;
        config.rates = RatesConfig::for_development();
        let can_be_used = |name: &MethodName| tls.is_some() || !name.method().is_mutual_tls();
        let methods = MethodName::ALL.into_iter().filter(can_be_used);
        config.client_authentication.methods = methods.collect();
        if let Some((tls, mtls_address)) = tls {
            config.mtls = MtlsConfig {
                listen: Some(mtls_address),
                ca_file: Some(tls.client.authority.clone()),
                ..MtlsConfig::default()
            };
            config.tls = TlsConfig {
                certificate_file: Some(tls.certificate.clone()),
                key_file: Some(tls.key.clone()),
            };
        }
        config.check("--dev")?;
        Ok(config)
    }
}

/// The next port that is free. Where the system was to choose the first one, it chooses this too.
pub(crate) fn next_free(asked: SocketAddr) -> SocketAddr {
    let first = asked.port();
    let above = (first != 0).then(|| first.saturating_add(1)..=first.saturating_add(100));
    let mut above = above
        .into_iter()
        .flatten()
        .map(|port| SocketAddr::new(asked.ip(), port));
    // Somebody may take it before the server does, which then says so.
    let free = above.find(|address| std::net::TcpListener::bind(address).is_ok());
    free.unwrap_or(SocketAddr::new(asked.ip(), 0))
}
