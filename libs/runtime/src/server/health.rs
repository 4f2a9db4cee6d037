//! A port for probes alone: how the process and its services are, in plain HTTP/2, whatever the other ports ask of who comes there. It
//! shares no limit with them, and answers until the very end.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use http::{Request, Response};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

use super::connection::{Door, Patience};
use super::connections::Connections;

/// Connections of probes at once, besides all others.
const MAX_PROBES: usize = 32;
/// After which a probe connects anew.
const PROBE_AGE: Duration = Duration::from_secs(600);

/// All servers of a process share them.
pub(super) static PROBES: LazyLock<Connections> = LazyLock::new(|| Connections::new(MAX_PROBES));

/// Where probes come in, until the server has stopped.
pub(super) fn door<H>(health: &H, stopped: &CancellationToken) -> Door<Routes>
where
    H: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    H: NamedService + Clone + Send + Sync + 'static,
    H::Future: Send + 'static,
{
    Door {
        service: Routes::new(health.clone()).prepare(),
        tls: None,
        inside: false,
        age: PROBE_AGE,
        patience: Patience::default(),
        stopping: stopped.clone(),
        stopped: stopped.clone(),
    }
}
