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
    Config, DataConfig, Issuer, MethodName, RatesConfig, SealingConfig, TlsConfig,
};

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
    /// Makes an authority and a certificate of it for a server at `host`.
    pub(crate) fn make_certificate(&self, host: IpAddr) -> Result<Tls, Failure> {
        Tls::make(self, host)
    }

    /// The configuration of a server that keeps its data here and listens on
    /// `address`.
    pub(crate) fn config(&self, address: SocketAddr, tls: Option<&Tls>) -> Result<Config, Failure> {
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
        config.client_authentication.methods = MethodName::ALL.to_vec();
        if let Some(tls) = tls {
            config.tls = TlsConfig {
                certificate_file: Some(tls.certificate.clone()),
                key_file: Some(tls.key.clone()),
            };
        }
        config.check("--dev")?;
        Ok(config)
    }
}
