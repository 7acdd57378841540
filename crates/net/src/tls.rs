//! TLS: rustls over ring, with the roots of Mozilla's programme, parsed once a process.

use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

static ROOTS: LazyLock<Arc<RootCertStore>> =
    LazyLock::new(|| Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }));

/// A configuration of its own for each sandbox, so that no session of one is taken up by another; the roots are shared.
pub(crate) fn config(extra: &[CertificateDer<'static>], protocols: &[&[u8]]) -> Result<ClientConfig> {
    let wrong = |error: rustls::Error| Error::Invalid { reason: error.to_string() };
    let roots = if extra.is_empty() {
        ROOTS.clone()
    } else {
        let mut roots = RootCertStore::clone(&ROOTS);
        for root in extra {
            roots.add(root.clone()).map_err(wrong)?;
        }
        Arc::new(roots)
    };
    let builder = ClientConfig::builder_with_provider(PROVIDER.clone()).with_safe_default_protocol_versions();
    let mut config = builder.map_err(wrong)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}
