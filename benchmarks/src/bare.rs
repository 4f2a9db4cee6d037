//! Services that do next to nothing, in the same gRPC library as the real ones: what they reach is the ceiling.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use prost::Message;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

/// How a bare service answers, whatever method is called.
pub trait Answers: Clone + Send + Sync + 'static {
    /// Its name in the contract.
    const SERVICE: &'static str;
    /// What it is asked.
    type Question: Message + Default + 'static;
    /// What it answers.
    type Answer: Message + Default + 'static;

    /// The answer to one question.
    fn answer(self, question: Self::Question) -> impl Future<Output = Result<Self::Answer, Status>> + Send;
}

/// A bare service as tonic's server takes it.
#[derive(Clone)]
pub struct Bare<A>(pub A);

impl<A: Answers> NamedService for Bare<A> {
    const NAME: &'static str = A::SERVICE;
}

impl<A: Answers> Service<http::Request<Body>> for Bare<A> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(bare, request).await) })
    }
}

impl<A: Answers> UnaryService<A::Question> for Bare<A> {
    type Response = A::Answer;
    type Future = BoxFuture<'static, Result<Response<A::Answer>, Status>>;

    fn call(&mut self, request: Request<A::Question>) -> Self::Future {
        let answer = self.0.clone().answer(request.into_inner());
        answer.map(|answer| answer.map(Response::new)).boxed()
    }
}
