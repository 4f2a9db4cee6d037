//! What tonic sees of a service.

/// Declares a service as tonic sees it: a table of its calls. Behind each is the use case of the same name in a room, which gets what every use
/// case works with, the caller and the message, and gives the answer or refuses. Nothing is decided here.
///
/// ```ignore
/// yizhan_runtime::api! {
///     /// MergeService as tonic sees it.
///     MergeApi: MergeService over Register, by merges;
///     merge_persons(MergePersonsRequest) -> MergePersonsResponse;
/// }
/// ```
#[macro_export]
macro_rules! api {
    (
        $(#[$meta:meta])* $api:ident: $service:ident over $app:ident, by $room:ident;
        $($call:ident($request:ident) -> $answer:ident;)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $api($app);

        impl $api {
            /// Over what its use cases work with.
            pub fn new(app: $app) -> Self {
                $api(app)
            }
        }

        #[tonic::async_trait]
        impl $service for $api {
            $(async fn $call(
                &self,
                request: tonic::Request<$request>,
            ) -> Result<tonic::Response<$answer>, tonic::Status> {
                let caller = $crate::Caller::of(&request);
                let answer = $room::$call(&self.0, &caller, request.into_inner()).await?;
                Ok(tonic::Response::new(answer))
            })+
        }
    };
}
