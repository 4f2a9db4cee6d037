//! A service as the list of its calls.

/// Implements a generated service trait, each call by its use case, which is given what it works with, the
/// [`Caller`](crate::Caller) and the message once its fields are [checked](crate::contract). What is not one question and one answer stands at the end after `..`, as it is.
///
/// ```ignore
/// calls! { AccountService for Api, working with |api| &*api.0;
///     deposit(DepositRequest) -> DepositResponse = deposit::deposit;
/// }
/// ```
#[macro_export]
macro_rules! calls {
    (
        $service:ident for $api:ty, working with |$this:ident| $with:expr;
        $($method:ident($request:ty) -> $response:ty = $use_case:path;)+
        $(.. { $($rest:tt)* })?
    ) => {
        #[::tonic::async_trait]
        impl $service for $api {
            $(async fn $method(
                &self,
                request: ::tonic::Request<$request>,
            ) -> Result<::tonic::Response<$response>, ::tonic::Status> {
                let $this = self;
                let caller = $crate::Caller::of(&request);
                let message = request.into_inner();
                $crate::contract::check(&message)?;
                Ok(::tonic::Response::new($use_case($with, &caller, message).await?))
            })+
            $($($rest)*)?
        }
    };
}
