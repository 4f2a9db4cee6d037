//! What a server answers is described to tools that ask (gRPC reflection).

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use futures::future::Either;
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};
use tower::Service;

/// Both versions: older tools speak v1alpha only.
pub(super) fn with_reflection(routes: Routes, names: &[&'static str]) -> Routes {
    let [v1, v1alpha] = [names, names].map(<[_]>::to_vec);
    routes
        .add_service(WhenAsked::new(move || describe(&v1).build_v1()))
        .add_service(WhenAsked::new(move || describe(&v1alpha).build_v1alpha()))
}

/// The types of error details are included, so that clients can read them.
fn describe(names: &[&'static str]) -> Builder<'static> {
    let describe = Builder::configure()
        .register_encoded_file_descriptor_set(yizhan_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    names.iter().fold(describe, |describe, name| describe.with_service_name(*name))
}

type Make<S> = Box<dyn FnOnce() -> Result<S, Error> + Send>;

/// A service that is made when it is first asked: reading the whole contract is most of what a start would cost, and nearly nobody asks.
struct WhenAsked<S>(Arc<LazyLock<Result<S, Error>, Make<S>>>);

impl<S> WhenAsked<S> {
    fn new(make: impl FnOnce() -> Result<S, Error> + Send + 'static) -> Self {
        WhenAsked(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<S> Clone for WhenAsked<S> {
    fn clone(&self) -> Self {
        WhenAsked(self.0.clone())
    }
}

impl<S: NamedService> NamedService for WhenAsked<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for WhenAsked<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    /// A made one is ready at once.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match &**self.0 {
            Ok(service) => Either::Left(service.clone().call(request)),
            Err(error) => {
                tracing::error!(%error, "the contract cannot be described");
                Either::Right(ready(Ok(Status::internal("the contract cannot be described").into_http())))
            }
        }
    }
}
